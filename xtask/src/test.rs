//! `cargo xtask test`: everything that the tests need, then the tests, then a plain account.

use crate::outcome::{Failures, Outcome};
use crate::shell::{cargo, find, say, skip};
use crate::suite::{Place, Prepared};
use crate::{generate, judges, kube_tests};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Without setting up the judges; what is set up already is used
    #[arg(long)]
    quick: bool,
    /// Run the tests that need a cluster on this context of your kubeconfig
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Without the tests that need a cluster
    #[arg(long, conflicts_with = "context")]
    no_cluster: bool,
    /// Further arguments of `cargo test`
    #[arg(last = true)]
    rest: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let missing = if arguments.quick {
        say("quick: the judges are not set up");
        Vec::new()
    } else {
        judges::set_up()
    };
    let chromium = ["chromium", "chromium-browser", "google-chrome"];
    if chromium.iter().all(|name| find(name).is_none()) {
        skip("a look at the HTML report in a browser", "no chromium on the path");
    }
    let place =
        if arguments.no_cluster { None } else { Some(Place::find(arguments.context.as_deref())?) };
    say("cargo test --workspace --locked");
    let mut command = cargo();
    command.args(["test", "--workspace", "--locked", "--no-fail-fast"]).args(&arguments.rest);
    let mut outcome = cargo_test(&mut command)?;
    let mut flaky = Failures::new();
    if let Some(prepared) = place.as_ref().map(Place::prepare).transpose()?.flatten() {
        let first = on_cluster(&prepared, &[])?;
        let (more, accidents) = again(&prepared, first)?;
        outcome.add_ignored(more);
        flaky = accidents;
    }
    // What cannot be run must not hide what was found so far.
    let mut broken = Vec::new();
    if !arguments.quick && arguments.rest.is_empty() {
        match kube_tests::run_all(None) {
            Ok(more) => outcome.add(more),
            Err(error) => broken.push(format!("kube's own tests: {error:#}")),
        }
    }
    broken.extend(generate::drift());
    account(&outcome, &missing, arguments.quick);
    complain(&outcome, &flaky);
    if !outcome.success {
        let which = if outcome.failures.is_empty() {
            "no test by name: see the errors of cargo above".to_owned()
        } else {
            named(&outcome.failures)
        };
        broken.push(format!("tests failed: {which}"));
    }
    if !broken.is_empty() {
        bail!("{}", broken.join("\n"));
    }
    Ok(())
}

/// Runs the tests that need a cluster, one after the other; all, or the named ones.
fn on_cluster(prepared: &Prepared, names: &[&str]) -> Result<Outcome> {
    say("cargo test -p cli --test cluster: muster on a real cluster");
    let mut command = cargo();
    command.args(["test", "-p", "cli", "--test", "cluster", "--locked", "--", "--ignored"]);
    command.args(["--test-threads=1", "--nocapture"]);
    if !names.is_empty() {
        command.arg("--exact").args(names);
    }
    command.envs(prepared.variables.iter().map(|(name, value)| (name, value)));
    cargo_test(&mut command)
}

/// Real machines stall now and then, and a test on a cluster with deadlines and load then fails. A few
/// that failed run a second time. What passes then is no failure, but it is named with its reason.
fn again(prepared: &Prepared, mut first: Outcome) -> Result<(Outcome, Failures)> {
    if first.failures.is_empty() || first.failures.len() > MOST_AGAIN {
        return Ok((first, Failures::new()));
    }
    say(&format!("once more: {}", named(&first.failures)));
    let names: Vec<_> = first.failures.keys().map(String::as_str).collect();
    let second = on_cluster(prepared, &names)?;
    let (still, flaky) = std::mem::take(&mut first.failures)
        .into_iter()
        .partition(|(test, _)| second.failures.contains_key(test));
    first.failures = still;
    first.passed += second.passed;
    first.failed = second.failed;
    first.success = second.success;
    Ok((first, flaky))
}

/// Tests that may run a second time. If more fail, it is no accident.
const MOST_AGAIN: usize = 3;

/// Runs tests with their output shown, and reads it.
pub(crate) fn cargo_test(command: &mut Command) -> Result<Outcome> {
    let (output, input) = std::io::pipe().context("no pipe")?;
    command.stdout(input.try_clone().context("no pipe")?).stderr(input);
    let mut child = command.spawn().context("cannot run cargo test")?;
    // The command holds the ends that the child writes to; the output ends when both are closed.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut outcome = Outcome::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("the output of cargo test cannot be read")?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        outcome.read(&line);
    }
    outcome.success = child.wait()?.success();
    Ok(outcome)
}

fn account(outcome: &Outcome, missing: &[String], quick: bool) {
    println!();
    let judges = match (quick, missing) {
        (true, _) => "not set up (--quick)".to_owned(),
        (false, []) => "all set up".to_owned(),
        (false, missing) => format!("missing: {}", missing.join(", ")),
    };
    say(&format!("judges: {judges}; {} tests ignored", outcome.ignored));
    println!(
        "total: {} passed, {} failed, {} skipped",
        outcome.passed,
        outcome.failed,
        outcome.ignored + missing.len()
    );
}

/// Names what failed, with the first lines of why; what passed only the second time as well.
fn complain(outcome: &Outcome, flaky: &Failures) {
    for (test, why) in flaky {
        println!("FLAKY {test}: passed the second time; the first time:");
        println!("  {}", why.join("\n  "));
    }
    for (test, why) in &outcome.failures {
        println!("FAILED {test}");
        println!("  {}", why.join("\n  "));
    }
}

fn named(failures: &Failures) -> String {
    failures.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

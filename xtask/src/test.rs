//! `cargo xtask test`: everything that the tests need, then the tests, then a plain account.

use crate::shell::{cargo, find, say, skip};
use crate::suite::{Place, Prepared};
use crate::{generate, judges};
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
    let (mut totals, mut passed) = cargo_test(&mut command)?;
    if let Some(prepared) = place.as_ref().map(Place::prepare).transpose()?.flatten() {
        let (more, well) = on_cluster(&prepared)?;
        // They were counted as ignored before.
        totals.ignored -= more.passed + more.failed;
        totals.passed += more.passed;
        totals.failed += more.failed;
        passed &= well;
    }
    let drift = generate::drift();
    account(&totals, &missing, arguments.quick);
    if !drift.is_empty() {
        bail!("{}", drift.join("\n"));
    }
    if !passed {
        bail!("tests failed");
    }
    Ok(())
}

/// Runs the tests that need a cluster, one after the other.
fn on_cluster(prepared: &Prepared) -> Result<(Totals, bool)> {
    say("cargo test -p cli --test cluster: muster on a real cluster");
    let mut command = cargo();
    command.args(["test", "-p", "cli", "--test", "cluster", "--locked", "--", "--ignored"]);
    command.args(["--test-threads=1", "--nocapture"]);
    command.envs(prepared.variables.iter().map(|(name, value)| (name, value)));
    cargo_test(&mut command)
}

/// Runs tests with their output shown, and counts.
fn cargo_test(command: &mut Command) -> Result<(Totals, bool)> {
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot run cargo test")?;
    let stdout = child.stdout.take().expect("the output was asked for");
    let mut totals = Totals::default();
    for line in BufReader::new(stdout).lines() {
        let line = line.context("cargo test wrote no text")?;
        println!("{line}");
        totals.add(&line);
    }
    Ok((totals, child.wait()?.success()))
}

fn account(totals: &Totals, missing: &[String], quick: bool) {
    println!();
    let judges = match (quick, missing) {
        (true, _) => "not set up (--quick)".to_owned(),
        (false, []) => "all set up".to_owned(),
        (false, missing) => format!("missing: {}", missing.join(", ")),
    };
    say(&format!("judges: {judges}; {} tests ignored", totals.ignored));
    println!(
        "total: {} passed, {} failed, {} skipped",
        totals.passed,
        totals.failed,
        totals.ignored + missing.len()
    );
}

/// Sums of the lines `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    passed: usize,
    failed: usize,
    ignored: usize,
}

impl Totals {
    fn add(&mut self, line: &str) {
        if !line.starts_with("test result: ") {
            return;
        }
        self.passed += count(line, " passed");
        self.failed += count(line, " failed");
        self.ignored += count(line, " ignored");
    }
}

/// The number before a word.
fn count(line: &str, word: &str) -> usize {
    let before = line.split_once(word).map_or("", |(before, _)| before);
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Totals;

    #[test]
    fn results_add_up() {
        let mut totals = Totals::default();
        totals.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out");
        totals.add("test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured");
        totals.add("test it_was ... ok");
        assert_eq!(totals, Totals { passed: 13, failed: 2, ignored: 1 });
    }
}

//! `cargo xtask conformance`: Kubernetes' own conformance suite on a twin, held against the list of
//! specs that pass.
//!
//! No container runs on a twin, so that a part of the suite can never pass; what passes may not get
//! lost. The module is `tests/conformance`; the first time builds for minutes.

mod program;
mod progress;
mod report;
mod verdict;

use crate::shell::{root, say, shown};
use crate::twin::Twin;
use anyhow::{Context, Result, bail};
use program::Programs;
use report::{Outcome, Report};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use verdict::Verdict;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only specs whose name matches this regular expression, as `\[sig-apps\]`
    #[arg(long, value_name = "RE")]
    focus: Option<String>,
    /// How many specs run at once; most of their time they wait
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u8).range(1..=40))]
    procs: u8,
    /// Take what passes now into the list, and what failed out of it
    #[arg(long)]
    accept: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let programs = Programs::find_or_build()?;
    let folder = root().join("target/conformance");
    fs::create_dir_all(&folder)?;
    let twin = Twin::start(&folder, "3h")?;
    let start = Instant::now();
    let file = folder.join("report.json");
    // Of an earlier run nothing may be left to be read.
    let _ = fs::remove_file(&file);
    // A failed spec is no failure of the run; without a report there was no run.
    let ended = progress::watched(&mut suite(&programs, arguments, &twin, &folder), &folder)?;
    let text = fs::read_to_string(&file).with_context(|| format!("no report ({ended})"))?;
    let report = Report::read(&text)?;
    say(&format!("ran {} specs in {:.0?}", report.outcomes.len(), start.elapsed()));
    fs::write(folder.join("failures.txt"), failures(&report))?;
    judge(&report, arguments.accept)
}

/// Ginkgo with the suite's program. Specs that wait for a real container are to fail soon; some that
/// pass wait for five minutes.
fn suite(programs: &Programs, arguments: &Arguments, twin: &Twin, folder: &Path) -> Command {
    let mut command = Command::new(&programs.ginkgo);
    command.args(["--no-color", "--timeout=2h", "--grace-period=10s"]);
    command.args(["--label-filter=Conformance", "--json-report=report.json"]);
    command.arg(format!("--procs={}", arguments.procs));
    command.arg(format!("--output-dir={}", folder.display()));
    command.args(arguments.focus.iter().map(|focus| format!("--focus={focus}")));
    command.arg(&programs.suite).arg("--");
    command.arg(format!("--kubeconfig={}", twin.kubeconfig.display()));
    command.arg(format!("--kubectl-path={}", programs.kubectl.display()));
    command.args(["--provider=skeleton", "--num-nodes=2", "--dns-domain=cluster.local"]);
    command.args(["--allowed-not-ready-nodes=-1", "--minStartupPods=-1"]);
    command.args(["--node-schedulable-timeout=1m", "--limit=6m", "--patience=20s"]);
    command.args(["--disable-log-dump", "--dump-logs-on-failure=false"]);
    command
}

/// The list of specs that pass, one a line.
fn list() -> PathBuf {
    root().join("tests/conformance/passing.txt")
}

fn judge(report: &Report, accept: bool) -> Result<()> {
    let text = fs::read_to_string(list()).context("cannot read the list of what passes")?;
    let listed: BTreeSet<_> = text.lines().map(str::to_owned).collect();
    let verdict = Verdict::new(&listed, report);
    println!("{verdict}");
    if accept {
        let names = verdict.accepted(&listed);
        fs::write(list(), names.iter().flat_map(|name| [name, "\n"]).collect::<String>())?;
        say(&format!("wrote {}", shown(&list())));
        return Ok(());
    }
    if !verdict.lost.is_empty() {
        bail!("{} specs passed before and do not now", verdict.lost.len());
    }
    Ok(())
}

/// Each spec that failed, with why.
fn failures(report: &Report) -> String {
    let failed = report.outcomes.iter().filter_map(|(name, outcome)| match outcome {
        Outcome::Failed { why } => Some([name, "\n", why.trim_end(), "\n\n"]),
        Outcome::Passed => None,
    });
    failed.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::list;
    use crate::shell::root;

    #[test]
    fn the_documents_name_as_many_as_the_list() {
        let listed = std::fs::read_to_string(list()).unwrap().lines().count();
        for (document, words) in [
            ("docs/twin-fidelity.md", format!("**{listed} of 462** specs")),
            ("README.md", format!("{listed} of the 462 specs")),
            ("README.zh-TW.md", format!("462 項中,有 {listed} 項")),
        ] {
            let text = std::fs::read_to_string(root().join(document)).unwrap();
            assert!(text.contains(&words), "{document} does not say: {words}");
        }
    }
}

//! Fuzzing of what reads other people's text, for a bounded time and from a seed that is printed.

use crate::shell::{read, root, run as execute, rustup_cargo, say, skip};
use anyhow::Result;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

const VERSION: &str = "0.13.2";
/// Crates with the targets that they have, and where the seeds of a target lie.
const TARGETS: &[(&str, &str, &str)] = &[
    ("capacity", "traces", "seeds/traces"),
    ("compose", "load", "seeds"),
    ("kwok", "stages", "../../../examples/stages"),
    ("kwok", "languages", "seeds/languages"),
    ("twin-control", "programs", "seeds/programs"),
    ("twin-core", "patch", "seeds/patch"),
    ("twin-core", "apply", "seeds/apply"),
    ("twin-core", "selectors", "seeds/selectors"),
];

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How long for each target, without the time to build
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Where chance starts; the clock chooses without it
    #[arg(long)]
    seed: Option<u32>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if read(rustup_cargo("nightly").arg("--version")).is_err() {
        skip("fuzzing", "no nightly toolchain (rustup toolchain install nightly)");
        return Ok(());
    }
    if let Err(why) = install() {
        skip("fuzzing", &format!("cargo-fuzz could not be installed: {why:#}"));
        return Ok(());
    }
    let seed = arguments.seed.unwrap_or_else(from_clock);
    TARGETS.iter().try_for_each(|target| run_one(*target, arguments.seconds, seed))
}

fn run_one((package, target, seeds): (&str, &str, &str), seconds: u32, seed: u32) -> Result<()> {
    say(&format!("fuzzing {package}: {target} for {seconds} s, seed {seed}"));
    let folder = root().join("crates").join(package).join("fuzz");
    let corpus = root().join("target/fuzz/corpus").join(target);
    std::fs::create_dir_all(&corpus)?;
    let mut command = rustup_cargo("nightly");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        std::iter::once(tools().join("bin")).chain(std::env::split_paths(&path)),
    )?;
    command.env("PATH", path).env_remove("CARGO_TARGET_DIR");
    command.args(["fuzz", "run", "--fuzz-dir"]).arg(&folder).arg("--target-dir");
    command.arg(root().join("target/fuzz/build")).arg(target).arg(&corpus).arg(folder.join(seeds));
    command.args([OsStr::new("--"), OsStr::new("-print_final_stats=1")]);
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-seed={seed}"));
    execute(&mut command)
}

fn tools() -> PathBuf {
    root().join("target/tools")
}

fn install() -> Result<()> {
    let binary = tools().join("bin/cargo-fuzz");
    let known = Command::new(binary).arg("--version").output();
    if known.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains(VERSION)) {
        return Ok(());
    }
    say(&format!("building cargo-fuzz {VERSION} into target/tools (a minute, once)"));
    let mut command = rustup_cargo("stable");
    command.args(["install", "cargo-fuzz", "--locked", "--quiet", "--version", VERSION, "--root"]);
    execute(command.arg(tools()).env("CARGO_TARGET_DIR", tools().join("build")))
}

/// Zero would let libFuzzer choose by itself and say nothing.
fn from_clock() -> u32 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.subsec_nanos().max(1))
}

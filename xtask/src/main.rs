//! The project's own chores: test, tidy, gen, bench, cluster.
//!
//! `cargo xtask test` is the command of the README; the others keep the tree in order. A chore that
//! cannot find a tool says which and skips it; only what was found wrong makes it fail.

#![allow(clippy::print_stdout, reason = "a chore tells the person who runs it what it does")]

mod bench;
mod calibrate;
mod cluster;
mod fuzz;
mod generate;
mod judges;
mod kube_tests;
mod outcome;
mod shell;
mod suite;
mod test;
mod tidy;
mod twin_tables;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The project's own chores")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Set up what the tests need, then run every test
    Test(test::Arguments),
    /// Check the rules of this tree that no compiler checks
    Tidy(tidy::Arguments),
    /// Write the generated references
    Gen(generate::Arguments),
    /// Measure something
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Fit the capacity model to measurements
    Calibrate(calibrate::Calibrate),
    /// Write the twin's tables of built-in kinds from Kubernetes' published documents
    TwinTables(twin_tables::Arguments),
    /// Run the tests that kube's crates ship, on a twin
    KubeTests(kube_tests::Arguments),
    /// A real Kubernetes on this machine for the tests
    #[command(subcommand)]
    Cluster(cluster::Cluster),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().chore {
        Chore::Test(arguments) => test::run(&arguments).map(done),
        Chore::Tidy(arguments) => tidy::run(&arguments).map(done),
        Chore::Gen(arguments) => generate::run(&arguments).map(done),
        Chore::Bench(bench) => bench::run(&bench).map(done),
        Chore::Calibrate(arguments) => calibrate::run(&arguments).map(done),
        Chore::TwinTables(arguments) => twin_tables::run(&arguments).map(done),
        Chore::KubeTests(arguments) => kube_tests::chore(&arguments).map(done),
        Chore::Cluster(cluster) => cluster::run(&cluster),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}

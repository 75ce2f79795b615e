//! What the real binary says about every golden product: the report, and the objects.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn folder(name: &str) -> PathBuf {
    let cli = Path::new(env!("CARGO_MANIFEST_DIR"));
    match name {
        "shop" => cli.join("../../examples/shop"),
        _ => cli.join("tests/golden").join(name),
    }
}

/// Exit code, standard output and standard error, run in the product's own directory.
fn muster(name: &str, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    command.args(words).current_dir(folder(name)).env_clear().env("COLUMNS", "100");
    let output = command.output().unwrap();
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let code = output.status.code().unwrap();
    let complaints = if stderr.is_empty() { stderr } else { format!("--- stderr\n{stderr}") };
    format!("exit {code}\n--- stdout\n{stdout}{complaints}")
}

fn golden(name: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::assert_snapshot!(format!("{name}-report"), muster(name, &["plan"]));
        let objects = muster(name, &["plan", "--format", "yaml"]);
        insta::assert_snapshot!(format!("{name}-objects"), objects);
    });
}

macro_rules! golden {
    ($($name:ident)*) => { $(#[test] fn $name() { golden(stringify!($name)); })* };
}

golden! { ai api blog edge events legacy replicated shop vpn }

#[test]
fn every_golden_folder_has_a_test() {
    let here = include_str!("golden.rs");
    for entry in std::fs::read_dir(folder("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let listed = here.split_whitespace().any(|word| word == name);
        assert!(listed, "{name} is not in the list above");
    }
}

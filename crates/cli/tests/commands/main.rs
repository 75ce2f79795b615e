//! The real binary as people meet it: exit codes, messages, files.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod capacity;
mod check;
mod hostile;
mod out;
mod plan;
mod stable;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A directory with files in it, gone after the test.
struct Place(tempfile::TempDir);

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            place.write(name, text);
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Every file below a directory, with its text.
    fn tree(&self, name: &str) -> Vec<(String, String)> {
        let top = self.path(name);
        let mut found = Vec::new();
        walk(&top, &top, &mut found);
        found.sort();
        found
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.args(line.split_whitespace()).current_dir(self.0.path()).env_clear();
        command.stdin(Stdio::null());
        command
    }

    /// Runs `muster` with these words, separated by spaces.
    fn muster(&self, line: &str) -> Run {
        Run::of(&mut self.command(line))
    }
}

fn walk(top: &Path, dir: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(top, &path, found);
        } else {
            let name = path.strip_prefix(top).unwrap().to_str().unwrap().to_owned();
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// What came of it.
#[derive(Debug)]
struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Run {
    fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code().expect("it ended by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The exit code, and parts of what was said on standard error.
    #[track_caller]
    fn says(&self, code: i32, parts: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{self:#?}");
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in\n{}", self.stderr);
        }
        self
    }

    /// The exit code, and parts of the result.
    #[track_caller]
    fn shows(&self, code: i32, parts: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{self:#?}");
        for part in parts {
            assert!(self.stdout.contains(part), "no {part:?} in\n{}", self.stdout);
        }
        self
    }
}

/// A product with a secret, a database and something that may be multiplied.
const SHOP: &str = "\
name: shop
services:
  web:
    image: acme/web:1.4
    ports: ['80:8080']
    environment: { DB_HOST: db }
    depends_on: [db]
  db:
    image: mariadb:11.4
    environment: { MARIADB_ROOT_PASSWORD: hunter22hunter22 }
    volumes: [data:/var/lib/mysql]
volumes: { data: {} }
";

#[test]
fn help_and_version_are_answers() {
    let place = Place::new(&[]);
    place.muster("--version").shows(0, &["muster 0."]);
    place.muster("help").shows(0, &["plan", "explain", "check", "Exit codes"]);
    place.muster("plan --help").shows(0, &["secrets are masked", "--out", "Examples"]);
    place.muster("completions bash").shows(0, &["_muster"]);
}

#[test]
fn typing_errors_get_a_hint() {
    let place = Place::new(&[("compose.yaml", SHOP)]);
    place.muster("").says(2, &["Usage"]);
    place.muster("plna").says(2, &["plan"]);
    place.muster("plan --fromat yaml").says(2, &["--format"]);
    place.muster("plan --edge nginx").says(2, &["ingress", "node-port"]);
    place.muster("plan --kubernetes 34").says(2, &["such as `1.34`"]);
    place.muster("plan --namespace My_Shop").says(2, &["small letters"]);
    place.muster("plan --host http://a.b").says(2, &["without scheme"]);
    place.muster("plan --image web").says(2, &["SERVICE=IMAGE"]);
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let place = Place::new(&[("compose.yaml", SHOP)]);
    for line in ["plan", "plan --format yaml", "completions zsh"] {
        let mut command = place.command(line);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("error"), "{line}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let place = Place::new(&[("compose.yaml", SHOP)]);
    let mut command = place.command("plan");
    command.stdout(std::fs::File::options().write(true).open("/dev/full").unwrap());
    Run::of(&mut command).says(1, &["cannot write the result", "No space left"]);
}

#[test]
fn colors_are_for_terminals() {
    let place = Place::new(&[("compose.yaml", "services: { a: { imgae: b } }\n")]);
    assert!(!place.muster("plan").stderr.contains('\u{1b}'));
    assert!(place.muster("--color always plan").stderr.contains('\u{1b}'));
    let mut command = place.command("plan");
    assert!(!Run::of(command.env("NO_COLOR", "1")).stderr.contains('\u{1b}'));
}

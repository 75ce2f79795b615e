//! A program that ran to its end.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How it ended, what it said, and how long it took.
#[derive(Debug)]
pub(crate) struct Run {
    /// Its exit code; -1 if a signal ended it.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Self {
        let began = Instant::now();
        let output = command.stdin(Stdio::null()).output().unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            took: began.elapsed(),
        }
    }

    /// It ended with this code; all that it said is shown if not.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n{}\n{}", self.stdout, self.stderr);
        self
    }

    /// All that it said.
    pub(crate) fn said(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// It said this somewhere.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.said().contains(text), "`{text}` is not in\n{}", self.said());
        self
    }
}

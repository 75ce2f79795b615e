//! Exit codes.

use std::process::ExitCode;

/// How a run ended; its number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked. A reader that closes the pipe early is no failure.
    Done = 0,
    /// It could not do it: a file that cannot be written, or `check` found errors.
    Failed = 1,
    /// The input is wrong: a Compose file or manifest with an error, or the command line.
    WrongInput = 2,
    /// It did what was asked, and `--strict` refuses the warnings or blockers that it found.
    Strict = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// For people who read `--help`.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  done
  1  could not do it: a file cannot be written, or `check` found errors
  2  the input is wrong: a file with an error, or the command line
  3  --strict, and there are warnings or blockers";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_code() {
        for exit in [Exit::Done, Exit::Failed, Exit::WrongInput, Exit::Strict] {
            assert!(TABLE.contains(&format!("\n  {}  ", exit as u8)), "{exit:?}");
        }
    }
}

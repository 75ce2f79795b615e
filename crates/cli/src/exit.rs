//! Exit codes.

use std::process::ExitCode;

/// How a run ended; its number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked. A reader that closes the pipe early is no failure.
    Done = 0,
    /// It could not do it: a file that cannot be written, an object that the cluster refuses; or
    /// `check` found errors, `diff` differences, `doctor` something that is missing.
    Failed = 1,
    /// The input is wrong: a Compose file or manifest with an error, or the command line.
    WrongInput = 2,
    /// It did what was asked, and `--strict` refuses the warnings or blockers that it found.
    Strict = 3,
    /// The product does not serve: something stands in the way, or the time is over.
    NotServing = 4,
    /// Somebody else owns what would change, or changes it right now. Nothing was written.
    Conflict = 5,
    /// The cluster cannot be reached, or does not allow it.
    NoCluster = 6,
    /// It was interrupted; the same command goes on from there.
    Interrupted = 130,
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
  1  could not do it: a file cannot be written, the cluster refuses an object; or `check` found
     errors, `diff` differences, `doctor` something that is missing
  2  the input is wrong: a file with an error, or the command line
  3  --strict, and there are warnings or blockers
  4  the product does not serve
  5  somebody else owns what would change, or changes it right now
  6  the cluster cannot be reached, or does not allow it
130  interrupted";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_code() {
        for exit in [
            Exit::Done,
            Exit::Failed,
            Exit::WrongInput,
            Exit::Strict,
            Exit::NotServing,
            Exit::Conflict,
            Exit::NoCluster,
            Exit::Interrupted,
        ] {
            assert!(TABLE.contains(&format!("\n{:>3}  ", exit as u8)), "{exit:?}");
        }
    }
}

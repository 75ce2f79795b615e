//! The binary: hands the world to the library, and its answer back.

use std::process::ExitCode;

fn main() -> ExitCode {
    // A variable that is no text cannot be interpolated either.
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let variables = std::env::vars_os().filter_map(text).collect();
    cli::run(std::env::args_os(), &variables).into()
}

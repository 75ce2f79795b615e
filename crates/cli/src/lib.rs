//! The `muster` command: arguments, disk, terminal, exit codes.
//!
//! ```text
//! arguments ──▶ command::{plan, explain, check, up, …} ──▶ printer   results to stdout, the rest to stderr
//!                  │          │          │       │
//!                  ├─ product: Compose files to a plan, ready to be shown
//!                  ├─ live: a product on a cluster: what is there, changing it, waiting for it
//!                  ├─ folder: files that replace what an earlier run wrote
//!                  └─ manifests: YAML to be judged
//! ```
//!
//! What is decided is decided in the crates below; here it meets the world.

mod arguments;
mod atomic;
mod closest;
mod command;
mod error;
mod exit;
mod folder;
mod live;
mod manifests;
mod printer;
mod product;

pub use error::Error;
pub use exit::Exit;

use arguments::Arguments;
use clap::{CommandFactory, Parser};
use printer::Printer;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

/// What the environment says: names and values of its variables.
pub type Variables = BTreeMap<String, String>;

/// The command line as clap knows it, for references.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// The diagram of a product, as a standalone SVG document.
pub fn diagram(file: &Path) -> Result<String, Error> {
    product::quiet(file).map(|product| report::svg(&product.view()))
}

/// Runs a command line, its first word the name of the program.
pub fn run(words: impl IntoIterator<Item = OsString>, variables: &Variables) -> Exit {
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let mut printer = Printer::new(arguments.color.into(), variables);
    let answer = command::run(&arguments.command, variables, &mut printer);
    answer.unwrap_or_else(|error| {
        printer.error(&error);
        if let Error::NoRights { role: Some(role), .. } = &error {
            // Whoever does not read it will ask again.
            let _ = printer.result(role);
        }
        error.exit()
    })
}

/// Help and version are answers; anything else that clap has to say is a complaint.
fn usage(error: &clap::Error) -> Exit {
    let shown = error.print();
    match shown {
        _ if error.use_stderr() => Exit::WrongInput,
        Err(io) if io.kind() != std::io::ErrorKind::BrokenPipe => Exit::Failed,
        _ => Exit::Done,
    }
}

//! One module for each command.

mod capacity;
mod check;
mod diff;
mod doctor;
mod down;
mod explain;
mod logs;
mod plan;
mod status;
mod twin;
mod up;

use crate::Variables;
use crate::arguments::{Arguments, Command};
use crate::error::Error;
use crate::exit::Exit;
use crate::printer::Printer;
use clap::CommandFactory;

pub(crate) fn run(
    command: &Command,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    match command {
        Command::Plan(arguments) => plan::run(arguments, variables, printer),
        Command::Explain(arguments) => explain::run(arguments, variables, printer),
        Command::Capacity(arguments) => capacity::run(arguments, variables, printer),
        Command::Check(arguments) => check::run(arguments, printer),
        Command::Up(arguments) => up::run(arguments, variables, printer),
        Command::Down(arguments) => down::run(arguments, variables, printer),
        Command::Status(arguments) => status::run(arguments, variables, printer),
        Command::Logs(arguments) => logs::run(arguments, variables, printer),
        Command::Diff(arguments) => diff::run(arguments, variables, printer),
        Command::Doctor(arguments) => doctor::run(arguments, variables, printer),
        Command::Twin(arguments) => twin::run(arguments, printer),
        Command::Completions { shell } => completions(*shell, printer),
    }
}

fn completions(shell: clap_complete::Shell, printer: &mut Printer) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "muster", &mut script);
    printer.result(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

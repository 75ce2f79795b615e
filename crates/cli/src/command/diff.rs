//! `muster diff`: how the cluster differs from the files.

use crate::Variables;
use crate::arguments::DiffArguments;
use crate::error::Error;
use crate::exit::Exit;
use crate::live::{Place, Purpose, Session, Stopwatch, block_on, table, written};
use crate::printer::Printer;
use crate::product::{self, Inputs};
use apply::{Action, decide};

pub(super) fn run(
    arguments: &DiffArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let (project, cluster) = (&arguments.project, &arguments.cluster);
    let readable = product::read(&Inputs { project, cluster, variables }, printer)?;
    let mut watch = Stopwatch::start();
    let (place, reuse) = (Place::Cluster(&arguments.target), &arguments.reuse);
    let session = block_on(Session::open(readable, place, reuse, Purpose::Look, &mut watch))?;
    if !session.reused.is_empty() {
        printer.note(&format!("with options of the last up: {}", written(&session.reused)));
    }
    let decision = decide(&session.desired, &session.live, &session.inventory);
    let same = |action: &Action| matches!(action, Action::Keep | Action::Leave { .. });
    if decision.changes.iter().all(|change| same(&change.action)) {
        printer.note("no differences");
        return Ok(Exit::Done);
    }
    printer.result(&table(&decision))?;
    Ok(Exit::Failed)
}

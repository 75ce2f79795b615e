//! `muster status`: whether a product serves, and what stands in the way.

use crate::Variables;
use crate::arguments::StatusArguments;
use crate::error::Error;
use crate::exit::Exit;
use crate::live::{Known, Purpose, block_on, not_serving, progress};
use crate::printer::Printer;
use crate::product;
use apply::{Observed, ServiceState, diagnose};
use cluster::WATCHED;
use std::fmt::Write;

pub(super) fn run(
    arguments: &StatusArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let named = arguments.namespace.as_deref();
    let namespace = product::namespace(named, &arguments.project, variables, printer)?;
    block_on(async {
        let known = Known::find(&arguments.target, &namespace).await?;
        let states = states(&known).await?;
        let text = if arguments.json { events(&states) } else { lines(&states) };
        printer.result(&text)?;
        if states.iter().all(ServiceState::serves) {
            return Ok(Exit::Done);
        }
        Err(not_serving(&known.cluster, &known.namespace, &states, "").await)
    })
}

async fn states(known: &Known) -> Result<Vec<ServiceState>, Error> {
    let objects = match known.cluster.survey(&known.namespace, WATCHED).await {
        Ok(objects) => objects,
        Err(error) => return Err(known.refused(error, Purpose::Look).await),
    };
    let mut observed = Observed::default();
    for object in objects {
        observed.apply(object);
    }
    Ok(diagnose(&known.workloads(&observed), &observed))
}

fn lines(states: &[ServiceState]) -> String {
    states.iter().fold(String::new(), |mut text, state| {
        writeln!(text, "{}", progress::line(state)).expect("a string takes any text");
        text
    })
}

fn events(states: &[ServiceState]) -> String {
    states.iter().fold(String::new(), |mut text, state| {
        writeln!(text, "{}", progress::event(state)).expect("a string takes any text");
        text
    })
}

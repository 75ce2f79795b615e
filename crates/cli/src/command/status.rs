//! `muster status`: whether a product serves, and what stands in the way.

use crate::Variables;
use crate::arguments::StatusArguments;
use crate::error::Error;
use crate::exit::Exit;
use crate::live::{Session, Stopwatch, block_on, not_serving, progress};
use crate::printer::Printer;
use crate::product::{self, Inputs};
use apply::{Observed, ServiceState, diagnose};
use cluster::WATCHED;
use std::fmt::Write;

pub(super) fn run(
    arguments: &StatusArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let (project, cluster) = (&arguments.project, &arguments.cluster);
    let readable = product::read(&Inputs { project, cluster, variables }, printer)?;
    let mut watch = Stopwatch::start();
    block_on(async {
        let session = Session::open(readable, &arguments.target, &mut watch).await?;
        let states = states(&session).await?;
        let text = if arguments.json { events(&states) } else { lines(&states) };
        printer.result(&text)?;
        if states.iter().all(ServiceState::serves) {
            return Ok(Exit::Done);
        }
        Err(not_serving(&session.cluster, session.namespace(), &states, "").await)
    })
}

async fn states(session: &Session) -> Result<Vec<ServiceState>, Error> {
    let mut observed = Observed::default();
    let lists = WATCHED.iter().map(|(api_version, kind)| {
        session.cluster.list(api_version, kind, Some(session.namespace()))
    });
    for objects in futures::future::try_join_all(lists).await?.into_iter().flatten() {
        for object in objects {
            observed.apply(object);
        }
    }
    Ok(diagnose(&session.desired, &observed))
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

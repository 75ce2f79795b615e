//! `muster twin`: a cluster without containers, for kubectl and helm.

mod listed;

use crate::arguments::TwinArguments;
use crate::error::Error;
use crate::exit::Exit;
use crate::live::faults::{self, Unlucky, Who};
use crate::live::{block_on, file, interrupted, services};
use crate::printer::Printer;
use listed::Form;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use twin::{FaultLog, ServeError, Served, StateError, Twin};

pub(super) fn run(arguments: &TwinArguments, printer: &mut Printer) -> Result<Exit, Error> {
    if arguments.shapes {
        let form = if arguments.json { Form::Json } else { Form::Table };
        return listed::list(form, printer);
    }
    let unlucky = match &arguments.faults {
        Some(path) => file::read(path, faults::read)?,
        None => Vec::new(),
    };
    let behind = match &arguments.services {
        Some(path) => file::read(path, services::read)?,
        None => Vec::new(),
    };
    let builder = arguments.nodes.builder()?.seed(arguments.seed);
    block_on(async {
        let builder = builder.speed(arguments.speed);
        let twin = match &arguments.state {
            Some(file) => builder.open(file).map_err(stateless)?,
            None => builder.start(),
        };
        for it in behind {
            twin.serve_service(&it.namespace, &it.name, it.port, it.address);
        }
        let mut served = served_at(&twin, arguments.port).await?;
        let logs = trouble(&mut served, unlucky)?;
        write(&served, &arguments.kubeconfig)?;
        printer.result(&greeting(&served, arguments, twin.nodes()))?;
        let done = tokio::select! {
            done = lasting(arguments.lasting.map(|it| Duration::from_secs(it.0.into()))) => Ok(done),
            error = twin.state_lost() => Err(stateless(error)),
        };
        served.end().await;
        twin.close().await.map_err(stateless)?;
        printer.result(&told(&logs))?;
        done
    })
}

/// Why there is no state.
fn stateless(error: StateError) -> Error {
    let message = error.to_string();
    match error {
        StateError::Disk { doing, path, source } => {
            // The system's words come in one piece; others may hold them too.
            let source = io::Error::new(source.kind(), source.to_string());
            Error::Disk { doing, path, source }
        }
        StateError::Foreign { .. } => Error::advised(message, "choose another --state file"),
        StateError::Broken { .. } => {
            Error::advised(message, "restore it from a copy, or choose another --state file")
        }
        StateError::InUse { .. } => Error::Conflict {
            message,
            hint: "end that one, or choose another --state file".to_owned(),
        },
        StateError::Ended => Error::Refused {
            message,
            hint: "start it again: it goes on from what is in the file".to_owned(),
        },
    }
}

/// Serves a twin on the loopback interface, and writes how to reach it.
pub(super) async fn serve(twin: &Twin, port: u16, kubeconfig: &Path) -> Result<Served, Error> {
    let served = served_at(twin, port).await?;
    write(&served, kubeconfig)?;
    Ok(served)
}

async fn served_at(twin: &Twin, port: u16) -> Result<Served, Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    twin.serve(address).await.map_err(|error| refused(&error))
}

fn write(served: &Served, kubeconfig: &Path) -> Result<(), Error> {
    served.write_kubeconfig(kubeconfig).map_err(Error::disk("write", kubeconfig))
}

/// What happened to whom.
type Logs = Vec<(String, FaultLog)>;

/// Lets things go wrong for these clients.
fn trouble(served: &mut Served, unlucky: Vec<Unlucky>) -> Result<Logs, Error> {
    let mut logs = Logs::new();
    for Unlucky { who, faults } in unlucky {
        logs.push(match who {
            Who::Agent(agent) => {
                let log = served.trouble_agent(&agent, faults);
                (agent, log)
            }
            Who::User(name) => {
                let log = served.add_user(&name, faults);
                (name, log.map_err(|error| refused(&error.into()))?)
            }
        });
    }
    Ok(logs)
}

/// How often something went wrong, for each client.
fn told(logs: &Logs) -> String {
    let line = |(name, log): &(String, FaultLog)| {
        let times = log.count(|_| true);
        [name.clone(), format!(": {times} things went wrong\n")]
    };
    logs.iter().flat_map(line).collect()
}

/// Waits until the time is over or somebody presses Ctrl-C: both are how it is meant to end.
async fn lasting(time: Option<Duration>) -> Exit {
    match time {
        Some(time) => {
            tokio::select! {
                () = tokio::time::sleep(time) => {}
                () = interrupted() => {}
            }
        }
        None => interrupted().await,
    }
    Exit::Done
}

fn greeting(served: &Served, arguments: &TwinArguments, nodes: usize) -> String {
    let nodes = if nodes == 1 { "1 node".to_owned() } else { format!("{nodes} nodes") };
    let speed = match arguments.speed.get() {
        1 => String::new(),
        speed => format!(" Time goes {speed} times as fast there."),
    };
    format!(
        "A twin with {nodes} serves at https://{address} until Ctrl-C. No container runs there: pods \
         only say that they do.{speed}\n\n  export KUBECONFIG={kubeconfig}\n  kubectl get nodes\n",
        address = served.address(),
        kubeconfig = arguments.kubeconfig.display()
    )
}

fn refused(error: &ServeError) -> Error {
    match error {
        ServeError::Address { address, source } => Error::Refused {
            message: format!("cannot listen at {address}: {source}"),
            hint: "choose another --port, or leave it out for any that is free".to_owned(),
        },
        ServeError::Identity(error) => Error::Refused {
            message: error.to_string(),
            hint: "try again; if it fails again, it is a mistake of ours".to_owned(),
        },
    }
}

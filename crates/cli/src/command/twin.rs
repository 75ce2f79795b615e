//! `muster twin`: a cluster without containers, for kubectl and helm.

use crate::arguments::TwinArguments;
use crate::error::Error;
use crate::exit::Exit;
use crate::live::{block_on, interrupted};
use crate::printer::Printer;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use twin::{ServeError, Served, Twin};

pub(super) fn run(arguments: &TwinArguments, printer: &mut Printer) -> Result<Exit, Error> {
    block_on(async {
        let twin = Twin::builder().nodes(arguments.nodes).seed(arguments.seed).start();
        let kubeconfig = &arguments.kubeconfig;
        let served = serve(&twin, arguments.port, kubeconfig).await?;
        printer.result(&greeting(&served, arguments.nodes, kubeconfig))?;
        let done = lasting(arguments.lasting.map(|it| Duration::from_secs(it.0.into()))).await;
        served.end().await;
        Ok(done)
    })
}

/// Serves a twin on the loopback interface, and writes how to reach it.
pub(super) async fn serve(twin: &Twin, port: u16, kubeconfig: &Path) -> Result<Served, Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let served = twin.serve(address).await.map_err(|error| refused(&error))?;
    served.write_kubeconfig(kubeconfig).map_err(Error::disk("write", kubeconfig))?;
    Ok(served)
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

fn greeting(served: &Served, nodes: u32, kubeconfig: &Path) -> String {
    let nodes = if nodes == 1 { "1 node".to_owned() } else { format!("{nodes} nodes") };
    format!(
        "A twin with {nodes} serves at https://{address} until Ctrl-C. No container runs there: pods \
         only say that they do.\n\n  export KUBECONFIG={kubeconfig}\n  kubectl get nodes\n",
        address = served.address(),
        kubeconfig = kubeconfig.display()
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

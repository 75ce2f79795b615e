//! Options of the command line in the planner's words.

use crate::arguments::{ClusterArguments, Edge, Extra};
use crate::closest::{closest, either};
use crate::error::Error;
use model::facts::{self, EdgeKind, Options};
use model::project::Project;

pub(super) fn options(arguments: &ClusterArguments) -> Options {
    Options {
        namespace: arguments.namespace.clone(),
        host: arguments.host.clone(),
        edge: edge(arguments.edge.unwrap_or_default()),
        with: arguments.with.iter().copied().map(extra).collect(),
        images: arguments.images.iter().cloned().collect(),
        registry: arguments.registry.clone(),
        storage_class: arguments.storage_class.clone(),
        shared_storage_class: arguments.shared_storage_class.clone(),
    }
}

fn edge(edge: Edge) -> EdgeKind {
    match edge {
        Edge::Gateway => EdgeKind::Gateway,
        Edge::Ingress => EdgeKind::Ingress,
        Edge::LoadBalancer => EdgeKind::LoadBalancer,
        Edge::NodePort => EdgeKind::NodePort,
    }
}

fn extra(extra: Extra) -> facts::Extra {
    match extra {
        Extra::Prometheus => facts::Extra::Prometheus,
        Extra::Loki => facts::Extra::Loki,
        Extra::Elk => facts::Extra::Elk,
    }
}

/// An image for a service that is not there would be dropped in silence.
pub(super) fn known_services(arguments: &ClusterArguments, project: &Project) -> Result<(), Error> {
    let unknown =
        arguments.images.iter().find(|(service, _)| !project.services.contains_key(service));
    let Some((service, image)) = unknown else { return Ok(()) };
    let message = format!("--image {service}={image}: there is no service `{service}`");
    let names: Vec<&str> = project.services.keys().map(String::as_str).collect();
    let hint = match either(&closest(service, names.iter().copied())) {
        Some(close) => format!("did you mean {close}?"),
        None => format!("services are {}", names.join(", ")),
    };
    Err(Error::advised(message, hint))
}

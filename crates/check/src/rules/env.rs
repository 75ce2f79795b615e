//! Environment variables: names that collide with what Kubernetes injects.

use crate::cursor::At;
use crate::finding::Findings;
use crate::rules::Context;
use crate::set::{Pod, Set};
use crate::table::network as t;

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for pod in &cx.set.pods {
        if pod.spec.at("enableServiceLinks").bool() != Some(false) {
            service_links(pod, cx.set, out);
        }
    }
}

/// A Service `redis` injects `REDIS_PORT=tcp://10.…` into every pod of its namespace.
fn service_links(pod: &Pod<'_>, set: &Set<'_>, out: &mut Findings) {
    let services = set.of_kind("Service").filter(|s| s.namespace == pod.owner.namespace);
    let at = pod.spec.at("enableServiceLinks");
    for service in services.filter(|s| !s.spec().at("clusterIP").is("None")) {
        let prefix = service.name.to_ascii_uppercase().replace('-', "_");
        let taken = format!("{prefix}_PORT");
        let own = pod.containers.iter().any(|c| speaks_of(&c.at, &service.name, &prefix));
        if own && !sets(pod, &taken) {
            let message = format!(
                "Service `{}` injects {taken}=tcp://… into this pod: an application that reads {taken} as a number does not start",
                service.name
            );
            out.add(&t::SERVICE_LINKS, &pod.owner, &at, message, "enableServiceLinks: false");
        }
    }
}

/// Whether the container is the application of that name or reads variables with its prefix.
fn speaks_of(container: &At<'_>, name: &str, prefix: &str) -> bool {
    let image = container.at("image").str().unwrap_or_default();
    let words = crate::known::words(crate::known::Image::parse(image).base);
    let reads = |env: &At<'_>| {
        env.at("name")
            .str()
            .is_some_and(|n| n.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('_')))
    };
    words.iter().any(|w| w == name) || container.at("env").items().iter().any(reads)
}

fn sets(pod: &Pod<'_>, name: &str) -> bool {
    let mut env = pod.containers.iter().flat_map(|c| c.at.at("env").items());
    env.any(|e| e.at("name").is(name))
}

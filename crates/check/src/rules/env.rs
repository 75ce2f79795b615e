//! Environment variables: names that collide with what Kubernetes injects.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Findings;
use crate::rules::Context;
use crate::set::{Pod, Set};
use crate::table::network as t;

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    let services = Services::read(cx.set);
    for pod in &cx.set.pods {
        if pod.spec.at("enableServiceLinks").bool() != Some(false) {
            service_links(pod, &services, out);
        }
    }
}

/// Services with an address, by namespace and the prefix of the variables that they inject.
struct Services<'s>(BTreeMap<(&'s str, String), Vec<&'s str>>);

/// No Service has a longer name.
const LONGEST_NAME: usize = 63;

impl<'s> Services<'s> {
    fn read(set: &'s Set<'_>) -> Self {
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for service in set.of_kind("Service").filter(|s| !s.spec().at("clusterIP").is("None")) {
            let key = (service.namespace.as_str(), prefix(&service.name));
            found.entry(key).or_default().push(service.name.as_str());
        }
        Self(found)
    }

    /// The Services of a pod's namespace that the pod speaks of: it is the application of that
    /// name, or reads variables with its prefix.
    fn spoken_of(&self, pod: &Pod<'_>) -> BTreeSet<&'s str> {
        let mut found = BTreeSet::new();
        for container in &pod.containers {
            let image = container.at.at("image").str().unwrap_or_default();
            for word in crate::known::words(crate::known::Image::parse(image).base) {
                found.extend(self.of(pod, prefix(&word)).filter(|name| *name == word));
            }
            for env in container.at.at("env").items() {
                let name = env.at("name").str().unwrap_or_default();
                for (end, _) in name.match_indices('_').take_while(|(end, _)| *end <= LONGEST_NAME)
                {
                    found.extend(self.of(pod, name[..end].to_owned()));
                }
            }
        }
        found
    }

    fn of<'q>(&'q self, pod: &'q Pod<'_>, prefix: String) -> impl Iterator<Item = &'s str> + 'q {
        self.0.get(&(pod.owner.namespace.as_str(), prefix)).into_iter().flatten().copied()
    }
}

/// What the variables of a Service begin with: `MY_DB` of `my-db`.
fn prefix(service: &str) -> String {
    service.to_ascii_uppercase().replace('-', "_")
}

/// A Service `redis` injects `REDIS_PORT=tcp://10.…` into every pod of its namespace.
fn service_links(pod: &Pod<'_>, services: &Services<'_>, out: &mut Findings) {
    let at = pod.spec.at("enableServiceLinks");
    for service in services.spoken_of(pod) {
        let taken = format!("{}_PORT", prefix(service));
        if !sets(pod, &taken) {
            let message = format!(
                "Service `{service}` injects {taken}=tcp://… into this pod: an application that reads {taken} as a number does not start"
            );
            out.add(&t::SERVICE_LINKS, &pod.owner, &at, message, "enableServiceLinks: false");
        }
    }
}

fn sets(pod: &Pod<'_>, name: &str) -> bool {
    let mut env = pod.containers.iter().flat_map(|c| c.at.at("env").items());
    env.any(|e| e.at("name").is(name))
}

//! A namespace as it changes.

use crate::connect::Cluster;
use crate::error::{Ask, Error};
use futures::stream::{SelectAll, Stream, StreamExt, select_all};
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use serde_json::Value;
use std::pin::Pin;

/// What a watch tells.
#[derive(Clone, Debug)]
pub enum Seen {
    /// All objects of a kind, as they are now.
    Listed {
        /// Which kind.
        kind: String,
        /// All of them.
        objects: Vec<Value>,
    },
    /// An object is there, or has changed.
    Applied(Value),
    /// An object is gone.
    Deleted(Value),
}

/// Kinds from which the state of services is read.
pub const WATCHED: &[(&str, &str)] = &[
    ("v1", "Pod"),
    ("v1", "Event"),
    ("v1", "PersistentVolumeClaim"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "Job"),
    ("postgresql.cnpg.io/v1", "Cluster"),
];

type Watch = Pin<Box<dyn Stream<Item = Result<Seen, Error>> + Send>>;

impl Cluster {
    /// Watches kinds of a namespace; those that the cluster does not serve are left out. A broken
    /// watch starts anew by itself; a forbidden one is an error.
    pub fn watch(&self, namespace: &str, kinds: &[(&str, &str)]) -> SelectAll<Watch> {
        let served = kinds.iter().filter_map(|(api_version, kind)| {
            let resource = self.resources.get(api_version, kind).ok()?;
            let api = self.api(resource, Some(namespace));
            let server = self.server().to_owned();
            let (name, namespace) = (resource.name(), namespace.to_owned());
            let resource = resource.api.clone();
            let failed = move |error| {
                let namespace = Some(namespace.as_str());
                let ask =
                    Ask { verb: "watch", resource: name.clone(), namespace, object: String::new() };
                failure(&ask, &server, error)
            };
            let mut listed = Vec::new();
            let events = watcher(api, watcher::Config::default()).default_backoff();
            let seen = events.filter_map(move |event| {
                let seen = match event {
                    Ok(event) => tell(&resource, event, &mut listed).map(Ok),
                    Err(error) => failed(error).map(Err),
                };
                futures::future::ready(seen)
            });
            Some(Box::pin(seen) as Watch)
        });
        select_all(served)
    }
}

/// Lists are told when they are complete.
fn tell(
    resource: &ApiResource,
    event: Event<DynamicObject>,
    listed: &mut Vec<Value>,
) -> Option<Seen> {
    match event {
        Event::Init => listed.clear(),
        Event::InitApply(object) => listed.extend(value(resource, object)),
        Event::InitDone => {
            let objects = std::mem::take(listed);
            return Some(Seen::Listed { kind: resource.kind.clone(), objects });
        }
        Event::Apply(object) => return value(resource, object).map(Seen::Applied),
        Event::Delete(object) => return value(resource, object).map(Seen::Deleted),
    }
    None
}

/// Items of a list do not say their kind.
pub(crate) fn value(resource: &ApiResource, object: DynamicObject) -> Option<Value> {
    let mut value = serde_json::to_value(object).ok()?;
    value["apiVersion"] = resource.api_version.clone().into();
    value["kind"] = resource.kind.clone().into();
    Some(value)
}

/// What ends a watch; `None` if it goes on.
fn failure(ask: &Ask<'_>, server: &str, error: watcher::Error) -> Option<Error> {
    use watcher::Error as Watch;
    let (Watch::InitialListFailed(error) | Watch::WatchStartFailed(error)) = error else {
        return None;
    };
    match &error {
        kube::Error::Api(status) if matches!(status.code, 401 | 403) => {
            Some(ask.error(server, error))
        }
        _ => None,
    }
}

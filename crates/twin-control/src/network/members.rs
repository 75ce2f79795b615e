//! Pods behind Services: which Services a pod concerns, and what it is for one.

use crate::controller::{View, Wake};
use crate::nodes::is_ready;
use crate::tables::{PODS, SERVICES};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::{Map, Text, Value};

/// A Service with more pods than this is looked at once in a [`BATCH`], however many change.
const MANY: usize = 100;
const BATCH: Duration = Duration::from_secs(1);

/// Which Services a pod may concern, by one label that each of them wants.
#[derive(Debug, Default)]
pub(super) struct Members {
    services: BTreeMap<(Text, Text), BTreeSet<Key>>,
    looked: BTreeMap<Key, (Timestamp, usize)>,
}

impl Members {
    /// Wakes the Services that a change concerns.
    pub(super) fn woken(&mut self, change: &Change, table: &TableName, wake: &mut Wake) {
        if *table == SERVICES {
            self.service_changed(change);
            wake.key(change.object.key.clone());
        } else if *table == PODS && matters(change) {
            self.of(&change.object, wake);
            if let Some(old) = change.previous.as_ref().filter(|old| !same_labels(old, change)) {
                self.of(old, wake);
            }
        }
    }

    fn service_changed(&mut self, change: &Change) {
        let key = &change.object.key;
        if let Some(term) = change.previous.as_ref().and_then(|old| term(old))
            && let Some(keys) = self.services.get_mut(&term)
        {
            keys.remove(key);
            if keys.is_empty() {
                self.services.remove(&term);
            }
        }
        if change.kind == ChangeKind::Deleted {
            self.looked.remove(key);
        } else if let Some(term) = term(&change.object) {
            self.services.entry(term).or_default().insert(key.clone());
        }
    }

    fn of(&self, pod: &Object, wake: &mut Wake) {
        let labels = pod.tree.at(&["metadata", "labels"]).and_then(Value::as_map);
        for (name, value) in labels.map(Map::iter).into_iter().flatten() {
            let label = Text::from(format!("{name}={}", value.as_str().unwrap_or_default()));
            let found = self.services.get(&(Text::new(pod.key.namespace()), label));
            found.into_iter().flatten().for_each(|key| wake.key(key.clone()));
        }
    }

    /// How long a Service with many pods has still to wait for its turn.
    pub(super) fn wait(&self, service: &Key, now: Timestamp) -> Option<Duration> {
        let (last, pods) = self.looked.get(service)?;
        let due = last.plus(BATCH);
        (*pods > MANY && now < due).then(|| due.since(now))
    }

    /// A Service was looked at, and had so many pods.
    pub(super) fn looked(&mut self, service: &Key, pods: usize, now: Timestamp) {
        self.looked.insert(service.clone(), (now, pods));
    }
}

/// The namespace and the first label of a selector.
fn term(service: &Object) -> Option<(Text, Text)> {
    let (name, value) = selector(&service.tree)?.iter().next()?;
    let label = format!("{name}={}", value.as_str().unwrap_or_default());
    Some((Text::new(service.key.namespace()), Text::from(label)))
}

/// What a Service selects by; nothing, if others say who is behind it.
pub(super) fn selector(service: &Value) -> Option<&Map> {
    let named = service.str_at(&["spec", "type"]) == Some("ExternalName");
    let selector = service.at(&["spec", "selector"]).and_then(Value::as_map);
    selector.filter(|selector| !selector.is_empty() && !named)
}

fn same_labels(old: &Object, change: &Change) -> bool {
    let path = ["metadata", "labels"];
    old.tree.at(&path) == change.object.tree.at(&path)
}

/// Whether a change of a pod can be seen through a Service.
fn matters(change: &Change) -> bool {
    let Some(old) = &change.previous else { return address(&change.object.tree).is_some() };
    let fields: [&[&str]; 4] = [
        &["status", "podIP"],
        &["status", "phase"],
        &["metadata", "labels"],
        &["metadata", "deletionTimestamp"],
    ];
    change.kind == ChangeKind::Deleted
        || fields.iter().any(|path| old.tree.at(path) != change.object.tree.at(path))
        || is_ready(&old.tree) != is_ready(&change.object.tree)
}

fn address(pod: &Value) -> Option<&str> {
    pod.str_at(&["status", "podIP"]).filter(|address| !address.is_empty())
}

/// A pod, as a Service sees it.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) pod: Arc<Object>,
    pub(super) address: Text,
    pub(super) serving: bool,
    pub(super) ending: bool,
    /// What the ports of the Service are on it.
    pub(super) ports: Value,
}

impl Member {
    /// The reference to the pod.
    pub(super) fn reference(&self) -> Value {
        Value::from([
            ("kind", "Pod".into()),
            ("namespace", self.pod.key.namespace().into()),
            ("name", self.pod.key.name().into()),
            ("uid", self.pod.tree.at(&["metadata", "uid"]).cloned().unwrap_or_default()),
        ])
    }

    pub(super) fn node(&self) -> &str {
        self.pod.tree.str_at(&["spec", "nodeName"]).unwrap_or_default()
    }
}

/// The pods behind a Service, in the order of their names.
pub(super) fn members(service: &Object, view: &View<'_>) -> Vec<Member> {
    let Some(selector) = selector(&service.tree) else { return Vec::new() };
    let Some((name, value)) = selector.iter().next() else { return Vec::new() };
    let namespace = service.key.namespace();
    let pods = view.labelled(&PODS, namespace, name, value.as_str().unwrap_or_default());
    let meant = |pod: &&Arc<Object>| {
        let label = |name: &str| pod.tree.at(&["metadata", "labels", name]);
        selector.iter().all(|(name, value)| label(name) == Some(value))
    };
    pods.filter(meant).filter_map(|pod| member(service, pod)).collect()
}

fn member(service: &Object, pod: &Arc<Object>) -> Option<Member> {
    let over = matches!(pod.tree.str_at(&["status", "phase"]), Some("Succeeded" | "Failed"));
    let address = address(&pod.tree).filter(|_| !over)?;
    Some(Member {
        pod: pod.clone(),
        address: Text::new(address),
        serving: is_ready(&pod.tree),
        ending: pod.tree.str_at(&["metadata", "deletionTimestamp"]).is_some(),
        ports: ports(&service.tree, &pod.tree),
    })
}

/// The ports of a Service on a pod. One that the pod does not name is left out.
fn ports(service: &Value, pod: &Value) -> Value {
    let list = service.at(&["spec", "ports"]).and_then(Value::as_list);
    let list = list.into_iter().flat_map(|list| list.iter());
    let resolved = list.filter_map(|port| {
        let protocol = port.str_at(&["protocol"]).unwrap_or("TCP");
        let number = match port.at(&["targetPort"]) {
            Some(Value::Text(name)) => named(pod, name, protocol)?,
            Some(Value::Int(number)) if *number > 0 => *number,
            _ => port.at(&["port"])?.as_int()?,
        };
        let mut row = Value::from([
            ("name", port.str_at(&["name"]).unwrap_or_default().into()),
            ("port", number.into()),
            ("protocol", protocol.into()),
        ]);
        if let Some(app) = port.at(&["appProtocol"]) {
            row = row.with(&["appProtocol"], app.clone());
        }
        Some(row)
    });
    resolved.collect::<Vec<_>>().into()
}

fn named(pod: &Value, name: &str, protocol: &str) -> Option<i64> {
    let containers = ["containers", "initContainers"].iter();
    let containers = containers.filter_map(|field| pod.at(&["spec", field])?.as_list());
    let ports = containers
        .flat_map(|list| list.iter())
        .filter_map(|container| container.at(&["ports"])?.as_list())
        .flat_map(|list| list.iter());
    let mut same = ports.filter(|port| {
        port.str_at(&["name"]) == Some(name)
            && port.str_at(&["protocol"]).unwrap_or("TCP") == protocol
    });
    same.next()?.at(&["containerPort"])?.as_int()
}

/// Labels of a Service that what stands behind it has too, with more of its own.
pub(super) fn labels(service: &Value, more: &[(&str, &str)]) -> Value {
    let own = service.at(&["metadata", "labels"]).and_then(Value::as_map).cloned();
    let own = own.unwrap_or_default();
    let kept = own.iter().filter(|(name, _)| name != HEADLESS).cloned().collect();
    let mut labels = Value::Map(kept);
    if service.str_at(&["spec", "clusterIP"]) == Some("None") {
        labels = labels.with(&[HEADLESS], "".into());
    }
    more.iter().fold(labels, |labels, (name, value)| labels.with(&[name], (*value).into()))
}

const HEADLESS: &str = "service.kubernetes.io/headless";
/// When what stands behind a Service changed, so that delays can be measured.
pub(super) const TRIGGERED: &str = "endpoints.kubernetes.io/last-change-trigger-time";

//! What a kubelet writes about its node when it starts, and when it is heard again.

use super::super::conditions::{Condition, State, condition, conditions};
use super::is_lost;
use super::ranges::number;
use crate::controller::{Controller, Outcome, View, Wake};
use crate::events::{Event, Severity};
use crate::nodes::kubelet::Range;
use crate::tables::NODES;
use std::net::Ipv4Addr;
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

/// The addresses of nodes.
const HOSTS: &str = "172.16.0.0/12";
/// The port of a kubelet.
pub(in crate::nodes) const KUBELET_PORT: i64 = 10_250;

/// What a node has if nobody says it.
const CAPACITY: [(&str, &str); 4] =
    [("cpu", "16"), ("memory", "64Gi"), ("ephemeral-storage", "200Gi"), ("pods", "110")];

/// Conditions of a node that is well.
const WELL: [(&str, State, &str, &str); 4] = [
    (
        "MemoryPressure",
        State::False,
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    ("DiskPressure", State::False, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    (
        "PIDPressure",
        State::False,
        "KubeletHasSufficientPID",
        "kubelet has sufficient PID available",
    ),
    ("Ready", State::True, "KubeletReady", "kubelet is posting ready status"),
];

/// What a kubelet that starts tells of its node.
const STARTS: [&str; 5] = [
    "Starting",
    "NodeHasSufficientMemory",
    "NodeHasNoDiskPressure",
    "NodeHasSufficientPID",
    "NodeReady",
];

fn told(node: &Object, reason: &str) -> Event {
    let message = match reason {
        "Starting" => "Starting kubelet.".to_owned(),
        _ => format!("Node {} status is now: {reason}", node.key.name()),
    };
    Event::new(node, Severity::Normal, reason, message)
}

/// Registers nodes.
#[derive(Debug)]
pub(super) struct Register;

impl Controller for Register {
    fn name(&self) -> &'static str {
        "kubelet"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        let node = &change.object;
        if *table == NODES && change.kind != ChangeKind::Deleted && is_due(&node.tree) {
            wake.key(node.key.clone());
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        if let Some(node) = view.get(&NODES, key).filter(|node| is_due(&node.tree)) {
            let name = key.name();
            let labels = [
                ("kubernetes.io/hostname", name),
                ("kubernetes.io/os", "linux"),
                ("kubernetes.io/arch", "amd64"),
            ];
            let missing = |key: &str| node.tree.at(&["metadata", "labels", key]).is_none();
            let named = labels
                .iter()
                .filter(|(key, _)| missing(key))
                .fold(node.tree.clone(), |node, (key, value)| {
                    node.with(&["metadata", "labels", key], (*value).into())
                });
            if named != node.tree {
                outcome.update(NODES, key, named.clone());
            }
            outcome.update_status(NODES, key, registered(&named, name, view.now));
            // Of new nodes there may be thousands; of one that is back people want to know.
            if condition(&node.tree, "Ready") == Some("Unknown") {
                let told = STARTS.iter().map(|reason| told(node, reason));
                outcome.events.extend(told);
            }
        }
        outcome
    }
}

/// Whether a kubelet has something to say: it is there, and the node does not say that it is ready
/// or that it is not. A node whose conditions others write is left alone.
fn is_due(node: &Value) -> bool {
    !is_lost(node)
        && node.at(&["spec", "podCIDR"]).is_some()
        && matches!(condition(node, "Ready"), None | Some("Unknown"))
}

fn registered(node: &Value, name: &str, now: Timestamp) -> Value {
    let mut list = conditions(node).to_vec();
    for (kind, state, reason, message) in WELL {
        list = Condition { kind, state, reason, message }.among(&list, now);
        if let Some(row) = list.iter_mut().find(|row| row.str_at(&["type"]) == Some(kind)) {
            *row = row.with(&["lastHeartbeatTime"], now.value());
        }
    }
    let capacity = CAPACITY.map(|(resource, amount)| (resource, amount.into()));
    let given = |field: &str| node.at(&["status", field]).filter(|it| is_said(it)).cloned();
    let capacity = given("capacity").unwrap_or_else(|| Value::from(capacity));
    let rows = [
        ("allocatable", capacity.clone()),
        ("capacity", capacity),
        ("addresses", addresses(node, name)),
        ("nodeInfo", info(node, name)),
        (
            "daemonEndpoints",
            Value::from([("kubeletEndpoint", Value::from([("Port", KUBELET_PORT.into())]))]),
        ),
        ("images", Value::from(Vec::new())),
    ];
    let node = node.with(&["status", "conditions"], list.into());
    rows.into_iter().fold(node, |node, (field, value)| match given(field) {
        Some(_) if !matches!(field, "daemonEndpoints" | "nodeInfo") => node,
        Some(own) if own.as_map().is_some_and(|own| own.iter().any(|(_, it)| is_said(it))) => node,
        _ => node.with(&["status", field], value),
    })
}

/// Whether somebody wrote something here: what the type always has is empty.
fn is_said(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Text(text) => !text.is_empty(),
        Value::Int(number) => *number != 0,
        Value::Map(map) => map.iter().any(|(_, value)| is_said(value)),
        Value::List(list) => !list.is_empty(),
        Value::Bool(_) | Value::Float(_) => true,
    }
}

/// The address of a node, which follows from the range of its pods.
pub(in crate::nodes) fn host_address(node: &Value) -> Option<Ipv4Addr> {
    let own = node.str_at(&["spec", "podCIDR"]).and_then(number);
    own.zip(Range::parse(HOSTS)).map(|(number, hosts)| hosts.at(number + 2))
}

fn addresses(node: &Value, name: &str) -> Value {
    let address = host_address(node);
    let row = |kind: &str, address: &str| {
        Value::from([("type", kind.into()), ("address", address.into())])
    };
    let internal = address.map(|address| row("InternalIP", &address.to_string()));
    let rows: Vec<_> = internal.into_iter().chain([row("Hostname", name)]).collect();
    rows.into()
}

fn info(node: &Value, name: &str) -> Value {
    let text = |text: &str| Value::text(text);
    let arch = node.str_at(&["metadata", "labels", "kubernetes.io/arch"]).unwrap_or("amd64");
    let own = |what: &str| Value::Text(Text::from(format!("{what}-{name}")));
    Value::from([
        ("architecture", text(arch)),
        ("bootID", own("boot")),
        ("containerRuntimeVersion", text("containerd://2.2.0")),
        ("kernelVersion", text("6.12.0")),
        ("kubeProxyVersion", text("")),
        ("kubeletVersion", text("v1.37.2")),
        ("machineID", own("machine")),
        ("operatingSystem", text("linux")),
        ("osImage", text("Muster twin")),
        ("systemUUID", own("system")),
    ])
}

//! Node objects of machines.

use shapes::{Node, Taint};
use std::collections::BTreeMap;
use twin_core::tree::{Map, Text, Value};

/// The node object of a machine, before a kubelet says anything.
pub(crate) fn object(node: &Node) -> Value {
    let status = Value::from([
        ("capacity", texts(&node.capacity)),
        ("allocatable", texts(&node.allocatable)),
    ]);
    let metadata =
        Value::from([("name", node.name.as_str().into()), ("labels", texts(&node.labels))]);
    let object = Value::from([("metadata", metadata), ("status", status)]);
    if node.taints.is_empty() {
        return object;
    }
    let taints: Vec<_> = node.taints.iter().map(taint).collect();
    object.with(&["spec", "taints"], taints.into())
}

fn taint(taint: &Taint) -> Value {
    let pair =
        Value::from([("key", taint.key.as_str().into()), ("effect", taint.effect.as_str().into())]);
    if taint.value.is_empty() { pair } else { pair.with(&["value"], taint.value.as_str().into()) }
}

fn texts(map: &BTreeMap<String, String>) -> Value {
    let entry = |(key, value): (&String, &String)| (Text::new(key), Value::text(value));
    Value::Map(map.iter().map(entry).collect::<Map>())
}

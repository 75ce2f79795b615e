//! Node objects of machines.

use shapes::Node;
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
    Value::from([("metadata", metadata), ("status", status)])
}

fn texts(map: &BTreeMap<String, String>) -> Value {
    let entry = |(key, value): (&String, &String)| (Text::new(key), Value::text(value));
    Value::Map(map.iter().map(entry).collect::<Map>())
}

//! Strategic merge patches.

use super::chance::Chance;
use super::objects::{Growth, json_of, resource, tree_of, value};
use super::property::Property;
use serde_json::{Map, Value, json};
use twin_core::patch::{PatchError, strategic};
use twin_core::schema::Schema;

const KINDS: &[&str] = &[
    "v1/Pod",
    "v1/Service",
    "v1/ConfigMap",
    "v1/Node",
    "v1/ServiceAccount",
    "v1/Endpoints",
    "v1/PersistentVolumeClaim",
    "apps/v1/Deployment",
    "apps/v1/StatefulSet",
    "apps/v1/DaemonSet",
    "batch/v1/CronJob",
    "networking.k8s.io/v1/NetworkPolicy",
    "networking.k8s.io/v1/Ingress",
    "rbac.authorization.k8s.io/v1/Role",
    "autoscaling/v2/HorizontalPodAutoscaler",
];

pub(crate) const STRATEGIC: Property =
    Property { name: "strategic merge", question, ours, theirs, known };

fn question(chance: &mut Chance) -> Value {
    let kind = chance.one_of(KINDS);
    let growth = Growth { fields: 12, depth: 7 };
    let object = value(chance, growth, resource(kind).ty, "");
    let mut patch = value(chance, growth, resource(kind).ty, "");
    directed(chance, &mut patch);
    json!({ "do": "strategic", "kind": kind, "object": object, "patch": patch })
}

/// Puts in what patches have and objects have not.
fn directed(chance: &mut Chance, patch: &mut Value) {
    match patch {
        Value::Object(map) => {
            let keys: Vec<_> = map.keys().cloned().collect();
            for key in &keys {
                directed(chance, &mut map[key]);
                if chance.percent(3) {
                    map.insert(key.clone(), Value::Null);
                }
                directed_list(chance, map, key);
            }
            if chance.percent(3) {
                let words = ["replace", "delete", "merge", "frob"];
                map.insert("$patch".to_owned(), json!(chance.one_of(&words)));
            }
            if chance.percent(2) {
                let some = keys.iter().filter(|_| chance.percent(80)).cloned();
                let some: Vec<_> = some.collect();
                map.insert("$retainKeys".to_owned(), json!(some));
            }
        }
        Value::Array(list) => {
            for item in list.iter_mut() {
                directed(chance, item);
            }
            if chance.percent(3) {
                let words = ["replace", "delete"];
                list.push(json!({ "$patch": chance.one_of(&words) }));
            }
        }
        _ => {}
    }
}

fn directed_list(chance: &mut Chance, map: &mut Map<String, Value>, key: &str) {
    let Some(list) = map[key].as_array().cloned() else { return };
    if chance.percent(10) {
        let mut order: Vec<Value> = list.iter().map(keyed).collect();
        if chance.percent(50) {
            order.reverse();
        }
        if chance.percent(30) {
            order.push(json!({ "name": "z" }));
        }
        map.insert(format!("$setElementOrder/{key}"), Value::Array(order));
    }
    if chance.percent(5) {
        let scalars: Vec<_> = list.into_iter().filter(|item| !item.is_object()).collect();
        map.insert(format!("$deleteFromPrimitiveList/{key}"), Value::Array(scalars));
        // Upstream deletes and adds in whatever order its maps have, so one of both only.
        map.remove(key);
    }
}

/// Items of an order have what tells them apart.
fn keyed(item: &Value) -> Value {
    const KEYS: &[&str] =
        &["name", "containerPort", "port", "mountPath", "type", "key", "ip", "uid", "topologyKey"];
    match item {
        Value::Object(map) => {
            let entries = map.iter().filter(|(key, _)| KEYS.contains(&key.as_str()));
            entries.map(|(key, value)| (key.clone(), value.clone())).collect()
        }
        other => other.clone(),
    }
}

fn ours(question: &Value) -> Value {
    let ty = resource(question["kind"].as_str().unwrap()).ty;
    let (object, patch) = (tree_of(&question["object"]), tree_of(&question["patch"]));
    match strategic(Schema::builtin(), ty, &object, &patch) {
        Ok(merged) => json!({ "ok": json_of(&merged) }),
        Err(PatchError::Malformed(text) | PatchError::Refused(text) | PatchError::Broken(text)) => {
            json!({ "error": text })
        }
    }
}

fn theirs(answer: &Value) -> Value {
    answer.clone()
}

/// Of several errors upstream meets any one first: its maps have no order. And where a list has the
/// same value twice, the order of what it makes depends on memory that its lists share.
fn known(question: &Value, ours: &Value, theirs: &Value) -> bool {
    let both_refuse = ours.get("error").is_some() && theirs.get("error").is_some();
    both_refuse || (has_twins(&question["object"]) && unordered(ours) == unordered(theirs))
}

/// With plain values of lists in an order of their own.
fn unordered(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), unordered(value))).collect()
        }
        Value::Array(list) => {
            let mut list: Vec<_> = list.iter().map(unordered).collect();
            if list.iter().all(|item| !item.is_object() && !item.is_array()) {
                list.sort_by_key(Value::to_string);
            }
            Value::Array(list)
        }
        plain => plain.clone(),
    }
}

fn has_twins(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.values().any(has_twins),
        Value::Array(list) => {
            let plain = |item: &&Value| !item.is_object() && !item.is_array();
            let twin = |(at, item): (usize, &Value)| list[..at].contains(item);
            list.iter().enumerate().filter(|(_, item)| plain(item)).any(twin)
                || list.iter().any(has_twins)
        }
        _ => false,
    }
}

//! Who owns which field: `metadata.managedFields`.

use crate::path::{Path, Segment, keys_in};
use serde_json::{Map, Value};

/// The field manager under which we apply.
pub const MANAGER: &str = "muster";

type Fields = Map<String, Value>;

/// Whether we have applied a live object.
pub fn is_ours(live: &Value) -> bool {
    entries(live).any(|(manager, _)| manager == MANAGER)
}

/// The managers of an object, without us and without those that only write its status.
pub(crate) fn managers(live: &Value) -> Vec<String> {
    let mut names: Vec<String> = entries(live)
        .filter(|(manager, fields)| *manager != MANAGER && !only_status(fields))
        .map(|(manager, _)| manager.to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn only_status(fields: &Fields) -> bool {
    fields.keys().all(|key| key == "f:status")
}

/// The other manager that owns a field.
pub(crate) fn other_owner(live: &Value, path: &Path) -> Option<String> {
    entries(live)
        .find(|(manager, fields)| *manager != MANAGER && owns(fields, &path.0))
        .map(|(manager, _)| manager.to_owned())
}

fn entries(live: &Value) -> impl Iterator<Item = (&str, &Fields)> {
    let list = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|entry| {
        Some((entry.get("manager")?.as_str()?, entry.get("fieldsV1")?.as_object()?))
    })
}

fn owns(fields: &Fields, path: &[Segment]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    match child(fields, first) {
        // A leaf is owned with everything below it.
        Some(below) if below.is_empty() => true,
        Some(below) => owns(below, rest),
        None => false,
    }
}

fn child<'a>(fields: &'a Fields, segment: &Segment) -> Option<&'a Fields> {
    match segment {
        Segment::Field(name) => fields.get(&format!("f:{name}"))?.as_object(),
        Segment::Item(keys) => {
            let same = |text: &str| serde_json::from_str(text).is_ok_and(|it: Fields| it == *keys);
            let found = fields.iter().find(|(key, _)| key.strip_prefix("k:").is_some_and(same));
            found?.1.as_object()
        }
        Segment::Index(_) => None,
    }
}

/// Places that we own, that are there, and that we do not want any more.
pub(crate) fn dropped(desired: &Value, live: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    for (_, fields) in entries(live).filter(|(manager, _)| *manager == MANAGER) {
        walk(fields, Some(desired), Some(live), &Path::default(), &mut found);
    }
    found
}

fn walk(
    fields: &Fields,
    desired: Option<&Value>,
    live: Option<&Value>,
    path: &Path,
    found: &mut Vec<Path>,
) {
    for (key, below) in fields {
        let Some((segment, wanted, there)) = step(key, desired, live) else { continue };
        let here = path.with(segment);
        if there.is_none() || here.starts(&["status"]) {
            continue;
        }
        match (wanted, below.as_object()) {
            (None, _) => found.push(here),
            (wanted, Some(below)) => walk(below, wanted, there, &here, found),
            _ => {}
        }
    }
}

/// Metadata that may be applied; the rest is the server's.
const OURS: &[&str] = &["labels", "annotations", "finalizers", "ownerReferences"];

/// What we have applied of a live object, as we would apply it again; `None` if that is nothing.
pub(crate) fn applied(live: &Value) -> Option<Value> {
    let (_, fields) = entries(live).find(|(manager, _)| *manager == MANAGER)?;
    let mut object = Map::new();
    for name in ["apiVersion", "kind"] {
        object.insert(name.to_owned(), live.get(name)?.clone());
    }
    let mut metadata = Map::new();
    for name in ["name", "namespace"] {
        metadata.extend(live["metadata"].get(name).map(|it| (name.to_owned(), it.clone())));
    }
    object.insert("metadata".to_owned(), Value::Object(metadata));
    let Value::Object(owned) = owned(fields, live) else { return None };
    for (name, value) in owned {
        match (name.as_str(), object.get_mut("metadata"), value) {
            ("status", ..) => {}
            ("metadata", Some(Value::Object(metadata)), Value::Object(more)) => {
                metadata.extend(more.into_iter().filter(|(name, _)| OURS.contains(&name.as_str())));
            }
            (_, _, value) => drop(object.insert(name, value)),
        }
    }
    Some(Value::Object(object))
}

/// The part of a value that these fields name.
fn owned(fields: &Fields, live: &Value) -> Value {
    match live {
        // A leaf is owned with everything below it.
        _ if fields.is_empty() => live.clone(),
        Value::Object(there) => {
            let field = |(key, below): (&String, &Value)| {
                let name = key.strip_prefix("f:")?;
                Some((name.to_owned(), owned(below.as_object()?, there.get(name)?)))
            };
            Value::Object(fields.iter().filter_map(field).collect())
        }
        Value::Array(items) => items.iter().filter_map(|item| owned_item(fields, item)).collect(),
        _ => live.clone(),
    }
}

/// An item of a list, if one of these fields names it by its keys or its value.
fn owned_item(fields: &Fields, item: &Value) -> Option<Value> {
    fields.iter().find_map(|(key, below)| {
        if let Some(text) = key.strip_prefix("v:") {
            return (serde_json::from_str::<Value>(text).ok()? == *item).then(|| item.clone());
        }
        let keys: Fields = serde_json::from_str(key.strip_prefix("k:")?).ok()?;
        let names: Vec<&str> = keys.keys().map(String::as_str).collect();
        if keys_in(item, &names) != keys {
            return None;
        }
        let mut part = match owned(below.as_object()?, item) {
            Value::Object(part) => part,
            other => return Some(other),
        };
        part.extend(keys);
        Some(Value::Object(part))
    })
}

type Stepped<'a> = (Segment, Option<&'a Value>, Option<&'a Value>);

/// What a key of `fieldsV1` means in both objects; `None` for what names no place.
fn step<'a>(key: &str, desired: Option<&'a Value>, live: Option<&'a Value>) -> Option<Stepped<'a>> {
    if let Some(name) = key.strip_prefix("f:") {
        let get = |of: Option<&'a Value>| of.and_then(|value| value.get(name));
        return Some((Segment::Field(name.to_owned()), get(desired), get(live)));
    }
    let keys: Fields = serde_json::from_str(key.strip_prefix("k:")?).ok()?;
    let names: Vec<&str> = keys.keys().map(String::as_str).collect();
    let get =
        |of: Option<&'a Value>| of?.as_array()?.iter().find(|item| keys_in(item, &names) == keys);
    let (wanted, there) = (get(desired), get(live));
    Some((Segment::Item(keys), wanted, there))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn live() -> Value {
        json!({
            "metadata": {"labels": {"a": "1", "b": "2"}, "managedFields": [
                {"manager": "muster", "operation": "Apply", "fieldsV1": {
                    "f:metadata": {"f:labels": {"f:a": {}, "f:b": {}}},
                    "f:spec": {"f:ports": {
                        "k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}},
                        "k:{\"port\":81,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}},
                    }}}},
                {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {
                    "f:spec": {"f:replicas": {}, "f:selector": {}}}},
            ]},
            "spec": {"replicas": 3, "selector": {"x": "y"},
                "ports": [{"port": 80, "protocol": "TCP"}, {"port": 81, "protocol": "TCP"}]},
        })
    }

    #[test]
    fn what_we_do_not_want_any_more() {
        let desired =
            json!({"metadata": {"labels": {"a": "1"}}, "spec": {"ports": [{"port": 80}]}});
        let found: Vec<_> = dropped(&desired, &live()).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["metadata.labels.b", "spec.ports[81/TCP]"]);
    }

    #[test]
    fn what_we_applied_is_what_we_own() {
        let mut live = live();
        live["apiVersion"] = json!("v1");
        live["kind"] = json!("Service");
        live["metadata"]["name"] = json!("web");
        live["metadata"]["uid"] = json!("7");
        live["spec"]["ports"][0]["nodePort"] = json!(30000);
        let want = json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "web", "labels": {"a": "1", "b": "2"}},
            "spec": {"ports": [{"port": 80, "protocol": "TCP"}, {"port": 81, "protocol": "TCP"}]}});
        assert_eq!(applied(&live), Some(want));
        assert_eq!(applied(&json!({"kind": "Pod"})), None);
    }

    #[test]
    fn fields_have_owners() {
        let path = |fields: &[&str]| fields.iter().fold(Path::default(), |path, it| path.field(it));
        let owner = |fields: &[&str]| other_owner(&live(), &path(fields));
        assert_eq!(owner(&["spec", "replicas"]).as_deref(), Some("kubectl-edit"));
        assert_eq!(owner(&["spec", "selector", "x"]).as_deref(), Some("kubectl-edit"));
        assert_eq!(owner(&["metadata", "labels", "a"]), None);
        assert!(is_ours(&live()));
        assert_eq!(managers(&live()), ["kubectl-edit"]);
    }
}

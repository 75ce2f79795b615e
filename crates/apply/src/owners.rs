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

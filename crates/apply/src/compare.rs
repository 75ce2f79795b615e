//! What of a desired object the live one does not have.

use crate::path::{Path, Segment, keys_in, keys_of};
use crate::quantity;
use serde_json::Value;

/// One place that differs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    pub(crate) path: Path,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

/// Every place at which the live object is not as desired. What it has beyond is not ours.
pub(crate) fn differences(desired: &Value, live: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    value(desired, Some(live), &Path::default(), &mut found);
    found
}

fn value(want: &Value, have: Option<&Value>, path: &Path, found: &mut Vec<Difference>) {
    match (want, have) {
        // The server leaves out what is empty.
        (want, None | Some(Value::Null)) if is_left_out(want, path) => {}
        (Value::Object(want), Some(Value::Object(have))) => {
            for (name, field) in want {
                value(field, have.get(name), &path.field(name), found);
            }
        }
        (Value::Array(want), Some(Value::Array(have))) => list(want, have, path, found),
        (Value::String(want), Some(Value::String(have)))
            if want == have || (is_amount(path) && quantity::same(want, have)) => {}
        (want, Some(have)) if want == have => {}
        (want, have) => found.push(Difference {
            path: path.clone(),
            before: have.cloned(),
            after: Some(want.clone()),
        }),
    }
}

fn list(want: &[Value], have: &[Value], path: &Path, found: &mut Vec<Difference>) {
    let keyed =
        keys_of(path.last_field(), want).filter(|_| keys_of(path.last_field(), have).is_some());
    let Some(keys) = keyed else { return whole(want, have, path, found) };
    let mut places = Vec::new();
    for item in want {
        let id = keys_in(item, keys);
        let at = have.iter().position(|it| keys_in(it, keys) == id);
        places.extend(at);
        value(item, at.map(|at| &have[at]), &path.with(Segment::Item(id)), found);
    }
    // Init containers run, and variables are expanded, in their order.
    if !places.is_sorted() {
        let (before, after) = (Some(have.to_vec().into()), Some(want.to_vec().into()));
        found.push(Difference { path: path.clone(), before, after });
    }
}

/// A list that has one owner is compared item by item, and has no other items.
fn whole(want: &[Value], have: &[Value], path: &Path, found: &mut Vec<Difference>) {
    if want.len() != have.len() {
        let (before, after) = (Some(have.to_vec().into()), Some(want.to_vec().into()));
        return found.push(Difference { path: path.clone(), before, after });
    }
    for (at, (want, have)) in want.iter().zip(have).enumerate() {
        value(want, Some(have), &path.with(Segment::Index(at)), found);
    }
}

/// Maps and scalars whose zero the server does not store. For others, such as
/// `allowPrivilegeEscalation: false`, zero is a statement.
const LEFT_OUT: &[&str] = &[
    "annotations",
    "data",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "initialDelaySeconds",
    "labels",
    "limits",
    "matchLabels",
    "minReadySeconds",
    "nodeSelector",
    "publishNotReadyAddresses",
    "readOnly",
    "requests",
    "stdin",
    "subPath",
    "tty",
    "value",
];

fn is_left_out(value: &Value, path: &Path) -> bool {
    let listed = || LEFT_OUT.contains(&path.last_field());
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Bool(false) => listed(),
        Value::Number(number) => number.as_i64() == Some(0) && listed(),
        Value::String(text) => text.is_empty() && listed(),
        Value::Object(fields) => fields.is_empty() && listed(),
        Value::Bool(true) => false,
    }
}

/// Whether the server may write an amount at this place in another way.
fn is_amount(path: &Path) -> bool {
    const FIELDS: &[&str] = &["sizeLimit", "averageValue", "divisor", "value", "storage"];
    const PARENTS: &[&str] = &["limits", "requests", "hard", "capacity"];
    let names: Vec<&str> = path
        .0
        .iter()
        .filter_map(|segment| match segment {
            Segment::Field(name) => Some(name.as_str()),
            Segment::Item(_) | Segment::Index(_) => None,
        })
        .collect();
    let below_metrics = names.contains(&"metrics");
    match names.as_slice() {
        [.., parent, _] if PARENTS.contains(parent) => true,
        // An environment variable has a `value` too, and is a text.
        [.., "value"] => below_metrics,
        [.., last] => FIELDS.contains(last),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[expect(clippy::needless_pass_by_value, reason = "literals read better without a `&`")]
    fn check(want: Value, have: Value, expect: &[&str]) {
        let found: Vec<_> =
            differences(&want, &have).iter().map(|it| it.path.to_string()).collect();
        assert_eq!(found, expect, "{want} {have}");
    }

    #[test]
    fn the_server_may_add() {
        check(json!({"a": 1}), json!({"a": 1, "b": 2}), &[]);
        check(json!({"ingress": []}), json!({}), &[]);
        check(json!({"emptyDir": {}}), json!({"emptyDir": {}}), &[]);
        check(json!({"value": ""}), json!({}), &[]);
        check(
            json!({"containers": [{"name": "a", "image": "i"}]}),
            json!({"containers": [{"name": "proxy"}, {"name": "a", "image": "i", "tty": false}]}),
            &[],
        );
        check(
            json!({"ports": [{"containerPort": 80}]}),
            json!({"ports": [{"containerPort": 80, "protocol": "TCP"}]}),
            &[],
        );
    }

    #[test]
    fn the_server_may_not_differ() {
        check(json!({"a": 1}), json!({"a": 2}), &["a"]);
        check(json!({"a": 1}), json!({}), &["a"]);
        check(json!({"allowPrivilegeEscalation": false}), json!({}), &["allowPrivilegeEscalation"]);
        check(json!({"args": ["a"]}), json!({"args": ["a", "b"]}), &["args"]);
        check(
            json!({"containers": [{"name": "a", "image": "i"}]}),
            json!({"containers": [{"name": "a", "image": "j"}]}),
            &["containers[a].image"],
        );
        check(
            json!({"env": [{"name": "a"}, {"name": "b"}]}),
            json!({"env": [{"name": "b"}, {"name": "a"}]}),
            &["env"],
        );
    }

    #[test]
    fn amounts_are_compared_as_amounts() {
        check(json!({"limits": {"cpu": "1000m"}}), json!({"limits": {"cpu": "1"}}), &[]);
        check(json!({"sizeLimit": "1024Mi"}), json!({"sizeLimit": "1Gi"}), &[]);
        let env = |value: &str| json!({"env": [{"name": "A", "value": value}]});
        check(env("1000m"), env("1"), &["env[A].value"]);
    }
}

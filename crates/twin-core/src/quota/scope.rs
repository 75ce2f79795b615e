//! Which objects a quota is about.

use super::usage;
use crate::registry::Resource;
use crate::tree::{Text, Value};

/// Whether a quota counts an object. One with scopes is about pods, and about those that they mean.
pub fn covers(quota: &Value, resource: &Resource, object: &Value) -> bool {
    let scopes = list(quota, &["spec", "scopes"]).iter().filter_map(Value::as_str);
    let mut scopes = scopes.map(|scope| (scope, "Exists", &[] as &[Value])).chain(
        list(quota, &["spec", "scopeSelector", "matchExpressions"]).iter().filter_map(|it| {
            let operator = it.str_at(&["operator"]).unwrap_or("Exists");
            Some((it.str_at(&["scopeName"])?, operator, list(it, &["values"])))
        }),
    );
    scopes.all(|(scope, operator, values)| {
        let pod = resource.is("", "pods");
        match scope {
            "VolumeAttributesClass" if resource.is("", "persistentvolumeclaims") => {
                let class = object.str_at(&["spec", "volumeAttributesClassName"]);
                compared(class.unwrap_or_default(), operator, values)
            }
            _ if !pod => false,
            "Terminating" => is_terminating(object),
            "NotTerminating" => !is_terminating(object),
            "BestEffort" => usage::is_best_effort(object),
            "NotBestEffort" => !usage::is_best_effort(object),
            "PriorityClass" => {
                let class = object.str_at(&["spec", "priorityClassName"]);
                compared(class.unwrap_or_default(), operator, values)
            }
            "CrossNamespacePodAffinity" => reaches_out(object),
            _ => false,
        }
    })
}

fn compared(value: &str, operator: &str, values: &[Value]) -> bool {
    let listed = values.iter().any(|known| known.as_str() == Some(value));
    match operator {
        "In" => listed,
        "NotIn" => !listed,
        "DoesNotExist" => value.is_empty(),
        _ => !value.is_empty(),
    }
}

fn is_terminating(pod: &Value) -> bool {
    let deadline = pod.at(&["spec", "activeDeadlineSeconds"]).and_then(Value::as_int);
    deadline.is_some_and(|deadline| deadline >= 0)
}

/// Whether a pod's affinity names other namespaces.
fn reaches_out(pod: &Value) -> bool {
    let out = |term: &Value| {
        !list(term, &["namespaces"]).is_empty() || term.at(&["namespaceSelector"]).is_some()
    };
    ["podAffinity", "podAntiAffinity"].iter().any(|kind| {
        let terms = |field| list(pod, &["spec", "affinity", kind, field]).iter();
        terms("requiredDuringSchedulingIgnoredDuringExecution").any(out)
            || terms("preferredDuringSchedulingIgnoredDuringExecution")
                .filter_map(|it| it.at(&["podAffinityTerm"]))
                .any(out)
    })
}

pub(super) fn list<'a>(tree: &'a Value, path: &[&str]) -> &'a [Value] {
    tree.at(path).and_then(Value::as_list).map_or(&[], |list| &list[..])
}

/// A text of a tree; empty if it is not there.
pub(super) fn text(tree: &Value, path: &[&str]) -> Text {
    Text::new(tree.str_at(path).unwrap_or_default())
}

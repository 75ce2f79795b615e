//! Parts of pods with addresses of their own: containers that are added to look at others, and resources.

use super::object::quality;
use crate::causes::Causes;
use crate::status::Cause;
use crate::tree::{Map, Text, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What an added container must not have.
const NOT_ADDED: &[&str] = &[
    "ports",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "resources",
    "resizePolicy",
];

/// A pod that was changed through an address of a part of it: the rest stays as it was.
pub(super) fn part_of(subresource: &str, live: &Value, new: &Value) -> Option<Value> {
    let spec = match subresource {
        "ephemeralcontainers" => {
            let path = ["spec", "ephemeralContainers"];
            match new.at(&path) {
                Some(list) => live.with(&path, list.clone()),
                None => live.without(&path),
            }
        }
        "resize" => resized(live, new),
        _ => return None,
    };
    let path = ["metadata", "managedFields"];
    Some(match new.at(&path) {
        Some(managers) => spec.with(&path, managers.clone()),
        None => spec,
    })
}

fn containers<'a>(pod: &'a Value, field: &str) -> &'a [Value] {
    pod.at(&["spec", field]).and_then(Value::as_list).map_or(&[], |list| list)
}

fn name(container: &Value) -> &str {
    container.str_at(&["name"]).unwrap_or_default()
}

/// Containers by their names; of two with one name the first counts.
fn by_name<'a>(pod: &'a Value, field: &str) -> BTreeMap<&'a str, &'a Value> {
    containers(pod, field).iter().rev().map(|container| (name(container), container)).collect()
}

/// The pod with the resources of another, by names of containers.
fn resized(live: &Value, new: &Value) -> Value {
    ["initContainers", "containers"].into_iter().fold(live.clone(), |pod, field| {
        let wanted = by_name(new, field);
        let with = |container: &Value| {
            let own = wanted.get(name(container));
            let parts =
                ["resources", "resizePolicy"].map(|part| Some((part, own?.at(&[part]).cloned()?)));
            parts
                .into_iter()
                .flatten()
                .fold(container.clone(), |it, (part, value)| it.with(&[part], value))
        };
        let all: Vec<_> = containers(live, field).iter().map(with).collect();
        if all.is_empty() { pod } else { pod.with(&["spec", field], all.into()) }
    })
}

/// What is wrong with resources that were changed; what is asked of any pod is asked before.
pub(super) fn resizes(live: &Value, new: &Value) -> Vec<Cause> {
    let mut causes = Causes::default();
    let classes = [quality(live), quality(new)];
    if classes[0] != classes[1] {
        let message = format!(
            "Invalid value: {:?}: Pod QOS Class may not change as a result of resizing",
            classes[0]
        );
        causes.say("FieldValueInvalid", "spec", message);
    }
    for field in ["initContainers", "containers"] {
        let pairs = containers(live, field).iter().zip(containers(new, field));
        for (at, (old, new)) in pairs.enumerate() {
            for side in ["requests", "limits"] {
                let path = format!("spec.{field}[{at}].resources.{side}");
                changed(&mut causes, &path, &amounts(old, side), &amounts(new, side));
            }
        }
    }
    causes.into_vec()
}

/// Of the amounts of a container only two may change, and none may go.
fn changed(causes: &mut Causes, path: &str, old: &Amounts, new: &Amounts) {
    if old.keys().any(|name| is_mutable(name) && !new.contains_key(name)) {
        let side = path.rsplit('.').next().unwrap_or_default();
        let message = format!("Forbidden: resource {side} cannot be removed");
        causes.say("FieldValueForbidden", path, message);
    }
    let fixed = |(name, _): &(&Text, &Value)| !is_mutable(name);
    if !old.iter().filter(fixed).eq(new.iter().filter(fixed)) {
        let message = "Forbidden: only cpu and memory resources are mutable";
        causes.say("FieldValueForbidden", "spec", message.to_owned());
    }
}

type Amounts = BTreeMap<Text, Value>;

/// Whether a resize leaves out a container, or has one more.
pub(super) fn changes_number(live: &Value, new: &Value) -> Option<Cause> {
    let differs = |field: &&&str| containers(live, field).len() != containers(new, field).len();
    let field = ["containers", "initContainers"].iter().find(differs)?;
    let message = "Forbidden: containers may not be added or removed on resize".to_owned();
    Some(Cause { reason: "FieldValueForbidden", message, field: format!("spec.{field}") })
}

fn is_mutable(resource: &str) -> bool {
    matches!(resource, "cpu" | "memory")
}

fn amounts(container: &Value, side: &str) -> Amounts {
    let amounts = container.at(&["resources", side]).and_then(Value::as_map);
    amounts.into_iter().flat_map(Map::iter).cloned().collect()
}

/// What is wrong with the containers that were added to a pod.
pub(super) fn added(live: &Value, new: &Value) -> Vec<Cause> {
    const FIELD: &str = "ephemeralContainers";
    let mut causes = Causes::default();
    let forbidden = |what: &str, name: &str| {
        format!("Forbidden: existing ephemeral containers {name:?} may not be {what}\n")
    };
    let wanted = by_name(new, FIELD);
    for known in containers(live, FIELD) {
        let what = match wanted.get(name(known)) {
            None => "removed",
            Some(own) if *own != known => "changed",
            Some(_) => continue,
        };
        causes.say("FieldValueForbidden", "spec.ephemeralContainers", forbidden(what, name(known)));
    }
    let others = ["containers", "initContainers"].iter().flat_map(|field| containers(new, field));
    let others: BTreeSet<_> = others.map(name).collect();
    let mut seen = others.clone();
    for (at, container) in containers(new, FIELD).iter().enumerate() {
        let path = format!("spec.ephemeralContainers[{at}]");
        if !seen.insert(name(container)) {
            let message = format!("Duplicate value: {:?}", name(container));
            causes.say("FieldValueDuplicate", &format!("{path}.name"), message);
        }
        let target = container.str_at(&["targetContainerName"]).unwrap_or_default();
        if !target.is_empty() && !others.contains(target) {
            let message = format!("Not found: {target:?}");
            causes.say("FieldValueNotFound", &format!("{path}.targetContainerName"), message);
        }
        for field in NOT_ADDED.iter().filter(|field| is_said(container.at(&[field]))) {
            let message = "Forbidden: cannot be set for an Ephemeral Container".to_owned();
            causes.say("FieldValueForbidden", &format!("{path}.{field}"), message);
        }
    }
    causes.into_vec()
}

fn is_said(value: Option<&Value>) -> bool {
    let empty = |map: &Map| map.is_empty();
    value.is_some_and(|value| !value.is_null() && !value.as_map().is_some_and(empty))
}

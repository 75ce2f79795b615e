//! Limit ranges: what containers, pods and claims get if they say nothing, and what they may say.

use super::Amounts;
use super::amounts::shown;
use super::scope::list;
use crate::registry::Resource;
use crate::tree::{Map, Text, Value};

/// A pod whose containers have what the ranges of its namespace give them.
pub(crate) fn filled(resource: &Resource, object: &Value, ranges: &[&Value]) -> Value {
    if !resource.is("", "pods") {
        return object.clone();
    }
    let items: Vec<_> = items(ranges, "Container").collect();
    let mut told = Vec::new();
    let fields = [("containers", "container"), ("initContainers", "init container")];
    let pod = fields.into_iter().fold(object.clone(), |pod, (field, word)| {
        let containers = list(&pod, &["spec", field]);
        if containers.is_empty() {
            return pod;
        }
        let fill = |it: &Value| {
            let filled = container(it, &items);
            told.extend(set(it, &filled, word));
            filled
        };
        let filled: Vec<_> = containers.iter().map(fill).collect();
        pod.with(&["spec", field], filled.into())
    });
    if told.is_empty() {
        return pod;
    }
    let text = format!("LimitRanger plugin set: {}", told.join("; "));
    pod.with(&["metadata", "annotations", "kubernetes.io/limit-ranger"], Value::text(text))
}

/// What a container has now that it had not before, as an annotation of its pod tells it.
fn set(before: &Value, after: &Value, word: &str) -> Vec<String> {
    let name = before.str_at(&["name"]).unwrap_or_default();
    let told = |(part, what): (&str, &str)| {
        let path = ["resources", part];
        let (old, new) = (before.at(&path).and_then(Value::as_map), after.at(&path)?.as_map()?);
        let is_new = |key: &str| old.is_none_or(|old| old.get(key).is_none());
        let set: Vec<_> = new.iter().map(|(key, _)| key.as_str()).filter(|it| is_new(it)).collect();
        (!set.is_empty()).then(|| format!("{} {what} for {word} {name}", set.join(", ")))
    };
    [("requests", "request"), ("limits", "limit")].into_iter().filter_map(told).collect()
}

fn container(container: &Value, items: &[&Value]) -> Value {
    items.iter().fold(container.clone(), |container, item| {
        let gives = [("default", "limits"), ("defaultRequest", "requests")];
        gives.into_iter().fold(container, |container, (from, to)| {
            let given = item.at(&[from]).and_then(Value::as_map);
            let missing = |container: &Value, name: &Text| {
                container.at(&["resources", to, name.as_str()]).is_none()
            };
            given.map(Map::iter).into_iter().flatten().fold(container, |container, (name, it)| {
                if missing(&container, name) {
                    container.with(&["resources", to, name.as_str()], it.clone())
                } else {
                    container
                }
            })
        })
    })
}

/// Why the ranges of a namespace forbid an object.
pub(crate) fn faults(resource: &Resource, object: &Value, ranges: &[&Value]) -> Vec<String> {
    let mut faults = Vec::new();
    if resource.is("", "pods") {
        for container in
            ["containers", "initContainers"].iter().flat_map(|field| list(object, &["spec", field]))
        {
            let part = |part| Amounts::read(container.at(&["resources", part]));
            let (requests, limits) = (part("requests"), part("limits"));
            for item in items(ranges, "Container") {
                judge(item, &requests, Some(&limits), &mut faults);
            }
        }
        let sum = |part: &str| {
            let of = |it: &Value| Amounts::read(it.at(&["resources", part]));
            list(object, &["spec", "containers"])
                .iter()
                .map(of)
                .fold(Amounts::default(), |sum, it| sum.plus(&it))
        };
        for item in items(ranges, "Pod") {
            judge(item, &sum("requests"), Some(&sum("limits")), &mut faults);
        }
    } else if resource.is("", "persistentvolumeclaims") {
        let requests = Amounts::read(object.at(&["spec", "resources", "requests"]));
        for item in items(ranges, "PersistentVolumeClaim") {
            judge(item, &requests, None, &mut faults);
        }
    }
    faults
}

fn items<'a>(ranges: &'a [&Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let all = ranges.iter().flat_map(|range| list(range, &["spec", "limits"]));
    all.filter(move |item| item.str_at(&["type"]) == Some(kind))
}

/// Holds requests and limits against a range. Claims have no limits: their requests count for both.
fn judge(item: &Value, requests: &Amounts, limits: Option<&Amounts>, faults: &mut Vec<String>) {
    let kind = item.str_at(&["type"]).unwrap_or_default();
    let part = |field: &str| Amounts::read(item.at(&[field]));
    for (name, least) in part("min").iter() {
        let least_shown = shown(name, least);
        for (word, asked) in [("request", Some(requests)), ("limit", limits)] {
            let Some(asked) = asked else { continue };
            if !asked.has(name) {
                if word == "request" {
                    faults.push(format!(
                        "minimum {name} usage per {kind} is {least_shown}.  No request is specified"
                    ));
                }
            } else if asked.get(name) < least {
                let said = shown(name, asked.get(name));
                faults.push(format!(
                    "minimum {name} usage per {kind} is {least_shown}, but {word} is {said}"
                ));
            }
        }
    }
    for (name, most) in part("max").iter() {
        let most_shown = shown(name, most);
        let bound = limits.unwrap_or(requests);
        if !bound.has(name) {
            faults.push(format!(
                "maximum {name} usage per {kind} is {most_shown}.  No limit is specified"
            ));
        }
        for (word, asked) in [("limit", limits), ("request", Some(requests))] {
            let Some(asked) = asked.filter(|asked| asked.get(name) > most) else { continue };
            let said = shown(name, asked.get(name));
            faults.push(format!(
                "maximum {name} usage per {kind} is {most_shown}, but {word} is {said}"
            ));
            break;
        }
    }
}

//! Addresses of a resource, and what can be done there.

use super::types::gvk;
use crate::registry::{Kind, Resource, Scope};
use crate::tree::{Text, Value};

/// Verbs, with the methods that stand for them at one object and at all.
const ONE: &[(&str, &str)] =
    &[("get", "get"), ("update", "put"), ("patch", "patch"), ("delete", "delete")];
const ALL: &[(&str, &str)] = &[("list", "get"), ("create", "post"), ("deletecollection", "delete")];
const SUB: &[(&str, &str)] =
    &[("get", "get"), ("create", "post"), ("update", "put"), ("patch", "patch")];

const PATCHES: &[&str] = &[
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
];
const BODIES: &[&str] =
    &["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const WRITES: &[&str] = &["dryRun", "fieldManager", "fieldValidation"];
const READS: &[&str] = &[
    "allowWatchBookmarks",
    "continue",
    "fieldSelector",
    "labelSelector",
    "limit",
    "resourceVersion",
    "resourceVersionMatch",
    "sendInitialEvents",
    "timeoutSeconds",
    "watch",
];

/// The addresses below `root` (`apis/apps/v1`), with what can be done at each.
pub(super) fn of(resource: &Resource, root: &str) -> Vec<(Text, Value)> {
    let place = match resource.scope {
        Scope::Namespaced => format!("/{root}/namespaces/{{namespace}}/{}", resource.plural),
        Scope::Cluster => format!("/{root}/{}", resource.plural),
    };
    let one = format!("{place}/{{name}}");
    let mut found = Vec::new();
    let mut add = |path: String, verbs: &[Text], methods: &[(&str, &str)], kind: &Kind| {
        let item = item(&path, verbs, methods, kind);
        found.extend(item.map(|item| (Text::from(path), item)));
    };
    add(place, &resource.verbs, ALL, &resource.kind);
    for sub in &resource.subresources {
        add(format!("{one}/{}", sub.name), &sub.verbs, SUB, &sub.kind);
    }
    add(one, &resource.verbs, ONE, &resource.kind);
    found
}

fn item(path: &str, verbs: &[Text], methods: &[(&str, &str)], kind: &Kind) -> Option<Value> {
    let can = |verb: &str| verbs.iter().any(|known| known == verb);
    let mut item = Value::default();
    for (verb, method) in methods.iter().filter(|(verb, _)| can(verb)) {
        item = item.with(&[method], operation(verb, kind));
    }
    let named = ["namespace", "name"].iter().filter(|it| path.contains(&format!("{{{it}}}")));
    let parameters: Vec<_> = named.map(|name| parameter(name, "path")).collect();
    (!item.is_null()).then(|| item.with(&["parameters"], parameters.into()))
}

fn parameter(name: &str, place: &str) -> Value {
    let ty = match name {
        "watch" | "allowWatchBookmarks" | "sendInitialEvents" => "boolean",
        "limit" | "timeoutSeconds" => "integer",
        _ => "string",
    };
    Value::from([
        ("name", name.into()),
        ("in", place.into()),
        ("required", Value::Bool(place == "path")),
        ("schema", Value::from([("type", ty.into())])),
    ])
}

fn operation(verb: &str, kind: &Kind) -> Value {
    let (action, names) = match verb {
        "create" => ("post", WRITES),
        "update" => ("put", WRITES),
        "patch" => ("patch", WRITES),
        "list" => ("list", READS),
        other => (other, &[] as &[&str]),
    };
    let mut parameters: Vec<_> = names.iter().map(|name| parameter(name, "query")).collect();
    if verb == "patch" {
        parameters.push(parameter("force", "query"));
    }
    let answer = Value::from([("description", "OK".into())]);
    let operation = Value::from([
        ("parameters", parameters.into()),
        ("responses", Value::from([("200", answer)])),
        ("x-kubernetes-action", action.into()),
        ("x-kubernetes-group-version-kind", gvk(kind)),
    ]);
    let types = match verb {
        "create" | "update" => BODIES,
        "patch" => PATCHES,
        _ => return operation,
    };
    let body = Value::from([("schema", Value::from([("type", "object".into())]))]);
    let contents = types.iter().fold(Value::default(), |all, ty| all.with(&[ty], body.clone()));
    operation.with(&["requestBody"], Value::from([("content", contents)]))
}

//! Configuration, volumes, budgets, rights and what else a cluster has.

use super::{Walk, items, number, part, quantity, text};
use crate::cel::{Expression, Unread};
use crate::names;
use crate::tree::{Map, Value};

pub(super) fn config_map(walk: &mut Walk<'_>, map: &Map) {
    let empty = Map::default();
    let binary = part(map, "binaryData").unwrap_or(&empty);
    for (field, entries) in [("data", part(map, "data").unwrap_or(&empty)), ("binaryData", binary)]
    {
        for (key, _) in entries {
            walk.below(&format!("{field}[{key}]"), |walk| {
                walk.invalid_text(key, &names::config_key(key));
                if field == "data" && binary.get(key).is_some() {
                    let sentence = "duplicate of key present in binaryData".to_owned();
                    walk.invalid_text(key, &[sentence]);
                }
            });
        }
    }
}

/// What secrets of these types have to hold.
const CONTENTS: &[(&str, &[&str])] = &[
    ("kubernetes.io/tls", &["tls.crt", "tls.key"]),
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
    ("kubernetes.io/dockercfg", &[".dockercfg"]),
    ("kubernetes.io/ssh-auth", &["ssh-privatekey"]),
];

pub(super) fn secret(walk: &mut Walk<'_>, map: &Map) {
    let empty = Map::default();
    let data = part(map, "data").unwrap_or(&empty);
    for (key, _) in data {
        walk.below(&format!("data[{key}]"), |walk| {
            walk.invalid_text(key, &names::config_key(key));
        });
    }
    let kind = text(map, "type");
    let wanted = CONTENTS.iter().find(|(name, _)| *name == kind);
    for key in wanted.into_iter().flat_map(|(_, keys)| keys.iter()) {
        if data.get(key).is_none() {
            walk.below(&format!("data[{key}]"), |walk| walk.required(""));
        }
    }
    if kind == "kubernetes.io/basic-auth"
        && ["username", "password"].iter().all(|key| data.get(key).is_none())
    {
        for key in ["username", "password"] {
            walk.below(&format!("data[{key}]"), |walk| walk.required(""));
        }
    }
    let account = "kubernetes.io/service-account.name";
    let named = map.get("metadata").and_then(|it| it.str_at(&["annotations", account]));
    if kind == "kubernetes.io/service-account-token" && named.is_none_or(str::is_empty) {
        walk.below(&format!("metadata.annotations[{account}]"), |walk| walk.required(""));
    }
}

const MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

fn modes(walk: &mut Walk<'_>, map: &Map) {
    let modes = items(map, "accessModes");
    walk.below("accessModes", |walk| {
        for mode in modes.iter().filter(|mode| !MODES.contains(&mode.as_str().unwrap_or_default()))
        {
            walk.unsupported(mode, MODES);
        }
        if modes.len() > 1 && modes.iter().any(|mode| mode.as_str() == Some("ReadWriteOncePod")) {
            walk.forbidden("may not use ReadWriteOncePod with other access modes");
        }
    });
}

pub(super) fn claim(walk: &mut Walk<'_>, map: &Map) {
    modes(walk, map);
    let storage = map.get("resources").and_then(|it| it.at(&["requests", "storage"]));
    walk.below("resources[storage]", |walk| match storage {
        None => walk.required(""),
        Some(amount) => quantity::positive(walk, amount),
    });
}

/// Where a volume may lie.
const PLACES: &[&str] = &[
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "hostPath",
    "glusterfs",
    "nfs",
    "rbd",
    "iscsi",
    "cinder",
    "cephfs",
    "fc",
    "flocker",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

/// A condition in CEL.
pub(super) fn condition(walk: &mut Walk<'_>, map: &Map) {
    for field in ["expression", "messageExpression", "valueExpression"] {
        let text = text(map, field);
        if let (false, Err(why)) = (text.is_empty(), Expression::read(text)) {
            let sentence = match why {
                Unread::NotCel(why) => format!("compilation failed: {why}"),
                Unread::Refused(why) => format!("compilation failed: {why}"),
            };
            walk.below(field, |walk| walk.invalid(&Value::text(text), &sentence));
        }
    }
}

pub(super) fn volume(walk: &mut Walk<'_>, map: &Map) {
    modes(walk, map);
    let empty = Map::default();
    let capacity = part(map, "capacity").unwrap_or(&empty);
    if capacity.len() != 1 || capacity.get("storage").is_none() {
        let shown = Value::Map(capacity.clone());
        walk.below("capacity", |walk| walk.unsupported(&shown, &["storage"]));
    }
    for (name, amount) in capacity {
        walk.below(&format!("capacity[{name}]"), |walk| quantity::positive(walk, amount));
    }
    let places = PLACES.iter().filter(|place| map.get(place).is_some());
    if places.clone().count() == 0 {
        walk.required("must specify a volume type");
    }
    // Upstream looks at the host's path last but one kind before the network's.
    for extra in places.skip(1) {
        walk.below(extra, |walk| walk.forbidden("may not specify more than 1 volume type"));
    }
    let affinity = part(map, "nodeAffinity");
    if affinity.is_some_and(|affinity| affinity.get("required").is_none()) {
        walk.below("nodeAffinity.required", |walk| {
            walk.required("must specify required node constraints");
        });
    }
}

pub(super) fn shared_folder(walk: &mut Walk<'_>, map: &Map) {
    let path = text(map, "path");
    if !path.starts_with('/') {
        walk.below("path", |walk| walk.invalid(&Value::text(path), "must be an absolute path"));
    }
}

pub(super) fn storage_class(walk: &mut Walk<'_>, map: &Map) {
    let policy = text(map, "reclaimPolicy");
    if !matches!(policy, "" | "Delete" | "Retain") {
        let policy = Value::text(policy);
        walk.below("reclaimPolicy", |walk| walk.unsupported(&policy, &["Delete", "Retain"]));
    }
    let provisioner = text(map, "provisioner").to_lowercase();
    if !provisioner.is_empty() {
        walk.below("provisioner", |walk| {
            walk.invalid_text(&provisioner, &names::label_key(&provisioner));
        });
    }
}

pub(super) fn budget(walk: &mut Walk<'_>, map: &Map) {
    if map.get("minAvailable").is_some() && map.get("maxUnavailable").is_some() {
        let spec = Value::Map(map.clone());
        walk.invalid(&spec, "minAvailable and maxUnavailable cannot be both set");
    }
}

pub(super) fn autoscaler(walk: &mut Walk<'_>, map: &Map) {
    let (least, most) = (number(map, "minReplicas"), number(map, "maxReplicas"));
    if most < least {
        walk.below("maxReplicas", |walk| {
            walk.invalid(&most.into(), "must be greater than or equal to `minReplicas`");
        });
    }
    let sleeps = map.get("minReplicas") == Some(&Value::Int(0));
    let wakes = |metric: &Value| matches!(metric.str_at(&["type"]), Some("Object" | "External"));
    if sleeps && !items(map, "metrics").iter().any(wakes) {
        walk.below("metrics", |walk| {
            walk.forbidden("must specify at least one Object or External metric to support scaling to zero replicas");
        });
    }
}

/// What is scaled says of which group it is.
pub(super) fn scaled(walk: &mut Walk<'_>, map: &Map) {
    let version = text(map, "apiVersion");
    let slashes = version.matches('/').count();
    let grouped = slashes == 1 && !version.starts_with('/');
    let core = version == "v1" && text(map, "kind") == "ReplicationController";
    if grouped || core {
        return;
    }
    let sentence = match slashes {
        0 | 1 => "apiVersion must specify API group".to_owned(),
        _ => format!("unexpected GroupVersion string: {version}"),
    };
    walk.below("apiVersion", |walk| walk.invalid(&Value::text(version), &sentence));
}

/// The highest priority that people may give.
const HIGHEST: i64 = 1_000_000_000;

pub(super) fn priority_class(walk: &mut Walk<'_>, map: &Map) {
    let name = map.get("metadata").and_then(|it| it.str_at(&["name"])).unwrap_or_default();
    if ["system-node-critical", "system-cluster-critical"].contains(&name) {
        return;
    }
    if name.starts_with("system-") {
        let sentence = format!(
            "priority class names with 'system-' prefix are reserved for system use only. error: {name} is not a known system priority class"
        );
        walk.below("metadata.name", |walk| walk.forbidden(&sentence));
    }
    if number(map, "value") > HIGHEST {
        walk.below("value", |walk| {
            walk.forbidden("maximum allowed value of a user defined priority is 1000000000");
        });
    }
}

pub(super) fn rule(walk: &mut Walk<'_>, map: &Map) {
    if !items(map, "nonResourceURLs").is_empty() {
        return;
    }
    for (field, sentence) in [
        ("apiGroups", "resource rules must supply at least one api group"),
        ("resources", "resource rules must supply at least one resource"),
    ] {
        if items(map, field).is_empty() {
            walk.below(field, |walk| walk.required(sentence));
        }
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";

pub(super) fn subject(walk: &mut Walk<'_>, map: &Map) {
    let (kind, group, name) = (text(map, "kind"), text(map, "apiGroup"), text(map, "name"));
    let wanted = match kind {
        "ServiceAccount" => "",
        "User" | "Group" => RBAC,
        other => {
            let known = ["ServiceAccount", "User", "Group"];
            walk.below("kind", |walk| walk.unsupported(&Value::text(other), &known));
            return;
        }
    };
    if kind == "ServiceAccount" && !name.is_empty() {
        walk.below("name", |walk| walk.invalid_text(name, &names::subdomain(name)));
    }
    if group != wanted {
        walk.below("apiGroup", |walk| walk.unsupported(&Value::text(group), &[wanted]));
    }
}

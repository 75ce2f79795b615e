//! What several fields of pods have to say together.

use super::{Walk, items, number, part, repeats, shown, text};
use crate::names;
use crate::tree::{Map, Text, Value};
use std::collections::BTreeSet;

/// Labels of templates stand elsewhere in sentences than in objects.
pub(super) fn template(walk: &mut Walk<'_>, map: &Map) {
    let Some(metadata) = part(map, "metadata") else { return };
    if let Some(labels) = part(metadata, "labels") {
        walk.below("labels", |walk| super::rules::labels(walk, labels));
    }
    super::metadata::annotations(walk, metadata);
}

pub(super) fn spec(walk: &mut Walk<'_>, map: &Map) {
    unique_names(walk, map);
    volumes(walk, items(map, "volumes"));
    let known = items(map, "volumes").iter().filter(|volume| is_sound(walk, volume));
    let claims = walk.claims.clone();
    let claimed = claims.iter().map(Text::as_str);
    let volumes: BTreeSet<_> = known.filter_map(|it| it.str_at(&["name"])).chain(claimed).collect();
    for field in ["initContainers", "containers"] {
        walk.below(field, |walk| {
            walk.each(items(map, field), |walk, container| mounts(walk, container, &volumes));
        });
    }
    walk.below("initContainers", |walk| {
        walk.each(items(map, "initContainers"), |walk, container| first(walk, container));
    });
    host_ports(walk, items(map, "containers"));
    if text(map, "dnsPolicy") == "None" && part(map, "dnsConfig").is_none() {
        walk.below("dnsConfig", |walk| {
            walk.required("must provide `dnsConfig` when `dnsPolicy` is None");
        });
    }
}

/// Containers of a pod have names of their own, those that come first too.
fn unique_names(walk: &mut Walk<'_>, map: &Map) {
    let mut seen: BTreeSet<Option<&str>> = BTreeSet::new();
    for field in ["containers", "initContainers"] {
        walk.below(field, |walk| {
            walk.each(items(map, field), |walk, container| {
                let name = container.str_at(&["name"]);
                if seen.contains(&name) {
                    let name = name.map(Value::text).unwrap_or_default();
                    walk.below("name", |walk| walk.duplicate(&name));
                }
                // Of those that come first one without a name takes none from the next.
                if field == "containers" || name != Some("") {
                    seen.insert(name);
                }
            });
        });
    }
}

/// Whether there is nothing wrong with a volume: others cannot be mounted.
fn is_sound(walk: &Walk<'_>, volume: &Value) -> bool {
    let mut look = Walk::new(walk.schema);
    volumes(&mut look, std::slice::from_ref(volume));
    if let Some(ty) = walk.schema.named("io.k8s.api.core.v1.Volume") {
        look.value(ty, volume);
    }
    look.found.is_empty()
}

/// A volume comes from one place.
fn volumes(walk: &mut Walk<'_>, volumes: &[Value]) {
    walk.below("volumes", |walk| {
        walk.each(volumes, |walk, volume| {
            let map = volume.as_map().cloned().unwrap_or_default();
            let sources = SOURCES.iter().filter(|source| map.get(source).is_some());
            for extra in sources.skip(1) {
                walk.below(extra, |walk| walk.forbidden("may not specify more than 1 volume type"));
            }
        });
    });
}

/// In the order in which they are looked at.
const SOURCES: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "azureDisk",
    "portworxVolume",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

fn mounts(walk: &mut Walk<'_>, container: &Value, volumes: &BTreeSet<&str>) {
    let Some(map) = container.as_map() else { return };
    let mounts = items(map, "volumeMounts");
    walk.below("volumeMounts", |walk| {
        walk.each(mounts, |walk, mount| {
            let name = mount.str_at(&["name"]).unwrap_or_default();
            if !volumes.contains(name) {
                let message = format!("Not found: {}", super::quoted(name));
                walk.below("name", |walk| walk.say("FieldValueNotFound", message));
            }
        });
        let path = |mount: &'_ Value| mount.at(&["mountPath"]).cloned();
        for at in repeats(mounts.iter().map(|mount| path(mount).map(|path| path.encoded()))) {
            let path = path(&mounts[at]).unwrap_or_default();
            walk.below(&format!("[{at}]"), |walk| {
                walk.below("mountPath", |walk| walk.invalid(&path, "must be unique"));
            });
        }
        for (at, mount) in mounts.iter().enumerate() {
            sub_paths(walk, at, mount);
            propagation(walk, mount, container);
        }
    });
}

/// Which folder of a volume is mounted. Sentences about paths do not say of which mount.
fn sub_paths(walk: &mut Walk<'_>, at: usize, mount: &Value) {
    let [plain, expanded] =
        ["subPath", "subPathExpr"].map(|field| mount.str_at(&[field]).unwrap_or_default());
    walk.below("subPath", |walk| walk.invalid_text(plain, &names::relative_path(plain)));
    if !plain.is_empty() && !expanded.is_empty() {
        walk.below(&format!("[{at}].subPathExpr"), |walk| {
            let sentence = "subPathExpr and subPath are mutually exclusive";
            walk.invalid(&Value::text(expanded), sentence);
        });
    }
    walk.below("subPathExpr", |walk| walk.invalid_text(expanded, &names::relative_path(expanded)));
}

/// What of later mounts is seen on the other side, and how far down a mount is read-only.
fn propagation(walk: &mut Walk<'_>, mount: &Value, container: &Value) {
    let both = mount.str_at(&["mountPropagation"]);
    let privileged = container.at(&["securityContext", "privileged"]) == Some(&Value::Bool(true));
    if let Some(said) = both {
        walk.below("mountPropagation", |walk| match said {
            "Bidirectional" if !privileged => walk.forbidden(
                "Bidirectional mount propagation is available only to privileged containers",
            ),
            "Bidirectional" | "HostToContainer" | "None" => {}
            other => {
                let known = ["Bidirectional", "HostToContainer", "None"];
                walk.unsupported(&Value::text(other), &known);
            }
        });
    }
    let Some(deep) = mount.str_at(&["recursiveReadOnly"]) else { return };
    walk.below("recursiveReadOnly", |walk| match deep {
        "Disabled" => {}
        "Enabled" | "IfPossible" => {
            if mount.at(&["readOnly"]) != Some(&Value::Bool(true)) {
                walk.forbidden("may only be specified when readOnly is true");
            }
            if both.is_some_and(|said| said != "None") {
                let sentence =
                    "may only be specified when mountPropagation is None or not specified";
                walk.forbidden(sentence);
            }
        }
        other => {
            walk.unsupported(&Value::text(other), &["Disabled", "Enabled", "IfPossible"]);
        }
    });
}

/// Who ends before the others start is not looked after.
fn first(walk: &mut Walk<'_>, container: &Value) {
    if container.str_at(&["restartPolicy"]) == Some("Always") {
        return;
    }
    for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
        if container.at(&[field]).is_some() {
            walk.below(field, |walk| {
                walk.forbidden("may not be set for init containers without restartPolicy=Always");
            });
        }
    }
}

fn host_ports(walk: &mut Walk<'_>, containers: &[Value]) {
    let mut seen = BTreeSet::new();
    walk.below("containers", |walk| {
        walk.each(containers, |walk, container| {
            let empty = Map::default();
            let ports = items(container.as_map().unwrap_or(&empty), "ports");
            walk.below("ports", |walk| {
                walk.each(ports, |walk, port| {
                    let port = port.as_map().unwrap_or(&empty);
                    let host = number(port, "hostPort");
                    let id = format!("{}/{}/{host}", text(port, "protocol"), text(port, "hostIP"));
                    if host != 0 && !seen.insert(id.clone()) {
                        let id = Value::text(id);
                        walk.below("hostPort", |walk| walk.duplicate(&id));
                    }
                });
            });
        });
    });
}

pub(super) fn container(walk: &mut Walk<'_>, map: &Map) {
    if text(map, "image").trim() != text(map, "image") {
        let image = map.get("image").cloned().unwrap_or_default();
        let sentence = "must not have leading or trailing whitespace";
        walk.below("image", |walk| walk.invalid(&image, sentence));
    }
    for field in ["livenessProbe", "startupProbe"] {
        let Some(count) = part(map, field).and_then(|probe| probe.get("successThreshold")) else {
            continue;
        };
        if *count != Value::Int(1) {
            walk.below(field, |walk| {
                walk.below("successThreshold", |walk| walk.invalid(count, "must be 1"));
            });
        }
    }
    let patience =
        part(map, "readinessProbe").and_then(|it| it.get("terminationGracePeriodSeconds"));
    if let Some(seconds) = patience {
        let path = "readinessProbe.terminationGracePeriodSeconds";
        walk.below(path, |walk| walk.invalid(seconds, "must not be set for readinessProbes"));
    }
    sources(walk, items(map, "envFrom"));
    let protocol_needed = |port: &Value| port.str_at(&["protocol"]).is_none_or(str::is_empty);
    walk.below("ports", |walk| {
        walk.each(items(map, "ports"), |walk, port| {
            if protocol_needed(port) {
                walk.below("protocol", |walk| walk.required(""));
            }
        });
    });
}

fn sources(walk: &mut Walk<'_>, sources: &[Value]) {
    walk.below("envFrom", |walk| {
        for source in sources {
            let both = ["configMapRef", "secretRef"].map(|field| source.at(&[field]).is_some());
            match both {
                [true, true] => {
                    let sentence = "may not have more than one field specified at a time";
                    walk.invalid(&Value::text(""), sentence);
                }
                [false, false] => {
                    let sentence = "must specify one of: `configMapRef` or `secretRef`";
                    walk.invalid(&Value::text(""), sentence);
                }
                _ => {}
            }
        }
        walk.each(sources, |walk, source| {
            for field in ["configMapRef", "secretRef"] {
                let Some(reference) = source.at(&[field]).and_then(Value::as_map) else { continue };
                walk.below(field, |walk| {
                    walk.below("name", |walk| match text(reference, "name") {
                        "" => walk.required(""),
                        name => walk.invalid_text(name, &names::subdomain(name)),
                    });
                });
            }
        });
    });
}

/// A variable has a text, or one place that it comes from.
pub(super) fn variable(walk: &mut Walk<'_>, map: &Map) {
    let Some(from) = part(map, "valueFrom") else { return };
    walk.below("valueFrom", |walk| {
        let empty = Value::text("");
        if !text(map, "value").is_empty() {
            walk.invalid(&empty, "may not be specified when `value` is not empty");
        } else if from.is_empty() {
            walk.invalid(&empty, "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
        } else if from.len() > 1 {
            walk.invalid(&empty, "may not have more than one field specified at a time");
        }
        for field in ["configMapKeyRef", "secretKeyRef"] {
            let Some(reference) = part(from, field) else { continue };
            walk.below(field, |walk| {
                let name = text(reference, "name");
                walk.below("name", |walk| walk.invalid_text(name, &names::subdomain(name)));
                walk.below("key", |walk| match text(reference, "key") {
                    "" => walk.required(""),
                    key => walk.invalid_text(key, &names::config_key(key)),
                });
            });
        }
    });
}

const HANDLERS: &[&str] = &["exec", "httpGet", "tcpSocket", "grpc", "sleep"];

pub(super) fn probe(walk: &mut Walk<'_>, map: &Map) {
    handlers(walk, map);
}

pub(super) fn handler(walk: &mut Walk<'_>, map: &Map) {
    handlers(walk, map);
}

/// One way to ask, and no more.
fn handlers(walk: &mut Walk<'_>, map: &Map) {
    let found = HANDLERS.iter().filter(|field| map.get(field).is_some());
    match found.clone().count() {
        0 => walk.required("must specify a handler type"),
        _ => {
            for extra in found.skip(1) {
                walk.below(extra, |walk| {
                    walk.forbidden("may not specify more than 1 handler type");
                });
            }
        }
    }
}

/// How long a certificate of a pod may be good, in seconds.
const CERTIFICATE: std::ops::RangeInclusive<i64> = 3_600..=91 * 24 * 3_600;

pub(super) fn certificate(walk: &mut Walk<'_>, map: &Map) {
    let Some(seconds) = map.get("maxExpirationSeconds") else { return };
    let (least, most) = (CERTIFICATE.start(), CERTIFICATE.end());
    let bound = match seconds.as_int() {
        Some(said) if said < *least => format!(">= {least}"),
        Some(said) if said > *most => format!("<= {most}"),
        _ => return,
    };
    let sentence = format!("if provided, maxExpirationSeconds must be {bound}");
    walk.below("maxExpirationSeconds", |walk| walk.invalid(seconds, &sentence));
}

pub(super) fn toleration(walk: &mut Walk<'_>, map: &Map) {
    let (key, operator) = (text(map, "key"), text(map, "operator"));
    if !key.is_empty() {
        walk.below("key", |walk| walk.invalid_text(key, &names::label_key(key)));
    }
    if key.is_empty() && operator != "Exists" {
        let sentence = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        walk.below("operator", |walk| walk.invalid(&Value::text(operator), sentence));
    }
    let effect = text(map, "effect");
    if map.get("tolerationSeconds").is_some() && effect != "NoExecute" {
        let sentence = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        walk.below("effect", |walk| walk.invalid(&Value::text(effect), sentence));
    }
    let value = text(map, "value");
    match operator {
        "Equal" | "" => {
            walk.below("operator", |walk| walk.invalid_text(value, &names::label_value(value)));
        }
        "Exists" if !value.is_empty() => {
            let sentence = "value must be empty when `operator` is 'Exists'";
            walk.below("operator", |walk| walk.invalid(&Value::text(value), sentence));
        }
        "Exists" => {}
        other => {
            let other = Value::text(other);
            walk.below("operator", |walk| walk.unsupported(&other, &["Equal", "Exists"]));
        }
    }
}

pub(super) fn node_requirement(walk: &mut Walk<'_>, map: &Map) {
    let (values, key) = (items(map, "values"), text(map, "key"));
    walk.below("key", |walk| walk.invalid_text(key, &names::label_key(key)));
    match text(map, "operator") {
        "In" | "NotIn" if values.is_empty() => walk.below("values", |walk| {
            walk.required("must be specified when `operator` is 'In' or 'NotIn'");
        }),
        "Exists" | "DoesNotExist" if !values.is_empty() => walk.below("values", |walk| {
            walk.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }),
        "Gt" | "Lt" if values.len() != 1 => walk.below("values", |walk| {
            walk.required("must be specified single value when `operator` is 'Lt' or 'Gt'");
        }),
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => {
            let message = format!(
                "Invalid value: {}: not a valid selector operator",
                shown(&Value::text(other))
            );
            walk.below("operator", |walk| walk.say("FieldValueInvalid", message));
        }
    }
}

//! What may not change once it is there.

use super::Walk;
use super::quantity::nanos;
use crate::names::dns_label;
use crate::registry::Resource;
use crate::tree::{Map, Value};
use std::collections::BTreeSet;

/// How a change is refused.
#[derive(Clone, Copy)]
enum Refusal {
    Immutable,
    /// With no value in the sentence.
    Unsaid,
    Forbidden(&'static str),
}

use Refusal::{Forbidden, Immutable, Unsaid};

type Row = (&'static str, &'static str, &'static [&'static str], Refusal);

const FIXED: &[Row] = &[
    ("apps", "deployments", &["spec", "selector"], Immutable),
    ("apps", "replicasets", &["spec", "selector"], Immutable),
    ("apps", "daemonsets", &["spec", "selector"], Immutable),
    ("apps", "statefulsets", &["spec", "selector"], Immutable),
    ("apps", "statefulsets", &["spec", "serviceName"], Immutable),
    ("apps", "statefulsets", &["spec", "podManagementPolicy"], Immutable),
    ("apps", "statefulsets", &["spec", "volumeClaimTemplates"], Immutable),
    ("batch", "jobs", &["spec", "selector"], Immutable),
    ("batch", "jobs", &["spec", "completionMode"], Immutable),
    ("batch", "jobs", &["spec", "podFailurePolicy"], Immutable),
    ("batch", "jobs", &["spec", "backoffLimitPerIndex"], Immutable),
    ("batch", "jobs", &["spec", "successPolicy"], Immutable),
    ("batch", "jobs", &["spec", "managedBy"], Immutable),
    ("", "secrets", &["type"], Immutable),
    ("", "persistentvolumes", &["spec", "volumeMode"], Immutable),
    ("", "persistentvolumeclaims", &["spec", "volumeMode"], Immutable),
    ("networking.k8s.io", "ingressclasses", &["spec", "controller"], Immutable),
    ("rbac.authorization.k8s.io", "rolebindings", &["roleRef"], Immutable),
    ("rbac.authorization.k8s.io", "clusterrolebindings", &["roleRef"], Immutable),
    (
        "scheduling.k8s.io",
        "priorityclasses",
        &["value"],
        Forbidden("may not be changed in an update."),
    ),
    ("scheduling.k8s.io", "priorityclasses", &["preemptionPolicy"], Immutable),
    ("storage.k8s.io", "storageclasses", &["provisioner"], Unsaid),
    ("storage.k8s.io", "storageclasses", &["parameters"], Unsaid),
    ("storage.k8s.io", "storageclasses", &["reclaimPolicy"], Unsaid),
    ("storage.k8s.io", "storageclasses", &["volumeBindingMode"], Unsaid),
    ("discovery.k8s.io", "endpointslices", &["addressType"], Unsaid),
];

/// What is asked of new objects only.
pub(super) fn judge_new(walk: &mut Walk<'_>, resource: &Resource, object: &Value) {
    let service = object.str_at(&["spec", "serviceName"]).filter(|name| !name.is_empty());
    if let (true, Some(name)) = (resource.is("apps", "statefulsets"), service) {
        walk.below("spec.serviceName", |walk| walk.invalid_text(name, &dns_label(name)));
    }
}

pub(super) fn judge(walk: &mut Walk<'_>, resource: &Resource, new: &Value, old: &Value) {
    let (group, plural) = (resource.kind.group.as_str(), resource.plural.as_str());
    let rows = FIXED.iter().filter(|(g, p, ..)| (*g, *p) == (group, plural));
    for (_, _, path, refusal) in rows {
        refuse(walk, path, new.at(path), old.at(path), *refusal);
    }
    match (group, plural) {
        ("", "configmaps" | "secrets") => sealed(walk, new, old),
        ("", "pods") => pod(walk, new, old),
        ("", "persistentvolumeclaims") => claim(walk, new, old),
        ("", "persistentvolumes") => volume(walk, new, old),
        ("batch", "jobs") => job(walk, new, old),
        ("", "services") => service(walk, new, old),
        _ => {}
    }
}

fn refuse(
    walk: &mut Walk<'_>,
    path: &[&str],
    new: Option<&Value>,
    old: Option<&Value>,
    refusal: Refusal,
) {
    if new == old {
        return;
    }
    let field = match path {
        // Upstream forgets where it is.
        ["spec", "volumeMode"] => "volumeMode".to_owned(),
        path => path.join("."),
    };
    let null = Value::Null;
    walk.below(&field, |walk| match refusal {
        Immutable => walk.invalid(new.unwrap_or(&null), "field is immutable"),
        Unsaid => walk.invalid(&null, "field is immutable"),
        Forbidden(sentence) => walk.forbidden(sentence),
    });
}

/// Who seals a map cannot open it.
fn sealed(walk: &mut Walk<'_>, new: &Value, old: &Value) {
    const SENTENCE: &str = "field is immutable when `immutable` is set";
    let yes = Some(&Value::Bool(true));
    if old.at(&["immutable"]) != yes {
        return;
    }
    if new.at(&["immutable"]) != yes {
        walk.below("immutable", |walk| walk.forbidden(SENTENCE));
    }
    for field in ["data", "binaryData"] {
        if new.at(&[field]) != old.at(&[field]) {
            walk.below(field, |walk| walk.forbidden(SENTENCE));
        }
    }
}

const POD: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

fn pod(walk: &mut Walk<'_>, new: &Value, old: &Value) {
    let count = |pod: &Value, field: &str| {
        pod.at(&["spec", field]).and_then(Value::as_list).map_or(0, |list| list.len())
    };
    for field in ["containers", "initContainers"] {
        if count(new, field) != count(old, field) {
            let field = format!("spec.{field}");
            walk.below(&field, |walk| {
                walk.forbidden("pod updates may not add or remove containers");
            });
            return;
        }
    }
    tolerations(walk, new, old);
    let waits = old.at(&["spec", "schedulingGates"]).and_then(Value::as_list);
    let waits = waits.is_some_and(|gates| !gates.is_empty());
    let [a, b] = [new, old].map(|pod| match fixed_part(pod) {
        // A pod that is not to be scheduled yet can still be narrowed.
        spec if waits => spec.without(&["nodeSelector"]).without(&["affinity"]),
        spec => spec,
    });
    if a != b {
        walk.below("spec", |walk| walk.forbidden(POD));
    }
}

/// What a pod tolerates it goes on to tolerate, for another time perhaps.
fn tolerations(walk: &mut Walk<'_>, new: &Value, old: &Value) {
    let timeless = |pod: &Value| -> BTreeSet<Vec<u8>> {
        let list = pod.at(&["spec", "tolerations"]).and_then(Value::as_list);
        let items = list.into_iter().flat_map(|list| list.iter());
        items.map(|it| it.without(&["tolerationSeconds"]).encoded()).collect()
    };
    if !timeless(old).is_subset(&timeless(new)) {
        walk.below("spec.tolerations", |walk| {
            walk.forbidden("existing toleration can not be modified except its tolerationSeconds");
        });
    }
}

/// A pod's spec without what may change.
fn fixed_part(pod: &Value) -> Value {
    let mut spec = pod.at(&["spec"]).cloned().unwrap_or_default();
    for field in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
        spec = spec.without(&[field]);
    }
    for field in ["containers", "initContainers"] {
        if let Some(list) = spec.at(&[field]).and_then(Value::as_list) {
            let plain: Vec<_> = list.iter().map(|it| it.without(&["image"])).collect();
            spec = spec.with(&[field], plain.into());
        }
    }
    spec
}

const CLAIM: &str = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";

/// The size of a claim can grow once it has its volume; a class and a volume can be given once.
fn claim(walk: &mut Walk<'_>, new: &Value, old: &Value) {
    let bound = old.str_at(&["status", "phase"]) == Some("Bound");
    let plain = |claim: &Value| {
        let mut spec = claim.at(&["spec"]).cloned().unwrap_or_default();
        if bound {
            spec = spec.without(&["resources", "requests"]).without(&["volumeAttributesClassName"]);
        }
        for field in ["volumeName", "storageClassName"] {
            if old.at(&["spec", field]).is_none() {
                spec = spec.without(&[field]);
            }
        }
        spec
    };
    if plain(new) != plain(old) {
        walk.below("spec", |walk| walk.forbidden(CLAIM));
    }
    let amount = |claim: &Value, path: &[&str]| claim.at(path).and_then(nanos).unwrap_or(0);
    let [before, after] =
        [old, new].map(|claim| amount(claim, &["spec", "resources", "requests", "storage"]));
    if after < before && after <= amount(old, &["status", "capacity", "storage"]) {
        walk.below("spec.resources.requests.storage", |walk| {
            walk.forbidden("field can not be less than status.capacity");
        });
    }
}

fn volume(walk: &mut Walk<'_>, new: &Value, old: &Value) {
    const FREE: &[&str] = &[
        "capacity",
        "accessModes",
        "persistentVolumeReclaimPolicy",
        "claimRef",
        "mountOptions",
        "storageClassName",
        "volumeMode",
        "nodeAffinity",
        "volumeAttributesClassName",
    ];
    let source = |volume: &Value| {
        let spec = volume.at(&["spec"]).and_then(Value::as_map).cloned().unwrap_or_default();
        spec.iter().filter(|(key, _)| !FREE.contains(&key.as_str())).cloned().collect::<Map>()
    };
    if source(new) != source(old) {
        walk.below("spec.persistentvolumesource", |walk| {
            walk.forbidden("spec.persistentvolumesource is immutable after creation");
        });
    }
}

fn job(walk: &mut Walk<'_>, new: &Value, old: &Value) {
    let indexed = new.str_at(&["spec", "completionMode"]) == Some("Indexed");
    let path: &[&str] = &["spec", "completions"];
    // An indexed job grows and shrinks with its parallelism.
    let elastic = indexed && new.at(path) == new.at(&["spec", "parallelism"]);
    if !elastic {
        refuse(walk, path, new.at(path), old.at(path), Immutable);
    }
    let suspended = old.at(&["spec", "suspend"]) == Some(&Value::Bool(true))
        && old.at(&["status", "startTime"]).is_none();
    let path: &[&str] = &["spec", "template"];
    if !suspended {
        refuse(walk, path, new.at(path), old.at(path), Immutable);
    }
}

fn service(walk: &mut Walk<'_>, new: &Value, old: &Value) {
    let kind = |service: &Value| service.str_at(&["spec", "type"]) == Some("ExternalName");
    let path: &[&str] = &["spec", "clusterIP"];
    let had = old.str_at(path).is_some_and(|address| !address.is_empty());
    if kind(new) || kind(old) || !had || new.at(path) == old.at(path) {
        return;
    }
    let addresses = new.at(&["spec", "clusterIPs"]).cloned().unwrap_or_default();
    walk.below("spec.clusterIPs[0]", |walk| {
        let first = addresses.as_list().and_then(|list| list.first().cloned());
        let shown = Value::from(first.into_iter().collect::<Vec<_>>());
        walk.invalid(&shown, "may not change once set");
    });
}

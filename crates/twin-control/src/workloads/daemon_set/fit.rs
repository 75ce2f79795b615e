//! Whether a pod of a set may be on a node, and what ties it to that node.

use super::required;
use crate::workloads::read::{entries, labels, list};
use twin_core::store::Object;
use twin_core::tree::{Map, Value};

/// What a node means for a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It should have a pod.
    Runs,
    /// A pod that is there may stay.
    Stays,
    No,
}

/// What the pods of every set bear, and with what effect.
const BORNE: &[(&str, &str)] = &[
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];
/// What those on the node's own network bear too.
const NETWORK: (&str, &str) = ("node.kubernetes.io/network-unavailable", "NoSchedule");

/// The pod spec with what all pods of such a set bear.
pub(super) fn with_tolerations(spec: &Value) -> Value {
    let host = spec.at(&["hostNetwork"]).and_then(Value::as_bool) == Some(true);
    let mut all = list(spec, &["tolerations"]).to_vec();
    for (key, effect) in BORNE.iter().copied().chain(host.then_some(NETWORK)) {
        let toleration = Value::from([
            ("key", key.into()),
            ("operator", "Exists".into()),
            ("effect", effect.into()),
        ]);
        if !all.contains(&toleration) {
            all.push(toleration);
        }
    }
    spec.with(&["tolerations"], all.into())
}

/// Whether a pod of this spec fits a node.
pub(super) fn fit(spec: &Value, node: &Object) -> Fit {
    let name = node.key.name();
    let named = spec.str_at(&["nodeName"]).filter(|named| !named.is_empty());
    if named.is_some_and(|named| named != name) || !is_selected(spec, node) {
        return Fit::No;
    }
    let tolerations = list(spec, &["tolerations"]);
    let unborne = |effect: &str| {
        list(&node.tree, &["spec", "taints"]).iter().any(|taint| {
            taint.str_at(&["effect"]) == Some(effect)
                && !tolerations.iter().any(|toleration| bears(toleration, taint))
        })
    };
    match (unborne("NoExecute"), unborne("NoSchedule")) {
        (true, _) => Fit::No,
        (false, true) => Fit::Stays,
        (false, false) => Fit::Runs,
    }
}

fn is_selected(spec: &Value, node: &Object) -> bool {
    let labels = labels(&node.tree);
    let label = |key: &str| labels.and_then(|labels| labels.get(key));
    let selected = entries(spec, &["nodeSelector"]).all(|(key, value)| label(key) == Some(value));
    let affinity = ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
    let fits = |term: &Value| {
        let (fields, expressions) =
            (list(term, &["matchFields"]), list(term, &["matchExpressions"]));
        let name = Value::text(node.key.name());
        let own: Map = [("metadata.name".into(), name)].into_iter().collect();
        (!fields.is_empty() || !expressions.is_empty())
            && fields.iter().all(|it| holds(it, Some(&own)))
            && expressions.iter().all(|it| holds(it, labels))
    };
    selected && (spec.at(&affinity).is_none() || required(spec).iter().any(fits))
}

fn holds(requirement: &Value, labels: Option<&Map>) -> bool {
    let key = requirement.str_at(&["key"]).unwrap_or_default();
    let value = labels.and_then(|labels| labels.get(key));
    let values = list(requirement, &["values"]);
    let number = |value: Option<&Value>| value?.as_str()?.parse::<i64>().ok();
    let compared = || Some((number(value)?, number(values.first())?));
    match requirement.str_at(&["operator"]) {
        Some("In") => value.is_some_and(|value| values.contains(value)),
        Some("NotIn") => value.is_none_or(|value| !values.contains(value)),
        Some("Exists") => value.is_some(),
        Some("DoesNotExist") => value.is_none(),
        Some("Gt") => compared().is_some_and(|(own, bound)| own > bound),
        Some("Lt") => compared().is_some_and(|(own, bound)| own < bound),
        _ => false,
    }
}

fn bears(toleration: &Value, taint: &Value) -> bool {
    let own = |field: &str| toleration.str_at(&[field]).unwrap_or_default();
    let of = |field: &str| taint.str_at(&[field]).unwrap_or_default();
    (own("effect").is_empty() || own("effect") == of("effect"))
        && (own("key").is_empty() || own("key") == of("key"))
        && match own("operator") {
            "Exists" => true,
            "" | "Equal" => !own("key").is_empty() && own("value") == of("value"),
            _ => false,
        }
}

/// The pod, tied to a node by its name.
pub(super) fn only_on(pod: &Value, node: &str) -> Value {
    let name = Value::from([
        ("key", "metadata.name".into()),
        ("operator", "In".into()),
        ("values", vec![Value::text(node)].into()),
    ]);
    let term = Value::from([("matchFields", vec![name].into())]);
    let path = [
        "spec",
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ];
    pod.with(&path, vec![term].into())
}

/// The node that a pod without one is tied to; empty if it is tied to none.
pub(super) fn target(pod: &Value) -> &str {
    let spec = pod.at(&["spec"]).unwrap_or(&Value::Null);
    let mut fields = required(spec).iter().flat_map(|term| list(term, &["matchFields"]));
    let named = fields.find(|field| field.str_at(&["key"]) == Some("metadata.name"));
    named.and_then(|field| list(field, &["values"]).first()?.as_str()).unwrap_or_default()
}

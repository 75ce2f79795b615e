//! Selectors of labels and fields.

use super::chance::Chance;
use super::objects::{resource, tree_of};
use super::property::Property;
use serde_json::{Value, json};
use twin_core::selector::{FieldSelector, LabelSelector};

pub(crate) const LABELS: Property = Property {
    name: "label selectors",
    question: labels_question,
    ours: labels_ours,
    theirs: Value::clone,
    known: |_, _, _| false,
};

const PIECES: &[&str] = &[
    "a",
    "b",
    "c.d",
    "x/a",
    "in",
    "notin",
    "exists",
    "=",
    "==",
    "!=",
    "!",
    ",",
    "(",
    ")",
    "<",
    ">",
    "gt",
    " ",
    "  ",
    "\t",
    "1",
    "-1",
    "$",
    "A_",
    "é",
    "a-",
    "(a,b)",
    " in (a)",
    " notin (b, c)",
    "=a",
];

fn text(chance: &mut Chance) -> String {
    let whole =
        ["a=b", "a", "!b", "a in (b,c)", "a notin (b)", "a!=b", "b>1", "c<3", "a==", "x/a=b"];
    if chance.percent(50) {
        let parts: Vec<_> = (0..=chance.below(3)).map(|_| chance.one_of(&whole)).collect();
        return parts.join(chance.one_of(&[",", ", ", " ,"]));
    }
    (0..=chance.below(7)).map(|_| chance.one_of(PIECES)).collect()
}

fn labels_question(chance: &mut Chance) -> Value {
    let text = text(chance);
    let set = |chance: &mut Chance| -> Value {
        let keys = ["a", "b", "c", "x/a", "c.d", "in"];
        let values = ["a", "b", "", "1", "2", "-5", "x", "01"];
        let some = (0..chance.below(4))
            .map(|_| (chance.one_of(&keys).to_owned(), json!(chance.one_of(&values))));
        let some: Vec<_> = some.collect();
        some.into_iter().collect()
    };
    let sets: Vec<_> = (0..3).map(|_| set(chance)).collect();
    json!({ "do": "labels", "text": text, "sets": sets })
}

fn labels_ours(question: &Value) -> Value {
    let sets = question["sets"].as_array().cloned().unwrap_or_default();
    match LabelSelector::parse(question["text"].as_str().unwrap_or_default()) {
        Ok(selector) => {
            let matches = sets.iter().map(|set| selector.matches(tree_of(set).as_map()));
            let matches: Vec<_> = matches.collect();
            json!({ "ok": { "text": selector.to_string(), "matches": matches } })
        }
        Err(sentence) => json!({ "error": sentence }),
    }
}

pub(crate) const FIELDS: Property = Property {
    name: "field selectors",
    question: fields_question,
    ours: fields_ours,
    theirs: fields_theirs,
    known: |_, _, _| false,
};

const KINDS: &[&str] = &[
    "v1/Pod",
    "v1/ConfigMap",
    "v1/Node",
    "v1/Secret",
    "v1/Event",
    "v1/Namespace",
    "v1/ReplicationController",
    "apps/v1/ReplicaSet",
    "apps/v1/Deployment",
    "batch/v1/Job",
    "certificates.k8s.io/v1/CertificateSigningRequest",
    "events.k8s.io/v1/Event",
];

fn fields_question(chance: &mut Chance) -> Value {
    let names = [
        "metadata.name",
        "metadata.namespace",
        "spec.nodeName",
        "status.phase",
        "type",
        "reason",
        "status.replicas",
        "status.successful",
        "spec.unschedulable",
        "involvedObject.name",
        "regarding.name",
        "source",
        "reportingController",
        "spec.signerName",
        "a",
        "",
        "spec.hostNetwork",
        "name",
        "reportingComponent",
        "status.podIPs",
        "status.podIP",
    ];
    let marks = ["=", "==", "!=", "", "!", "<"];
    let values = ["a", "", "b c", "\\,", "\\=", "\\", "\\x", "=", "x\\\\y", "é", "!"];
    let part = |chance: &mut Chance| {
        let (name, mark) = (chance.one_of(&names), chance.one_of(&marks));
        format!("{name}{mark}{}", chance.one_of(&values))
    };
    let parts: Vec<_> = (0..=chance.below(2)).map(|_| part(chance)).collect();
    let kind = chance.one_of(KINDS);
    json!({ "do": "fields", "kind": kind, "text": parts.join(chance.one_of(&[",", ",,"])), "sets": [] })
}

/// How a selector is printed and what it says of no object is theirs alone; what is refused, and
/// how, is everybody's.
fn fields_ours(question: &Value) -> Value {
    let resource = resource(question["kind"].as_str().unwrap());
    match FieldSelector::parse(question["text"].as_str().unwrap_or_default(), resource) {
        Ok(_) => json!("ok"),
        Err(sentence) => json!({ "error": sentence }),
    }
}

fn fields_theirs(answer: &Value) -> Value {
    if answer.get("ok").is_some() { json!("ok") } else { answer.clone() }
}

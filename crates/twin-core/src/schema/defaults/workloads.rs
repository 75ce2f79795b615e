//! Defaults of what makes pods.

use super::{Entries, fill, text};
use crate::tree::{Map, Text, Value};

pub(super) fn rolling(entries: &mut Entries, defaults: &[(&str, Value)]) {
    fill(entries, "type", "RollingUpdate");
    if text(entries, "type") != "RollingUpdate" {
        return;
    }
    let given = entries.get("rollingUpdate").and_then(Value::as_map).cloned().unwrap_or_default();
    let defaults = defaults.iter().map(|(key, value)| (Text::new(key), value.clone()));
    let all: Map = defaults.chain(given.iter().cloned()).collect();
    entries.insert("rollingUpdate".into(), Value::Map(all));
}

pub(super) fn deployment(entries: &mut Entries) {
    let share = || Value::text("25%");
    rolling(entries, &[("maxSurge", share()), ("maxUnavailable", share())]);
    numbered(entries, &["maxSurge", "maxUnavailable"]);
}

/// Of what nobody said and nobody asks for, zero is said.
fn numbered(entries: &mut Entries, fields: &[&'static str]) {
    let Some(Value::Map(update)) = entries.get("rollingUpdate") else { return };
    let mut update: Entries = update.iter().cloned().collect();
    for field in fields {
        fill(&mut update, field, 0);
    }
    entries.insert("rollingUpdate".into(), Value::Map(update.into_iter().collect()));
}

/// Who names the strategy and does not say how it goes, has nothing said.
pub(super) fn stateful(entries: &mut Entries) {
    if !entries.contains_key("type") || entries.contains_key("rollingUpdate") {
        rolling(entries, &[("maxUnavailable", 1.into()), ("partition", 0.into())]);
        numbered(entries, &["partition"]);
    }
}

/// The claims of a stateful set say what they are.
pub(super) fn claims(entries: &mut Entries) {
    let Some(list) = entries.get("volumeClaimTemplates").and_then(Value::as_list) else { return };
    let named = |claim: &Value| {
        let mut claim = claim.clone();
        for (field, value) in [("kind", "PersistentVolumeClaim"), ("apiVersion", "v1")] {
            claim = claim.with(&[field], value.into());
        }
        claim
    };
    let claims: Vec<_> = list.iter().map(named).collect();
    entries.insert("volumeClaimTemplates".into(), claims.into());
}

/// Labels of the template where nobody chose others.
fn template_labels(entries: &Entries) -> Option<Value> {
    let labels = entries.get("spec")?.at(&["template", "metadata", "labels"])?;
    Some(labels.clone()).filter(|labels| !labels.is_null())
}

fn has_labels(entries: &Entries) -> bool {
    let labels = entries.get("metadata").and_then(|it| it.at(&["labels"])?.as_map());
    labels.is_some_and(|labels| !labels.is_empty())
}

fn label(entries: &mut Entries, labels: &Value) {
    if !has_labels(entries) {
        let metadata = entries.get("metadata").cloned().unwrap_or_default();
        entries.insert("metadata".into(), metadata.with(&["labels"], labels.clone()));
    }
}

/// A replication controller selects what it makes.
pub(super) fn labelled(entries: &mut Entries) {
    let Some(labels) = template_labels(entries) else { return };
    label(entries, &labels);
    let Some(spec) = entries.get("spec") else { return };
    if spec.at(&["selector"]).is_none() {
        let spec = spec.with(&["selector"], labels);
        entries.insert("spec".into(), spec);
    }
}

pub(super) fn job(entries: &mut Entries) {
    if let Some(labels) = template_labels(entries) {
        label(entries, &labels);
    }
    let Some(Value::Map(spec)) = entries.get("spec") else { return };
    let mut spec: Entries = spec.iter().cloned().collect();
    if !spec.contains_key("parallelism") {
        fill(&mut spec, "completions", 1);
        fill(&mut spec, "parallelism", 1);
    }
    let per_index = spec.contains_key("backoffLimitPerIndex");
    fill(&mut spec, "backoffLimit", if per_index { i64::from(i32::MAX) } else { 6 });
    let replaces =
        if spec.contains_key("podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
    fill(&mut spec, "podReplacementPolicy", replaces);
    fill(&mut spec, "completionMode", "NonIndexed");
    fill(&mut spec, "suspend", Value::Bool(false));
    fill(&mut spec, "manualSelector", Value::Bool(false));
    entries.insert("spec".into(), Value::Map(spec.into_iter().collect()));
}

/// How fast an autoscaler goes, where somebody said something about it.
pub(super) fn behavior(entries: &mut Entries) {
    let policy = |kind: &str, value: i64| {
        Value::from([("type", kind.into()), ("value", value.into()), ("periodSeconds", 15.into())])
    };
    let up = vec![policy("Pods", 4), policy("Percent", 100)];
    let down = vec![policy("Percent", 100)];
    for (direction, policies) in [("scaleUp", up), ("scaleDown", down)] {
        let given = entries.get(direction).and_then(Value::as_map).cloned().unwrap_or_default();
        let mut rules: Entries = given.iter().cloned().collect();
        fill(&mut rules, "selectPolicy", "Max");
        fill(&mut rules, "policies", policies);
        if direction == "scaleUp" {
            fill(&mut rules, "stabilizationWindowSeconds", 0);
        }
        entries.insert(direction.into(), Value::Map(rules.into_iter().collect()));
    }
}

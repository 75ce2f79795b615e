//! What workloads refer to: `ConfigMap`s, Secrets, claims, volumes, accounts.

use crate::Rule;
use crate::cursor::At;
use crate::finding::Findings;
use crate::rules::Context;
use crate::selector::Selector;
use crate::set::{Pod, Set};
use crate::table::references as t;

/// A kind that holds configuration under keys.
pub(super) struct Holder {
    pub(super) kind: &'static str,
    missing: &'static Rule,
    missing_key: &'static Rule,
    fields: &'static [&'static str],
}

const CONFIG_MAP: Holder = Holder {
    kind: "ConfigMap",
    missing: &t::MISSING_CONFIG_MAP,
    missing_key: &t::MISSING_CONFIG_KEY,
    fields: &["data", "binaryData"],
};

const SECRET: Holder = Holder {
    kind: "Secret",
    missing: &t::MISSING_SECRET,
    missing_key: &t::MISSING_SECRET_KEY,
    fields: &["data", "stringData"],
};

/// How the values reach the containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// As variables.
    Variables,
    /// As files of a volume.
    Files,
    /// Not at all: the kubelet pulls images with them.
    Pull,
}

/// A place where a pod names a `ConfigMap` or Secret.
pub(super) struct Use<'a> {
    pub(super) holder: &'static Holder,
    pub(super) name: At<'a>,
    pub(super) how: How,
    keys: Vec<At<'a>>,
    optional: bool,
}

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for pod in &cx.set.pods {
        for usage in uses(pod) {
            let name = usage.name.text().unwrap_or_default();
            lookup(pod, &usage, &name, cx.set, out);
        }
        account(pod, cx.set, out);
        selector(pod, out);
    }
}

pub(super) fn uses<'a>(pod: &Pod<'a>) -> Vec<Use<'a>> {
    let mut found = Vec::new();
    pod.containers.iter().for_each(|container| variables(&container.at, &mut found));
    for volume in pod.spec.at("volumes").items() {
        let (config, secret) = (volume.at("configMap"), volume.at("secret"));
        files(&CONFIG_MAP, &config, "name", &mut found);
        files(&SECRET, &secret, "secretName", &mut found);
        for source in volume.dig("projected.sources").items() {
            files(&CONFIG_MAP, &source.at("configMap"), "name", &mut found);
            files(&SECRET, &source.at("secret"), "name", &mut found);
        }
    }
    for pull in pod.spec.at("imagePullSecrets").items() {
        found.extend(Use::read(&SECRET, &pull, "name", How::Pull));
    }
    found
}

fn variables<'a>(container: &At<'a>, found: &mut Vec<Use<'a>>) {
    for env in container.at("env").items() {
        for (holder, field) in [(&CONFIG_MAP, "configMapKeyRef"), (&SECRET, "secretKeyRef")] {
            let from = env.at("valueFrom").at(field);
            let usage = Use::read(holder, &from, "name", How::Variables);
            found.extend(usage.map(|u| Use { keys: vec![from.at("key")], ..u }));
        }
    }
    for env in container.at("envFrom").items() {
        for (holder, field) in [(&CONFIG_MAP, "configMapRef"), (&SECRET, "secretRef")] {
            found.extend(Use::read(holder, &env.at(field), "name", How::Variables));
        }
    }
}

fn files<'a>(holder: &'static Holder, at: &At<'a>, field: &'static str, found: &mut Vec<Use<'a>>) {
    let keys = at.at("items").items().iter().map(|item| item.at("key")).collect();
    found.extend(Use::read(holder, at, field, How::Files).map(|usage| Use { keys, ..usage }));
}

impl<'a> Use<'a> {
    fn read(holder: &'static Holder, at: &At<'a>, field: &'static str, how: How) -> Option<Self> {
        let name = at.at(field);
        let optional = at.at("optional").bool() == Some(true);
        name.is_set().then_some(Self { holder, name, how, keys: Vec::new(), optional })
    }
}

fn lookup(pod: &Pod<'_>, usage: &Use<'_>, name: &str, set: &Set<'_>, out: &mut Findings) {
    let kind = usage.holder.kind;
    if usage.optional {
        return;
    }
    let Some(object) = set.find(kind, &pod.owner.namespace, name) else {
        // The cluster puts this one into every namespace.
        if name != "kube-root-ca.crt" {
            let message = format!(
                "{kind} `{name}` is not in these files: unless the cluster has it, the pod waits in CreateContainerConfigError or ContainerCreating"
            );
            let fix = format!(
                "add the {kind} `{name}` in namespace `{}`, or correct the name",
                pod.owner.namespace
            );
            out.add(usage.holder.missing, &pod.owner, &usage.name, message, fix);
        }
        return;
    };
    let sealed = usage.holder.fields.iter().all(|f| !object.root.at(f).is_set());
    for key in &usage.keys {
        let Some(text) = key.text() else { continue };
        let known = usage.holder.fields.iter().any(|f| object.root.at(f).at(&text).written());
        if !known {
            let has =
                if sealed { "has no data".to_owned() } else { format!("has no key `{text}`") };
            let message =
                format!("{kind} `{name}` {has}: the container waits in CreateContainerConfigError");
            let fix = format!("add the key `{text}` to the {kind}, or name one that it has");
            out.add(usage.holder.missing_key, &pod.owner, key, message, fix);
        }
    }
}

fn account(pod: &Pod<'_>, set: &Set<'_>, out: &mut Findings) {
    let at = pod.spec.at("serviceAccountName");
    let Some(name) = at.text().filter(|n| n != "default" && !n.is_empty()) else { return };
    if set.find("ServiceAccount", &pod.owner.namespace, &name).is_none() {
        let message = format!(
            "ServiceAccount `{name}` is not in these files: unless the cluster has it, no pod is created at all"
        );
        let fix = format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\nautomountServiceAccountToken: false"
        );
        out.add(&t::MISSING_ACCOUNT, &pod.owner, &at, message, fix);
    }
}

fn selector(pod: &Pod<'_>, out: &mut Findings) {
    let at = pod.owner.spec().at("selector");
    let is_controller = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"];
    if !is_controller.contains(&pod.owner.kind) || !at.is_set() {
        return;
    }
    let selector = Selector::label_selector(&at);
    if !selector.is_empty() && !selector.matches(&pod.labels) {
        let message = format!(
            "the selector `{selector}` does not match the labels of the template: the API server refuses the object"
        );
        let fix =
            "write the same labels in spec.selector.matchLabels and spec.template.metadata.labels";
        out.add(&t::SELECTOR_MISMATCH, &pod.owner, &at, message, fix);
    }
}

//! What nobody uses: `ConfigMap`s, Secrets and claims.

use std::collections::BTreeSet;

use crate::cursor::At;
use crate::finding::Findings;
use crate::rules::Context;
use crate::rules::references::{Use, uses};
use crate::set::{Object, Pod, Set};
use crate::table::references as t;

type Name = (&'static str, String, String);

/// What a pod names.
fn of_pod(pod: &Pod<'_>) -> Vec<Name> {
    let named = |usage: &Use<'_>| {
        let name = usage.name.text().unwrap_or_default();
        (usage.holder.kind, pod.owner.namespace.clone(), name)
    };
    uses(pod).iter().map(named).collect()
}

/// Secrets that Ingresses, Gateways and `ServiceAccount`s name.
fn other_uses(set: &Set<'_>) -> Vec<Name> {
    let mut found = Vec::new();
    for object in &set.objects {
        let mut names: Vec<At<'_>> = Vec::new();
        for tls in object.spec().at("tls").items() {
            names.push(tls.at("secretName"));
        }
        for listener in object.spec().at("listeners").items() {
            names.extend(listener.dig("tls.certificateRefs").items().iter().map(|r| r.at("name")));
        }
        for list in ["secrets", "imagePullSecrets"] {
            names.extend(object.root.at(list).items().iter().map(|s| s.at("name")));
        }
        let named = names.iter().filter_map(At::text);
        found.extend(named.map(|name| ("Secret", object.namespace.clone(), name)));
    }
    found
}

/// Labels by which sidecars and operators find configuration without being told its name.
const DISCOVERED_BY: &[&str] = &["grafana_dashboard", "grafana_datasource", "prometheus"];

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    let named = named_by_custom(cx.set);
    configuration(cx.set, &named, out);
    claims(cx.set, &named, out);
}

fn configuration(set: &Set<'_>, named: &BTreeSet<&str>, out: &mut Findings) {
    let mut used: BTreeSet<Name> = set.pods.iter().flat_map(of_pod).collect();
    used.extend(other_uses(set));
    for kind in ["ConfigMap", "Secret"] {
        for object in set.of_kind(kind) {
            let discovered = object.labels().keys().any(|k| DISCOVERED_BY.contains(&k.as_str()));
            let token = object.root.at("type").is("kubernetes.io/service-account-token");
            let key = (kind, object.namespace.clone(), object.name.clone());
            if !used.contains(&key)
                && !discovered
                && !token
                && !named.contains(object.name.as_str())
            {
                report_unused(set, object, out);
            }
        }
    }
}

/// Every text of custom resources: one of them may be the name of what they use.
fn named_by_custom<'a>(set: &Set<'a>) -> BTreeSet<&'a str> {
    fn texts<'a>(at: &At<'a>, found: &mut BTreeSet<&'a str>) {
        found.extend(at.str());
        at.items().iter().for_each(|item| texts(item, found));
        at.entries().iter().for_each(|(_, value)| texts(value, found));
    }
    let mut found = BTreeSet::new();
    for object in set.objects.iter().filter(|o| super::versions::is_custom(o)) {
        texts(&object.spec(), &mut found);
    }
    found
}

fn claims(set: &Set<'_>, named: &BTreeSet<&str>, out: &mut Findings) {
    let mut used = BTreeSet::new();
    for pod in &set.pods {
        let volumes = pod.spec.at("volumes").items();
        let names = volumes.iter().filter_map(|v| v.dig("persistentVolumeClaim.claimName").text());
        used.extend(names.map(|name| (pod.owner.namespace.as_str(), name)));
    }
    for claim in set.of_kind("PersistentVolumeClaim") {
        let name = &claim.name;
        let used = used.contains(&(claim.namespace.as_str(), name.clone()));
        if name.is_empty() || used || named.contains(name.as_str()) || of_template(claim, set) {
            continue;
        }
        let message = format!("{}: nothing mounts the claim `{name}`", nobody(set));
        let fix = format!(
            "mount it in a pod, or remove it:\nspec:\n  containers:\n    - volumeMounts:\n        - name: data\n          mountPath: …\n  volumes:\n    - name: data\n      persistentVolumeClaim:\n        claimName: {name}"
        );
        out.add(&t::UNUSED_CLAIM, claim, &claim.name_at(), message, fix);
    }
}

/// Whether a claim is one that a `StatefulSet` finds by its name: template, set and number.
fn of_template(claim: &Object<'_>, set: &Set<'_>) -> bool {
    let Some((name, number)) = claim.name.rsplit_once('-') else { return false };
    // Longer names are refused, and would be long to take apart.
    let numbered = number.parse::<u32>().is_ok() && name.len() <= 253;
    let mut dashes = name.match_indices('-');
    numbered
        && dashes.any(|(at, _)| {
            let (template, owner) = (&name[..at], &name[at + 1..]);
            set.find("StatefulSet", &claim.namespace, owner).is_some_and(|owner| {
                let templates = owner.spec().at("volumeClaimTemplates").items();
                templates.iter().any(|t| t.dig("metadata.name").is(template))
            })
        })
}

/// Why nothing uses an object, as far as the files tell.
fn nobody(set: &Set<'_>) -> &'static str {
    if set.pods.is_empty() {
        "these files hold no workload at all"
    } else {
        "no workload in these files uses it"
    }
}

fn report_unused(set: &Set<'_>, object: &Object<'_>, out: &mut Findings) {
    let (kind, name) = (object.kind, &object.name);
    let message = format!("{}: nothing reads {kind} `{name}`", nobody(set));
    let fix = if kind == "ConfigMap" {
        format!(
            "use it in a container, or remove it:\nenvFrom:\n  - configMapRef:\n      name: {name}"
        )
    } else {
        format!(
            "mount it in a pod, or remove it:\nvolumes:\n  - name: {name}\n    secret:\n      secretName: {name}"
        )
    };
    out.add(&t::UNUSED_CONFIG, object, &object.name_at(), message, fix);
}

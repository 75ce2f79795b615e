//! Horizontal Pod Autoscalers.

use std::collections::BTreeMap;

use crate::cursor::At;
use crate::finding::Findings;
use crate::known::{Store, store_in};
use crate::rules::Context;
use crate::set::{Object, Pod, Set};
use crate::table::scaling as t;

/// Fields of autoscaling/v1 and v2beta1 that v2 does not have.
const OLD_FIELDS: &[&str] = &[
    "targetAverageUtilization",
    "targetAverageValue",
    "targetValue",
    "metricName",
    "currentAverageUtilization",
];
/// The sources of a metric in autoscaling/v2.
const SOURCES: &[&str] = &["resource", "pods", "object", "external", "containerResource"];

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    let mut targets: BTreeMap<(String, String, String), String> = BTreeMap::new();
    for hpa in cx.set.of_kind("HorizontalPodAutoscaler") {
        target(hpa, cx.set, out);
        bounds(hpa, out);
        fields(hpa, out);
        // An HPA that has to go, or that the API server refuses, needs no advice how to be better.
        if target_store(hpa, cx.set).is_none() {
            minimum(hpa, out);
            if !has_old_field(hpa) {
                behavior(hpa, out);
            }
        }
        let reference = hpa.spec().at("scaleTargetRef");
        let text = |key: &str| reference.at(key).text().unwrap_or_default();
        let key = (hpa.namespace.clone(), text("kind"), text("name"));
        if let Some(other) = targets.insert(key, hpa.name.clone()) {
            let message =
                format!("`{other}` scales the same workload: each undoes what the other does");
            let fix = "keep one HPA, with all metrics in its list";
            out.add(&t::HPA_TWICE, hpa, &reference, message, fix);
        }
    }
}

fn target(hpa: &Object<'_>, set: &Set<'_>, out: &mut Findings) {
    let reference = hpa.spec().at("scaleTargetRef");
    let (kind, name) = (reference.at("kind"), reference.at("name"));
    let (Some(kind), Some(name_text)) = (kind.str(), name.text()) else {
        let message = "no scaleTargetRef with kind and name: the API server refuses the object";
        let fix = "scaleTargetRef:\n  apiVersion: apps/v1\n  kind: Deployment\n  name: …";
        return out.add(&t::HPA_TARGET, hpa, &reference, message, fix);
    };
    let Some(workload) = set.find(kind, &hpa.namespace, &name_text) else {
        let message = format!(
            "{kind} `{name_text}` is not in these files: unless the cluster has it, the HPA reports FailedGetScale and does nothing"
        );
        let fix = format!(
            "add the {kind} `{name_text}`, or name one of these files:\nscaleTargetRef:\n  apiVersion: apps/v1\n  kind: Deployment\n  name: …"
        );
        return out.add(&t::HPA_TARGET, hpa, &name, message, fix);
    };
    if let Some(store) = target_store(hpa, set) {
        return database(hpa, store, &name, out);
    }
    let replicas = workload.spec().at("replicas");
    if replicas.is_set() {
        let message = format!(
            "HPA `{}` owns the number of replicas, and every apply of this file puts it back to this one",
            hpa.name
        );
        out.add(&t::HPA_REPLICAS, workload, &replicas, message, "remove `replicas`");
    }
    if let Some(pod) = set.pod_of(workload) {
        requests(hpa, pod, out);
    }
}

/// The database that an HPA scales, if it is one.
fn target_store(hpa: &Object<'_>, set: &Set<'_>) -> Option<&'static Store> {
    let reference = hpa.spec().at("scaleTargetRef");
    let (kind, name) = (reference.at("kind").str()?, reference.at("name").text()?);
    let pod = set.pod_of(set.find(kind, &hpa.namespace, &name)?)?;
    store_in(pod).map(|(store, _)| store)
}

fn database(hpa: &Object<'_>, store: &Store, at: &At<'_>, out: &mut Findings) {
    let message = format!(
        "{} does not gain capacity from another pod: each new one is an empty server or a second one on the same files, and scaling in loses members",
        store.name
    );
    let fix = "remove the HPA; give the database more CPU and memory, read replicas, or an operator that knows how to add members";
    out.add(&t::HPA_DATABASE, hpa, at, message, fix);
}

/// Resources whose utilization the HPA looks at: name, and where it says so.
fn utilizations<'a>(hpa: &Object<'a>) -> Vec<(String, At<'a>)> {
    let spec = hpa.spec();
    let mut found = Vec::new();
    let old = spec.at("targetCPUUtilizationPercentage");
    if hpa.api == "autoscaling/v1" || old.is_set() {
        found.push(("cpu".to_owned(), old));
    }
    for metric in spec.at("metrics").items() {
        let resource = metric.at("resource");
        let by_share = resource.dig("target.type").is("Utilization")
            || resource.dig("target.averageUtilization").is_set()
            || resource.at("targetAverageUtilization").is_set();
        if let Some(name) = resource.at("name").text().filter(|_| by_share) {
            found.push((name, resource));
        }
    }
    found
}

fn requests(hpa: &Object<'_>, pod: &Pod<'_>, out: &mut Findings) {
    for (resource, at) in utilizations(hpa) {
        let requested = |c: &&crate::set::Container<'_>| {
            let amounts = c.at.at("resources");
            amounts.at("requests").at(&resource).is_set()
                || amounts.at("limits").at(&resource).is_set()
        };
        if let Some(container) = pod.running().find(|c| !requested(c)) {
            let message = format!(
                "container `{}` of {} requests no {resource}, and utilization is a share of the request: the HPA reports FailedGetResourceMetric and never scales",
                container.name,
                pod.owner.id()
            );
            let amount = if resource == "cpu" { "100m" } else { "128Mi" };
            let fix = format!(
                "# in the container `{}`\nresources:\n  requests:\n    {resource}: {amount}",
                container.name
            );
            out.add(&t::HPA_NO_REQUEST, hpa, &at, message, fix);
        }
    }
}

fn bounds(hpa: &Object<'_>, out: &mut Findings) {
    let (min, max) = (hpa.spec().at("minReplicas"), hpa.spec().at("maxReplicas"));
    let least = min.int().unwrap_or(1);
    if max.int().is_none_or(|max| max < least || max < 1) {
        let message =
            "maxReplicas is missing or below minReplicas: the API server refuses the object";
        out.add(&t::HPA_BOUNDS, hpa, &max, message, "maxReplicas: 10");
    }
}

fn minimum(hpa: &Object<'_>, out: &mut Findings) {
    let at = hpa.spec().at("minReplicas");
    if at.int().unwrap_or(1) < 2 {
        let message =
            "when there is little to do one pod is left: a node drain or a crash is an outage";
        out.add(&t::HPA_MINIMUM, hpa, &at, message, "minReplicas: 2");
    }
}

fn fields(hpa: &Object<'_>, out: &mut Findings) {
    let spec = hpa.spec();
    match hpa.api {
        "autoscaling/v2" => {
            let old = spec.at("targetCPUUtilizationPercentage");
            if old.written() {
                let percent = old.int().unwrap_or(70);
                old_field(
                    hpa,
                    &old,
                    "targetCPUUtilizationPercentage",
                    &metric_yaml("cpu", percent),
                    out,
                );
            }
            for metric in spec.at("metrics").items() {
                metric_v2(hpa, &metric, out);
            }
        }
        "autoscaling/v1" => {
            for field in ["metrics", "behavior"] {
                let at = spec.at(field);
                if at.written() {
                    let message = format!(
                        "`{field}` is a field of autoscaling/v2: the API server refuses or drops it"
                    );
                    out.add(&t::HPA_NEW_FIELD, hpa, &at, message, "apiVersion: autoscaling/v2");
                }
            }
        }
        _ => {}
    }
}

fn metric_v2(hpa: &Object<'_>, metric: &At<'_>, out: &mut Findings) {
    for source in SOURCES {
        let at = metric.at(source);
        if !at.is_set() {
            continue;
        }
        let mut old = false;
        for field in OLD_FIELDS {
            let written = at.at(field);
            if written.written() {
                old = true;
                let name = at.at("name").text().unwrap_or_else(|| "cpu".to_owned());
                let fix = metric_yaml(&name, written.int().unwrap_or(70));
                old_field(hpa, &written, field, &fix, out);
            }
        }
        let target = at.at("target");
        let amounts = ["averageUtilization", "averageValue", "value"];
        if !old && !amounts.iter().any(|a| target.at(a).is_set()) {
            let message = "the metric has no target: the API server refuses the object";
            let name = at.at("name").text().unwrap_or_else(|| "cpu".to_owned());
            out.add(&t::HPA_METRICS, hpa, &target, message, metric_yaml(&name, 70));
        }
    }
}

fn has_old_field(hpa: &Object<'_>) -> bool {
    let of_source = |at: At<'_>| OLD_FIELDS.iter().any(|field| at.at(field).written());
    let of_metric = |metric: &At<'_>| SOURCES.iter().any(|source| of_source(metric.at(source)));
    hpa.spec().at("metrics").items().iter().any(of_metric)
}

fn old_field(hpa: &Object<'_>, at: &At<'_>, field: &str, fix: &str, out: &mut Findings) {
    let message = format!(
        "autoscaling/v2 has no `{field}`: the API server refuses the object, or drops the field, and then the HPA has no target"
    );
    out.add(&t::HPA_OLD_FIELD, hpa, at, message, fix);
}

fn metric_yaml(resource: &str, percent: i64) -> String {
    format!(
        "metrics:\n  - type: Resource\n    resource:\n      name: {resource}\n      target:\n        type: Utilization\n        averageUtilization: {percent}"
    )
}

fn behavior(hpa: &Object<'_>, out: &mut Findings) {
    let at = hpa.spec().dig("behavior.scaleDown.stabilizationWindowSeconds");
    if hpa.api == "autoscaling/v2" && !at.is_set() {
        let message = "scaling in follows the default window of five minutes; where starting a pod is costly, say how long to wait";
        let fix = "behavior:\n  scaleDown:\n    stabilizationWindowSeconds: 300";
        out.add(&t::HPA_FLAPPING, hpa, &at, message, fix);
    }
}

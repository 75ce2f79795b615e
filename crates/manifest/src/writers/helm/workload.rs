//! What values may change about workloads and how they scale.

use super::super::yaml::Splice;
use super::part::{Part, literal, value};
use super::values::{Setting, count, string};
use super::{pod, storage};
use crate::object::Object;
use serde_json::{Value, json};

/// A Deployment, `StatefulSet`, `DaemonSet`, Job or `CronJob`.
pub(super) fn workload(part: &mut Part, all: &[Object]) {
    let name = part.name.clone();
    let kind = part.value["kind"].as_str().unwrap_or_default().to_owned();
    let spec = if kind == "CronJob" {
        "/spec/jobTemplate/spec/template/spec"
    } else {
        "/spec/template/spec"
    };
    pod::pod(part, spec);
    storage::templates(part);
    let path = ["services", &name, "replicas"];
    part.scalar("/spec/replicas", &path, count(0), "Replicas.");
    if kind == "CronJob" {
        let path = ["services", &name, "schedule"];
        part.scalar("/spec/schedule", &path, string(), "When it runs: five cron fields, in UTC.");
    }
    if kind == "Job" {
        job_name(part);
    }
    let scaler = all.iter().find(|it| it.kind == "HorizontalPodAutoscaler" && it.name == name);
    if let Some(scaler) = scaler.filter(|_| part.value.pointer("/spec/replicas").is_none()) {
        replicas_without_autoscaler(part, &scaler.value["spec"]["minReplicas"]);
    }
}

/// Where the autoscaler is switched off, the Deployment says how many replicas there are.
fn replicas_without_autoscaler(part: &mut Part, least: &Value) {
    let name = part.name.clone();
    let path = ["services", name.as_str(), "replicas"];
    part.before(
        "/spec/selector",
        vec![
            format!("{{{{- if not {} }}}}", value(&["services", &name, "autoscaling", "enabled"])),
            format!("replicas: {{{{ {} }}}}", value(&path)),
            "{{- end }}".to_owned(),
        ],
    );
    let about = "Replicas; only where autoscaling is off.";
    part.settings.push(Setting::new(path, least.clone(), count(0), about));
}

/// A Job's template cannot be changed: other values make another Job.
fn job_name(part: &mut Part) {
    let planned = part.value["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let text = format!(
        "{{{{ include \"{}.jobName\" (list . {} {}) }}}}",
        part.app,
        literal(&part.name),
        literal(&planned)
    );
    part.overlay.insert("/metadata/name".to_owned(), Splice::Inline(text));
}

/// An autoscaler, which may be switched off.
pub(super) fn autoscaler(part: &mut Part) {
    let name = part.name.clone();
    let path = |key| ["services", name.as_str(), "autoscaling", key];
    part.gate = Some(value(&path("enabled")));
    let on = json!({ "type": "boolean" });
    let about = "Whether an autoscaler owns the number of replicas.";
    part.settings.push(Setting::new(path("enabled"), json!(true), on, about));
    part.scalar("/spec/minReplicas", &path("minReplicas"), count(1), "Fewest replicas.");
    part.scalar("/spec/maxReplicas", &path("maxReplicas"), count(1), "Most replicas.");
    part.scalar(
        "/spec/metrics/0/resource/target/averageUtilization",
        &path("cpuPercent"),
        count(1),
        "CPU use in percent of the request that it aims at.",
    );
}

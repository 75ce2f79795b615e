//! One dashboard for the product, found by Grafana's sidecar through its label.

use super::Scene;
use crate::log::Log;
use crate::world::Scale;
use crate::{names, rules};
use model::plan::{Kind, Raw};
use model::reason::{Because, Certainty};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One picture: title, unit, and the lines in it as expression and legend.
struct Panel {
    title: &'static str,
    unit: &'static str,
    lines: Vec<(String, &'static str)>,
}

/// The `ConfigMap` with the dashboard.
pub(super) fn board(scene: &Scene<'_>, asked: &Because, log: &mut Log) -> Raw {
    let app = &scene.world.app;
    let name = names::joined(&[app, "dashboard"]);
    log.decide_on(None, format!("ConfigMap/{name}"), "")
        .chose("a Grafana dashboard")
        .because(asked.clone())
        .rule(rules::METRICS_WHEN_ASKED)
        .sure(Certainty::Inferred)
        .why("what one looks at first: ready pods, CPU, memory, restarts, traffic, disks");
    let panels: Vec<Value> =
        panels(scene).iter().enumerate().map(|(index, panel)| written(index, panel)).collect();
    let board = json!({
        "title": app,
        "uid": names::digest(format!("{}/{app}", scene.world.namespace).as_bytes(), 12),
        "tags": ["muster"],
        "timezone": "browser",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": { "from": "now-6h", "to": "now" },
        "templating": { "list": [{
            "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus",
        }] },
        "panels": panels,
    });
    let data = BTreeMap::from([(format!("{app}.json"), board.to_string())]);
    Raw {
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        name,
        labels: BTreeMap::from([("grafana_dashboard".to_owned(), "1".to_owned())]),
        body: json!({ "data": data }),
    }
}

fn one(title: &'static str, unit: &'static str, line: String, legend: &'static str) -> Panel {
    Panel { title, unit, lines: vec![(line, legend)] }
}

fn panels(scene: &Scene<'_>) -> Vec<Panel> {
    let of = format!("namespace=\"{}\"", scene.world.namespace);
    let mut out = vec![ready(&of)];
    out.extend(usage(&of));
    out.extend([restarts(&of), network(&of)]);
    if scene.world.subjects.values().any(|subject| matches!(subject.scale, Scale::Auto { .. })) {
        out.push(autoscalers(&of));
    }
    let claims =
        |kind: &Kind| matches!(kind, Kind::StatefulSet { claims, .. } if !claims.is_empty());
    if scene.workloads.iter().any(|workload| claims(&workload.kind)) {
        out.push(disks(&of));
    }
    out
}

fn ready(of: &str) -> Panel {
    let pods = format!("kube_pod_info{{{of}}}");
    let ready = format!("kube_pod_status_ready{{{of}, condition=\"true\"}}");
    let line =
        format!("sum by (created_by_name) ({pods} * on (namespace, pod) group_left {ready})");
    one("Ready pods", "short", line, "{{created_by_name}}")
}

/// CPU and memory, and how much of request and limit that is.
fn usage(of: &str) -> [Panel; 4] {
    let real = format!("{of}, container!=\"\", container!=\"POD\"");
    let cpu = format!("sum by (pod) (rate(container_cpu_usage_seconds_total{{{real}}}[5m]))");
    let memory = format!("sum by (pod) (container_memory_working_set_bytes{{{real}}})");
    let said = |side: &str, resource: &str| {
        format!(
            "sum by (pod) (kube_pod_container_resource_{side}{{{of}, resource=\"{resource}\"}})"
        )
    };
    let cpu_part = format!("{cpu} / {}", said("requests", "cpu"));
    let memory_part = format!("{memory} / {}", said("limits", "memory"));
    [
        one("CPU", "short", cpu, "{{pod}}"),
        one("CPU of the request", "percentunit", cpu_part, "{{pod}}"),
        one("Memory", "bytes", memory, "{{pod}}"),
        one("Memory of the limit", "percentunit", memory_part, "{{pod}}"),
    ]
}

fn restarts(of: &str) -> Panel {
    let line =
        format!("sum by (pod) (increase(kube_pod_container_status_restarts_total{{{of}}}[1h]))");
    one("Restarts in an hour", "short", line, "{{pod}}")
}

fn network(of: &str) -> Panel {
    let bytes = |side: &str| {
        format!("sum by (pod) (rate(container_network_{side}_bytes_total{{{of}}}[5m]))")
    };
    let lines =
        vec![(bytes("receive"), "in {{pod}}"), (format!("-{}", bytes("transmit")), "out {{pod}}")];
    Panel { title: "Network", unit: "Bps", lines }
}

fn autoscalers(of: &str) -> Panel {
    let metric = |name: &str| format!("kube_horizontalpodautoscaler_{name}{{{of}}}");
    let lines = vec![
        (metric("status_current_replicas"), "{{horizontalpodautoscaler}}"),
        (metric("spec_max_replicas"), "most {{horizontalpodautoscaler}}"),
    ];
    Panel { title: "Autoscalers", unit: "short", lines }
}

fn disks(of: &str) -> Panel {
    let metric = |name: &str| format!("kubelet_volume_stats_{name}_bytes{{{of}}}");
    let line = format!("{} / {}", metric("used"), metric("capacity"));
    one("Disks", "percentunit", line, "{{persistentvolumeclaim}}")
}

/// Two panels in a row.
fn written(index: usize, panel: &Panel) -> Value {
    let source = json!({ "type": "prometheus", "uid": "${datasource}" });
    let targets: Vec<Value> = panel
        .lines
        .iter()
        .zip('A'..)
        .map(|((expression, legend), id)| {
            json!({
                "refId": id.to_string(),
                "expr": expression,
                "legendFormat": legend,
                "datasource": source,
            })
        })
        .collect();
    json!({
        "id": index + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": source,
        "gridPos": { "x": (index % 2) * 12, "y": (index / 2) * 8, "w": 12, "h": 8 },
        "fieldConfig": { "defaults": { "unit": panel.unit, "min": null }, "overrides": [] },
        "targets": targets,
    })
}

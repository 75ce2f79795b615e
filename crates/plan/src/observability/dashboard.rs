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

fn panels(scene: &Scene<'_>) -> Vec<Panel> {
    let of = format!("namespace=\"{}\"", scene.world.namespace);
    let real = format!("{of}, container!=\"\", container!=\"POD\"");
    let one = |title, unit, expression: String, legend| Panel {
        title,
        unit,
        lines: vec![(expression, legend)],
    };
    let mut out = vec![
        one(
            "Ready pods",
            "short",
            format!(
                "sum by (created_by_name) (kube_pod_info{{{of}}} * on (namespace, pod) group_left kube_pod_status_ready{{{of}, condition=\"true\"}})"
            ),
            "{{created_by_name}}",
        ),
        one(
            "CPU",
            "short",
            format!("sum by (pod) (rate(container_cpu_usage_seconds_total{{{real}}}[5m]))"),
            "{{pod}}",
        ),
        one(
            "CPU of the request",
            "percentunit",
            format!(
                "sum by (pod) (rate(container_cpu_usage_seconds_total{{{real}}}[5m])) / sum by (pod) (kube_pod_container_resource_requests{{{of}, resource=\"cpu\"}})"
            ),
            "{{pod}}",
        ),
        one(
            "Memory",
            "bytes",
            format!("sum by (pod) (container_memory_working_set_bytes{{{real}}})"),
            "{{pod}}",
        ),
        one(
            "Memory of the limit",
            "percentunit",
            format!(
                "sum by (pod) (container_memory_working_set_bytes{{{real}}}) / sum by (pod) (kube_pod_container_resource_limits{{{of}, resource=\"memory\"}})"
            ),
            "{{pod}}",
        ),
        one(
            "Restarts in an hour",
            "short",
            format!(
                "sum by (pod) (increase(kube_pod_container_status_restarts_total{{{of}}}[1h]))"
            ),
            "{{pod}}",
        ),
        Panel {
            title: "Network",
            unit: "Bps",
            lines: vec![
                (
                    format!(
                        "sum by (pod) (rate(container_network_receive_bytes_total{{{of}}}[5m]))"
                    ),
                    "in {{pod}}",
                ),
                (
                    format!(
                        "-sum by (pod) (rate(container_network_transmit_bytes_total{{{of}}}[5m]))"
                    ),
                    "out {{pod}}",
                ),
            ],
        },
    ];
    if scene.world.subjects.values().any(|subject| matches!(subject.scale, Scale::Auto { .. })) {
        let metric = |name: &str| format!("kube_horizontalpodautoscaler_{name}{{{of}}}");
        out.push(Panel {
            title: "Autoscalers",
            unit: "short",
            lines: vec![
                (metric("status_current_replicas"), "{{horizontalpodautoscaler}}"),
                (metric("spec_max_replicas"), "most {{horizontalpodautoscaler}}"),
            ],
        });
    }
    let claims =
        |kind: &Kind| matches!(kind, Kind::StatefulSet { claims, .. } if !claims.is_empty());
    if scene.workloads.iter().any(|workload| claims(&workload.kind)) {
        out.push(one("Disks", "percentunit", format!("kubelet_volume_stats_used_bytes{{{of}}} / kubelet_volume_stats_capacity_bytes{{{of}}}"), "{{persistentvolumeclaim}}"));
    }
    out
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

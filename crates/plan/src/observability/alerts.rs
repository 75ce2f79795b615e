//! Alerts about what is planned, and about nothing else.

use super::Scene;
use crate::log::Log;
use crate::rules;
use crate::world::{Scale, Shape, Subject, World};
use catalog::Engine;
use model::plan::{Kind, Raw, VolumeSource, Workload};
use model::project::Topology;
use model::reason::{Because, Certainty};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A backup that runs every day is late after this many seconds: a day and a half.
const DAILY_LATE: u32 = 129_600;

/// A backup that runs less often: eight days.
const RARE_LATE: u32 = 691_200;

/// One alert.
struct Alert {
    name: &'static str,
    expression: String,
    /// How long it must hold.
    lasting: &'static str,
    severity: &'static str,
    summary: String,
    action: &'static str,
}

/// The `PrometheusRule` of the product.
pub(super) fn rule(scene: &Scene<'_>, asked: &Because, log: &mut Log) -> Raw {
    let app = &scene.world.app;
    let alerts: Vec<Alert> = availability(scene)
        .into_iter()
        .chain(capacity(scene))
        .chain(jobs(scene))
        .chain(databases(scene.world))
        .collect();
    let names: Vec<&str> = alerts.iter().map(|alert| alert.name).collect();
    log.decide_on(None, format!("PrometheusRule/{app}"), "")
        .chose(names.join(", "))
        .because(asked.clone())
        .rule(rules::METRICS_WHEN_ASKED)
        .sure(Certainty::Inferred)
        .why("alerts about what this plan holds; they need kube-state-metrics and the kubelet's metrics");
    let rules: Vec<Value> = alerts.iter().map(written).collect();
    Raw {
        api_version: "monitoring.coreos.com/v1".to_owned(),
        kind: "PrometheusRule".to_owned(),
        name: app.clone(),
        labels: BTreeMap::from([("release".to_owned(), "kube-prometheus-stack".to_owned())]),
        body: json!({ "spec": { "groups": [{ "name": app, "rules": rules }] } }),
    }
}

fn written(alert: &Alert) -> Value {
    json!({
        "alert": alert.name,
        "expr": alert.expression,
        "for": alert.lasting,
        "labels": { "severity": alert.severity },
        "annotations": { "summary": alert.summary, "description": alert.action },
    })
}

fn availability(scene: &Scene<'_>) -> Vec<Alert> {
    let namespace = &scene.world.namespace;
    let mut out = Vec::new();
    let kinds = [
        (
            "deployment",
            "Deployment",
            "kube_deployment_status_replicas_available",
            "kube_deployment_spec_replicas",
        ),
        (
            "statefulset",
            "StatefulSet",
            "kube_statefulset_status_replicas_ready",
            "kube_statefulset_replicas",
        ),
    ];
    for (label, kind, ready, wished) in kinds {
        let Some(names) = any_of(scene.workloads.iter().filter(|w| w.kind.name() == kind)) else {
            continue;
        };
        let of = format!("{{namespace=\"{namespace}\", {label}=~\"{names}\"}}");
        out.push(Alert {
            name: "WorkloadNotReady",
            expression: format!("{ready}{of} < {wished}{of}"),
            lasting: "15m",
            severity: "warning",
            summary: format!("{{{{ $labels.{label} }}}} has fewer ready pods than it wants"),
            action: "Look at the pods' events: an image that cannot be pulled, a probe that fails, no node with room.",
        });
    }
    out.push(Alert {
        name: "ContainerRestarting",
        expression: format!(
            "increase(kube_pod_container_status_restarts_total{{namespace=\"{namespace}\"}}[30m]) > 3"
        ),
        lasting: "5m",
        severity: "warning",
        summary: "{{ $labels.pod }}/{{ $labels.container }} restarts again and again".to_owned(),
        action: "kubectl logs --previous says why it ended; exit code 137 is memory or the liveness probe.",
    });
    if scene.scraped {
        out.push(Alert {
            name: "TargetDown",
            expression: format!("up{{namespace=\"{namespace}\"}} == 0"),
            lasting: "10m",
            severity: "warning",
            summary: "{{ $labels.pod }} does not answer Prometheus".to_owned(),
            action: "The pod is away, its metrics port is wrong, or a NetworkPolicy is in between.",
        });
    }
    out
}

fn capacity(scene: &Scene<'_>) -> Vec<Alert> {
    let namespace = &scene.world.namespace;
    let mut out = Vec::new();
    let scaled =
        scene.world.subjects.values().any(|subject| matches!(subject.scale, Scale::Auto { .. }));
    if scaled {
        let of = format!("{{namespace=\"{namespace}\"}}");
        out.push(Alert {
            name: "AutoscalerAtMaximum",
            expression: format!(
                "kube_horizontalpodautoscaler_status_current_replicas{of} >= kube_horizontalpodautoscaler_spec_max_replicas{of}"
            ),
            lasting: "30m",
            severity: "warning",
            summary: "{{ $labels.horizontalpodautoscaler }} has been at its maximum for half an hour".to_owned(),
            action: "Raise x-muster.scale.max, after a look at the connection budget of its database.",
        });
    }
    if scene.workloads.iter().any(holds_claim) {
        let of = format!("{{namespace=\"{namespace}\"}}");
        out.push(Alert {
            name: "VolumeAlmostFull",
            expression: format!(
                "kubelet_volume_stats_available_bytes{of} / kubelet_volume_stats_capacity_bytes{of} < 0.15"
            ),
            lasting: "15m",
            severity: "critical",
            summary: "{{ $labels.persistentvolumeclaim }} is 85 % full".to_owned(),
            action: "Enlarge the claim while the database still runs: a full disk stops it.",
        });
    }
    out
}

fn holds_claim(workload: &Workload) -> bool {
    let templates =
        matches!(&workload.kind, Kind::StatefulSet { claims, .. } if !claims.is_empty());
    templates || workload.pod.volumes.iter().any(|v| matches!(v.source, VolumeSource::Claim { .. }))
}

fn jobs(scene: &Scene<'_>) -> Vec<Alert> {
    let namespace = &scene.world.namespace;
    let mut out = Vec::new();
    let ends = |w: &&Workload| matches!(w.kind, Kind::Job(_) | Kind::CronJob { .. });
    if scene.workloads.iter().any(|w| ends(&w)) {
        out.push(Alert {
            name: "JobFailed",
            expression: format!(
                "kube_job_failed{{namespace=\"{namespace}\", condition=\"true\"}} > 0"
            ),
            lasting: "1m",
            severity: "warning",
            summary: "{{ $labels.job_name }} failed".to_owned(),
            action: "What waits for it is not applied; its pods' logs say why.",
        });
    }
    let daily =
        |w: &&Workload| matches!(&w.kind, Kind::CronJob { schedule, .. } if is_daily(schedule));
    let backups = || scene.workloads.iter().filter(|w| w.component == "backup");
    for (names, late) in [
        (any_of(backups().filter(daily)), DAILY_LATE),
        (any_of(backups().filter(|w| !daily(w))), RARE_LATE),
    ] {
        let Some(names) = names else { continue };
        out.push(Alert {
            name: "BackupMissing",
            expression: format!(
                "time() - kube_cronjob_status_last_successful_time{{namespace=\"{namespace}\", cronjob=~\"{names}\"}} > {late}"
            ),
            lasting: "10m",
            severity: "critical",
            summary: "{{ $labels.cronjob }} has not succeeded for too long".to_owned(),
            action: "Without a dump the last one is all that could be restored.",
        });
    }
    out
}

/// Whether a schedule names neither days nor months.
fn is_daily(schedule: &str) -> bool {
    matches!(schedule, "@hourly" | "@daily" | "@midnight")
        || schedule.split_whitespace().skip(2).all(|field| field == "*")
}

fn databases(world: &World<'_>) -> Vec<Alert> {
    world.subjects.values().flat_map(|subject| of_database(world, subject)).collect()
}

fn of_database(world: &World<'_>, subject: &Subject<'_>) -> Vec<Alert> {
    let of = format!("{{namespace=\"{}\"}}", world.namespace);
    let mut out = Vec::new();
    let engine = subject.family().and_then(|family| family.engine);
    if matches!(engine, Some(Engine::MariaDb | Engine::MySql)) {
        out.push(Alert {
            name: "DatabaseConnectionsHigh",
            expression: format!(
                "mysql_global_status_threads_connected{of} / mysql_global_variables_max_connections{of} > 0.85"
            ),
            lasting: "10m",
            severity: "warning",
            summary: "the database's connections are nearly used up".to_owned(),
            action: "Lower the pools, raise max_connections with its memory, or put a pooler in between. Needs mysqld-exporter.",
        });
    }
    let galera =
        subject.service.intent.database.as_ref().map(|d| d.topology) == Some(Topology::Galera);
    if let (true, Shape::Operated, Scale::Fixed(members)) = (galera, subject.shape, subject.scale) {
        out.extend(of_galera(&of, members));
    }
    out
}

fn of_galera(of: &str, members: u32) -> [Alert; 3] {
    let alert = |name, expression, summary: &str, action| Alert {
        name,
        expression,
        lasting: "5m",
        severity: "critical",
        summary: summary.to_owned(),
        action,
    };
    [
        alert(
            "GaleraMemberMissing",
            format!("min(mysql_global_status_wsrep_cluster_size{of}) < {members}"),
            "the Galera cluster has lost a member",
            "It still serves; find out why before the next one goes. Needs mysqld-exporter.",
        ),
        alert(
            "GaleraNotPrimary",
            format!("mysql_global_status_wsrep_cluster_status{of} != 1"),
            "{{ $labels.pod }} is not in the primary component",
            "Never bootstrap by hand while another member may hold newer data. Needs mysqld-exporter.",
        ),
        alert(
            "GaleraHistoryDiverged",
            format!(
                "count(count by (wsrep_cluster_state_uuid) (mysql_galera_status_info{of})) > 1"
            ),
            "members of the Galera cluster do not share one history",
            "Stop writing and compare the members: one of them was bootstrapped anew. Needs mysqld-exporter.",
        ),
    ]
}

/// Names as a regular expression.
fn any_of<'w>(workloads: impl Iterator<Item = &'w Workload>) -> Option<String> {
    let names: Vec<&str> = workloads.map(|w| w.name.as_str()).collect();
    (!names.is_empty()).then(|| names.join("|"))
}

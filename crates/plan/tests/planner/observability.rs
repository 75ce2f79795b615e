//! Metrics, alerts, dashboards, logs.

use crate::common::{file, finds, given, plan_with};
use model::facts::Extra;
use model::plan::{Plan, Raw};

const SERVICES: &str = "web: { image: 'acme/w:1', ports: ['80:80'], x-muster: { metrics: { port: 9100, path: /m } } }\ndb: { image: 'mariadb:11.4' }\nnats: { image: 'nats:2.10' }\njob: { image: 'acme/j:1', restart: 'no' }";

fn extra<'p>(plan: &'p Plan, kind: &str) -> Option<&'p Raw> {
    plan.extras.iter().find(|raw| raw.kind == kind)
}

#[test]
fn nothing_is_written_unasked() {
    let plan = plan_with(SERVICES);
    assert!(plan.monitors.is_empty() && plan.extras.is_empty());
}

#[test]
fn monitors_where_metrics_are_known() {
    let plan = given(&file(SERVICES)).with(Extra::Prometheus).plan();
    let web = plan.monitors.iter().find(|m| m.workload == "web").unwrap();
    assert_eq!((web.path.as_str(), web.through_service), ("/m", true));
    assert!(!plan.monitors.iter().any(|m| m.workload == "db"));
    assert!(finds(&plan, "metrics-not-scraped"), "an exporter is named, not made");
}

#[test]
fn the_cluster_can_ask_too() {
    let mut given = given(&file(SERVICES));
    given.cluster.api_groups = Some(std::iter::once("monitoring.coreos.com".to_owned()).collect());
    let plan = given.plan();
    assert!(!plan.monitors.is_empty());
    assert!(extra(&plan, "PrometheusRule").is_some());
}

#[test]
fn rules_speak_of_what_is_planned() {
    let plan = given(&file(SERVICES)).with(Extra::Prometheus).plan();
    let rules = extra(&plan, "PrometheusRule").unwrap();
    assert_eq!(rules.api_version, "monitoring.coreos.com/v1");
    assert_eq!(rules.labels["release"], "kube-prometheus-stack");
    let text = rules.body.to_string();
    for name in [
        "WorkloadNotReady",
        "ContainerRestarting",
        "AutoscalerAtMaximum",
        "VolumeAlmostFull",
        "BackupMissing",
        "JobFailed",
        "TargetDown",
    ] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(text.contains("namespace=\\\"shop\\\""), "{text}");
    for group in rules.body["spec"]["groups"].as_array().unwrap() {
        for rule in group["rules"].as_array().unwrap() {
            for key in ["alert", "expr", "for", "labels", "annotations"] {
                assert!(rule.get(key).is_some(), "{key} of {rule}");
            }
            assert!(rule["annotations"]["summary"].is_string());
        }
    }
}

#[test]
fn rules_only_speak_of_what_is_planned() {
    let plan = given(&file("web: { image: 'nginx:1.29', ports: ['80:80'] }"))
        .with(Extra::Prometheus)
        .plan();
    let text = extra(&plan, "PrometheusRule").unwrap().body.to_string();
    for name in ["BackupMissing", "JobFailed", "VolumeAlmostFull"] {
        assert!(!text.contains(name), "{name}");
    }
}

#[test]
fn the_dashboard_is_found_by_grafana() {
    let plan = given(&file(SERVICES)).with(Extra::Prometheus).plan();
    let map = extra(&plan, "ConfigMap").unwrap();
    assert_eq!(map.labels["grafana_dashboard"], "1");
    let data = map.body["data"].as_object().unwrap();
    let (name, text) = data.iter().next().unwrap();
    assert_eq!(name, "shop.json");
    let board: serde_json::Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    assert!(board["panels"].as_array().unwrap().len() >= 4);
    assert_eq!(board["title"], "shop");
}

#[test]
fn loki_gets_its_logs_from_alloy() {
    let plan = given(&file(SERVICES)).with(Extra::Loki).plan();
    let logs = extra(&plan, "PodLogs").unwrap();
    assert_eq!(logs.body["spec"]["selector"]["matchLabels"]["app.kubernetes.io/instance"], "shop");
    assert!(plan.monitors.is_empty());
    assert!(finds(&plan, "logs-need-alloy"));
}

#[test]
fn elk_gets_its_logs_from_filebeat() {
    let plan = given(&file(SERVICES)).with(Extra::Elk).plan();
    let beat = extra(&plan, "Beat").unwrap();
    assert_eq!(beat.body["spec"]["type"], "filebeat");
    assert!(beat.body.to_string().contains("_shop_"), "only this namespace's logs");
    assert!(finds(&plan, "filebeat-reads-the-node"));
}

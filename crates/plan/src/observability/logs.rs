//! Logs: containers write to standard output; who ships them is told where to look. Nothing is
//! installed.

use crate::log::Log;
use crate::rules;
use crate::world::World;
use model::plan::Raw;
use model::reason::{Because, Certainty, Level};
use serde_json::json;
use std::collections::BTreeMap;

/// The version of Filebeat that ECK is asked for.
const FILEBEAT: &str = "9.1.0";

/// `PodLogs`: which pods Grafana Alloy tails, and by which labels Loki finds their lines.
pub(super) fn alloy(world: &World<'_>, asked: Because, log: &mut Log) -> Raw {
    let app = &world.app;
    log.decide_on(None, format!("PodLogs/{app}"), "")
        .chose("Alloy tails the product's pods")
        .because(asked.clone())
        .rule(rules::LOGS_WHEN_ASKED)
        .sure(Certainty::Inferred)
        .why("Loki gets the lines with service, pod and container as labels");
    if asked != Because::Cluster {
        log.find(
            Level::Note,
            "logs-need-alloy",
            None,
            "PodLogs objects are read by Grafana Alloy; without it on the cluster the object is refused",
            "install Alloy with its CRD and a loki.source.podlogs component that forwards to Loki",
            vec![asked],
        );
    }
    let relabel = |from: &str, to: &str| json!({ "sourceLabels": [format!("__meta_kubernetes_{from}")], "targetLabel": to });
    Raw {
        api_version: "monitoring.grafana.com/v1alpha2".to_owned(),
        kind: "PodLogs".to_owned(),
        name: app.clone(),
        labels: BTreeMap::new(),
        body: json!({ "spec": {
            "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": world.namespace } },
            "selector": { "matchLabels": { "app.kubernetes.io/instance": app } },
            "relabelings": [
                relabel("namespace", "namespace"),
                relabel("pod_label_app_kubernetes_io_name", "service"),
                relabel("pod_name", "pod"),
                relabel("pod_container_name", "container"),
            ],
        } }),
    }
}

/// A `Beat` of ECK: Filebeat on each node, for the files of this namespace's containers only. It
/// reads paths, not the API, so it needs no permissions there.
pub(super) fn filebeat(world: &World<'_>, asked: Because, log: &mut Log) -> Raw {
    let app = &world.app;
    log.decide_on(None, format!("Beat/{app}"), "")
        .chose("Filebeat on each node")
        .because(asked.clone())
        .rule(rules::LOGS_WHEN_ASKED)
        .sure(Certainty::Inferred)
        .why("Elasticsearch gets the lines of this namespace's containers");
    log.find(
        Level::Warning,
        "filebeat-reads-the-node",
        None,
        format!(
            "Filebeat reads log files of the node, which Pod Security of the namespace `{}` does not admit",
            world.namespace
        ),
        "apply the Beat to the namespace of Elasticsearch, which ECK must run under the name `elasticsearch`",
        vec![asked],
    );
    Raw {
        api_version: "beat.k8s.elastic.co/v1beta1".to_owned(),
        kind: "Beat".to_owned(),
        name: app.clone(),
        labels: BTreeMap::new(),
        body: json!({ "spec": {
            "type": "filebeat",
            "version": FILEBEAT,
            "elasticsearchRef": { "name": "elasticsearch" },
            "config": { "filebeat.inputs": [{
                "type": "filestream",
                "id": app,
                "paths": [format!("/var/log/containers/*_{}_*.log", world.namespace)],
                "parsers": [{ "container": {} }],
                "prospector.scanner.symlinks": true,
            }] },
            "daemonSet": { "podTemplate": { "spec": pod() } },
        } }),
    }
}

fn pod() -> serde_json::Value {
    let paths = [("containers", "/var/log/containers"), ("pods", "/var/log/pods")];
    let mounts =
        paths.map(|(name, path)| json!({ "name": name, "mountPath": path, "readOnly": true }));
    let volumes = paths.map(|(name, path)| json!({ "name": name, "hostPath": { "path": path } }));
    json!({
        "automountServiceAccountToken": false,
        "securityContext": { "runAsUser": 0, "seccompProfile": { "type": "RuntimeDefault" } },
        "containers": [{
            "name": "filebeat",
            "securityContext": { "allowPrivilegeEscalation": false },
            "resources": {
                "requests": { "cpu": "100m", "memory": "128Mi" },
                "limits": { "cpu": "1", "memory": "512Mi" },
            },
            "volumeMounts": mounts,
        }],
        "volumes": volumes,
    })
}

//! No YAML makes the judge panic, and the same YAML always gives the same findings.

mod common;

use common::Loaded;
use proptest::prelude::*;

/// Keys and words that lead deep into the rules.
const WORDS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "name",
    "namespace",
    "labels",
    "annotations",
    "spec",
    "template",
    "selector",
    "matchLabels",
    "matchExpressions",
    "containers",
    "initContainers",
    "image",
    "env",
    "value",
    "valueFrom",
    "ports",
    "port",
    "targetPort",
    "containerPort",
    "volumes",
    "volumeMounts",
    "mountPath",
    "persistentVolumeClaim",
    "claimName",
    "resources",
    "requests",
    "limits",
    "cpu",
    "memory",
    "storage",
    "livenessProbe",
    "readinessProbe",
    "exec",
    "httpGet",
    "securityContext",
    "runAsUser",
    "data",
    "stringData",
    "items",
    "List",
    "v1",
    "apps/v1",
    "Deployment",
    "StatefulSet",
    "Service",
    "Secret",
    "ConfigMap",
    "HorizontalPodAutoscaler",
    "autoscaling/v2",
    "scaleTargetRef",
    "metrics",
    "replicas",
    "minReplicas",
    "maxReplicas",
    "minAvailable",
    "maxUnavailable",
    "PodDisruptionBudget",
    "NetworkPolicy",
    "egress",
    "ingress",
    "CronJob",
    "jobTemplate",
    "schedule",
    "rules",
    "verbs",
    "subjects",
    "roleRef",
    "mysql",
    "postgres:18",
    "é",
    "",
    "50%",
    "99999999999999999999%",
    "1Ei",
    "-1e99",
    "http://a:b@c",
    "mongodb://",
    "@",
    ":",
    "a=b",
    "muster.dev/waive-MU1001",
    "checkov.io/skip1",
    "TZ=x",
];

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(WORDS).prop_map(|w| format!("{w:?}")),
        1 => any::<i64>().prop_map(|n| n.to_string()),
        1 => Just("true".to_owned()),
        1 => Just("null".to_owned()),
        1 => Just("-0.5".to_owned()),
    ]
}

/// A tree in flow style, so that it is JSON and YAML at once.
fn tree() -> impl Strategy<Value = String> {
    scalar().prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(|v| format!("[{}]", v.join(", "))),
            3 => prop::collection::btree_map(prop::sample::select(WORDS), inner, 0..6).prop_map(|m| {
                let entries: Vec<_> = m.iter().map(|(k, v)| format!("{k:?}: {v}")).collect();
                format!("{{{}}}", entries.join(", "))
            }),
        ]
    })
}

/// A random subtree somewhere inside an object of a known kind.
fn object() -> impl Strategy<Value = String> {
    let kinds = prop::sample::select(
        &[
            "Pod",
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "Job",
            "CronJob",
            "Service",
            "Secret",
            "ConfigMap",
            "Ingress",
            "HTTPRoute",
            "NetworkPolicy",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "StorageClass",
            "HorizontalPodAutoscaler",
            "PodDisruptionBudget",
            "Role",
            "RoleBinding",
            "ServiceAccount",
            "List",
        ][..],
    );
    let places = prop::sample::select(
        &["spec", "data", "metadata", "rules", "items", "template", "containers", "env", "ports"][..],
    );
    (kinds, places, tree()).prop_map(|(kind, place, tree)| match place {
        "template" => format!("{{kind: {kind}, metadata: {{name: a}}, spec: {{template: {{spec: {tree}, metadata: {tree}}}, selector: {tree}}}}}"),
        "containers" => format!("{{kind: {kind}, metadata: {{name: a}}, spec: {{template: {{spec: {{containers: [{tree}], volumes: [{tree}]}}}}}}}}"),
        "env" => format!("{{kind: {kind}, spec: {{containers: [{{image: mysql, env: [{tree}], livenessProbe: {tree}, volumeMounts: [{tree}]}}]}}}}"),
        "ports" => format!("{{kind: {kind}, spec: {{ports: [{tree}], metrics: [{tree}], egress: [{tree}], rules: [{tree}]}}}}"),
        place => format!("{{kind: {kind}, {place}: {tree}}}"),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn never_panics(trees in prop::collection::vec(prop_oneof![tree(), object()], 1..5)) {
        let text = trees.join("\n---\n");
        let loaded = Loaded::texts([("random.yaml", text.as_str())]);
        prop_assert_eq!(loaded.check(), loaded.check());
    }
}

/// One application; the shared label is the first of its selectors.
fn application(i: usize) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: app-{i}, namespace: shop}}, spec: {{replicas: 2, selector: {{matchLabels: {{a: shop, app: app-{i}}}}}, template: {{metadata: {{labels: {{a: shop, app: app-{i}}}}}, spec: {{containers: [{{name: app, image: nginx, ports: [{{containerPort: 80}}]}}]}}}}}}}}\n---\n{{apiVersion: v1, kind: Service, metadata: {{name: app-{i}, namespace: shop}}, spec: {{selector: {{a: shop, app: app-{i}}}, ports: [{{port: 80}}]}}}}"
    )
}

#[test]
fn many_applications_are_told_what_one_is_told() {
    let told = |n: usize| {
        let text = (0..n).map(application).collect::<Vec<_>>().join("\n---\n");
        Loaded::texts([("many.yaml", text.as_str())]).check().len()
    };
    assert_eq!(told(500), 500 * told(1));
}

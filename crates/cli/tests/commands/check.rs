//! `muster check`.

use super::{Place, Run};
use std::io::Write;
use std::process::Stdio;

const CLEAN: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: shop }
data: { A: b }
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
spec:
  containers: [{ name: web, image: 'nginx:1.29', envFrom: [{ configMapRef: { name: settings } }] }]
";

const WRONG: &str = "\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web, namespace: shop }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  maxReplicas: 3
  metrics:
    - type: Resource
      resource:
        name: cpu
        targetAverageUtilization: 50
";

#[test]
fn errors_are_shown_with_their_line_and_how_to_write_it() {
    let place = Place::new(&[("k8s/a/hpa.yaml", WRONG), ("k8s/ok.yml", CLEAN)]);
    let run = place.muster("check k8s");
    run.shows(1, &["k8s/a/hpa.yaml\n", "error MU6006 hpa-v1-field: HorizontalPodAutoscaler/web"]);
    run.shows(1, &["--> k8s/a/hpa.yaml:11:35", "11 |         targetAverageUtilization: 50"]);
    run.shows(1, &["^^", "fix: metrics:", "averageUtilization: 50", " in 2 files"]);
    assert_eq!(run.stderr, "");
}

#[test]
fn files_are_judged_together() {
    let (first, second) = CLEAN.split_once("---\n").unwrap();
    let place = Place::new(&[("a.yaml", first), ("sub/b.json", second)]);
    let run = place.muster("check");
    assert!(!run.stdout.contains("unused-config"), "{}", run.stdout);
    place.muster("check a.yaml").shows(0, &["unused-config"]);
}

const POLICIES: &str = "\
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'nginx:1.29'}]}}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: db}, spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: 'mariadb:11.4'}]}}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db}, spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 3306}]}]}}
";

#[test]
fn the_matrix_of_any_files() {
    let place = Place::new(&[("a.yaml", POLICIES)]);
    let table = "\
           db    web  outside  DNS
  outside  ·     all
  db       ·     ·    ·        ·
  web      3306  all  all      all
";
    place.muster("check --matrix").shows(1, &["Who may talk to whom", table, "  · closed\n"]);
    assert!(!place.muster("check").stdout.contains("Who may talk"));
    let run = place.muster("check --matrix --json");
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let network = &document["network"];
    assert_eq!(network["sources"], serde_json::json!(["outside", "db", "web"]));
    let cell = serde_json::json!({ "ports": "3306", "state": "open", "policies": ["db"] });
    assert_eq!(network["rows"][2][0], cell);
}

#[test]
fn strict_and_json() {
    let place = Place::new(&[("a.yaml", CLEAN), ("wrong.yaml", WRONG)]);
    place.muster("check a.yaml").shows(0, &["0 errors"]);
    place.muster("check a.yaml --strict").shows(3, &["warning"]);
    place.muster("check wrong.yaml --strict").shows(1, &["error"]);
    let run = place.muster("check wrong.yaml --format json");
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["rule"] == "MU6006").unwrap();
    assert_eq!(finding["line"], 11);
    assert_eq!(finding["object"], "HorizontalPodAutoscaler/web");
    assert_eq!(finding["waived"], serde_json::Value::Null);
    assert_eq!((run.code, &report["summary"]["files"]), (1, &1.into()));
}

#[test]
fn waived_findings_are_counted_and_shown_on_demand() {
    let waived = WRONG.replace(
        "namespace: shop }",
        "namespace: shop, annotations: { muster.dev/waive-hpa-v1-field: an old cluster } }",
    );
    let place = Place::new(&[("a.yaml", &waived)]);
    let run = place.muster("check a.yaml");
    assert!(!run.stdout.contains("MU6006"), "{}", run.stdout);
    run.shows(0, &["1 waived (--show-waived shows them)"]);
    place.muster("check a.yaml --show-waived").shows(0, &["MU6006", "waived: an old cluster"]);
}

#[test]
fn what_cannot_be_read_is_no_verdict() {
    let place = Place::new(&[
        ("bad/a.yaml", "a: [\n"),
        ("bad/b.yaml", CLEAN),
        ("chart/Chart.yaml", "apiVersion: v2\nname: c\n"),
        ("chart/templates/a.yaml", "a: {{ .Values.a }}\n"),
        ("compose.yaml", "services: { a: { image: b } }\n"),
        ("empty/readme.md", ""),
    ]);
    let run = place.muster("check bad");
    run.says(2, &["bad/a.yaml:", "no valid YAML", "1 file could not be read: nothing was judged"]);
    assert_eq!(run.stdout, "");
    place.muster("check chart").says(2, &["helm template chart | muster check -"]);
    place.muster("check chart/templates").says(2, &["this looks like a template"]);
    place.muster("check compose.yaml").says(2, &["this is a Compose file", "muster plan"]);
    place.muster("check empty").says(2, &["no file that ends in"]);
    place.muster("check nowhere").says(1, &["cannot read nowhere"]);
}

#[test]
fn other_files_of_a_directory_are_left_out() {
    let place = Place::new(&[
        ("k8s/a.yaml", CLEAN),
        ("k8s/values.yaml", "replicas: 3\n"),
        ("k8s/.hidden/b.yaml", WRONG),
        ("k8s/package.json", "{}"),
    ]);
    let run = place.muster("check k8s");
    run.says(0, &["left out 2 files without Kubernetes objects"]);
    run.shows(0, &[" in 1 file"]);
}

#[test]
fn standard_input_is_a_file() {
    let place = Place::new(&[]);
    let mut command = place.command("check -");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(WRONG.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("--> <stdin>:11:35"), "{stdout}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn more_findings_than_anybody_reads_are_cut_and_the_worst_stay() {
    let config = |n: usize| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: c{n}, namespace: a }}\n---\n")
    };
    let many: String = (0..1100).map(config).collect();
    let place = Place::new(&[("a.yaml", &format!("{many}{WRONG}"))]);
    let run = place.muster("check a.yaml");
    run.shows(1, &["more, none of them worse", "MU6006", "1 error, "]);
}

#[test]
fn versions_of_kubernetes() {
    let place = Place::new(&[("a.yaml", CLEAN)]);
    let run: Run = place.muster("check a.yaml --kubernetes 1.36");
    assert_eq!(run.code, 0, "{run:?}");
}

/// Our own plans are what we would have others write.
#[test]
fn plans_pass() {
    let place = Place::new(&[("compose.yaml", super::SHOP)]);
    for format in ["yaml", "kustomize"] {
        place.muster(&format!("plan --format {format} --out {format}")).says(0, &[]);
        place.muster(&format!("check {format}")).shows(0, &["0 errors"]);
    }
}

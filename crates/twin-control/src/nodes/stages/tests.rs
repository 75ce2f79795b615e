use super::{Stages, UnknownKind};
use crate::nodes::conditions::condition;
use crate::nodes::kit::Stage;
use twin_core::tree::Value;

const NODES: &str = include_str!("../../../../../examples/stages/nodes.yaml");
const PODS: &str = include_str!("../../../../../examples/stages/pods.yaml");
const CLAIMS: &str = include_str!("../../../../../examples/stages/claims.yaml");

fn stages(text: &str) -> Stages {
    let stages = kwok::read(text, yaml::FileId(0)).expect("the stages are right");
    Stages::new(stages).expect("their kinds are known")
}

/// A world that lives as these stages say.
fn world(texts: &[&str]) -> Stage {
    let all = texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>().join("\n---\n");
    let mut controllers = crate::storage::controllers();
    controllers.extend(crate::nodes::controllers(&stages(&all), 1));
    Stage::new(controllers)
}

fn bare_node(stage: &mut Stage, metadata: &str) {
    stage.made("/api/v1/nodes", &format!(r#"{{"metadata":{{"name":"n"{metadata}}}}}"#));
    stage.settle();
}

fn says<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    object.str_at(path).unwrap_or_default()
}

#[test]
fn nodes_live_as_their_stages_say() {
    let mut stage = world(&[NODES]);
    bare_node(&mut stage, r#","annotations":{"example.com/boot":"10s"}"#);
    stage.seconds(9);
    let node = stage.get("/api/v1/nodes/n").unwrap_or_default();
    assert_eq!(condition(&node, "Ready"), None);
    stage.seconds(40);
    let node = stage.get("/api/v1/nodes/n").unwrap_or_default();
    assert_eq!(condition(&node, "Ready"), Some("True"));
    assert_eq!(says(&node, &["status", "allocatable", "memory"]), "16Gi");
    assert_eq!(says(&node, &["status", "nodeInfo", "kubeletVersion"]), "staged-v0.8.0");
    assert!(node.at(&["spec", "taints"]).is_none(), "{node}");
    assert_eq!(stage.told("Booted"), ["the machine is up"]);
    let beat = |stage: &mut Stage| {
        let node = stage.get("/api/v1/nodes/n").unwrap_or_default();
        let rows = node.at(&["status", "conditions"]).and_then(Value::as_list).cloned();
        let row = rows
            .into_iter()
            .flat_map(|rows| rows.to_vec())
            .find(|row| says(row, &["type"]) == "Ready");
        says(&row.unwrap_or_default(), &["lastHeartbeatTime"]).to_owned()
    };
    let first = beat(&mut stage);
    stage.seconds(400);
    assert_ne!(beat(&mut stage), first);
    stage.patched("/api/v1/nodes/n", r#"{"metadata":{"labels":{"example.com/fails":"true"}}}"#);
    stage.seconds(10);
    let node = stage.get("/api/v1/nodes/n").unwrap_or_default();
    assert_eq!(condition(&node, "Ready"), Some("False"));
    assert!(node.to_string().contains("node.kubernetes.io/not-ready"), "{node}");
    stage.deleted("/api/v1/nodes/n");
    stage.settle();
    assert_eq!(stage.get("/api/v1/nodes/n"), None, "its finalizer is gone");
}

#[test]
fn pods_live_as_their_stages_say() {
    let mut stage = world(&[PODS]);
    stage.node("n", 4, 8, "");
    stage.settle();
    stage.pod("web", "", "");
    stage.made(
        "/api/v1/namespaces/x/pods",
        r#"{"metadata":{"name":"job","ownerReferences":[{"apiVersion":"batch/v1","kind":"Job","name":"j","uid":"u"}]},"spec":{"containers":[{"name":"c","image":"i"}]}}"#,
    );
    stage.settle();
    let pod = stage.get("/api/v1/namespaces/x/pods/web").unwrap_or_default();
    assert_eq!(
        (says(&pod, &["status", "phase"]), says(&pod, &["spec", "nodeName"])),
        ("Pending", "n")
    );
    stage.seconds(5);
    let pod = stage.get("/api/v1/namespaces/x/pods/web").unwrap_or_default();
    assert_eq!(says(&pod, &["status", "phase"]), "Running");
    assert_eq!(condition(&pod, "Ready"), Some("True"));
    let address = says(&pod, &["status", "podIP"]).to_owned();
    let job = stage.get("/api/v1/namespaces/x/pods/job").unwrap_or_default();
    assert!(!address.is_empty() && address != says(&job, &["status", "podIP"]), "{address}");
    stage.seconds(12);
    let job = stage.get("/api/v1/namespaces/x/pods/job").unwrap_or_default();
    assert_eq!(says(&job, &["status", "phase"]), "Succeeded");
    stage.deleted("/api/v1/namespaces/x/pods/web");
    stage.settle();
    assert!(stage.get("/api/v1/namespaces/x/pods/web").is_some());
    stage.seconds(35);
    assert_eq!(stage.get("/api/v1/namespaces/x/pods/web"), None);
}

#[test]
fn the_pods_of_a_lost_node_stand_still() {
    let mut stage = world(&[PODS]);
    stage.node("n", 4, 8, "");
    stage.settle();
    stage.pod("web", "", "");
    stage.settle();
    stage.patched("/api/v1/nodes/n", r#"{"metadata":{"annotations":{"muster.dev/lost":"true"}}}"#);
    stage.seconds(10);
    let pod = stage.get("/api/v1/namespaces/x/pods/web").unwrap_or_default();
    assert_eq!(says(&pod, &["status", "phase"]), "Pending");
    stage.patched("/api/v1/nodes/n", r#"{"metadata":{"annotations":{"muster.dev/lost":null}}}"#);
    stage.seconds(10);
    let pod = stage.get("/api/v1/namespaces/x/pods/web").unwrap_or_default();
    assert_eq!(says(&pod, &["status", "phase"]), "Running");
}

#[test]
fn stages_make_other_objects() {
    let mut stage = world(&[CLAIMS]);
    stage.made(
        "/apis/storage.k8s.io/v1/storageclasses",
        r#"{"metadata":{"name":"staged"},"provisioner":"example.com/staged"}"#,
    );
    let path = "/api/v1/namespaces/x/persistentvolumeclaims";
    stage.made(path, r#"{"metadata":{"name":"data"},"spec":{"storageClassName":"staged","accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}"#);
    stage.settle();
    let phase = |stage: &mut Stage| {
        let claim = stage.get(&format!("{path}/data")).unwrap_or_default();
        says(&claim, &["status", "phase"]).to_owned()
    };
    assert_eq!(phase(&mut stage), "Pending");
    stage.seconds(3);
    assert_eq!(phase(&mut stage), "Bound");
    assert_eq!(stage.told("Provisioned"), ["a volume was made"]);
    assert_eq!(stage.list("/api/v1/persistentvolumes").len(), 1);
    stage.deleted(&format!("{path}/data"));
    stage.seconds(3);
    assert!(stage.list("/api/v1/persistentvolumes").is_empty());
}

const ENDLESS: &str = "
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: counts}
spec:
  resourceRef: {kind: ConfigMap}
  selector: {matchLabels: {counts: 'yes'}}
  steps:
    - patch:
        template: |
          data: {count: {{ add1 (int (or .data.count 0)) | Quote }}}
    - patch:
        template: '{{ index .data.nothing 1 }}'
";

#[test]
fn stages_without_end_do_not_stop_the_time() {
    let sound =
        ENDLESS.replace("    - patch:\n        template: '{{ index .data.nothing 1 }}'\n", "");
    let mut stage = world(&[&sound]);
    let map = r#"{"metadata":{"name":"m","labels":{"counts":"yes"}},"data":{"count":"0"}}"#;
    stage.made("/api/v1/namespaces/x/configmaps", map);
    stage.seconds(3);
    let map = stage.get("/api/v1/namespaces/x/configmaps/m").unwrap_or_default();
    let count: u32 = says(&map, &["data", "count"]).parse().expect("a number");
    assert!((100..1_000).contains(&count), "{count}");
}

#[test]
fn a_template_that_does_not_fit_is_told() {
    let mut stage = world(&[ENDLESS]);
    let map = r#"{"metadata":{"name":"m","labels":{"counts":"yes"}}}"#;
    stage.made("/api/v1/namespaces/x/configmaps", map);
    stage.settle();
    assert_eq!(
        stage.told("StageFailed"),
        ["Stage counts: line 1 of the template: a null has no item 1"]
    );
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let history = || {
        let mut stage = world(&[NODES, PODS]);
        bare_node(&mut stage, "");
        for name in ["a", "b", "c"] {
            stage.pod(name, "", "");
        }
        let mut seen = Vec::new();
        for _ in 0..90 {
            stage.seconds(1);
            seen.push(Value::from(stage.list("/api/v1/pods")).to_string());
        }
        seen
    };
    let first = history();
    assert!(first.last().is_some_and(|it| it.matches("\"Running\"").count() == 3), "{first:?}");
    assert_eq!(first, history());
}

#[test]
fn unknown_kinds_are_refused() {
    let of = |version: &str, kind: &str| {
        let text = format!(
            "apiVersion: kwok.x-k8s.io/v1alpha1\nkind: Stage\nmetadata: {{name: s}}\nspec:\n  resourceRef: {{apiGroup: {version}, kind: {kind}}}\n  selector: {{}}\n"
        );
        Stages::new(kwok::read(&text, yaml::FileId(0)).expect("it is right")).map(drop)
    };
    assert_eq!(of("apps/v1", "Deployment"), Ok(()));
    let unknown = |kind: &str, version: &str| UnknownKind {
        stage: "s".to_owned(),
        kind: kind.to_owned(),
        api_version: version.to_owned(),
    };
    assert_eq!(of("apps/v2", "Deployment"), Err(unknown("Deployment", "apps/v2")));
    assert_eq!(of("example.com/v1", "Robot"), Err(unknown("Robot", "example.com/v1")));
}

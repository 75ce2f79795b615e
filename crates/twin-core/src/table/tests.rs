//! Tables of objects as controllers leave them.

use super::{Head, Include, Layout};
use crate::registry::Registry;
use crate::schema::Schema;
use crate::time::Timestamp;
use crate::tree::{Map, Value, decode};

/// The cells of one object, as people see them, ten minutes after 1970 began.
fn cells(group: &str, version: &str, plural: &str, object: &str) -> Vec<String> {
    let registry = Registry::builtin(Schema::builtin());
    let resource = registry.find(group, version, plural).unwrap();
    let layout = Layout::new(resource, "meta.k8s.io/v1".into(), Include::Nothing);
    let object = decode(object.as_bytes()).unwrap();
    let now = Timestamp::default().plus_seconds(600);
    let meta = Value::Map(Map::default());
    let table = layout.table(std::iter::once(&object), meta, Head::Shown, now);
    let row = &table.at(&["rows"]).unwrap().as_list().unwrap()[0];
    let cells = row.at(&["cells"]).unwrap().as_list().unwrap();
    let columns = table.at(&["columnDefinitions"]).unwrap().as_list().unwrap();
    assert_eq!(cells.len(), columns.len());
    cells.iter().map(|it| it.as_str().map_or(it.to_string(), str::to_owned)).collect()
}

fn pod(spec: &str, status: &str, meta: &str) -> Vec<String> {
    let birth = r#""creationTimestamp":"1970-01-01T00:00:00Z""#;
    let object =
        format!(r#"{{"metadata":{{"name":"p",{birth}{meta}}},"spec":{spec},"status":{status}}}"#);
    cells("", "v1", "pods", &object)
}

#[test]
fn a_pod_has_one_word() {
    let two = r#"{"containers":[{"name":"a"},{"name":"b"}],"initContainers":[{"name":"i"}]}"#;
    let run = r#"{"name":"a","ready":true,"restartCount":2,"state":{"running":{}},"lastState":{"terminated":{"finishedAt":"1970-01-01T00:05:00Z"}}}"#;
    let wait = r#"{"name":"b","state":{"waiting":{"reason":"CrashLoopBackOff"}}}"#;
    let done = r#"{"name":"b","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}"#;
    let init = r#""initContainerStatuses":[{"name":"i","state":{"waiting":{"reason":"PodInitializing"}}}]"#;
    let past = r#""initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":0}}}]"#;
    let failed = r#""initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":3}}}]"#;
    let statuses = |first: &str, second: &str| {
        format!(r#"{{"phase":"Running",{past},"containerStatuses":[{first},{second}]}}"#)
    };
    for (status, meta, expected) in [
        (r#"{"phase":"Pending"}"#.to_owned(), "", ["0/2", "Pending", "0"]),
        (format!(r#"{{"phase":"Pending",{init}}}"#), "", ["0/2", "Init:0/1", "0"]),
        (format!(r#"{{"phase":"Pending",{failed}}}"#), "", ["0/2", "Init:ExitCode:3", "0"]),
        (statuses(run, wait), "", ["1/2", "CrashLoopBackOff", "2 (5m ago)"]),
        (statuses(run, done), "", ["1/2", "NotReady", "2 (5m ago)"]),
        (statuses(done, done), "", ["0/2", "Completed", "0"]),
        (
            statuses(run, run),
            r#","deletionTimestamp":"1970-01-01T00:00:00Z""#,
            ["2/2", "Terminating", "4 (5m ago)"],
        ),
    ] {
        assert_eq!(pod(two, &status, meta)[1..4], expected, "{status}");
    }
    let wide = pod(two, r#"{"phase":"Running","podIPs":[{"ip":"10.0.0.1"}]}"#, "");
    assert_eq!(wide[4..], ["10m", "10.0.0.1", "<none>", "<none>", "<none>"]);
}

#[test]
fn workloads_show_their_numbers() {
    let deployment = r#"{"metadata":{"name":"web"},"spec":{"replicas":3,
        "selector":{"matchLabels":{"b":"1","a":"2"},"matchExpressions":[{"key":"c","operator":"In","values":["y","x"]}]},
        "template":{"spec":{"containers":[{"name":"x","image":"i"},{"name":"y","image":"j"}]}}},
        "status":{"readyReplicas":2,"updatedReplicas":3}}"#;
    assert_eq!(
        cells("apps", "v1", "deployments", deployment),
        ["web", "2/3", "3", "0", "<unknown>", "x,y", "i,j", "a=2,b=1,c in (x,y)"]
    );
    let job = r#"{"metadata":{"name":"j"},"spec":{"parallelism":2},
        "status":{"startTime":"1970-01-01T00:00:00Z","succeeded":1}}"#;
    assert_eq!(cells("batch", "v1", "jobs", job)[..4], ["j", "Running", "1/1 of 2", "10m"]);
}

#[test]
fn what_has_no_columns_of_its_own_has_its_birth() {
    let role = r#"{"metadata":{"name":"r","creationTimestamp":"1970-01-01T00:00:00Z"}}"#;
    assert_eq!(
        cells("rbac.authorization.k8s.io", "v1", "roles", role),
        ["r", "1970-01-01T00:00:00Z"]
    );
}

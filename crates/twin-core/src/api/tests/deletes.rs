//! Ends of objects, and what is said of writes of the control plane.

use super::{MAPS, Method, Value, World};
use crate::tree::decode;

#[test]
fn a_body_of_a_delete_says_all_there_is_to_say() {
    let mut world = World::new();
    world.post(MAPS, r#"{"metadata":{"name":"a"}}"#);
    let path = format!("{MAPS}/a");
    let mut delete = |query: &str, body: &str| {
        world.ask(Method::Delete, &format!("{path}{query}"), "application/json", body).0
    };
    assert_eq!(delete("", r#"{"dryRun":["All"]}"#), 200);
    assert_eq!(delete("", r#"{"dryRun":["Some"]}"#), 422);
    assert_eq!(delete("?dryRun=Some", ""), 422);
    assert_eq!(delete("?dryRun=All", ""), 200);
    assert_eq!(delete("?dryRun=All", "{}"), 200, "a body is there");
    assert_eq!(delete("", ""), 404);
    world.post(MAPS, r#"{"metadata":{"name":"a"}}"#);
    assert_eq!(world.ask(Method::Delete, MAPS, "", r#"{"dryRun":["All"]}"#).0, 200);
    assert_eq!(world.get(&path).0, 200);
}

#[test]
fn who_gives_less_than_no_time_gives_a_second() {
    let mut world = World::new();
    let pods = "/api/v1/namespaces/x/pods";
    let pod = r#"{"metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}]}}"#;
    assert_eq!(world.post(pods, pod).0, 201);
    let (_, ending) =
        world.ask(Method::Delete, &format!("{pods}/p"), "", r#"{"gracePeriodSeconds":-1}"#);
    let grace = ending.at(&["metadata", "deletionGracePeriodSeconds"]).and_then(Value::as_int);
    assert_eq!(grace, Some(1));
}

#[test]
fn the_control_plane_reads_no_warnings() {
    let mut world = World::new();
    let group = "/apis/admissionregistration.k8s.io/v1";
    let policy = r#"{"metadata":{"name":"p"},"spec":{"matchConstraints":{"resourceRules":[{"operations":["*"],
        "apiGroups":[""],"apiVersions":["*"],"resources":["configmaps"]}]},"validations":[{"expression":"false"}]}}"#;
    let binding =
        r#"{"metadata":{"name":"b"},"spec":{"policyName":"p","validationActions":["Warn"]}}"#;
    assert_eq!(world.post(&format!("{group}/validatingadmissionpolicies"), policy).0, 201);
    assert_eq!(world.post(&format!("{group}/validatingadmissionpolicybindings"), binding).0, 201);
    world.act("/configmaps", &decode(br#"{"metadata":{"name":"a"}}"#).unwrap());
    assert_eq!(world.api.warned, [""; 0]);
}

use crate::tables::{CONFIG_MAPS, DEPLOYMENTS, PODS};
use crate::workloads::read::list;
use crate::workloads::stage::{Stage, pods_of};
use twin_core::api::Method;

const SPACE: &str = "/api/v1/namespaces/x";

fn filled() -> Stage {
    let mut stage = Stage::new();
    let body = format!(
        r#"{{"metadata":{{"name":"web"}},"spec":{{"replicas":3,{}}}}}"#,
        pods_of("web", "i")
    );
    stage.post("/apis/apps/v1/namespaces/x/deployments", &body);
    stage.post("/api/v1/namespaces/x/secrets", r#"{"metadata":{"name":"s"}}"#);
    stage.post(
        "/api/v1/namespaces/x/configmaps",
        r#"{"metadata":{"name":"m","finalizers":["example/wait"]}}"#,
    );
    stage.pass(10);
    stage
}

#[test]
fn a_namespace_goes_with_all_that_lies_in_it() {
    let mut stage = filled();
    stage.delete(SPACE);
    stage.pass(60);
    assert_eq!(stage.names(&PODS).len() + stage.names(&DEPLOYMENTS).len(), 0);
    assert_eq!(stage.ask(Method::Get, "/api/v1/namespaces/x/secrets/s", "").0, 404);
    let (code, left) = stage.ask(Method::Get, SPACE, "");
    assert_eq!((code, left.str_at(&["status", "phase"])), (200, Some("Terminating")));
    assert_eq!(stage.names(&CONFIG_MAPS), ["m"]);
    stage.patch("/api/v1/namespaces/x/configmaps/m", r#"{"metadata":{"finalizers":null}}"#);
    stage.pass(60);
    assert_eq!(stage.ask(Method::Get, SPACE, "").0, 404);
}

#[test]
fn nothing_new_comes_into_a_namespace_that_goes() {
    let mut stage = filled();
    stage.delete(SPACE);
    let (code, status) =
        stage.ask(Method::Post, "/api/v1/namespaces/x/configmaps", r#"{"metadata":{"name":"n"}}"#);
    assert_eq!((code, status.str_at(&["reason"])), (403, Some("Forbidden")));
    let text = status.to_string();
    assert!(
        text.contains("NamespaceTerminating") && text.contains("because it is being terminated")
    );
}

#[test]
fn a_namespace_waits_for_its_own_finalizers() {
    let mut stage = Stage::new();
    stage.patch(SPACE, r#"{"metadata":{"finalizers":["example/wait"]}}"#);
    stage.delete(SPACE);
    stage.pass(60);
    assert_eq!(stage.ask(Method::Get, SPACE, "").0, 200);
    stage.patch(SPACE, r#"{"metadata":{"finalizers":null}}"#);
    stage.pass(60);
    assert_eq!(stage.ask(Method::Get, SPACE, "").0, 404);
}

#[test]
fn a_namespace_says_what_it_waits_for() {
    let mut stage = filled();
    stage.delete(SPACE);
    stage.pass(60);
    let (_, space) = stage.ask(Method::Get, SPACE, "");
    let said: Vec<_> = list(&space, &["status", "conditions"])
        .iter()
        .filter(|it| it.str_at(&["status"]) == Some("True"))
        .map(|it| it.str_at(&["message"]).unwrap().to_owned())
        .collect();
    assert_eq!(
        said,
        [
            "Some resources are remaining: configmaps. has 1 resource instances",
            "Some content in the namespace has finalizers remaining: example/wait in 1 resource instances",
        ]
    );
    assert_eq!(list(&space, &["status", "conditions"]).len(), 5);
}

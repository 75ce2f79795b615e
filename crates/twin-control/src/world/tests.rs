use super::World;
use twin_core::api::{Body, Method, Request};
use twin_core::time::Timestamp;

/// Sends a request as kubectl would, and gives the body of the answer.
fn ask(world: &mut World, method: Method, path: &str, body: &str) -> String {
    let request = Request {
        method,
        path,
        query: "",
        content_type: "application/json",
        accept: "",
        user_agent: "test",
        user: None,
        body: body.as_bytes(),
    };
    match world.handle(&request, Timestamp::default()).body {
        Body::Whole(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Body::Watch(_) => String::new(),
    }
}

#[test]
fn a_namespace_gets_what_each_has() {
    let mut world = World::new(crate::identity::controllers(), 1);
    ask(&mut world, Method::Post, "/api/v1/namespaces", r#"{"metadata":{"name":"x"}}"#);
    assert_eq!(world.settle(Timestamp::default()), None);
    let account = "/api/v1/namespaces/x/serviceaccounts/default";
    assert!(ask(&mut world, Method::Get, account, "").contains(r#""kind":"ServiceAccount""#));
    ask(&mut world, Method::Delete, account, "");
    world.settle(Timestamp::default());
    assert!(ask(&mut world, Method::Get, account, "").contains(r#""kind":"ServiceAccount""#));
}

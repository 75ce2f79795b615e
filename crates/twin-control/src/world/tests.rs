use super::World;
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables;
use twin_core::api::{Body, Method, Request};
use twin_core::hooks::Answer;
use twin_core::store::{Change, Key, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::Value;

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
        Body::Watch(_) | Body::Log(_) => String::new(),
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

/// Paints namespaces.
#[derive(Debug)]
struct Painter;

const COLOUR: [&str; 3] = ["metadata", "labels", "colour"];

impl Controller for Painter {
    fn name(&self) -> &'static str {
        "painter"
    }

    fn woken(&mut self, change: &Change, _: &TableName, _: &View<'_>, wake: &mut Wake) {
        wake.key(change.object.key.clone());
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let found = view.get(&tables::NAMESPACES, key).filter(|it| it.tree.at(&COLOUR).is_none());
        if let Some(space) = found {
            outcome.update(tables::NAMESPACES, key, space.tree.with(&COLOUR, "red".into()));
        }
        outcome
    }
}

/// A webhook that is asked about every change of a namespace.
const CONFIGURATION: &str = r#"{"metadata":{"name":"v"},"webhooks":[{"name":"a.b.c","sideEffects":"None",
    "admissionReviewVersions":["v1beta1"],"clientConfig":{"url":"https://h/"},
    "rules":[{"operations":["UPDATE"],"apiGroups":[""],"apiVersions":["v1"],"resources":["namespaces"]}]}]}"#;

fn allowed() -> Answer {
    let body = br#"{"response":{"allowed":true}}"#.to_vec();
    Answer::Said { code: 200, content_type: String::new(), body }
}

#[test]
fn a_write_that_waits_overwrites_nobody() {
    let mut world = World::new(vec![Box::new(Painter)], 1);
    let configurations = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    ask(&mut world, Method::Post, configurations, CONFIGURATION);
    ask(&mut world, Method::Post, "/api/v1/namespaces", r#"{"metadata":{"name":"x"}}"#);
    let mut now = Timestamp::default();
    assert_eq!(world.settle(now), None);
    let asked = world.questions(8);
    assert_eq!(asked.len(), 1);
    // It is asked once, however often somebody looks.
    let space = "/api/v1/namespaces/x";
    let named = r#"{"metadata":{"name":"x","labels":{"name":"y"}}}"#;
    ask(&mut world, Method::Put, space, named);
    world.settle(now);
    assert!(world.questions(8).is_empty());
    // What it decided on is not there any more.
    world.answered(asked[0].0, allowed(), now);
    let found = ask(&mut world, Method::Get, space, "");
    assert!(found.contains(r#""name":"y""#) && !found.contains("red"), "{found}");
    // It looks again, at what is there now.
    world.settle(now);
    now = now.plus_seconds(5);
    world.settle(now);
    let asked = world.questions(8);
    let old = asked[0].1.review.at(&["request", "oldObject", "metadata", "labels", "name"]);
    assert_eq!(old.and_then(Value::as_str), Some("y"));
    world.answered(asked[0].0, allowed(), now);
    let found = ask(&mut world, Method::Get, space, "");
    assert!(found.contains(r#""name":"y""#) && found.contains("red"), "{found}");
    // An answer that nobody waits for changes nothing.
    world.answered(asked[0].0, allowed(), now);
}

use super::World;
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables;
use twin_core::api::{Act, Body, Deed, Deletion, Method, PatchForm, Request};
use twin_core::hooks::Answer;
use twin_core::store::{Change, Key, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

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

const MAPS: TableName = TableName(Text::new_static("/configmaps"));

/// Does something once, when it sees a namespace.
#[derive(Debug)]
struct Once(fn(&Value) -> Vec<(TableName, Key, Deed)>);

impl Controller for Once {
    fn name(&self) -> &'static str {
        "once"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        if *table == tables::NAMESPACES && change.previous.is_none() {
            wake.key(change.object.key.clone());
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(space) = view.get(&tables::NAMESPACES, key) else { return outcome };
        let acts = std::mem::replace(&mut self.0, |_| Vec::new())(&space.tree);
        let act = |(table, key, deed)| Act { table, key, deed };
        outcome.acts.extend(acts.into_iter().map(act));
        outcome
    }
}

/// A map that a webhook is asked about, and then what was decided on together with it.
fn decided(space: &Value) -> Vec<(TableName, Key, Deed)> {
    let named = |name: &str| Value::from([("metadata", Value::from([("name", name.into())]))]);
    let key = |name: &str| Key::new("x", name);
    let patch = Value::from([("data", Value::from([("hit", "yes".into())]))]);
    let (form, subresource) = (PatchForm::Merge, Text::default());
    vec![
        (MAPS, key("new"), Deed::Create(named("new"))),
        (tables::NAMESPACES, Key::new("", "x"), Deed::Update(space.with(&COLOUR, "red".into()))),
        (tables::NAMESPACES, Key::new("", "x"), Deed::UpdateStatus(space.clone())),
        (tables::NAMESPACES, Key::new("", "x"), Deed::Update(space.with(&COLOUR, "blue".into()))),
        (MAPS, key("deleted"), Deed::Delete(Deletion::default())),
        (MAPS, key("removed"), Deed::Remove),
        (MAPS, key("patched"), Deed::Patch { form, subresource, patch }),
    ]
}

/// What is left of what was decided on when others do something while the first of it waits.
fn after(others: impl FnOnce(&mut World)) -> String {
    let mut world = World::new(vec![Box::new(Once(decided))], 1);
    let configuration =
        CONFIGURATION.replace("UPDATE", "CREATE").replace("namespaces", "configmaps");
    let configurations = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    ask(&mut world, Method::Post, configurations, &configuration);
    ask(&mut world, Method::Post, "/api/v1/namespaces", r#"{"metadata":{"name":"x"}}"#);
    for name in ["deleted", "removed", "patched"] {
        make(&mut world, name);
    }
    let now = Timestamp::default();
    world.settle(now);
    let asked = world.questions(8);
    assert_eq!(asked.len(), 1);
    others(&mut world);
    world.answered(asked[0].0, allowed(), now);
    let maps = ask(&mut world, Method::Get, "/api/v1/namespaces/x/configmaps", "");
    maps + &ask(&mut world, Method::Get, "/api/v1/namespaces/x", "")
}

fn make(world: &mut World, name: &str) {
    let body = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
    ask(world, Method::Post, "/api/v1/namespaces/x/configmaps", &body);
}

#[test]
fn what_was_decided_with_a_write_that_waits_hits_nobody_else() {
    // Its own writes are no one else's.
    let alone = after(|_| {});
    assert!(alone.contains(r#""name":"new""#) && alone.contains("blue"), "{alone}");
    assert!(alone.contains("hit"), "{alone}");
    assert!(!alone.contains(r#""name":"deleted""#) && !alone.contains(r#""name":"removed""#));
    let others = after(|world| {
        let named = r#"{"metadata":{"name":"x","labels":{"name":"y"}}}"#;
        ask(world, Method::Put, "/api/v1/namespaces/x", named);
        for name in ["deleted", "removed", "patched"] {
            ask(world, Method::Delete, &format!("/api/v1/namespaces/x/configmaps/{name}"), "");
            make(world, name);
        }
    });
    for there in ["new", "deleted", "removed", "patched", "y"] {
        assert!(others.contains(&format!(r#""name":"{there}""#)), "{there}: {others}");
    }
    for not in ["red", "blue", "hit"] {
        assert!(!others.contains(not), "{not}: {others}");
    }
    // What is gone is nobody's.
    let gone = after(|world| {
        for name in ["deleted", "removed"] {
            ask(world, Method::Delete, &format!("/api/v1/namespaces/x/configmaps/{name}"), "");
        }
    });
    assert!(gone.contains("hit") && gone.contains("blue"), "{gone}");
}

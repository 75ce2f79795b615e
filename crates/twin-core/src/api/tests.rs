use super::{Api, Body, Method, Moment, Request};
use crate::time::Timestamp;
use crate::tree::{Value, decode};

struct World {
    api: Api,
    seed: u64,
}

impl World {
    fn new() -> Self {
        let mut world = Self { api: Api::default(), seed: 0 };
        assert_eq!(world.post("/api/v1/namespaces", r#"{"metadata":{"name":"x"}}"#).0, 201);
        world
    }

    fn ask(&mut self, method: Method, path: &str, content_type: &str, body: &str) -> (u16, Value) {
        self.seed += 1;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let body = body.as_bytes();
        let request =
            Request { method, path, query, content_type, accept: "", user_agent: "test/1", body };
        let moment = Moment { now: Timestamp::default().plus_seconds(1_000), seed: self.seed };
        let response = self.api.handle(&request, moment);
        let Body::Whole(body) = response.body else { panic!("a watch") };
        (response.code, decode(&body).unwrap_or_default())
    }

    fn post(&mut self, path: &str, body: &str) -> (u16, Value) {
        self.ask(Method::Post, path, "application/json", body)
    }

    fn get(&mut self, path: &str) -> (u16, Value) {
        self.ask(Method::Get, path, "", "")
    }
}

const MAPS: &str = "/api/v1/namespaces/x/configmaps";

#[test]
fn an_object_lives() {
    let mut world = World::new();
    let (code, made) = world.post(MAPS, r#"{"metadata":{"name":"a"},"data":{"k":"v"}}"#);
    assert_eq!((code, made.str_at(&["data", "k"])), (201, Some("v")));
    assert_eq!(world.post(MAPS, r#"{"metadata":{"name":"a"}}"#).0, 409);
    assert_eq!(world.get(&format!("{MAPS}/a")).1, made);
    let stale = made.with(&["metadata", "resourceVersion"], "1".into()).to_string();
    assert_eq!(world.ask(Method::Put, &format!("{MAPS}/a"), "", &stale).0, 409);
    let (code, patched) = world.ask(
        Method::Patch,
        &format!("{MAPS}/a"),
        "application/merge-patch+json",
        r#"{"data":{"k":null,"l":"w"}}"#,
    );
    assert_eq!(
        (code, patched.at(&["data"]).unwrap().to_string()),
        (200, r#"{"l":"w"}"#.to_owned())
    );
    assert_eq!(world.ask(Method::Delete, &format!("{MAPS}/a"), "", "").0, 200);
    assert_eq!(world.get(&format!("{MAPS}/a")).0, 404);
}

#[test]
fn pages_show_one_moment() {
    let mut world = World::new();
    for at in 0..5 {
        world.post(MAPS, &format!(r#"{{"metadata":{{"name":"m{at}"}}}}"#));
    }
    let (_, first) = world.get(&format!("{MAPS}?limit=2"));
    let token = first.str_at(&["metadata", "continue"]).unwrap().to_owned();
    assert_eq!(first.at(&["metadata", "remainingItemCount"]), Some(&Value::Int(3)));
    world.ask(Method::Delete, &format!("{MAPS}/m3"), "", "");
    let (_, rest) = world.get(&format!("{MAPS}?continue={token}"));
    assert_eq!(rest.at(&["items"]).unwrap().as_list().unwrap().len(), 3);
    world.api.compact();
    assert_eq!(world.get(&format!("{MAPS}?continue={token}")).0, 410);
}

#[test]
fn requests_that_make_no_sense_get_their_status() {
    let mut world = World::new();
    for (method, path, media, body, code) in [
        (Method::Post, MAPS, "", "{", 400),
        (Method::Post, MAPS, "text/plain", "{}", 415),
        (Method::Post, MAPS, "", r#"{"data":[]}"#, 400),
        (Method::Post, MAPS, "", "{}", 422),
        (Method::Post, MAPS, "", r#"{"metadata":{"name":"A"}}"#, 422),
        (
            Method::Post,
            "/api/v1/namespaces/none/configmaps",
            "",
            r#"{"metadata":{"name":"a"}}"#,
            404,
        ),
        (Method::Get, "/api/v1/namespaces/x/configmaps?labelSelector=a=$", "", "", 400),
        (Method::Get, "/api/v1/namespaces/x/configmaps?fieldSelector=spec.x=1", "", "", 400),
        (Method::Put, MAPS, "", "{}", 405),
        (Method::Get, "/api/v1/nonsense", "", "", 404),
        (Method::Patch, "/api/v1/namespaces/x", "text/plain", "{}", 415),
    ] {
        assert_eq!(world.ask(method, path, media, body).0, code, "{method:?} {path} {body}");
    }
}

#[test]
fn pods_end_gracefully_once_they_run() {
    let mut world = World::new();
    let pods = "/api/v1/namespaces/x/pods";
    let pod = r#"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}"#;
    assert_eq!(world.post(pods, pod).0, 201);
    assert_eq!(world.post(&format!("{pods}/p/binding"), r#"{"target":{"name":"n"}}"#).0, 201);
    assert_eq!(world.post(&format!("{pods}/p/binding"), r#"{"target":{"name":"m"}}"#).0, 409);
    let (_, ending) = world.ask(Method::Delete, &format!("{pods}/p"), "", "");
    assert_eq!(ending.at(&["metadata", "deletionGracePeriodSeconds"]), Some(&Value::Int(30)));
    assert_eq!(world.get(&format!("{pods}/p")).0, 200);
    world.ask(Method::Delete, &format!("{pods}/p?gracePeriodSeconds=0"), "", "");
    assert_eq!(world.get(&format!("{pods}/p")).0, 404);
}

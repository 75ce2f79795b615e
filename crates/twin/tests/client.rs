//! kube-rs against the twin: what a controller does.

#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use futures::{StreamExt, TryStreamExt};
use http::{HeaderValue, Request};
use http_body_util::BodyExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Node, Pod};
use kube::ResourceExt;
use kube::api::{
    Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use kube::runtime::{WatchStreamExt, reflector, watcher};
use serde_json::{Value, json};
use twin::{Motion, Twin};

fn map(name: &str) -> ConfigMap {
    serde_json::from_value(json!({ "metadata": { "name": name }, "data": { "a": "1" } })).unwrap()
}

#[tokio::test(start_paused = true)]
async fn objects_are_made_changed_and_deleted() {
    let client = Twin::builder().nodes(3).start().client();
    assert_eq!(
        Api::<Node>::all(client.clone()).list(&ListParams::default()).await.unwrap().items.len(),
        3
    );
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let made = maps.create(&PostParams::default(), &map("a")).await.unwrap();
    assert!(made.metadata.uid.is_some());
    let patch = Patch::Merge(json!({ "data": { "b": "2" } }));
    let patched = maps.patch("a", &PatchParams::default(), &patch).await.unwrap();
    assert_eq!(patched.data.unwrap().len(), 2);
    let stale = maps.replace("a", &PostParams::default(), &made).await.unwrap_err();
    assert!(matches!(stale, kube::Error::Api(status) if status.is_conflict()));
    maps.delete("a", &DeleteParams::default()).await.unwrap();
    assert!(maps.get_opt("a").await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn applied_fields_have_owners() {
    let client = Twin::builder().start().client();
    let deployments: Api<Deployment> = Api::default_namespaced(client);
    let config = |replicas: i32| {
        Patch::Apply(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
            "spec": { "replicas": replicas, "selector": { "matchLabels": { "app": "web" } },
                "template": { "metadata": { "labels": { "app": "web" } },
                    "spec": { "containers": [{ "name": "c", "image": "i:1" }] } } }
        }))
    };
    let first = deployments.patch("web", &PatchParams::apply("one"), &config(1)).await.unwrap();
    assert_eq!(first.spec.unwrap().revision_history_limit, Some(10));
    let error = deployments.patch("web", &PatchParams::apply("two"), &config(2)).await.unwrap_err();
    let kube::Error::Api(status) = error else { panic!("{error}") };
    assert_eq!(
        status.message,
        r#"Apply failed with 1 conflict: conflict with "one": .spec.replicas"#
    );
    let forced =
        deployments.patch("web", &PatchParams::apply("two").force(), &config(2)).await.unwrap();
    assert_eq!(forced.spec.unwrap().replicas, Some(2));
}

#[tokio::test(start_paused = true)]
async fn watchers_see_every_change_and_survive_a_compaction() {
    for config in [watcher::Config::default(), watcher::Config::default().streaming_lists()] {
        let twin = Twin::builder().motion(Motion::Still).start();
        let maps: Api<ConfigMap> = Api::default_namespaced(twin.client());
        maps.create(&PostParams::default(), &map("a")).await.unwrap();
        let (reader, writer) = reflector::store();
        let stream = watcher(maps.clone(), config).default_backoff();
        let mut seen = reflector(writer, stream).touched_objects().boxed();
        assert_eq!(seen.try_next().await.unwrap().unwrap().metadata.name.unwrap(), "a");
        maps.create(&PostParams::default(), &map("b")).await.unwrap();
        assert_eq!(seen.try_next().await.unwrap().unwrap().metadata.name.unwrap(), "b");
        twin.compact();
        maps.delete("a", &DeleteParams::default()).await.unwrap();
        assert_eq!(seen.try_next().await.unwrap().unwrap().metadata.name.unwrap(), "a");
        assert_eq!(reader.state().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn equal_seeds_give_equal_histories() {
    let history = |seed| async move {
        let origin = std::time::Duration::from_hours(500_000);
        let twin = Twin::builder().nodes(3).seed(seed).origin(origin).start();
        let pods: Api<Pod> = Api::default_namespaced(twin.client());
        let pod: Pod = serde_json::from_value(json!({ "metadata": { "generateName": "p-" },
            "spec": { "containers": [{ "name": "c", "image": "i" }] } }))
        .unwrap();
        for _ in 0..3 {
            pods.create(&PostParams::default(), &pod).await.unwrap();
        }
        let deployments: Api<Deployment> = Api::default_namespaced(twin.client());
        let web: Deployment = serde_json::from_value(json!({ "metadata": { "name": "web" },
            "spec": { "replicas": 5, "selector": { "matchLabels": { "app": "web" } },
                "template": { "metadata": { "labels": { "app": "web" } },
                    "spec": { "containers": [{ "name": "c", "image": "i:1" }] } } } }))
        .unwrap();
        deployments.create(&PostParams::default(), &web).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_mins(1)).await;
        twin.lose("node-1").unwrap();
        tokio::time::sleep(std::time::Duration::from_mins(10)).await;
        let events: Api<Event> = Api::default_namespaced(twin.client());
        let events = events.list(&ListParams::default()).await.unwrap();
        assert!(events.items.len() > 20, "{} events", events.items.len());
        let pods = pods.list(&ListParams::default()).await.unwrap();
        serde_json::to_string(&(pods, events)).unwrap()
    };
    assert_eq!(history(7).await, history(7).await);
    assert_ne!(history(7).await, history(8).await);
}

#[tokio::test(start_paused = true)]
async fn many_who_wait_for_one_change_come_in_the_same_order() {
    let history = || async {
        let origin = std::time::Duration::from_hours(500_000);
        let twin = Twin::builder().motion(Motion::Still).origin(origin).start();
        let maps: Api<ConfigMap> = Api::default_namespaced(twin.client());
        for watcher in 0..20 {
            let maps: Api<ConfigMap> = Api::default_namespaced(twin.client());
            tokio::spawn(async move {
                let changes = maps.watch(&WatchParams::default(), "1").await.unwrap();
                let mut changes = changes.boxed();
                while let Ok(Some(WatchEvent::Added(cause))) = changes.try_next().await {
                    if cause.name_any().starts_with("cause") {
                        let name = format!("effect-{watcher}-{}", cause.name_any());
                        maps.create(&PostParams::default(), &map(&name)).await.unwrap();
                    }
                }
            });
        }
        for at in 0..5 {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            maps.create(&PostParams::default(), &map(&format!("cause-{at}"))).await.unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let maps = maps.list(&ListParams::default()).await.unwrap().items;
        assert_eq!(maps.len(), 105);
        serde_json::to_string(&maps).unwrap()
    };
    let first = history().await;
    for _ in 0..3 {
        assert!(history().await == first);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_may_be_asked_for_ever() {
    let client = Twin::builder().motion(Motion::Still).start().client();
    for seconds in [u64::MAX, 1 << 62] {
        let path = format!("/api/v1/configmaps?watch=1&timeoutSeconds={seconds}");
        let request = Request::get(path).body(kube::client::Body::empty()).unwrap();
        let answer = client.send(request).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}

/// Who a request comes from with these headers.
async fn who(twin: &Twin, headers: &[(&str, &[u8])]) -> (u16, Value) {
    let body = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let mut request = Request::post(path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, HeaderValue::from_bytes(value).unwrap());
    }
    let body = kube::client::Body::from(body.to_string().into_bytes());
    let answer = twin.client_as("caller", &[]).send(request.body(body).unwrap()).await.unwrap();
    let code = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let answer: Value = serde_json::from_slice(&body).unwrap();
    (code, answer["status"]["userInfo"]["username"].clone())
}

#[tokio::test(start_paused = true)]
async fn who_asks_in_the_name_of_somebody_is_never_taken_for_itself() {
    let twin = Twin::builder().motion(Motion::Still).start();
    let (user, group) = ("impersonate-user", "impersonate-group");
    for (headers, name) in [
        (vec![], "caller"),
        (vec![(user, b"jane".as_slice()), (group, b"devs".as_slice())], "jane"),
        (vec![(user, "jan\u{e9}".as_bytes())], "jan\u{e9}"),
        (vec![(user, b"jan\xe9".as_slice())], "jan\u{fffd}"),
        (vec![(user, b"".as_slice())], "caller"),
    ] {
        assert_eq!(who(&twin, &headers).await, (201, json!(name)));
    }
    for headers in [
        vec![(group, b"devs".as_slice())],
        vec![(user, b"".as_slice()), (group, b"\xe9".as_slice())],
    ] {
        assert_eq!(who(&twin, &headers).await.0, 400);
    }
}

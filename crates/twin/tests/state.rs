//! What a twin keeps in a file.

#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Service};
use kube::api::{
    Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams,
    WatchParams,
};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tokio::time::sleep;
use twin::{Builder, Motion, Scope, Twin};

/// Some years after 1970, the same for all.
fn builder() -> Builder {
    Twin::builder().nodes(3).origin(Duration::from_hours(500_000))
}

fn deployment(name: &str, replicas: i32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name },
        "spec": { "replicas": replicas, "selector": { "matchLabels": { "app": name } },
            "template": { "metadata": { "labels": { "app": name } },
                "spec": { "containers": [{ "name": "c", "image": "i:1" }] } } }
    })
}

async fn applied(client: &Client, name: &str, replicas: i32) {
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let patch = Patch::Apply(deployment(name, replicas));
    deployments.patch(name, &PatchParams::apply("test").force(), &patch).await.unwrap();
}

/// All that there is, with everything that is said of it.
async fn everything(client: &Client) -> Vec<String> {
    let mut all = Vec::new();
    for path in [
        "/api/v1/namespaces",
        "/api/v1/nodes",
        "/api/v1/pods",
        "/api/v1/services",
        "/api/v1/configmaps",
        "/apis/apps/v1/deployments",
        "/apis/apps/v1/replicasets",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        "/apis/example.com/v1/gadgets",
    ] {
        let request = http::Request::get(path).body(Vec::new()).unwrap();
        let list: Value = client.request(request).await.unwrap();
        all.extend(list["items"].as_array().unwrap().iter().map(Value::to_string));
    }
    all
}

fn gadgets(client: &Client) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("example.com", "v1", "Gadget");
    Api::default_namespaced_with(client.clone(), &ApiResource::from_gvk(&kind))
}

async fn filled(file: &Path) -> Vec<String> {
    let twin = builder().open(file).unwrap();
    let client = twin.client();
    twin.define("example.com", "v1", "Gadget", Scope::Namespaced);
    let gadget = json!({ "apiVersion": "example.com/v1", "kind": "Gadget",
        "metadata": { "name": "g" }, "spec": { "size": 3 } });
    let gadget = serde_json::from_value(gadget).unwrap();
    gadgets(&client).create(&PostParams::default(), &gadget).await.unwrap();
    let service = json!({ "metadata": { "name": "web" },
        "spec": { "type": "NodePort", "ports": [{ "port": 80 }] } });
    let services: Api<Service> = Api::default_namespaced(client.clone());
    let service = serde_json::from_value(service).unwrap();
    services.create(&PostParams::default(), &service).await.unwrap();
    applied(&client, "web", 5).await;
    sleep(Duration::from_mins(1)).await;
    let all = everything(&client).await;
    twin.close().await.unwrap();
    all
}

#[tokio::test(start_paused = true)]
async fn a_twin_goes_on_from_what_it_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    let before = filled(&file).await;
    let twin = builder().nodes(9).open(&file).unwrap();
    let client = twin.client();
    assert_eq!(everything(&client).await, before);
    assert_eq!(twin.nodes(), 3);
    // What moves it moves on, and nothing is given twice.
    applied(&client, "web", 8).await;
    let service = json!({ "metadata": { "name": "other" }, "spec": { "ports": [{ "port": 80 }] } });
    let services: Api<Service> = Api::default_namespaced(client.clone());
    let service = serde_json::from_value(service).unwrap();
    services.create(&PostParams::default(), &service).await.unwrap();
    sleep(Duration::from_mins(1)).await;
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let pods = pods.list(&ListParams::default()).await.unwrap().items;
    let ready = pods.iter().filter(|pod| pod.status.as_ref().unwrap().start_time.is_some());
    assert_eq!(ready.count(), 8);
    let mut uids: Vec<_> = pods.iter().map(|pod| pod.uid().unwrap()).collect();
    uids.sort();
    uids.dedup();
    assert_eq!(uids.len(), 8);
    let services = services.list(&ListParams::default()).await.unwrap().items;
    let addresses: BTreeSet<_> =
        services.iter().map(|it| it.spec.as_ref().unwrap().cluster_ip.clone()).collect();
    assert_eq!(addresses.len(), services.len());
    assert_eq!(gadgets(&client).get("g").await.unwrap().data["spec"]["size"], 3);
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_was_cut_off_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    let twin = builder().open(&file).unwrap();
    applied(&twin.client(), "web", 5).await;
    twin.close().await.unwrap();
    let client = builder().open(&file).unwrap().client();
    sleep(Duration::from_mins(1)).await;
    let deployments: Api<Deployment> = Api::default_namespaced(client);
    let status = deployments.get("web").await.unwrap().status.unwrap();
    assert_eq!(status.ready_replicas, Some(5));
}

#[tokio::test(start_paused = true)]
async fn a_container_that_crashes_goes_on_crashing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    let pod = json!({ "metadata": { "name": "p", "annotations": { "muster.dev/exit-code": "3" } },
        "spec": { "containers": [{ "name": "c", "image": "i" }] } });
    let restarts = |pod: &Pod| {
        let status = pod.status.as_ref().unwrap().container_statuses.as_ref().unwrap();
        status[0].restart_count
    };
    let pods = |twin: &Twin| Api::<Pod>::default_namespaced(twin.client());
    let twin = builder().open(&file).unwrap();
    let pod = serde_json::from_value(pod).unwrap();
    pods(&twin).create(&PostParams::default(), &pod).await.unwrap();
    sleep(Duration::from_mins(2)).await;
    let before = restarts(&pods(&twin).get("p").await.unwrap());
    twin.close().await.unwrap();
    let twin = builder().open(&file).unwrap();
    assert_eq!(restarts(&pods(&twin).get("p").await.unwrap()), before);
    sleep(Duration::from_mins(10)).await;
    let after = restarts(&pods(&twin).get("p").await.unwrap());
    assert!((before + 1..before + 8).contains(&after), "{before}, then {after}");
}

#[tokio::test(start_paused = true)]
async fn watches_from_before_expire_and_versions_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    filled(&file).await;
    let twin = builder().open(&file).unwrap();
    let maps: Api<ConfigMap> = Api::default_namespaced(twin.client());
    let now = maps.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let before = (now.parse::<u64>().unwrap() - 1).to_string();
    let plain = WatchParams { bookmarks: false, ..WatchParams::default() };
    let mut watch = maps.watch(&plain, &before).await.unwrap().boxed();
    let first = watch.try_next().await.unwrap().unwrap();
    let kube::api::WatchEvent::Error(status) = first else { panic!("{first:?}") };
    assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
    let map: ConfigMap = serde_json::from_value(json!({ "metadata": { "name": "a" } })).unwrap();
    let made = maps.create(&PostParams::default(), &map).await.unwrap();
    let number = |version: &str| version.parse::<u64>().unwrap();
    assert!(number(&made.resource_version().unwrap()) > number(&now));
    let mut watch = maps.watch(&plain, &now).await.unwrap().boxed();
    let first = watch.try_next().await.unwrap().unwrap();
    assert!(matches!(first, kube::api::WatchEvent::Added(map) if map.name_any() == "a"));
}

#[tokio::test(start_paused = true)]
async fn equal_seeds_give_equal_files() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    assert!(filled(&one).await == filled(&two).await);
}

#[tokio::test(start_paused = true)]
async fn a_long_log_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    let twin = Twin::builder().motion(Motion::Still).open(&file).unwrap();
    let maps: Api<ConfigMap> = Api::default_namespaced(twin.client());
    let map = |at: u32| -> ConfigMap {
        let data = json!({ "at": at.to_string(), "ballast": "x".repeat(1_000_000) });
        serde_json::from_value(json!({ "metadata": { "name": "a" }, "data": data })).unwrap()
    };
    maps.create(&PostParams::default(), &map(0)).await.unwrap();
    for at in 1..=20 {
        maps.replace("a", &PostParams::default(), &map(at)).await.unwrap();
    }
    twin.close().await.unwrap();
    let length = std::fs::metadata(&file).unwrap().len();
    assert!(length < 10_000_000, "{length} bytes");
    let twin = Twin::builder().motion(Motion::Still).open(&file).unwrap();
    let maps: Api<ConfigMap> = Api::default_namespaced(twin.client());
    assert_eq!(maps.get("a").await.unwrap().data.unwrap()["at"], "20");
}

#[tokio::test(start_paused = true)]
async fn a_file_belongs_to_one_twin() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    let twin = builder().open(&file).unwrap();
    let error = builder().open(&file).unwrap_err();
    assert!(matches!(error, twin::StateError::InUse { .. }), "{error}");
    drop(twin);
}

#[tokio::test(start_paused = true)]
async fn a_twin_that_ended_as_it_began_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    let many = Twin::builder().motion(Motion::Still).nodes(6_000).open(&file).unwrap();
    many.close().await.unwrap();
    let all = std::fs::read(&file).unwrap();
    // More than a frame holds, and no part of it counts.
    assert!(all.len() > 9_000_000, "{} bytes", all.len());
    std::fs::write(&file, &all[..all.len() - 1]).unwrap();
    let few = Twin::builder().motion(Motion::Still).nodes(3).open(&file).unwrap();
    assert_eq!(few.nodes(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_deepest_object_that_is_taken_can_be_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    let twin = builder().open(&file).unwrap();
    twin.define("example.com", "v1", "Gadget", Scope::Namespaced);
    let gadget = |levels: usize| -> DynamicObject {
        let spec = (0..levels).fold(json!(1), |inner, _| json!({ "a": inner }));
        serde_json::from_value(json!({ "apiVersion": "example.com/v1", "kind": "Gadget",
            "metadata": { "name": "g" }, "spec": spec }))
        .unwrap()
    };
    let mut taken = None;
    for levels in (80..126).rev() {
        let made = gadgets(&twin.client()).create(&PostParams::default(), &gadget(levels)).await;
        match made {
            Ok(made) => {
                taken = Some(made);
                break;
            }
            Err(kube::Error::Api(status)) => assert_eq!(status.code, 400, "{levels}"),
            Err(error) => panic!("{levels}: {error}"),
        }
    }
    twin.close().await.unwrap();
    let twin = builder().open(&file).unwrap();
    assert_eq!(gadgets(&twin.client()).get("g").await.unwrap(), taken.unwrap());
}

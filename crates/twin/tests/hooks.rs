//! Webhooks: in this process, and over HTTPS.

#![allow(clippy::unwrap_used, reason = "all of it is a test")]

mod webhook;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Service};
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::admission::{AdmissionRequest, AdmissionResponse};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use twin::{Backend, Motion, Twin};
use webhook::{Server, patched, reviewed};

async fn post(client: &Client, path: &str, body: Value) -> Value {
    let (code, answer) = send(client, "POST", path, body).await;
    assert_eq!(code, 201, "{path}: {answer}");
    answer
}

async fn send(client: &Client, method: &str, path: &str, body: Value) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(kube::client::Body::from(body.to_string().into_bytes()))
        .unwrap();
    let answer = client.send(request).await.unwrap();
    let code = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (code, serde_json::from_slice(&body).unwrap())
}

const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1";

/// A webhook, with these fields instead of the usual ones.
fn hook(name: &str, fields: &Value) -> Value {
    let mut hook = json!({
        "name": name, "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "clientConfig": { "service": { "namespace": "shop", "name": "injector", "path": "/" } },
        "rules": [{ "operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"] }],
    });
    hook.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    hook
}

async fn configure(client: &Client, kind: &str, name: &str, hooks: Value) {
    let path = format!("{CONFIGURATIONS}/{}s", kind.to_lowercase());
    post(client, &path, json!({ "metadata": { "name": name }, "webhooks": hooks })).await;
}

const MUTATING: &str = "MutatingWebhookConfiguration";
const VALIDATING: &str = "ValidatingWebhookConfiguration";

/// A namespace `shop` with a Service `injector`.
async fn furnish(client: &Client) {
    post(client, "/api/v1/namespaces", json!({ "metadata": { "name": "shop" } })).await;
    let service =
        json!({ "metadata": { "name": "injector" }, "spec": { "ports": [{ "port": 443 }] } });
    post(client, "/api/v1/namespaces/shop/services", service).await;
}

fn deployment() -> Value {
    json!({
        "metadata": { "name": "web" },
        "spec": { "replicas": 3, "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": "registry.example/web:1" }] } } }
    })
}

fn sidecar() -> Value {
    json!([{ "op": "add", "path": "/spec/containers/-", "value": { "name": "proxy", "image": "registry.example/proxy:1" } }])
}

/// The handler that people deploy.
fn inject(request: &AdmissionRequest<Pod>) -> AdmissionResponse {
    let patch = serde_json::from_value(sidecar()).unwrap();
    AdmissionResponse::from(request).with_patch(patch).unwrap()
}

async fn pods(client: &Client) -> Vec<Pod> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), "shop");
    pods.list(&ListParams::default()).await.unwrap().items
}

async fn rolled_out(client: &Client) -> Vec<Pod> {
    post(client, "/apis/apps/v1/namespaces/shop/deployments", deployment()).await;
    sleep(Duration::from_mins(1)).await;
    let pods = pods(client).await;
    assert_eq!(pods.len(), 3);
    for pod in &pods {
        let containers = &pod.spec.as_ref().unwrap().containers;
        let names: Vec<_> = containers.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["web", "proxy"]);
        // What the API itself adds comes to the new container as well.
        assert!(
            containers.iter().all(|it| it.volume_mounts.as_ref().is_some_and(|it| it.len() == 1))
        );
        let status = pod.status.as_ref().unwrap();
        assert_eq!(status.phase.as_deref(), Some("Running"));
        assert_eq!(status.container_statuses.as_ref().unwrap().len(), 2);
    }
    pods
}

async fn injected_in_process() -> Vec<(String, Option<String>)> {
    let twin = Twin::builder().nodes(2).origin(Duration::from_hours(500_000)).start();
    let client = twin.client();
    furnish(&client).await;
    twin.serve_service("shop", "injector", 443, Backend::reviews(inject));
    configure(&client, MUTATING, "injector", json!([hook("inject.shop.example", &json!({}))]))
        .await;
    let pods = rolled_out(&client).await;
    pods.iter().map(|pod| (pod.name_any(), pod.uid())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_sidecar_comes_into_the_pods_of_a_deployment() {
    let first = injected_in_process().await;
    // The same each time.
    assert_eq!(first, injected_in_process().await);
}

#[allow(clippy::unnecessary_wraps, reason = "others never answer")]
fn inject_over_https(_: &str, review: &Value) -> Option<(u16, String)> {
    Some((200, reviewed(review, &patched(&sidecar()))))
}

#[tokio::test(start_paused = true)]
async fn a_sidecar_comes_over_https_and_time_stands_still() {
    let server = Server::start(inject_over_https).await;
    let twin = Twin::builder().nodes(2).start();
    let client = twin.client();
    furnish(&client).await;
    twin.serve_service("shop", "injector", 443, server.address);
    let service = json!({ "namespace": "shop", "name": "injector", "path": "/mutate" });
    let config = json!({ "clientConfig": { "service": service, "caBundle": server.authority } });
    configure(&client, MUTATING, "injector", json!([hook("inject.shop.example", &config)])).await;
    rolled_out(&client).await;
    // The account of the controller that made the pods asks.
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    for review in asked {
        let request = &review["request"];
        let user = "system:serviceaccount:kube-system:replicaset-controller";
        assert_eq!(request["userInfo"]["username"], user);
        assert_eq!(
            (request["operation"].as_str(), request["namespace"].as_str()),
            (Some("CREATE"), Some("shop"))
        );
    }
    let before = Instant::now();
    let pod = json!({ "metadata": { "name": "p" }, "spec": { "containers": [{ "name": "c", "image": "i" }] } });
    let made = post(&client, "/api/v1/namespaces/shop/pods", pod).await;
    assert_eq!(made["spec"]["containers"].as_array().unwrap().len(), 2);
    assert_eq!(before.elapsed(), Duration::ZERO);
}

/// A twin in which nothing moves, and a client.
async fn still() -> (Twin, Client) {
    let twin = Twin::builder().motion(Motion::Still).start();
    let client = twin.client();
    furnish(&client).await;
    (twin, client)
}

fn for_maps(fields: &Value) -> Value {
    let mut hook = hook(
        "maps.shop.example",
        &json!({
            "rules": [{ "operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"] }],
        }),
    );
    hook.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    hook
}

const MAPS: &str = "/api/v1/namespaces/shop/configmaps";

fn map(name: &str) -> Value {
    json!({ "metadata": { "name": name }, "data": { "a": "b" } })
}

#[tokio::test(start_paused = true)]
async fn who_is_not_there_fails_or_is_ignored() {
    let (twin, client) = still().await;
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("https://{dead}/x");
    let authority = Server::start(inject_over_https).await.authority.clone();
    for (config, why) in [
        (json!({ "url": url, "caBundle": authority }),
            format!("Post \"{url}?timeout=10s\": dial tcp {dead}: connect: connection refused")),
        (json!({ "service": { "namespace": "shop", "name": "injector" } }),
            "Post \"https://injector.shop.svc:443/?timeout=10s\": no endpoints available for service \"injector\"".to_owned()),
        (json!({ "service": { "namespace": "shop", "name": "other" } }),
            "Post \"https://other.shop.svc:443/?timeout=10s\": service \"other\" not found".to_owned()),
        (json!({ "service": { "namespace": "shop", "name": "injector", "port": 8443 } }),
            "Post \"https://injector.shop.svc:8443/?timeout=10s\": no service port 8443 found for service \"injector\"".to_owned()),
    ] {
        configure(&client, VALIDATING, "v", json!([for_maps(&json!({ "clientConfig": config }))])).await;
        let (code, answer) = send(&client, "POST", MAPS, map("m")).await;
        let failed = format!("failed calling webhook \"maps.shop.example\": failed to call webhook: {why}");
        assert_eq!((code, &answer["reason"]), (500, &json!("InternalError")));
        assert_eq!(answer["message"], format!("Internal error occurred: {failed}"));
        assert_eq!(answer["details"]["causes"][0]["message"], failed);
        let path = format!("{CONFIGURATIONS}/validatingwebhookconfigurations/v");
        send(&client, "DELETE", &path, json!({})).await;
    }
    let ignored = for_maps(&json!({ "failurePolicy": "Ignore" }));
    configure(&client, VALIDATING, "v", json!([ignored])).await;
    post(&client, MAPS, map("m")).await;
    drop(twin);
}

#[tokio::test(start_paused = true)]
async fn who_takes_too_long_has_not_answered() {
    let (twin, client) = still().await;
    let never = |_: &str, _: &Value| None;
    let server = Server::start(never).await;
    let slow = Backend::service(Web {
        takes: Duration::from_mins(1),
        answer: Arc::new(|_, _| String::new()),
    });
    twin.serve_service("shop", "injector", 443, slow);
    let outside = json!({ "timeoutSeconds": 1, "clientConfig": {
        "url": format!("https://{}/", server.address), "caBundle": server.authority } });
    let inside = json!({ "timeoutSeconds": 7 });
    for (config, lasts) in [(outside, 0), (inside, 7)] {
        configure(&client, MUTATING, "m", json!([for_maps(&config)])).await;
        let before = Instant::now();
        let (code, answer) = send(&client, "POST", MAPS, map("m")).await;
        assert_eq!(code, 500);
        assert!(
            answer["message"].as_str().unwrap().ends_with(": context deadline exceeded"),
            "{answer}"
        );
        // What is in this process takes time of the twin; what is outside takes its own.
        assert_eq!(before.elapsed().as_secs(), lasts);
        send(
            &client,
            "DELETE",
            &format!("{CONFIGURATIONS}/mutatingwebhookconfigurations/m"),
            json!({}),
        )
        .await;
    }
}

/// A web server without its socket: it takes a while, and tells its paths apart.
#[derive(Clone)]
struct Web {
    takes: Duration,
    answer: Arc<Handler>,
}

type Handler = dyn Fn(&str, &Value) -> String + Send + Sync;

impl tower::Service<Request<Full<Bytes>>> for Web {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let web = self.clone();
        Box::pin(async move {
            sleep(web.takes).await;
            let path = request.uri().path().to_owned();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let review = serde_json::from_slice(&body).unwrap();
            Ok(Response::new(Full::new((web.answer)(&path, &review).into())))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_has_failed() {
    let (twin, client) = still().await;
    twin.serve_service(
        "shop",
        "injector",
        443,
        Backend::reviews(|_: &AdmissionRequest<DynamicObject>| panic!("on purpose")),
    );
    configure(&client, VALIDATING, "v", json!([for_maps(&json!({}))])).await;
    let (code, answer) = send(&client, "POST", MAPS, map("m")).await;
    assert_eq!(code, 500);
    assert!(answer["message"].as_str().unwrap().ends_with("the handler panicked"));
}

#[tokio::test(start_paused = true)]
async fn dry_runs_are_asked_of_those_who_leave_no_trace() {
    let (twin, client) = still().await;
    let dry = Arc::new(Mutex::new(Vec::new()));
    let noted = dry.clone();
    twin.serve_service(
        "shop",
        "injector",
        443,
        Backend::reviews(move |request: &AdmissionRequest<ConfigMap>| {
            noted.lock().unwrap().push(request.dry_run);
            AdmissionResponse::from(request)
        }),
    );
    let path = format!("{MAPS}?dryRun=All");
    configure(
        &client,
        VALIDATING,
        "v",
        json!([for_maps(&json!({ "sideEffects": "NoneOnDryRun" }))]),
    )
    .await;
    post(&client, &path, map("m")).await;
    post(&client, MAPS, map("m")).await;
    assert_eq!(*dry.lock().unwrap(), [true, false]);
}

#[tokio::test(start_paused = true)]
async fn webhooks_are_asked_in_order_and_again_when_they_want_to() {
    let (twin, client) = still().await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let noted = order.clone();
    twin.serve_service(
        "shop",
        "injector",
        443,
        Backend::service(Web {
            takes: Duration::ZERO,
            answer: Arc::new(move |path, review| {
                noted.lock().unwrap().push(path.to_owned());
                let label = format!("/metadata/labels/{}", path.trim_matches('/'));
                let labels = json!({ "op": "add", "path": "/metadata/labels", "value": {} });
                let mark = json!({ "op": "add", "path": label, "value": "here" });
                let has = !review["request"]["object"]["metadata"]["labels"].is_null();
                let operations = if has { json!([mark]) } else { json!([labels, mark]) };
                reviewed(review, &if path == "/v" { json!({}) } else { patched(&operations) })
            }),
        }),
    );
    let at = |path: &str, policy: &str| {
        let service = json!({ "namespace": "shop", "name": "injector", "path": path });
        let name = format!("{}.shop.example", path.replace('/', "n"));
        for_maps(
            &json!({ "name": name, "clientConfig": { "service": service }, "reinvocationPolicy": policy }),
        )
    };
    configure(&client, MUTATING, "b", json!([at("/3", "IfNeeded")])).await;
    configure(&client, MUTATING, "a", json!([at("/1", "IfNeeded"), at("/2", "Never")])).await;
    let service = json!({ "namespace": "shop", "name": "injector", "path": "/v" });
    configure(
        &client,
        VALIDATING,
        "a",
        json!([for_maps(&json!({ "clientConfig": { "service": service } }))]),
    )
    .await;
    let made = post(&client, MAPS, map("m")).await;
    assert_eq!(made["metadata"]["labels"], json!({ "1": "here", "2": "here", "3": "here" }));
    // Others changed the object after the first one only.
    assert_eq!(*order.lock().unwrap(), ["/1", "/2", "/3", "/1", "/v"]);
}

#[tokio::test(start_paused = true)]
async fn who_refuses_says_why() {
    let (twin, client) = still().await;
    twin.serve_service(
        "shop",
        "injector",
        443,
        Backend::reviews(|request: &AdmissionRequest<DynamicObject>| match request.name.as_str() {
            "good" => AdmissionResponse::from(request),
            name => AdmissionResponse::from(request).deny(format!("{name} is not good")),
        }),
    );
    configure(&client, VALIDATING, "v", json!([for_maps(&json!({}))])).await;
    let (code, answer) = send(&client, "POST", MAPS, map("bad")).await;
    assert_eq!(code, 400);
    assert_eq!(
        answer["message"],
        "admission webhook \"maps.shop.example\" denied the request: bad is not good"
    );
    post(&client, MAPS, map("good")).await;
    let jane = twin.client_as("jane", &["devs"]);
    let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
    let review = post(&jane, "/apis/authentication.k8s.io/v1/selfsubjectreviews", review).await;
    let user = json!({ "username": "jane", "groups": ["devs", "system:authenticated"] });
    assert_eq!(review["status"]["userInfo"], user);
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "shop");
    let patch = Patch::Merge(json!({ "data": { "a": "c" } }));
    maps.patch("good", &PatchParams::default(), &patch).await.unwrap();
    maps.delete("good", &DeleteParams::default()).await.unwrap();
    // Configurations are nobody's business.
    let service: Api<Service> = Api::namespaced(client.clone(), "shop");
    service
        .create(
            &PostParams::default(),
            &serde_json::from_value(
                json!({ "metadata": { "name": "s" }, "spec": { "ports": [{ "port": 1 }] } }),
            )
            .unwrap(),
        )
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_last_delete_of_a_pod_is_asked_about_too() {
    let twin = Twin::builder().nodes(1).start();
    let client = twin.client();
    furnish(&client).await;
    let who = Arc::new(Mutex::new(Vec::new()));
    let noted = who.clone();
    let note = move |request: &AdmissionRequest<DynamicObject>| {
        noted.lock().unwrap().push(request.user_info.username.clone().unwrap());
        AdmissionResponse::from(request)
    };
    twin.serve_service("shop", "injector", 443, Backend::reviews(note));
    let rules = json!([{ "operations": ["DELETE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"] }]);
    configure(&client, VALIDATING, "v", json!([hook("v.a.b", &json!({ "rules": rules }))])).await;
    let pod = json!({ "metadata": { "name": "p" }, "spec": { "containers": [{ "name": "c", "image": "i" }] } });
    post(&client, "/api/v1/namespaces/shop/pods", pod).await;
    sleep(Duration::from_mins(1)).await;
    send(&client, "DELETE", "/api/v1/namespaces/shop/pods/p", json!({})).await;
    sleep(Duration::from_mins(1)).await;
    assert!(pods(&client).await.is_empty());
    let kubelet = "system:serviceaccount:kube-system:kubelet";
    assert_eq!(*who.lock().unwrap(), ["kubernetes-admin", kubelet]);
}

#[tokio::test(start_paused = true)]
async fn a_collection_ends_while_its_webhooks_are_asked() {
    let (twin, client) = still().await;
    for name in ["a", "b", "c"] {
        post(&client, MAPS, map(name)).await;
    }
    let slow = Backend::service(Web {
        takes: Duration::from_secs(2),
        answer: Arc::new(|_, review| reviewed(review, &json!({}))),
    });
    twin.serve_service("shop", "injector", 443, slow);
    let rules = json!([{ "operations": ["DELETE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"] }]);
    configure(&client, VALIDATING, "v", json!([hook("v.a.b", &json!({ "rules": rules }))])).await;
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "shop");
    let left = async {
        sleep(Duration::from_secs(3)).await;
        maps.list(&ListParams::default()).await.unwrap().items.len()
    };
    let (ended, left) = futures::join!(send(&client, "DELETE", MAPS, json!({})), left);
    assert_eq!((ended.0, left), (200, 2));
    assert_eq!(ended.1["items"].as_array().unwrap().len(), 3);
    assert!(maps.list(&ListParams::default()).await.unwrap().items.is_empty());
}

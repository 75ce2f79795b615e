//! Who comes with a certificate: to the server, to webhooks, and by a request for one.

#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::certificates::v1::CertificateSigningRequest;
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::DynamicObject;
use kube::core::admission::{AdmissionRequest, AdmissionResponse};
use kube::{Client, Config};
use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::json;
use std::time::Duration;
use twin::{Backend, Motion, Served, Twin};

async fn client(kubeconfig: Kubeconfig) -> Client {
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    Client::try_from(config).unwrap()
}

fn read(kubeconfig: &str) -> Kubeconfig {
    Kubeconfig::from_yaml(kubeconfig).unwrap()
}

async fn who(client: &Client) -> Option<(String, Vec<String>)> {
    let reviews: Api<SelfSubjectReview> = Api::all(client.clone());
    let review =
        reviews.create(&PostParams::default(), &SelfSubjectReview::default()).await.ok()?;
    let user = review.status.unwrap().user_info.unwrap();
    Some((user.username.unwrap(), user.groups.unwrap()))
}

async fn served() -> (Twin, Served) {
    let twin = Twin::builder().motion(Motion::Still).start();
    let served = twin.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    (twin, served)
}

#[tokio::test]
async fn a_certificate_says_who_asks() {
    let (twin, served) = served().await;
    let jane = client(read(&served.kubeconfig_as("jane", Some("devs")).unwrap())).await;
    let groups = |groups: &[&str]| groups.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let expected = ("jane".to_owned(), groups(&["devs", "system:authenticated"]));
    assert_eq!(who(&jane).await, Some(expected));
    let somebody = client(read(served.kubeconfig())).await;
    let expected =
        ("kubernetes-admin".to_owned(), groups(&["system:masters", "system:authenticated"]));
    assert_eq!(who(&somebody).await, Some(expected));
    // Another server's certificates are nobody's.
    let other = twin.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let mut foreign = read(&served.kubeconfig_as("jane", None).unwrap());
    foreign.clusters = read(other.kubeconfig()).clusters;
    assert_eq!(who(&client(foreign).await).await, None);
    // Webhooks hear it, too.
    let objects = [
        ("/api/v1/namespaces", json!({ "metadata": { "name": "shop" } })),
        (
            "/api/v1/namespaces/shop/services",
            json!({ "metadata": { "name": "hook" }, "spec": { "ports": [{ "port": 443 }] } }),
        ),
        (
            "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
            json!({
            "metadata": { "name": "hook" }, "webhooks": [{
                "name": "who.shop.example", "sideEffects": "None", "admissionReviewVersions": ["v1"],
                "clientConfig": { "service": { "namespace": "shop", "name": "hook" } },
                "rules": [{ "operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["namespaces"] }] }] }),
        ),
    ];
    for (path, object) in objects {
        post(&somebody, path, object).await.unwrap();
    }
    twin.serve_service(
        "shop",
        "hook",
        443,
        Backend::reviews(|request: &AdmissionRequest<DynamicObject>| {
            let name = request.user_info.username.clone().unwrap_or_default();
            let response = AdmissionResponse::from(request);
            if name == "jane" { response } else { response.deny(name) }
        }),
    );
    let space = |name: &str| json!({ "metadata": { "name": name } });
    post(&jane, "/api/v1/namespaces", space("a")).await.unwrap();
    let refused = post(&somebody, "/api/v1/namespaces", space("b")).await.unwrap_err();
    assert!(refused.to_string().contains("denied the request: kubernetes-admin"), "{refused}");
    other.end().await;
    served.end().await;
}

async fn post(
    client: &Client,
    path: &str,
    body: serde_json::Value,
) -> kube::Result<serde_json::Value> {
    let request = http::Request::post(path).header("content-type", "application/json");
    client.request(request.body(body.to_string().into_bytes()).unwrap()).await
}

#[tokio::test]
async fn an_approved_request_gets_a_certificate_that_lets_in() {
    let (twin, served) = served().await;
    let admin = client(read(served.kubeconfig())).await;
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "joe");
    params.distinguished_name.push(DnType::OrganizationName, "ops");
    let asked = params.serialize_request(&key).unwrap().pem().unwrap();
    let requests: Api<CertificateSigningRequest> = Api::all(admin);
    for (name, text) in [("joe", asked.as_str()), ("nonsense", "nonsense")] {
        let request = serde_json::from_value(json!({
            "metadata": { "name": name },
            "spec": { "request": STANDARD.encode(text), "usages": ["client auth"],
                "signerName": "kubernetes.io/kube-apiserver-client" }
        }));
        requests.create(&PostParams::default(), &request.unwrap()).await.unwrap();
        let approved = json!({ "status": { "conditions": [{ "type": "Approved", "status": "True", "reason": "Test" }] } });
        let patch = Patch::Merge(approved);
        requests.patch_approval(name, &PatchParams::default(), &patch).await.unwrap();
    }
    let certificate = loop {
        let status = requests.get("joe").await.unwrap().status.unwrap();
        if let Some(certificate) = status.certificate {
            break certificate;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let mut kubeconfig = read(&served.kubeconfig_as("x", None).unwrap());
    let user = kubeconfig.auth_infos[0].auth_info.as_mut().unwrap();
    user.client_certificate_data = Some(STANDARD.encode(certificate.0));
    user.client_key_data = Some(STANDARD.encode(key.serialize_pem()).into());
    let (name, groups) = who(&client(kubeconfig).await).await.unwrap();
    assert_eq!((name.as_str(), groups[0].as_str()), ("joe", "ops"));
    let nonsense = requests.get("nonsense").await.unwrap().status.unwrap();
    assert!(nonsense.conditions.unwrap().iter().any(|it| it.type_ == "Failed"));
    drop(twin);
}

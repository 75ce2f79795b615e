//! Long answers over HTTPS are packed for who takes them so.

#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::json;
use std::io::Read;
use twin::{Motion, Twin};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// The encoding of an answer, and its bytes.
async fn got(client: &Client, path: &str, accept: &str) -> (Option<String>, Vec<u8>) {
    let request = http::Request::get(path).header("accept-encoding", accept);
    let response = client.send(request.body(Vec::new().into()).unwrap()).await.unwrap();
    assert!(response.status().is_success());
    let encoding = response.headers().get("content-encoding");
    let encoding = encoding.map(|it| it.to_str().unwrap().to_owned());
    (encoding, response.into_body().collect().await.unwrap().to_bytes().to_vec())
}

#[tokio::test]
async fn long_answers_are_packed() {
    let twin = Twin::builder().motion(Motion::Still).start();
    let served = twin.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let known = Kubeconfig::from_yaml(served.kubeconfig()).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(known, &options).await.unwrap();
    let client = Client::try_from(config).unwrap();
    for number in 0..20 {
        let name = format!("m{number}");
        let data = json!({ "text": format!("{number} ").repeat(5_000) });
        let body = json!({ "metadata": { "name": name }, "data": data }).to_string();
        let request = http::Request::post(MAPS).body(body.into_bytes()).unwrap();
        client.request_text(request).await.unwrap();
    }
    let (encoding, plain) = got(&client, MAPS, "identity").await;
    assert_eq!(encoding, None);
    let (encoding, packed) = got(&client, MAPS, "gzip").await;
    assert_eq!(encoding.as_deref(), Some("gzip"));
    assert!(packed.len() * 4 < plain.len(), "{} of {}", packed.len(), plain.len());
    let mut text = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut text).unwrap();
    assert_eq!(text, plain);
    let (encoding, _) = got(&client, &format!("{MAPS}/m1"), "gzip").await;
    assert_eq!(encoding, None, "short ones go as they are");
    served.end().await;
}

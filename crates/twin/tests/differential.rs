//! The same requests to a real kube-apiserver and to the twin; the answers compared.
//!
//! `webhooks.json` has a web server of the test behind it, which both ask.
//!
//! `requests.json` and others beside it are the script. A request whose answers may differ says why (`differs`), and the
//! test fails as soon as they no longer do. Without the binaries of a control plane it skips:
//! `KUBEBUILDER_ASSETS` names their folder, else the cache of `cargo xtask cluster` is looked into.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "all of it is a test")]

mod oracle;
mod webhook;

use http::{HeaderValue, Request};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use oracle::{Accounts, Oracle};
use serde_json::{Value, json};
use twin::{Motion, Twin};

#[tokio::test]
async fn the_twin_answers_as_a_real_server_does() {
    let scripts = [
        include_str!("requests.json"),
        include_str!("custom.json"),
        include_str!("definitions.json"),
        include_str!("versions.json"),
        include_str!("policies.json"),
        include_str!("kubelets.json"),
    ];
    compare(Accounts::None, &scripts).await;
}

#[tokio::test]
async fn pods_get_the_same_account() {
    compare(Accounts::Given, &[include_str!("accounts.json")]).await;
}

#[tokio::test]
async fn webhooks_are_asked_the_same() {
    let server = webhook::Server::start(webhook::script::answer).await;
    let script = include_str!("webhooks.json")
        .replace("PORT", &server.address.port().to_string())
        .replace("AUTHORITY", &server.authority);
    compare(Accounts::None, &[&script]).await;
}

#[tokio::test]
async fn pods_get_the_same_sidecars() {
    let server = webhook::Server::start(webhook::script::answer).await;
    let script = include_str!("sidecars.json")
        .replace("PORT", &server.address.port().to_string())
        .replace("AUTHORITY", &server.authority);
    compare(Accounts::Given, &[&script]).await;
}

/// Such as a thousand definitions of other projects.
#[tokio::test]
async fn scripts_from_elsewhere_get_the_same() {
    let Some(file) = std::env::var_os("MUSTER_REQUESTS") else {
        println!("SKIP: MUSTER_REQUESTS names no further script");
        return;
    };
    compare(Accounts::None, &[&std::fs::read_to_string(file).unwrap()]).await;
}

async fn compare(accounts: Accounts, scripts: &[&str]) {
    let Some(oracle) = Oracle::start(accounts).await else {
        println!(
            "SKIP: no kube-apiserver and etcd; set KUBEBUILDER_ASSETS, or run `cargo xtask cluster up` once"
        );
        return;
    };
    // Who has no controllers makes no accounts.
    let motion = match accounts {
        Accounts::None => Motion::Still,
        Accounts::Given => Motion::Nodes,
    };
    let twin = Twin::builder().motion(motion).start();
    let script: Vec<Value> =
        scripts.iter().flat_map(|it| serde_json::from_str::<Vec<Value>>(it).unwrap()).collect();
    let mut wrong = Vec::new();
    for step in &script {
        let real = settled(&oracle.client, step).await;
        let ours = ask(&twin.client(), step).await;
        match (real == ours, step["differs"].as_str()) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(_)) => wrong.push(format!("{} no longer differs", name(step))),
            (false, None) => wrong.push(format!("{}\n  real {real}\n  twin {ours}", name(step))),
        }
    }
    println!("{} requests, {} differ unexpectedly", script.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The answer, once it has the code that the step says: definitions and policies count after a moment.
async fn settled(client: &Client, step: &Value) -> Value {
    for _ in 0..ATTEMPTS {
        let answer = ask(client, step).await;
        let waits_for_code = !step["until"].is_null() && answer["code"] != step["until"];
        let waits_for_warning = step["warned"] == true && answer["warnings"] == json!([]);
        if !waits_for_code && !waits_for_warning {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    ask(client, step).await
}

/// Who waits longer waits for nothing.
const ATTEMPTS: usize = 400;

fn name(step: &Value) -> String {
    let body = step["body"].to_string();
    format!(
        "{} {} {}",
        step["do"].as_str().unwrap(),
        step["path"].as_str().unwrap(),
        &body[..body.len().min(90)]
    )
}

async fn ask(client: &Client, step: &Value) -> Value {
    let body = match &step["body"] {
        Value::Null => Vec::new(),
        Value::String(raw) => raw.clone().into_bytes(),
        body => body.to_string().into_bytes(),
    };
    let mut request = Request::builder()
        .method(step["do"].as_str().unwrap())
        .uri(step["path"].as_str().unwrap())
        .header("user-agent", "differential/1");
    for (header, field) in [("content-type", "type"), ("accept", "accept")] {
        if let Some(value) = step[field].as_str() {
            request = request.header(header, value);
        }
    }
    for (header, field) in [("impersonate-user", "as"), ("impersonate-group", "in")] {
        for value in step[field].as_array().into_iter().flatten() {
            let value = HeaderValue::from_bytes(value.as_str().unwrap().as_bytes()).unwrap();
            request = request.header(header, value);
        }
    }
    let response = client.send(request.body(Body::from(body)).unwrap()).await.unwrap();
    let code = response.status().as_u16();
    let warnings = response.headers().get_all("warning").iter();
    let warnings: Vec<_> = warnings.map(|it| it.to_str().unwrap_or_default().to_owned()).collect();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let text = || json!(String::from_utf8_lossy(&bytes).trim());
    json!({ "code": code, "warnings": warnings, "body": normal(serde_json::from_slice(&bytes).unwrap_or_else(|_| text())) })
}

/// A cell without the time that passes, in it or behind it: `5m`, `2 (5m ago)`, a time of birth.
fn ageless(cell: &mut Value) {
    let Some(text) = cell.as_str() else { return };
    let span = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_digit() || "ydhms".contains(c))
            && text.ends_with(|c: char| c.is_ascii_alphabetic())
    };
    let birth = text.len() == 20 && text.ends_with('Z') && text.contains('T');
    if span(text) || birth {
        *cell = json!("*");
    } else if let Some((before, _)) = text.split_once(" (").filter(|_| text.ends_with(" ago)")) {
        *cell = json!(format!("{before} (* ago)"));
    }
}

/// A version in a sentence: `… in record (221). …`
fn without_record(text: String) -> String {
    match text.split_once("in record (").and_then(|(a, rest)| Some((a, rest.split_once(')')?.1))) {
        Some((before, after)) => format!("{before}in record (*){after}"),
        None => text,
    }
}

/// A uid that a webhook should have repeated.
fn without_uid(text: String) -> String {
    match text.split_once("expected response.uid=") {
        Some((before, after)) if after.len() > 38 => {
            format!("{before}expected response.uid=*{}", &after[38..])
        }
        _ => text,
    }
}

/// Without what no two servers have in common.
fn normal(value: Value) -> Value {
    const VOLATILE: &[&str] = &[
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "deletionTimestamp",
        "time",
        "continue",
        "lastTransitionTime",
    ];
    match value {
        Value::Object(mut entries) => {
            // What columns mean is said in documents; ours do not repeat it.
            if entries.contains_key("priority") {
                entries.remove("description");
            }
            if let Some(Value::Array(cells)) = entries.get_mut("cells") {
                cells.iter_mut().for_each(ageless);
            }
            let kept = entries.into_iter().map(|(key, mut value)| {
                // A real server gives them in a random order.
                if let ("causes", Some(causes)) = (key.as_str(), value.as_array_mut()) {
                    causes.sort_by_key(|it| (it["field"].to_string(), it["message"].to_string()));
                }
                // Their order follows from their times.
                if let ("managedFields", Some(entries)) = (key.as_str(), value.as_array_mut()) {
                    let parts = ["operation", "manager", "apiVersion", "subresource"];
                    entries.sort_by_key(|it| parts.map(|part| it[part].to_string()));
                }
                let volatile = VOLATILE.contains(&key.as_str()) && value.is_string();
                (key, if volatile { json!("*") } else { normal(value) })
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(normal).collect()),
        // A name that chance ends.
        Value::String(text) if text.starts_with("kube-api-access-") => json!("kube-api-access-*"),
        Value::String(text) => Value::String(without_uid(without_record(text))),
        other => other,
    }
}

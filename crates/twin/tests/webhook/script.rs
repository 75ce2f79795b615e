//! A webhook of many ways to answer, each at a path of its own.

use super::{patched, reviewed};
use serde_json::{Map, Value, json};

/// What is said at a path.
pub(crate) fn answer(path: &str, review: &Value) -> Option<(u16, String)> {
    let response = |fields: Value| Some((200, reviewed(review, &fields)));
    let status = |status| response(json!({ "allowed": false, "status": status }));
    let patch = |operations| response(patched(&operations));
    match path {
        "/deny" => status(json!({ "message": "no" })),
        "/status" => status(json!({ "message": "odd", "reason": "Odd", "code": 422,
            "details": { "name": "x", "causes": [{ "message": "c", "field": "f" }] } })),
        "/success" => status(json!({ "status": "Success", "code": 200, "message": "well" })),
        "/reason" => status(json!({ "reason": "JustSo" })),
        "/silent" => response(json!({ "allowed": false })),
        "/warn" => response(json!({ "warnings": ["one", "two \"quoted\""] })),
        "/warn-deny" => response(json!({ "allowed": false, "warnings": ["three"] })),
        "/label" => {
            patch(json!([{ "op": "add", "path": "/metadata/labels/hooked", "value": "yes" }]))
        }
        "/again" => patch(
            json!([{ "op": "add", "path": "/metadata/labels/again", "value": count(review) }]),
        ),
        "/sidecar" => patch(
            json!([{ "op": "add", "path": "/spec/containers/-", "value": { "name": "proxy", "image": "p:1" } }]),
        ),
        "/greedy" => patch(
            json!([{ "op": "add", "path": "/spec/containers/0/resources", "value": { "limits": { "cpu": "2" } } }]),
        ),
        "/size" => {
            patch(json!([{ "op": "add", "path": "/spec", "value": { "size": 5, "odd": 1 } }]))
        }
        "/unknown" => patch(json!([{ "op": "add", "path": "/odd", "value": 1 }])),
        "/mistyped" => patch(json!([{ "op": "add", "path": "/data", "value": 1 }])),
        "/missing" => patch(json!([{ "op": "replace", "path": "/x/y", "value": 1 }])),
        "/test" => patch(json!([{ "op": "test", "path": "/metadata/name", "value": "z" }])),
        "/rename" => patch(json!([{ "op": "add", "path": "/metadata/name", "value": "renamed" }])),
        "/unname" => patch(json!([{ "op": "remove", "path": "/metadata/name" }])),
        "/move" => patch(json!([{ "op": "add", "path": "/metadata/namespace", "value": "other" }])),
        "/unbase" => response(json!({ "patchType": "JSONPatch", "patch": "ab%d" })),
        "/unbytes" => response(json!({ "patchType": "JSONPatch", "patch": "abc" })),
        "/empty" => patch(json!([])),
        "/replicas" => patch(json!([{ "op": "replace", "path": "/spec/replicas", "value": 7 }])),
        "/echo" => status(json!({ "message": echoed(review) })),
        "/uid" => response(json!({ "uid": "other" })),
        "/untyped" => response(json!({ "patch": patched(&json!([{}]))["patch"] })),
        "/unpatched" => response(json!({ "patchType": "JSONPatch" })),
        "/strategic" => {
            response(json!({ "patchType": "Strategic", "patch": patched(&json!([{}]))["patch"] }))
        }
        "/kind" => Some((
            200,
            json!({ "response": { "uid": review["request"]["uid"], "allowed": true } }).to_string(),
        )),
        "/absent" => Some((
            200,
            json!({ "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview" }).to_string(),
        )),
        "/500" => Some((500, "broken\n".to_owned())),
        "/text500" => Some((500, "TEXTbroken\n".to_owned())),
        "/404" => Some((404, "nothing".to_owned())),
        "/400" => Some((400, "bad".to_owned())),
        "/503" => Some((503, String::new())),
        "/302" => Some((304, String::new())),
        "/slow" => None,
        _ => response(json!({})),
    }
}

/// How many labels the object has.
fn count(review: &Value) -> String {
    let labels = review["request"]["object"]["metadata"]["labels"].as_object();
    labels.map_or(0, Map::len).to_string()
}

/// The review without what no two servers have in common.
fn echoed(review: &Value) -> String {
    let mut request = review["request"].as_object().unwrap().clone();
    request.remove("uid");
    request.remove("userInfo");
    sorted(&json!({ "apiVersion": review["apiVersion"], "request": request })).to_string()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let volatile = ["uid", "resourceVersion", "creationTimestamp", "time"];
            let kept = entries.into_iter().filter(|(key, _)| !volatile.contains(&key.as_str()));
            Value::Object(kept.map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

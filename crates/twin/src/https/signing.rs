//! Requests for certificates of clients: those that were approved are signed.

use super::clients::Signer;
use crate::Shared;
use crate::told::Listener;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::{Arc, Weak};
use twin_core::api::{Act, Deed};
use twin_core::store::{Narrow, Object, Store, TableName};
use twin_core::tree::{Text, Value};

const REQUESTS: TableName =
    TableName(Text::new_static("certificates.k8s.io/certificatesigningrequests"));
/// Whose certificates this server takes.
const SIGNER: &str = "kubernetes.io/kube-apiserver-client";
/// What the certificate has to be for.
const USAGE: &str = "client auth";

/// Signs what is approved, for as long as anybody has the twin.
pub(super) async fn sign(twin: Weak<Shared>, signer: Arc<Signer>) {
    let Some(bell) = twin.upgrade().map(|shared| shared.bell.clone()) else { return };
    let mut listener = Listener::new(&bell);
    loop {
        let _ = listener.listen();
        let Some(shared) = twin.upgrade() else { return };
        let approved = approved(shared.world().api().store());
        for request in approved {
            let signed = signed(&request.tree, &signer).unwrap_or_else(|| failed(&request.tree));
            let (table, key) = (REQUESTS, request.key.clone());
            let act = Act { table, key, deed: Deed::UpdateStatus(signed) };
            // One that is gone needs none.
            let _ = shared.moved(|world, now| world.act("kube-controller-manager", &act, now));
        }
        drop(shared);
        listener.changed().await;
    }
}

/// Requests that wait for a certificate.
fn approved(store: &Store) -> Vec<Arc<Object>> {
    if store.count(&REQUESTS) == 0 {
        return Vec::new();
    }
    let waits = |request: &&Arc<Object>| {
        let tree = &request.tree;
        let list = |path: &[&str]| tree.at(path).and_then(Value::as_list).cloned();
        let conditions = list(&["status", "conditions"]).unwrap_or_default();
        let is = |name: &str| conditions.iter().any(|it| it.str_at(&["type"]) == Some(name));
        let usages = list(&["spec", "usages"]).unwrap_or_default();
        tree.str_at(&["spec", "signerName"]) == Some(SIGNER)
            && usages.iter().any(|usage| usage.as_str() == Some(USAGE))
            && tree.str_at(&["status", "certificate"]).is_none_or(str::is_empty)
            && is("Approved")
            && !is("Denied")
            && !is("Failed")
    };
    store.list(&REQUESTS, &Narrow::default(), None).filter(waits).cloned().collect()
}

/// A request with its certificate; nothing, if it makes no sense.
fn signed(request: &Value, signer: &Signer) -> Option<Value> {
    let text = request.str_at(&["spec", "request"])?;
    let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    let certificate = STANDARD.encode(signer.signed(&text).ok()?);
    Some(request.with(&["status", "certificate"], Value::text(certificate)))
}

/// A request that nobody tries to sign again.
fn failed(request: &Value) -> Value {
    let path = ["status", "conditions"];
    let conditions = request.at(&path).and_then(Value::as_list);
    let mut conditions = conditions.map(|list| list.to_vec()).unwrap_or_default();
    conditions.push(Value::from([
        ("type", "Failed".into()),
        ("status", "True".into()),
        ("reason", "SignerValidationFailure".into()),
        ("message", "the request cannot be signed".into()),
    ]));
    request.with(&path, conditions.into())
}

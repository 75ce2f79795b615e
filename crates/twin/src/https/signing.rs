//! Requests for certificates of clients: those that were approved are signed.

use super::clients::Signer;
use crate::Shared;
use crate::told::Listener;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use twin_control::World;
use twin_core::api::{Act, Deed};
use twin_core::store::{Narrow, Object, Revision, Store, TableName};
use twin_core::time::Timestamp;
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
    let mut seen = None;
    loop {
        let _ = listener.listen();
        let Some(shared) = twin.upgrade() else { return };
        let approved = {
            let world = shared.world();
            let store = world.api().store();
            let approved = approved(store, seen);
            seen = Some(store.revision());
            approved
        };
        for request in approved {
            let signed = signed(&request.tree, &signer).unwrap_or_else(|| failed(&request.tree));
            shared.moved(|world, now| write(world, &request, signed, now));
        }
        drop(shared);
        listener.changed().await;
    }
}

/// Writes what became of a request, if that is still what was looked at.
fn write(world: &mut World, request: &Object, signed: Value, now: Timestamp) {
    let there = world.api().store().get(&REQUESTS, &request.key);
    // One that has changed is looked at again; one that is gone needs none.
    if there.is_none_or(|there| there.revision != request.revision) {
        return;
    }
    let (table, key) = (REQUESTS, request.key.clone());
    let act = Act { table, key, deed: Deed::UpdateStatus(signed) };
    // Who refuses it has a reason that stays.
    let _ = world.act("kube-controller-manager", &act, now);
}

/// Requests that have changed since a version; all, if nobody knows that any more.
fn changed(store: &Store, seen: Option<Revision>) -> Vec<Arc<Object>> {
    match seen.map(|seen| store.changes(&REQUESTS, seen)) {
        Some(Ok(changes)) => {
            let keys: BTreeSet<_> = changes.map(|change| change.object.key.clone()).collect();
            keys.iter().filter_map(|key| store.get(&REQUESTS, key).cloned()).collect()
        }
        Some(Err(_)) | None => store.list(&REQUESTS, &Narrow::default(), None).cloned().collect(),
    }
}

/// Requests that wait for a certificate, of those that have changed.
fn approved(store: &Store, seen: Option<Revision>) -> Vec<Arc<Object>> {
    let waits = |request: &Arc<Object>| {
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
    let mut changed = changed(store, seen);
    changed.retain(waits);
    changed
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

#[cfg(test)]
mod tests {
    use super::{REQUESTS, SIGNER, USAGE, approved, failed, write};
    use twin_control::World;
    use twin_core::api::{Act, Deed};
    use twin_core::store::{Key, Object};
    use twin_core::time::Timestamp;
    use twin_core::tree::{Value, decode};

    fn act(world: &mut World, deed: Deed) {
        let act = Act { table: REQUESTS, key: Key::new("", "r"), deed };
        world.act("test", &act, Timestamp::default()).expect("nobody minds");
    }

    fn certificate(world: &World) -> Option<&str> {
        let found = world.api().store().get(&REQUESTS, &Key::new("", "r"))?;
        found.tree.str_at(&["status", "certificate"])
    }

    /// A world with a request that somebody has approved.
    fn asked() -> (World, Value) {
        let mut world = World::new(Vec::new(), 1);
        let request = format!(
            r#"{{"metadata":{{"name":"r"}},"spec":{{"request":"eA==","signerName":"{SIGNER}","usages":["{USAGE}"]}},
            "status":{{"conditions":[{{"type":"Approved","status":"True"}}]}}}}"#
        );
        let request = decode(request.as_bytes()).expect("it is JSON");
        act(&mut world, Deed::Create(request.clone()));
        act(&mut world, Deed::UpdateStatus(request.clone()));
        (world, request)
    }

    #[test]
    fn what_has_changed_is_looked_at_again() {
        let (mut world, request) = asked();
        let looked = approved(world.api().store(), None).remove(0);
        let seen = Some(world.api().store().revision());
        assert!(approved(world.api().store(), seen).is_empty(), "nothing has changed");
        let signed =
            |object: &Object| object.tree.with(&["status", "certificate"], Value::text("eA=="));
        act(&mut world, Deed::Update(request.with(&["metadata", "labels", "a"], "b".into())));
        write(&mut world, &looked, signed(&looked), Timestamp::default());
        assert_eq!(certificate(&world), None);
        let again = approved(world.api().store(), seen).remove(0);
        write(&mut world, &again, signed(&again), Timestamp::default());
        assert_eq!(certificate(&world), Some("eA=="));
        // Somebody made another one under its name.
        act(&mut world, Deed::Remove);
        act(&mut world, Deed::Create(request));
        write(&mut world, &again, failed(&again.tree), Timestamp::default());
        let store = world.api().store();
        let made = store.get(&REQUESTS, &Key::new("", "r")).expect("it is there");
        assert!(made.tree.at(&["status", "conditions"]).is_none());
        // Who knows no past looks at all.
        world.compact(Timestamp::default());
        assert!(approved(world.api().store(), seen).is_empty());
    }
}

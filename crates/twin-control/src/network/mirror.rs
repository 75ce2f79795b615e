//! Slices for Endpoints that people write, of Services that select nobody.

use super::members::selector;
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{ENDPOINT_SLICES, ENDPOINTS, SERVICES};
use crate::workloads::reference;
use twin_core::api::Deletion;
use twin_core::store::{Change, Key, Object, TableName};
use twin_core::tree::Value;

const WRITER: &str = "endpointslicemirroring-controller.k8s.io";
const MANAGED: &str = "endpointslice.kubernetes.io/managed-by";
const SERVICE: &str = "kubernetes.io/service-name";
const SKIPPED: &str = "endpointslice.kubernetes.io/skip-mirror";
const LEADER: &str = "control-plane.alpha.kubernetes.io/leader";
/// More addresses of one subset than these are left out.
const MOST: usize = 1_000;

/// Mirrors Endpoints, a slice for each subset and family of addresses.
#[derive(Debug)]
pub(super) struct Mirror;

impl Controller for Mirror {
    fn name(&self) -> &'static str {
        "endpoint-slice-mirroring-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        let object = &change.object;
        if [ENDPOINTS, SERVICES].contains(table) {
            wake.key(object.key.clone());
        } else if *table == ENDPOINT_SLICES && is_ours(&object.tree) {
            let service = object.tree.str_at(&["metadata", "labels", SERVICE]);
            wake.key(Key::new(object.key.namespace(), service.unwrap_or_default()));
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let endpoints = view.get(&ENDPOINTS, key).filter(|it| is_mirrored(&it.tree));
        let service = view.get(&SERVICES, key);
        let alone = service.is_some_and(|it| selector(&it.tree).is_none());
        let endpoints = endpoints.filter(|_| alone);
        let mut wanted = endpoints.map(|it| slices(it)).unwrap_or_default().into_iter();
        let known = view.labelled(&ENDPOINT_SLICES, key.namespace(), SERVICE, key.name());
        for slice in known.filter(|slice| is_ours(&slice.tree)) {
            match wanted.next() {
                Some(next) if next.at(&["addressType"]) == slice.tree.at(&["addressType"]) => {
                    renew(slice, &next, &mut outcome);
                }
                next => {
                    outcome.delete(ENDPOINT_SLICES, &slice.key, Deletion::default());
                    create(key, next, &mut outcome);
                }
            }
        }
        wanted.for_each(|next| create(key, Some(next), &mut outcome));
        outcome
    }
}

fn create(key: &Key, slice: Option<Value>, outcome: &mut Outcome) {
    if let Some(slice) = slice {
        outcome.create(ENDPOINT_SLICES, key.namespace(), slice);
    }
}

fn renew(slice: &Object, next: &Value, outcome: &mut Outcome) {
    let parts = ["endpoints", "ports"];
    let new = parts.into_iter().fold(slice.tree.clone(), |new, part| {
        new.with(&[part], next.at(&[part]).cloned().unwrap_or_default())
    });
    if parts.iter().any(|part| new.at(&[part]) != slice.tree.at(&[part])) {
        outcome.update(ENDPOINT_SLICES, &slice.key, new);
    }
}

fn is_ours(slice: &Value) -> bool {
    slice.str_at(&["metadata", "labels", MANAGED]) == Some(WRITER)
}

/// Those of the endpoint controller are in slices already.
fn is_mirrored(endpoints: &Value) -> bool {
    endpoints.str_at(&["metadata", "labels", SKIPPED]) != Some("true")
        && endpoints.at(&["metadata", "labels", "endpoints.kubernetes.io/managed-by"]).is_none()
        && endpoints.at(&["metadata", "annotations", LEADER]).is_none()
        && endpoints.at(&["metadata", "deletionTimestamp"]).is_none()
}

fn slices(endpoints: &Object) -> Vec<Value> {
    let subsets = list(&endpoints.tree, &["subsets"]).iter();
    subsets
        .flat_map(|subset| ["IPv4", "IPv6"].map(|family| slice(endpoints, subset, family)))
        .flatten()
        .collect()
}

fn slice(endpoints: &Object, subset: &Value, family: &str) -> Option<Value> {
    let of_family = |address: &&Value| {
        let six = address.str_at(&["ip"]).is_some_and(|ip| ip.contains(':'));
        six == (family == "IPv6")
    };
    let of = |field: &str, ready: bool| -> Vec<Value> {
        let addresses = list(subset, &[field]).iter().filter(of_family);
        addresses.map(|address| endpoint(address, ready)).collect()
    };
    let mut all = of("addresses", true);
    all.extend(of("notReadyAddresses", false));
    all.truncate(MOST);
    if all.is_empty() {
        return None;
    }
    let name = endpoints.key.name();
    let labels = endpoints.tree.at(&["metadata", "labels"]).cloned().unwrap_or_default();
    let labels = labels.with(&[SERVICE], name.into()).with(&[MANAGED], WRITER.into());
    let metadata = Value::from([
        ("generateName", Value::text(format!("{name}-"))),
        ("labels", labels),
        ("ownerReferences", vec![reference(&endpoints.tree)].into()),
    ]);
    Some(Value::from([
        ("metadata", metadata),
        ("addressType", family.into()),
        ("endpoints", all.into()),
        ("ports", list(subset, &["ports"]).to_vec().into()),
    ]))
}

fn endpoint(address: &Value, ready: bool) -> Value {
    let ip = address.at(&["ip"]).cloned().unwrap_or_default();
    let conditions = Value::from([("ready", Value::Bool(ready))]);
    let endpoint = Value::from([("addresses", vec![ip].into()), ("conditions", conditions)]);
    ["hostname", "nodeName", "targetRef"].into_iter().fold(
        endpoint,
        |endpoint, field| match address.at(&[field]) {
            Some(value) => endpoint.with(&[field], value.clone()),
            None => endpoint,
        },
    )
}

fn list<'a>(tree: &'a Value, path: &[&str]) -> &'a [Value] {
    tree.at(path).and_then(Value::as_list).map_or(&[], |list| &list[..])
}

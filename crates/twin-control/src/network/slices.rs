//! `EndpointSlices`: who is behind a Service, in pieces of at most a hundred.
//!
//! A pod stays in its slice. What is new goes where there is room, so that few slices change.

use super::members::{Member, Members, TRIGGERED, labels, members, selector};
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{ENDPOINT_SLICES, NODES, SERVICES};
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_core::api::Deletion;
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::tree::{Text, Value};

/// A slice has no more endpoints than this.
const MOST: usize = 100;
const WRITER: &str = "endpointslice-controller.k8s.io";
const MANAGED: &str = "endpointslice.kubernetes.io/managed-by";
const SERVICE: &str = "kubernetes.io/service-name";

/// Writes the slices of Services that select.
#[derive(Debug, Default)]
pub(super) struct Slices {
    members: Members,
}

impl Controller for Slices {
    fn name(&self) -> &'static str {
        "endpoint-slice-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        self.members.woken(change, table, wake);
        let slice = &change.object;
        if *table == ENDPOINT_SLICES && change.kind == ChangeKind::Deleted && is_ours(&slice.tree) {
            let service = slice.tree.str_at(&["metadata", "labels", SERVICE]);
            wake.key(Key::new(slice.key.namespace(), service.unwrap_or_default()));
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(service) = view.get(&SERVICES, key) else { return outcome };
        if selector(&service.tree).is_none()
            || service.tree.str_at(&["metadata", "deletionTimestamp"]).is_some()
        {
            return outcome;
        }
        if let Some(wait) = self.members.wait(key, view.now) {
            outcome.again(wait);
            return outcome;
        }
        let found = members(service, view);
        self.members.looked(key, found.len(), view.now);
        let mut plan = Plan::new(service, &found, view);
        let known = view.labelled(&ENDPOINT_SLICES, key.namespace(), SERVICE, key.name());
        for slice in known.filter(|slice| is_ours(&slice.tree)) {
            plan.keep(slice);
        }
        plan.fill();
        plan.write(service, view, &mut outcome);
        outcome
    }
}

fn is_ours(slice: &Value) -> bool {
    slice.str_at(&["metadata", "labels", MANAGED]) == Some(WRITER)
}

/// A slice as it will be.
struct Draft {
    slice: Option<Arc<Object>>,
    ports: Value,
    endpoints: Vec<Value>,
}

struct Plan {
    /// Endpoints that have no slice yet, by the name of their pod.
    rest: BTreeMap<Text, (Value, Value)>,
    drafts: Vec<Draft>,
}

impl Plan {
    fn new(service: &Object, found: &[Member], view: &View<'_>) -> Self {
        let endpoint = |member: &Member| {
            let endpoint = endpoint(service, member, view);
            (Text::new(member.pod.key.name()), (member.ports.clone(), endpoint))
        };
        Self { rest: found.iter().map(endpoint).collect(), drafts: Vec::new() }
    }

    /// Keeps those of a slice that are still there.
    fn keep(&mut self, slice: &Arc<Object>) {
        let ports = slice.tree.at(&["ports"]).filter(|ports| **ports != Value::Null);
        let ports = ports.cloned().unwrap_or_else(|| Vec::new().into());
        let list = slice.tree.at(&["endpoints"]).and_then(Value::as_list);
        let mut endpoints = Vec::new();
        for old in list.into_iter().flat_map(|list| list.iter()) {
            let name = old.str_at(&["targetRef", "name"]).unwrap_or_default();
            if self.rest.get(name).is_some_and(|(own, _)| *own == ports)
                && let Some((_, endpoint)) = self.rest.remove(name)
            {
                endpoints.push(endpoint);
            }
        }
        self.drafts.push(Draft { slice: Some(slice.clone()), ports, endpoints });
    }

    /// Finds a place for the others.
    fn fill(&mut self) {
        for (ports, endpoint) in std::mem::take(&mut self.rest).into_values() {
            let fits = |draft: &&mut Draft| draft.ports == ports && draft.endpoints.len() < MOST;
            match self.drafts.iter_mut().find(fits) {
                Some(draft) => draft.endpoints.push(endpoint),
                None => self.drafts.push(Draft { slice: None, ports, endpoints: vec![endpoint] }),
            }
        }
    }

    fn write(mut self, service: &Object, view: &View<'_>, outcome: &mut Outcome) {
        // A Service with nobody behind it has an empty slice.
        if self.drafts.iter().all(|draft| draft.endpoints.is_empty()) {
            self.drafts.truncate(1);
            if self.drafts.is_empty() {
                let ports = Vec::new().into();
                self.drafts.push(Draft { slice: None, ports, endpoints: Vec::new() });
            }
            let wanted = self.drafts.iter().filter_map(|draft| draft.slice.as_ref());
            let wanted: Vec<_> = wanted.map(|slice| slice.key.clone()).collect();
            let namespace = service.key.namespace();
            let known = view.labelled(&ENDPOINT_SLICES, namespace, SERVICE, service.key.name());
            for slice in known.filter(|it| is_ours(&it.tree) && !wanted.contains(&it.key)) {
                outcome.delete(ENDPOINT_SLICES, &slice.key, Deletion::default());
            }
        }
        let empty = self.drafts.len() == 1;
        for draft in self.drafts {
            match &draft.slice {
                Some(slice) if draft.endpoints.is_empty() && !empty => {
                    outcome.delete(ENDPOINT_SLICES, &slice.key, Deletion::default());
                }
                Some(slice) => {
                    let new = draft.on(&slice.tree, service);
                    if new != slice.tree {
                        let path = ["metadata", "annotations", TRIGGERED];
                        let new = new.with(&path, view.now.value());
                        outcome.update(ENDPOINT_SLICES, &slice.key, new);
                    }
                }
                None => {
                    let stem = Text::from(format!("{}-", service.key.name()));
                    let new = draft
                        .on(&Value::from([("addressType", "IPv4".into())]), service)
                        .with(&["metadata", "generateName"], stem.into())
                        .with(&["metadata", "annotations", TRIGGERED], view.now.value());
                    outcome.create(ENDPOINT_SLICES, service.key.namespace(), new);
                }
            }
        }
    }
}

impl Draft {
    fn on(&self, slice: &Value, service: &Object) -> Value {
        let own = [(MANAGED, WRITER), (SERVICE, service.key.name())];
        let owner = Value::from([
            ("apiVersion", "v1".into()),
            ("kind", "Service".into()),
            ("name", service.key.name().into()),
            ("uid", service.tree.at(&["metadata", "uid"]).cloned().unwrap_or_default()),
            ("controller", Value::Bool(true)),
            ("blockOwnerDeletion", Value::Bool(true)),
        ]);
        slice
            .with(&["metadata", "labels"], labels(&service.tree, &own))
            .with(&["metadata", "ownerReferences"], vec![owner].into())
            .with(&["endpoints"], null_if_empty(self.endpoints.clone().into()))
            .with(&["ports"], null_if_empty(self.ports.clone()))
    }
}

/// Lists that are empty come back from storage as nothing.
fn null_if_empty(list: Value) -> Value {
    if list.as_list().is_some_and(|list| list.is_empty()) { Value::Null } else { list }
}

fn endpoint(service: &Object, member: &Member, view: &View<'_>) -> Value {
    let spec = |field: &str| service.tree.at(&["spec", field]);
    let eager = spec("publishNotReadyAddresses").and_then(Value::as_bool) == Some(true);
    let ready = eager || (member.serving && !member.ending);
    let conditions = Value::from([
        ("ready", Value::Bool(ready)),
        ("serving", Value::Bool(member.serving)),
        ("terminating", Value::Bool(member.ending)),
    ]);
    let mut endpoint = Value::from([
        ("addresses", vec![Value::from(member.address.clone())].into()),
        ("conditions", conditions),
        ("nodeName", member.node().into()),
        ("targetRef", member.reference()),
    ]);
    let pod = &member.pod.tree;
    let own = pod.str_at(&["spec", "subdomain"]) == Some(service.key.name());
    if let Some(name) = pod.at(&["spec", "hostname"]).filter(|_| own) {
        endpoint = endpoint.with(&["hostname"], name.clone());
    }
    let node = view.get(&NODES, &Key::new("", member.node()));
    let zone = ["metadata", "labels", "topology.kubernetes.io/zone"];
    if let Some(zone) = node.and_then(|node| node.tree.at(&zone)) {
        endpoint = endpoint.with(&["zone"], zone.clone());
    }
    endpoint
}

//! `Endpoints`: who is behind a Service, in one object, as it was before there were slices.

use super::members::{Member, Members, TRIGGERED, labels, members, selector};
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{ENDPOINTS, SERVICES};
use std::collections::BTreeMap;
use twin_core::api::Deletion;
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::tree::Value;

/// More addresses than these are left out.
const MOST: usize = 1_000;
const TRUNCATED: &str = "endpoints.kubernetes.io/over-capacity";
const MANAGED: (&str, &str) = ("endpoints.kubernetes.io/managed-by", "endpoint-controller");

/// Writes the Endpoints of Services that select.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    members: Members,
}

impl Controller for Endpoints {
    fn name(&self) -> &'static str {
        "endpoint-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        self.members.woken(change, table, wake);
        if *table == ENDPOINTS && change.kind == ChangeKind::Deleted {
            wake.key(change.object.key.clone());
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let known = view.get(&ENDPOINTS, key);
        let Some(service) = view.get(&SERVICES, key) else {
            if known.is_some_and(|known| is_ours(&known.tree)) {
                outcome.delete(ENDPOINTS, key, Deletion::default());
            }
            return outcome;
        };
        if selector(&service.tree).is_none() {
            return outcome;
        }
        if let Some(wait) = self.members.wait(key, view.now) {
            outcome.again(wait);
            return outcome;
        }
        let found = members(service, view);
        self.members.looked(key, found.len(), view.now);
        let old = known.map(|known| known.tree.clone()).unwrap_or_default();
        let new = drawn(service, &found, &old);
        if known.is_none() || new != old {
            let new = new.with(&["metadata", "annotations", TRIGGERED], view.now.value());
            match known {
                None => outcome.create(ENDPOINTS, key.namespace(), new),
                Some(_) => outcome.update(ENDPOINTS, key, new),
            }
        }
        outcome
    }
}

fn is_ours(endpoints: &Value) -> bool {
    endpoints.str_at(&["metadata", "labels", MANAGED.0]) == Some(MANAGED.1)
}

fn drawn(service: &Object, found: &[Member], old: &Value) -> Value {
    let eager = service.tree.at(&["spec", "publishNotReadyAddresses"]);
    let eager = eager.and_then(Value::as_bool) == Some(true);
    // By port, so that what is said of one port is said once.
    let mut subsets: BTreeMap<String, (Value, Vec<Value>, Vec<Value>)> = BTreeMap::new();
    let present = found.iter().filter(|member| eager || !member.ending);
    let (ready, idle): (Vec<_>, Vec<_>) = present.partition(|it| eager || it.serving);
    let total = ready.len() + idle.len();
    let is_ready = ready.len();
    for (at, member) in ready.into_iter().chain(idle).enumerate().take(MOST) {
        let subset = subsets
            .entry(member.ports.to_string())
            .or_insert_with(|| (bare(&member.ports), Vec::new(), Vec::new()));
        let list = if at < is_ready { &mut subset.1 } else { &mut subset.2 };
        list.push(address(service, member));
    }
    let subsets: Vec<_> = subsets.into_values().map(subset).collect();
    let new = old
        .with(&["metadata", "name"], service.key.name().into())
        .with(&["metadata", "labels"], labels(&service.tree, &[MANAGED]));
    let mark = ["metadata", "annotations", TRUNCATED];
    let new = if total > MOST { new.with(&mark, "truncated".into()) } else { new.without(&mark) };
    if subsets.is_empty() {
        new.without(&["subsets"])
    } else {
        new.with(&["subsets"], subsets.into())
    }
}

/// Ports without the name that says nothing.
fn bare(ports: &Value) -> Value {
    let list = ports.as_list().into_iter().flat_map(|list| list.iter());
    let bare = list.map(|port| match port.str_at(&["name"]) {
        Some("") => port.without(&["name"]),
        _ => port.clone(),
    });
    bare.collect::<Vec<_>>().into()
}

fn subset((ports, ready, idle): (Value, Vec<Value>, Vec<Value>)) -> Value {
    let mut subset = Value::Map(twin_core::tree::Map::default());
    for (field, list) in [("addresses", ready), ("notReadyAddresses", idle)] {
        if !list.is_empty() {
            subset = subset.with(&[field], list.into());
        }
    }
    if ports.as_list().is_some_and(|list| list.is_empty()) {
        return subset;
    }
    subset.with(&["ports"], ports)
}

fn address(service: &Object, member: &Member) -> Value {
    let address = Value::from([
        ("ip", member.address.clone().into()),
        ("nodeName", member.node().into()),
        ("targetRef", member.reference()),
    ]);
    let pod = &member.pod.tree;
    let own = pod.str_at(&["spec", "subdomain"]) == Some(service.key.name());
    match pod.at(&["spec", "hostname"]).filter(|_| own) {
        Some(name) => address.with(&["hostname"], name.clone()),
        None => address,
    }
}

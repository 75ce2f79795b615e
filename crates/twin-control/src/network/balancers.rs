//! Load balancers: Services that want one get an address.

use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::SERVICES;
use std::net::Ipv4Addr;
use twin_core::store::{Change, ChangeKind, Key, TableName};
use twin_core::tree::{Text, Value};

/// Gives addresses to load balancers.
#[derive(Debug)]
pub(super) struct Balancers;

impl Controller for Balancers {
    fn name(&self) -> &'static str {
        "service-lb-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        if *table == SERVICES && change.kind != ChangeKind::Deleted {
            wake.key(change.object.key.clone());
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(service) = view.get(&SERVICES, key) else { return outcome };
        let path = ["status", "loadBalancer", "ingress"];
        let wanted = service.tree.str_at(&["spec", "type"]) == Some("LoadBalancer")
            && service.tree.at(&["spec", "loadBalancerClass"]).is_none();
        let has = service.tree.at(&path).is_some();
        let own = service.tree.str_at(&["spec", "clusterIP"]).and_then(|it| it.parse().ok());
        match (wanted, has, own) {
            (true, false, Some(own)) => {
                let row = Value::from([("ip", outside(own).into()), ("ipMode", "VIP".into())]);
                outcome.update_status(SERVICES, key, service.tree.with(&path, vec![row].into()));
            }
            (false, true, _) if service.tree.at(&["spec", "loadBalancerClass"]).is_none() => {
                outcome.update_status(SERVICES, key, service.tree.without(&path));
            }
            _ => {}
        }
        outcome
    }
}

/// The address of a Service, moved to the range that carriers share: both have room for all.
fn outside(own: Ipv4Addr) -> Text {
    let [_, second, third, fourth] = own.octets();
    Text::from(Ipv4Addr::new(100, 64 + second % 16, third, fourth).to_string())
}

//! What each namespace gets: an account for its pods, the certificate that they trust, and how much it
//! may use.

mod first;
mod quotas;

pub(crate) use first::roles;
pub(crate) use quotas::Quotas;

use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS};
use twin_core::store::{Change, Key, TableName};
use twin_core::tree::{Text, Value};

/// Controllers of this folder.
pub fn controllers() -> Vec<Box<dyn Controller>> {
    let account = Given {
        writer: "service-account-controller",
        table: SERVICE_ACCOUNTS,
        object: "default",
        content: Value::default(),
    };
    let root = Given {
        writer: "root-ca-certificate-publisher",
        table: CONFIG_MAPS,
        object: "kube-root-ca.crt",
        content: Value::from([("data", Value::from([("ca.crt", NO_CERTIFICATE.into())]))])
            .with(&["metadata", "annotations", "kubernetes.io/description"], DESCRIPTION.into()),
    };
    vec![
        Box::new(account),
        Box::new(root),
        Box::new(roles()),
        Box::new(Quotas::new()),
        Box::new(first::components()),
    ]
}

/// Kubernetes' own words, for whoever finds it.
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/// In process there is no TLS, and so no certificate to trust.
const NO_CERTIFICATE: &str = "# no certificate: no container of a twin asks for one\n";

/// An object that every namespace has, and gets again if it is taken away.
#[derive(Debug)]
struct Given {
    writer: &'static str,
    table: TableName,
    object: &'static str,
    content: Value,
}

impl Controller for Given {
    fn name(&self) -> &'static str {
        self.writer
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        let key = &change.object.key;
        if *table == NAMESPACES {
            wake.key(Key::new("", key.name()));
        } else if *table == self.table && key.name() == self.object {
            wake.key(Key::new("", key.namespace()));
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let active = view
            .get(&NAMESPACES, key)
            .is_some_and(|namespace| namespace.tree.str_at(&["status", "phase"]) == Some("Active"));
        let place = Key::new(key.name(), self.object);
        match view.get(&self.table, &place) {
            _ if !active => {}
            None => {
                let name = Text::new(self.object).into();
                let object = self.content.with(&["metadata", "name"], name);
                outcome.create(self.table.clone(), key.name(), object);
            }
            Some(known) => {
                let content = self.content.at(&["data"]);
                if let Some(data) = content.filter(|data| known.tree.at(&["data"]) != Some(data)) {
                    let object = known.tree.with(&["data"], data.clone());
                    outcome.update(self.table.clone(), &place, object);
                }
            }
        }
        outcome
    }
}

//! The Service `kubernetes`: how pods find the API.

use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{ENDPOINT_SLICES, ENDPOINTS, NAMESPACES, SERVICE_CIDRS, SERVICES};
use twin_core::store::{Change, Key, TableName};
use twin_core::tree::Value;

const NAME: &str = "kubernetes";
const SERVICE_ADDRESSES: &str = "10.96.0.0/12";
const SERVICE_ADDRESS: &str = "10.96.0.1";
/// Of the documentation: nobody listens there.
const ADDRESS: &str = "192.0.2.1";
const PORT: i64 = 6_443;

/// Writes the Service, and who is behind it.
#[derive(Debug)]
pub(super) struct ApiServer;

impl Controller for ApiServer {
    fn name(&self) -> &'static str {
        "kube-apiserver"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        let key = &change.object.key;
        let own = [SERVICES, ENDPOINTS, ENDPOINT_SLICES].contains(table) && *key == place();
        let range = *table == SERVICE_CIDRS && key.name() == NAME;
        if own || range || (*table == NAMESPACES && key.name() == "default") {
            wake.key(place());
        }
    }

    fn reconcile(&mut self, _: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        if view.get(&NAMESPACES, &Key::new("", "default")).is_none() {
            return outcome;
        }
        for (table, object) in
            [(SERVICES, service()), (ENDPOINTS, endpoints()), (ENDPOINT_SLICES, slice())]
        {
            if view.get(&table, &place()).is_none() {
                let object = object.with(&["metadata", "name"], NAME.into());
                outcome.create(table, "default", object);
            }
        }
        range(view, &mut outcome);
        outcome
    }
}

/// The range from which Services have their addresses, which is in use.
fn range(view: &View<'_>, outcome: &mut Outcome) {
    let key = Key::new("", NAME);
    let Some(known) = view.get(&SERVICE_CIDRS, &key) else {
        let spec = Value::from([("cidrs", vec![SERVICE_ADDRESSES.into()].into())]);
        let name = Value::from([("name", NAME.into())]);
        let range = Value::from([("metadata", name), ("spec", spec)]);
        outcome.create(SERVICE_CIDRS, "", range);
        return;
    };
    if known.tree.at(&["status", "conditions"]).is_none() {
        let ready = Value::from([
            ("type", "Ready".into()),
            ("status", "True".into()),
            ("reason", "".into()),
            ("message", "Kubernetes default Service CIDR is ready".into()),
            ("lastTransitionTime", view.now.value()),
        ]);
        let tree = known.tree.with(&["status", "conditions"], vec![ready].into());
        outcome.update_status(SERVICE_CIDRS, &key, tree);
    }
}

fn place() -> Key {
    Key::new("default", NAME)
}

fn port(number: i64) -> Value {
    Value::from([("name", "https".into()), ("port", number.into()), ("protocol", "TCP".into())])
}

fn service() -> Value {
    let port = port(443).with(&["targetPort"], PORT.into());
    let labels =
        Value::from([("component", "apiserver".into()), ("provider", "kubernetes".into())]);
    Value::from([
        ("metadata", Value::from([("labels", labels)])),
        (
            "spec",
            Value::from([
                ("clusterIP", SERVICE_ADDRESS.into()),
                ("ports", vec![port].into()),
                ("type", "ClusterIP".into()),
            ]),
        ),
    ])
}

fn endpoints() -> Value {
    let subset = Value::from([
        ("addresses", vec![Value::from([("ip", ADDRESS.into())])].into()),
        ("ports", vec![port(PORT)].into()),
    ]);
    let labels = Value::from([("endpointslice.kubernetes.io/skip-mirror", "true".into())]);
    Value::from([("metadata", Value::from([("labels", labels)])), ("subsets", vec![subset].into())])
}

fn slice() -> Value {
    let endpoint = Value::from([
        ("addresses", vec![ADDRESS.into()].into()),
        ("conditions", Value::from([("ready", Value::Bool(true))])),
    ]);
    let labels = Value::from([("kubernetes.io/service-name", NAME.into())]);
    Value::from([
        ("metadata", Value::from([("labels", labels)])),
        ("addressType", "IPv4".into()),
        ("endpoints", vec![endpoint].into()),
        ("ports", vec![port(PORT)].into()),
    ])
}

//! What a product should be, and what is there of it.

use crate::arguments::TargetArguments;
use crate::closest::{closest, either};
use crate::error::Error;
use crate::live::Stopwatch;
use crate::product::{Product, Readable};
use apply::{Desired, Id, Inventory, Stage};
use cluster::{Cluster, Facts, LeaseSeen};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A product and a cluster, before anything is decided.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) cluster: Cluster,
    pub(crate) facts: Facts,
    pub(crate) product: Product,
    pub(crate) desired: Vec<Desired>,
    /// What earlier runs applied; empty if there were none.
    pub(crate) inventory: Inventory,
    pub(crate) live: BTreeMap<Id, Value>,
    /// The lease before a decision was made; none where there is no namespace yet.
    pub(crate) lease: LeaseSeen,
}

/// Connects, with names that are close to a wrong one.
pub(crate) async fn connect(target: &TargetArguments) -> Result<Cluster, Error> {
    cluster::connect(target.context.as_deref()).await.map_err(|error| match &error {
        cluster::Error::NoContext { name, known } => {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let hint = match either(&closest(name, known.iter().copied())) {
                Some(close) => format!("did you mean {close}?"),
                None => format!("it has {}", known.join(", ")),
            };
            Error::advised(error.to_string(), hint)
        }
        _ => Error::Cluster(error),
    })
}

impl Session {
    /// Learns what the cluster has, plans for it, and reads what is there.
    pub(crate) async fn open(
        readable: Readable,
        target: &TargetArguments,
        watch: &mut Stopwatch,
    ) -> Result<Self, Error> {
        let cluster = connect(target).await?;
        watch.lap("connect");
        let facts = cluster.facts().await?;
        watch.lap("facts");
        let product = readable.plan(&facts.cluster);
        let desired = desired(&product);
        watch.lap("plan");
        let namespace = &product.plan.namespace;
        let (inventory, lease) =
            futures::try_join!(cluster.inventory(namespace), cluster.lease(namespace))?;
        let inventory = ours(inventory, &product)?;
        let ids: BTreeSet<&Id> =
            desired.iter().map(|it| &it.id).chain(inventory.objects.keys()).collect();
        let live = cluster.read(ids).await?;
        watch.lap("read");
        Ok(Self { cluster, facts, product, desired, inventory, live, lease })
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.product.plan.namespace
    }

    /// Jobs that are there.
    pub(crate) fn live_jobs(&self) -> Vec<Value> {
        self.live.iter().filter(|(id, _)| id.kind == "Job").map(|(_, job)| job.clone()).collect()
    }
}

fn desired(product: &Product) -> Vec<Desired> {
    let objects = product.objects.iter().filter_map(|object| {
        Desired::new(object.value.clone(), Stage(object.stage), object.service.clone())
    });
    objects.collect()
}

/// Two products in one namespace would remove each other's objects.
fn ours(inventory: Option<Inventory>, product: &Product) -> Result<Inventory, Error> {
    let app = &product.plan.app;
    match inventory {
        None => Ok(Inventory::new(app)),
        Some(inventory) if inventory.product == *app => Ok(inventory),
        Some(other) => Err(Error::Conflict {
            message: format!(
                "namespace {} holds the product {}, not {app}",
                product.plan.namespace, other.product
            ),
            hint: "choose another --namespace, or the same --name".to_owned(),
        }),
    }
}

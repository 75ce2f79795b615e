//! What a product should be, and what is there of it.

use crate::arguments::{ReuseArguments, TargetArguments};
use crate::closest::{closest, either};
use crate::error::Error;
use crate::live::Stopwatch;
use crate::live::rights::{Purpose, Scope};
use crate::product::{Product, Readable};
use apply::{Decision, Desired, Id, Inventory, Remembered, Stage};
use cluster::{Cluster, Facts, LeaseSeen};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use twin::Twin;

/// A product and a cluster, before anything is decided.
#[derive(Clone, Debug)]
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
    /// The options of this plan, for later runs.
    pub(crate) options: Remembered,
    /// Those of them that an earlier run was given.
    pub(crate) reused: Remembered,
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

/// Where a product should run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// The cluster of a kubeconfig.
    Cluster(&'a TargetArguments),
    /// A twin in this process.
    Twin(&'a Twin),
}

impl Place<'_> {
    async fn reach(self) -> Result<Cluster, Error> {
        match self {
            Self::Cluster(target) => connect(target).await,
            Self::Twin(twin) => {
                cluster::within(twin.service(), "a twin").await.map_err(Error::Cluster)
            }
        }
    }
}

impl Session {
    /// Learns what the cluster has, plans for it with the options of earlier runs, and reads what is
    /// there.
    pub(crate) async fn open(
        readable: Readable,
        place: Place<'_>,
        reuse: &ReuseArguments,
        purpose: Purpose,
        watch: &mut Stopwatch,
    ) -> Result<Self, Error> {
        let cluster = place.reach().await?;
        watch.lap("connect");
        let namespace = readable.namespace();
        let (facts, known) = futures::join!(cluster.facts(), async {
            futures::try_join!(cluster.inventory(&namespace), cluster.lease(&namespace))
        });
        let mut facts = facts?;
        watch.lap("facts");
        let (readable, reused) = match &known {
            Ok((Some(inventory), _)) if !reuse.reset_options => {
                readable.remembering(&inventory.options)?
            }
            _ => (readable, Remembered::new()),
        };
        if let Ok((Some(inventory), _)) = &known {
            facts.cluster.running = cluster.running(inventory, &readable.models()).await?;
        }
        let options = readable.options();
        let product = readable.plan(&facts.cluster);
        let desired = desired(&product);
        watch.lap("plan");
        let scope = scope(&cluster, &product);
        let (inventory, lease) = match known {
            Ok(known) => known,
            Err(error) => return Err(scope.refused(error, &ids(&desired, None), purpose).await),
        };
        let inventory = ours(inventory, &product)?;
        let ids = ids(&desired, Some(&inventory));
        let live = match cluster.read(&ids).await {
            Ok(live) => live,
            Err(error) => return Err(scope.refused(error, &ids, purpose).await),
        };
        watch.lap("read");
        Ok(Self { cluster, facts, product, desired, inventory, live, lease, options, reused })
    }

    /// Makes a twin serve kinds of others that the plan uses, as if they had been installed.
    pub(crate) async fn define_missing(&mut self, twin: &Twin) -> Result<(), Error> {
        let ids = self.desired.iter().map(|it| &it.id);
        let missing: Vec<_> =
            ids.filter(|id| !self.cluster.serves(&id.api_version, &id.kind)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        for id in missing {
            let Some((group, version)) = id.api_version.split_once('/') else { continue };
            let scope =
                if id.namespace.is_some() { twin::Scope::Namespaced } else { twin::Scope::Cluster };
            twin.define(group, version, &id.kind, scope);
        }
        self.cluster.refresh().await.map_err(Error::Cluster)
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.product.plan.namespace
    }

    /// The namespace, if it is being deleted, and with it all that is in it.
    pub(crate) fn dying_namespace(&self) -> Option<Id> {
        let mut namespaces = self.live.iter().filter(|(id, _)| id.kind == "Namespace");
        let (id, _) = namespaces.find(|(_, it)| !it["metadata"]["deletionTimestamp"].is_null())?;
        Some(id.clone())
    }

    /// Waits until the namespace is gone, and starts from what is left: nothing.
    pub(crate) async fn outlive(&mut self, namespace: &Id) -> Result<(), Error> {
        self.cluster.gone(namespace).await?;
        self.inventory = Inventory::new(&self.inventory.product);
        self.lease = self.cluster.lease(self.namespace()).await?;
        self.live = self.cluster.read(&ids(&self.desired, None)).await?;
        Ok(())
    }

    /// Stops before anything is written if something is not allowed.
    pub(crate) async fn check_rights(&self, decision: &Decision) -> Result<(), Error> {
        let ids = ids(&self.desired, Some(&self.inventory));
        scope(&self.cluster, &self.product).check(decision, &ids).await
    }

    /// What has to serve: a Job that completed and was cleaned up does not come back.
    pub(crate) fn awaited(&self) -> Vec<Desired> {
        let gone = |id: &Id| self.inventory.is_done(id) && !self.live.contains_key(id);
        self.desired.iter().filter(|it| !gone(&it.id)).cloned().collect()
    }

    /// Jobs that are there.
    pub(crate) fn live_jobs(&self) -> Vec<Value> {
        self.live.iter().filter(|(id, _)| id.kind == "Job").map(|(_, job)| job.clone()).collect()
    }
}

fn scope<'a>(cluster: &'a Cluster, product: &'a Product) -> Scope<'a> {
    let plan = &product.plan;
    let place = product.objects.iter().find(|it| it.kind == "Namespace").map(|it| &it.value);
    Scope { cluster, product: &plan.app, namespace: &plan.namespace, place }
}

/// All objects of a product, those of today and those of earlier runs.
fn ids(desired: &[Desired], inventory: Option<&Inventory>) -> BTreeSet<Id> {
    let known = inventory.into_iter().flat_map(|it| it.objects.keys());
    desired.iter().map(|it| &it.id).chain(known).cloned().collect()
}

/// Options as a person would write them.
pub(crate) fn written(options: &Remembered) -> String {
    let words = options
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| format!("--{name} {value}")));
    words.collect::<Vec<_>>().join(" ")
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

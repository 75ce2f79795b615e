//! A product as its inventory knows it: without its files.

use crate::arguments::TargetArguments;
use crate::error::Error;
use crate::live::rights::{Purpose, Scope};
use crate::live::session::connect;
use apply::{Decision, Desired, Id, Inventory, Observed, Stage};
use cluster::Cluster;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A product that an earlier run has applied.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) cluster: Cluster,
    pub(crate) namespace: String,
    pub(crate) inventory: Inventory,
}

/// Kinds whose pods are a service.
const WORKLOADS: &[&str] = &["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Cluster"];

impl Known {
    /// Finds the product of a namespace, to look at it.
    pub(crate) async fn find(target: &TargetArguments, namespace: &str) -> Result<Self, Error> {
        let missing = || Error::NotServing {
            message: format!("namespace {namespace} holds no product of ours"),
            hint: "`muster up` makes it; --namespace and --context choose another place".to_owned(),
        };
        Self::look_for(target, namespace, Purpose::Look).await?.ok_or_else(missing)
    }

    /// Finds the product of a namespace, if there is one.
    pub(crate) async fn look_for(
        target: &TargetArguments,
        namespace: &str,
        purpose: Purpose,
    ) -> Result<Option<Self>, Error> {
        let cluster = connect(target).await?;
        let namespace = namespace.to_owned();
        match cluster.inventory(&namespace).await {
            Ok(found) => Ok(found.map(|inventory| Self { cluster, namespace, inventory })),
            Err(error) => {
                let unknown = Self { cluster, inventory: Inventory::new(&namespace), namespace };
                Err(unknown.refused(error, purpose).await)
            }
        }
    }

    /// All that is missing, once something was refused.
    pub(crate) async fn refused(&self, error: cluster::Error, purpose: Purpose) -> Error {
        self.scope().refused(error, &self.ids(), purpose).await
    }

    /// Stops before anything is written if something is not allowed.
    pub(crate) async fn check_rights(&self, decision: &Decision) -> Result<(), Error> {
        self.scope().check(decision, &self.ids()).await
    }

    fn scope(&self) -> Scope<'_> {
        let product = self.inventory.product.as_str();
        let (cluster, namespace) = (&self.cluster, self.namespace.as_str());
        Scope { cluster, product, namespace, place: None }
    }

    fn ids(&self) -> BTreeSet<Id> {
        self.inventory.objects.keys().cloned().collect()
    }

    /// Its workloads, with their services; without Jobs that completed and were cleaned up.
    pub(crate) fn workloads(&self, observed: &Observed) -> Vec<Desired> {
        let there = |id: &Id| !self.inventory.is_done(id) || observed.get(id).is_some();
        let known = self.workload_ids().filter(|(id, _)| there(id));
        known
            .map(|(id, service)| Desired {
                id: id.clone(),
                object: Value::Null,
                stage: Stage::default(),
                service: Some(service.to_owned()),
            })
            .collect()
    }

    /// Names of its services.
    pub(crate) fn services(&self) -> BTreeSet<&str> {
        self.workload_ids().map(|(_, service)| service).collect()
    }

    /// Services by the label that their pods carry.
    pub(crate) async fn services_by_label(&self) -> Result<BTreeMap<String, String>, Error> {
        let live = match self.cluster.read(self.workload_ids().map(|(id, _)| id)).await {
            Ok(live) => live,
            Err(error) => return Err(self.refused(error, Purpose::Look).await),
        };
        let named = self.workload_ids().map(|(id, service)| {
            let label = live.get(id).and_then(name_label).unwrap_or(&id.name);
            (label.to_owned(), service.to_owned())
        });
        Ok(named.collect())
    }

    fn workload_ids(&self) -> impl Iterator<Item = (&Id, &str)> {
        let workloads =
            self.inventory.objects.iter().filter(|(id, _)| WORKLOADS.contains(&id.kind.as_str()));
        workloads.map(|(id, record)| (id, record.service.as_deref().unwrap_or(&id.name)))
    }
}

/// The label that the pods of a workload share.
pub(crate) fn name_label(object: &Value) -> Option<&str> {
    object["metadata"]["labels"]["app.kubernetes.io/name"].as_str()
}

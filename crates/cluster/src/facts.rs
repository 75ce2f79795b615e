//! What the cluster has.

use crate::connect::Cluster;
use crate::error::{Ask, Error};
use crate::running::{GPUS, PRODUCT, whole};
use crate::watch::value;
use kube::api::ListParams;
use model::facts::ClusterFacts;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the cluster has.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What the planner decides by.
    pub cluster: ClusterFacts,
    /// Its version, in its own words.
    pub version: String,
    /// The storage class of claims that name none.
    pub default_class: Option<String>,
    /// Extended resources such as `nvidia.com/gpu`: how many all nodes that take pods offer together; `None` if
    /// nodes may not be listed.
    pub extended: Option<BTreeMap<String, u64>>,
}

const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

impl Cluster {
    /// Finds out what the cluster has. What may not be read is unknown.
    pub async fn facts(&self) -> Result<Facts, Error> {
        let (classes, nodes) = futures::try_join!(
            self.list("storage.k8s.io/v1", "StorageClass", None),
            self.list("v1", "Node", None),
        )?;
        let classes = classes.unwrap_or_default();
        let default = classes.iter().find(|class| is_default(class)).and_then(name);
        let provisioner =
            |class: &Value| class["provisioner"].as_str().unwrap_or_default().to_owned();
        let storage_classes: BTreeMap<_, _> =
            classes.iter().filter_map(|class| Some((name(class)?, provisioner(class)))).collect();
        let user_namespaces = nodes.as_deref().and_then(user_namespaces);
        let nodes: Option<Vec<_>> =
            nodes.map(|nodes| nodes.into_iter().filter(takes_pods).collect());
        let extended = nodes.as_deref().map(extended);
        let gpus = nodes.as_deref().map(gpus).unwrap_or_default();
        let nodes = nodes.map(|nodes| nodes.len());
        let cluster = ClusterFacts {
            minor: self.minor,
            storage_classes,
            api_groups: Some(self.resources.groups()),
            // A cluster without nodes gets them when pods ask.
            nodes: nodes.filter(|nodes| *nodes > 0).and_then(|nodes| u32::try_from(nodes).ok()),
            user_namespaces,
            gpus,
            running: BTreeMap::new(),
        };
        Ok(Facts { cluster, version: self.version.clone(), default_class: default, extended })
    }

    /// All objects of a kind, in a namespace or of the whole cluster; `None` if they may not be
    /// read or the kind is not served.
    pub async fn list(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
    ) -> Result<Option<Vec<Value>>, Error> {
        match self.list_all(api_version, kind, namespace).await {
            Ok(objects) => Ok(Some(objects)),
            Err(Error::Forbidden { .. } | Error::NotServed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All objects of these kinds in a namespace; of a kind that is not served there are none.
    pub async fn survey(
        &self,
        namespace: &str,
        kinds: &[(&str, &str)],
    ) -> Result<Vec<Value>, Error> {
        let served = kinds.iter().filter(|(api_version, kind)| self.serves(api_version, kind));
        let lists = served.map(|(version, kind)| self.list_all(version, kind, Some(namespace)));
        Ok(futures::future::try_join_all(lists).await?.concat())
    }

    async fn list_all(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
    ) -> Result<Vec<Value>, Error> {
        let resource = self.resources.get(api_version, kind)?;
        let api = self.api(resource, namespace);
        let ask = Ask { verb: "list", resource: resource.name(), namespace, object: String::new() };
        let params = ListParams::default();
        let list = self.ask(&ask, || api.list(&params)).await?;
        Ok(list.items.into_iter().filter_map(|it| value(&resource.api, it)).collect())
    }
}

fn name(object: &Value) -> Option<String> {
    Some(object.pointer("/metadata/name")?.as_str()?.to_owned())
}

fn is_default(class: &Value) -> bool {
    class["metadata"]["annotations"][DEFAULT_CLASS] == "true"
}

/// What nodes offer beside CPU, memory and disk: resources whose names have a domain.
fn extended(nodes: &[Value]) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    let offers = nodes.iter().filter_map(|node| node["status"]["allocatable"].as_object());
    for (name, amount) in offers.flatten().filter(|(name, _)| name.contains('/')) {
        let sum = sums.entry(name.clone()).or_default();
        *sum = u64::saturating_add(*sum, whole(amount));
    }
    sums
}

/// The most that a node with GPUs offers to one pod, by the product that the GPU feature discovery labels it with.
fn gpus(nodes: &[Value]) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut products: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for node in nodes {
        let Some(product) = node["metadata"]["labels"][PRODUCT].as_str() else {
            continue;
        };
        let most = products.entry(product.to_owned()).or_default();
        let offers = node["status"]["allocatable"].as_object().into_iter().flatten();
        for (name, amount) in offers.filter(|(name, _)| name.starts_with(GPUS)) {
            let amount = whole(amount);
            if amount > 0 {
                let known = most.entry(name.clone()).or_default();
                *known = amount.max(*known);
            }
        }
    }
    products
}

/// Whether the default runtime of every node has user namespaces; `None` if no node says so.
fn user_namespaces(nodes: &[Value]) -> Option<bool> {
    let handlers = nodes.iter().filter_map(|node| node["status"]["runtimeHandlers"].as_array());
    let default = |handlers: &Vec<Value>| {
        let mut handlers = handlers.iter();
        handlers.find(|it| it["name"] == "")?["features"]["userNamespaces"].as_bool()
    };
    handlers.filter_map(default).reduce(|all, this| all && this)
}

/// Whether new pods come to a node: it is ready, not cordoned, and not on its way out. One that has said nothing yet
/// is only just coming.
fn takes_pods(node: &Value) -> bool {
    let mut conditions = node["status"]["conditions"].as_array().into_iter().flatten();
    let is_down = conditions.any(|it| it["type"] == "Ready" && it["status"] != "True");
    !is_down
        && node["spec"]["unschedulable"] != true
        && node["metadata"]["deletionTimestamp"].is_null()
}

#[cfg(test)]
mod tests {
    use super::{extended, gpus, takes_pods, user_namespaces};
    use serde_json::json;

    #[test]
    fn devices_add_up() {
        let node = json!({"status": {"allocatable": {"cpu": "4", "nvidia.com/gpu": "8"}}});
        let sums = extended(&[node.clone(), node, json!({})]);
        assert_eq!(sums, [("nvidia.com/gpu".to_owned(), 16)].into());
    }

    #[test]
    fn nodes_with_gpus_say_what_they_offer() {
        let node = |product: &str, offers: &[(&str, &str)]| {
            let offers: serde_json::Map<_, _> =
                offers.iter().map(|(name, amount)| ((*name).to_owned(), json!(amount))).collect();
            json!({"metadata": {"labels": {"nvidia.com/gpu.product": product}}, "status": {"allocatable": offers}})
        };
        let nodes = [
            node("NVIDIA-L4", &[("cpu", "8"), ("nvidia.com/gpu", "1")]),
            node(
                "NVIDIA-H100-80GB-HBM3",
                &[("nvidia.com/gpu", "0"), ("nvidia.com/mig-1g.10gb", "7")],
            ),
            node("NVIDIA-L4", &[("nvidia.com/gpu", "2")]),
            json!({"metadata": {"labels": {}}}),
        ];
        let found = gpus(&nodes);
        let offers = |product: &str| {
            found[product].iter().map(|(name, most)| (name.as_str(), *most)).collect::<Vec<_>>()
        };
        assert_eq!(found.len(), 2);
        assert_eq!(offers("NVIDIA-L4"), [("nvidia.com/gpu", 2)]);
        assert_eq!(offers("NVIDIA-H100-80GB-HBM3"), [("nvidia.com/mig-1g.10gb", 7)]);
    }

    #[test]
    fn nobody_comes_to_a_node_that_is_cordoned_or_not_ready_or_leaves() {
        let ready = |status: &str| json!([{"type": "Ready", "status": status}]);
        for (node, takes) in [
            (json!({"status": {"conditions": ready("True")}}), true),
            (json!({"status": {"conditions": ready("False")}}), false),
            (json!({"status": {"conditions": ready("Unknown")}}), false),
            (json!({"status": {"conditions": []}}), true),
            (
                json!({"spec": {"unschedulable": true}, "status": {"conditions": ready("True")}}),
                false,
            ),
            (
                json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"},
                "status": {"conditions": ready("True")}}),
                false,
            ),
        ] {
            assert_eq!(takes_pods(&node), takes, "{node}");
        }
    }

    #[test]
    fn one_node_without_user_namespaces_is_enough() {
        let node = |has: bool| {
            json!({"status": {"runtimeHandlers": [
                {"name": "", "features": {"userNamespaces": has}},
                {"name": "gvisor", "features": {"userNamespaces": !has}}]}})
        };
        assert_eq!(user_namespaces(&[node(true), node(true)]), Some(true));
        assert_eq!(user_namespaces(&[node(true), node(false)]), Some(false));
        assert_eq!(user_namespaces(&[json!({"status": {}})]), None);
    }
}

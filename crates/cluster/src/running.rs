//! What pods of a product run on.

use crate::connect::Cluster;
use crate::error::Error;
use apply::{Id, Inventory};
use model::facts::RunsOn;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds whose pods serve.
const SERVING: &[&str] = &["Deployment", "StatefulSet"];
/// The label that says which product a node's GPUs are.
pub(crate) const PRODUCT: &str = "nvidia.com/gpu.product";
/// The domain of the resources of GPUs.
pub(crate) const GPUS: &str = "nvidia.com/";

impl Cluster {
    /// The GPUs that pods of these services have, as earlier runs of ours wrote them; nothing where that may not be read.
    pub async fn running(
        &self,
        inventory: &Inventory,
        services: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, RunsOn>, Error> {
        let known = inventory.objects.iter().filter_map(|(id, record)| {
            let service = record.service.as_deref()?;
            let serves = SERVING.contains(&id.kind.as_str()) && services.contains(service);
            serves.then_some((id, service))
        });
        let known: BTreeMap<&Id, &str> = known.collect();
        let live = match self.read(known.keys().copied()).await {
            Ok(live) => live,
            Err(Error::Forbidden { .. }) => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        let found = live
            .iter()
            .filter_map(|(id, workload)| Some(((*known.get(id)?).to_owned(), runs_on(workload)?)));
        Ok(found.collect())
    }
}

fn runs_on(workload: &Value) -> Option<RunsOn> {
    let pod = &workload["spec"]["template"]["spec"];
    let product = pod["nodeSelector"][PRODUCT].as_str()?.to_owned();
    let containers = pod["containers"].as_array().into_iter().flatten();
    let limits = containers.filter_map(|it| it["resources"]["limits"].as_object()).flatten();
    let mut takes = BTreeMap::<String, u64>::new();
    for (name, amount) in limits.filter(|(name, _)| name.starts_with(GPUS)) {
        let sum = takes.entry(name.clone()).or_default();
        *sum = sum.saturating_add(whole(amount));
    }
    Some(RunsOn { product, takes })
}

/// An amount of devices, which are whole.
pub(crate) fn whole(amount: &Value) -> u64 {
    amount.as_str().and_then(|it| it.parse().ok()).or_else(|| amount.as_u64()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{PRODUCT, runs_on};
    use serde_json::json;

    #[test]
    fn a_workload_says_which_gpus_its_pods_have() {
        let container =
            |amount| json!({"resources": {"limits": {"cpu": "4", "nvidia.com/gpu": amount}}});
        let workload = |selector| {
            json!({"spec": {"template": {"spec": {
                "nodeSelector": selector,
                "containers": [container(json!("2")), {}, container(json!(1))]}}}})
        };
        let found = runs_on(&workload(json!({PRODUCT: "NVIDIA-L4"}))).unwrap();
        assert_eq!(found.product, "NVIDIA-L4");
        assert_eq!(found.takes, [("nvidia.com/gpu".to_owned(), 3)].into());
        assert_eq!(runs_on(&workload(json!({"kubernetes.io/arch": "arm64"}))), None);
        assert_eq!(runs_on(&json!({})), None);
    }
}

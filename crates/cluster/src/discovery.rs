//! Which kinds the cluster serves, and under which names.

use crate::connect::Cluster;
use crate::error::{Ask, Error};
use kube::api::ApiResource;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A kind that is served.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) api: ApiResource,
    pub(crate) namespaced: bool,
}

impl Resource {
    /// As RBAC's messages have it: `deployments.apps`.
    pub(crate) fn name(&self) -> String {
        match self.api.group.as_str() {
            "" => self.api.plural.clone(),
            group => format!("{}.{group}", self.api.plural),
        }
    }
}

/// What the cluster serves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resources {
    kinds: BTreeMap<(String, String), Resource>,
}

impl Resources {
    pub(crate) fn get(&self, api_version: &str, kind: &str) -> Result<&Resource, Error> {
        let key = (api_version.to_owned(), kind.to_owned());
        self.kinds.get(&key).ok_or_else(|| Error::NotServed {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
        })
    }

    /// API groups, the core group not among them.
    pub(crate) fn groups(&self) -> BTreeSet<String> {
        let groups = self.kinds.values().map(|resource| resource.api.group.clone());
        groups.filter(|group| !group.is_empty()).collect()
    }
}

impl Cluster {
    /// Two requests tell everything: discovery is served aggregated.
    pub(crate) async fn discover(&self, ask: &Ask<'_>) -> Result<Resources, Error> {
        let list = |path: &'static str| {
            self.ask(ask, move || async move {
                let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
                let request = http::Request::get(path).header("Accept", accept).body(Vec::new());
                let request = request.map_err(kube::Error::HttpError)?;
                self.client().request::<Value>(request).await
            })
        };
        let (core, groups) = futures::try_join!(list("/api"), list("/apis"))?;
        Ok(Resources { kinds: kinds(&core).chain(kinds(&groups)).collect() })
    }
}

type Named = ((String, String), Resource);

fn kinds(list: &Value) -> impl Iterator<Item = Named> + '_ {
    items(list, "items").flat_map(|group| {
        let name = group.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        items(group, "versions").flat_map(move |version| {
            let number = version["version"].as_str().unwrap_or_default();
            items(version, "resources").filter_map(move |it| resource(name, number, it))
        })
    })
}

fn resource(group: &str, version: &str, it: &Value) -> Option<Named> {
    let kind = it.pointer("/responseKind/kind")?.as_str()?.to_owned();
    let plural = it["resource"].as_str()?.to_owned();
    let api_version =
        if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let api = ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version: api_version.clone(),
        kind: kind.clone(),
        plural,
    };
    Some(((api_version, kind), Resource { api, namespaced: it["scope"] == "Namespaced" }))
}

fn items<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value[field].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::kinds;
    use serde_json::json;

    #[test]
    fn aggregated_discovery() {
        let list = json!({"items": [{"metadata": {"name": "apps"}, "versions": [
            {"version": "v1", "resources": [{"resource": "deployments", "scope": "Namespaced",
                "responseKind": {"group": "", "version": "", "kind": "Deployment"}}]}]}]});
        let found: Vec<_> = kinds(&list).collect();
        assert_eq!(found[0].0, ("apps/v1".to_owned(), "Deployment".to_owned()));
        assert_eq!(found[0].1.name(), "deployments.apps");
        assert!(found[0].1.namespaced);
    }
}

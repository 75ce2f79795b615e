//! What a pod can learn of itself: the fields and amounts that it may ask for.

use crate::controller::View;
use std::net::Ipv4Addr;
use twin_core::store::Object;
use twin_core::tree::Value;
use units::Quantity;

/// A pod where it runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'a> {
    pub(super) pod: &'a Object,
    pub(super) node: &'a Object,
    pub(super) view: View<'a>,
    pub(super) address: Option<Ipv4Addr>,
}

impl Site<'_> {
    /// The address of the node; empty if it has none.
    pub(super) fn host(&self) -> &str {
        let addresses = items(&self.node.tree, &["status", "addresses"]);
        let mut own = addresses.filter(|it| it.str_at(&["type"]) == Some("InternalIP"));
        own.next().and_then(|it| it.str_at(&["address"])).unwrap_or_default()
    }

    pub(super) fn is_on_host(&self) -> bool {
        self.pod.tree.at(&["spec", "hostNetwork"]).and_then(Value::as_bool) == Some(true)
    }

    /// The address of the pod; empty if it has none.
    pub(super) fn own(&self) -> String {
        match self.address {
            _ if self.is_on_host() => self.host().to_owned(),
            Some(address) => address.to_string(),
            None => String::new(),
        }
    }

    /// The name that its programs find.
    pub(super) fn hostname(&self) -> String {
        let pod = &self.pod.tree;
        let own = pod.str_at(&["spec", "hostnameOverride"]);
        let own = own.or_else(|| pod.str_at(&["spec", "hostname"])).filter(|it| !it.is_empty());
        match own {
            Some(name) => name.to_owned(),
            None if self.is_on_host() => self.node.key.name().to_owned(),
            // Linux has no longer ones.
            None => self.pod.key.name().chars().take(63).collect(),
        }
    }

    /// What a `fieldRef` names.
    pub(super) fn field(&self, path: &str) -> Option<String> {
        let pod = &self.pod.tree;
        let text = |path: &[&str]| Some(pod.str_at(path).unwrap_or_default().to_owned());
        match path {
            "metadata.name" => text(&["metadata", "name"]),
            "metadata.namespace" => text(&["metadata", "namespace"]),
            "metadata.uid" => text(&["metadata", "uid"]),
            "spec.nodeName" => text(&["spec", "nodeName"]),
            "spec.serviceAccountName" => text(&["spec", "serviceAccountName"]),
            "status.hostIP" | "status.hostIPs" => Some(self.host().to_owned()),
            "status.podIP" | "status.podIPs" => Some(self.own()),
            "metadata.labels" => self.lines("labels"),
            "metadata.annotations" => self.lines("annotations"),
            _ => {
                let (map, key) = path.strip_prefix("metadata.")?.split_once("['")?;
                let key = key.strip_suffix("']")?;
                matches!(map, "labels" | "annotations").then_some(())?;
                text(&["metadata", map, key])
            }
        }
    }

    /// Labels or annotations as a file has them.
    fn lines(&self, field: &str) -> Option<String> {
        let map = self.pod.tree.at(&["metadata", field]).and_then(Value::as_map);
        let pairs = map.into_iter().flat_map(|map| map.iter());
        let lines: Vec<_> = pairs
            .map(|(key, value)| {
                let value = value.as_str().unwrap_or_default();
                // Go quotes other letters otherwise.
                let plain =
                    value.chars().all(|it| it == ' ' || it.is_ascii_graphic() || it == '\n');
                plain.then(|| format!("{key}={value:?}"))
            })
            .collect::<Option<_>>()?;
        Some(lines.join("\n"))
    }

    /// What a `resourceFieldRef` names, of this container unless it names another.
    pub(super) fn amount(&self, container: &Value, asked: &Value) -> Option<String> {
        let container = match asked.str_at(&["containerName"]).filter(|name| !name.is_empty()) {
            Some(name) => {
                containers(&self.pod.tree).find(|it| it.str_at(&["name"]) == Some(name))?
            }
            None => container,
        };
        let (side, resource) = asked.str_at(&["resource"])?.split_once('.')?;
        let said = container.at(&["resources", side, resource]);
        let amount = match side {
            "limits" => said.or_else(|| self.node.tree.at(&["status", "allocatable", resource])),
            _ => said,
        };
        let amount = quantity(amount).unwrap_or_default();
        let divisor = quantity(asked.at(&["divisor"])).filter(|it| it.millis() > 0);
        let divisor = divisor.unwrap_or(Quantity::whole(1));
        let (amount, divisor) = match resource {
            "cpu" => (amount.millis(), divisor.millis()),
            _ => (amount.count(), divisor.count()),
        };
        let parts = amount.checked_div(divisor)? + i64::from(amount.checked_rem(divisor)? > 0);
        Some(parts.to_string())
    }
}

fn quantity(value: Option<&Value>) -> Option<Quantity> {
    match value? {
        Value::Int(count) => Some(Quantity::whole(*count)),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// All containers of a pod; those that are added later come last.
pub(super) fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let first = items(pod, &["spec", "initContainers"]).chain(items(pod, &["spec", "containers"]));
    first.chain(items(pod, &["spec", "ephemeralContainers"]))
}

/// The items of a list, if there is one.
pub(super) fn items<'a>(tree: &'a Value, path: &[&str]) -> impl Iterator<Item = &'a Value> {
    tree.at(path).and_then(Value::as_list).into_iter().flat_map(|list| list.iter())
}

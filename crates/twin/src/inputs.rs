//! What happens to a cluster from outside: load comes, nodes go.

use crate::Twin;
use twin_control::scaling::LOAD;
use twin_control::tables;
use twin_core::api::{Act, Deed};
use twin_core::registry::Scope;
use twin_core::store::{Key, TableName};
use twin_core::tree::{Map, Text, Value};

/// There is no such object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {kind} {name}")]
pub struct Unknown {
    kind: &'static str,
    name: String,
}

/// The annotation of a node that does not answer any more.
pub const LOST: &str = "muster.dev/lost";

/// A workload that takes load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload<'a> {
    Deployment(&'a str),
    StatefulSet(&'a str),
}

/// The plural as Kubernetes' authors form it: `gateways`, `httproutes`, `gatewayclasses`.
fn plural(singular: &str) -> String {
    if let Some(stem) = singular.strip_suffix('y').filter(|it| !it.ends_with(['a', 'e', 'o'])) {
        return format!("{stem}ies");
    }
    if singular.ends_with(['s', 'x']) { format!("{singular}es") } else { format!("{singular}s") }
}

impl Twin {
    /// From now on clients ask this much of a workload's pods together, in thousandths of a core.
    /// Its ready pods share it; see [`twin_control::scaling::LOAD`].
    ///
    /// # Errors
    /// If there is no such workload.
    pub fn load(
        &self,
        namespace: &str,
        workload: Workload<'_>,
        millis: u64,
    ) -> Result<(), Unknown> {
        let (kind, table, name) = match workload {
            Workload::Deployment(name) => ("Deployment", tables::DEPLOYMENTS, name),
            Workload::StatefulSet(name) => ("StatefulSet", tables::STATEFUL_SETS, name),
        };
        let load = Text::from(format!("{millis}m"));
        self.annotate(kind, &table, &Key::new(namespace, name), LOAD, Some(load))
    }

    /// A node's power is cut: its kubelet says nothing more, its pods run nowhere.
    ///
    /// # Errors
    /// If there is no such node.
    pub fn lose(&self, node: &str) -> Result<(), Unknown> {
        self.annotate("Node", &tables::NODES, &Key::new("", node), LOST, Some("true".into()))
    }

    /// A lost node is back.
    ///
    /// # Errors
    /// If there is no such node.
    pub fn bring_back(&self, node: &str) -> Result<(), Unknown> {
        self.annotate("Node", &tables::NODES, &Key::new("", node), LOST, None)
    }

    /// Serves a kind that is not built in, as if somebody had installed its definition: its objects
    /// are kept as they are written, and nobody acts on them.
    pub fn define(&self, group: &str, version: &str, kind: &str, scope: Scope) {
        let singular = kind.to_lowercase();
        let plural = plural(&singular);
        let name = format!("{plural}.{group}");
        let scope = if scope == Scope::Cluster { "Cluster" } else { "Namespaced" };
        let anything = Value::from([
            ("type", "object".into()),
            ("x-kubernetes-preserve-unknown-fields", Value::Bool(true)),
        ]);
        let version = Value::from([
            ("name", version.into()),
            ("served", Value::Bool(true)),
            ("storage", Value::Bool(true)),
            ("schema", Value::from([("openAPIV3Schema", anything)])),
            ("subresources", Value::from([("status", Value::Map(Map::default()))])),
        ]);
        let names = Value::from([
            ("plural", plural.as_str().into()),
            ("singular", singular.as_str().into()),
            ("kind", kind.into()),
            ("listKind", Text::from(format!("{kind}List")).into()),
        ]);
        let definition = Value::from([
            ("metadata", Value::from([("name", name.as_str().into())])),
            (
                "spec",
                Value::from([
                    ("group", group.into()),
                    ("scope", scope.into()),
                    ("names", names),
                    ("versions", vec![version].into()),
                ]),
            ),
        ]);
        let table = TableName(Text::new_static("apiextensions.k8s.io/customresourcedefinitions"));
        let act = Act { table, key: Key::new("", &name), deed: Deed::Create(definition) };
        // One that is there already serves as well.
        let _ = self.shared.moved(|world, now| world.act("twin", &act, now));
    }

    fn annotate(
        &self,
        kind: &'static str,
        table: &TableName,
        key: &Key,
        name: &str,
        value: Option<Text>,
    ) -> Result<(), Unknown> {
        let unknown = || Unknown { kind, name: key.name().to_owned() };
        self.shared.moved(|world, now| {
            let object = world.api().store().get(table, key).ok_or_else(unknown)?;
            let path = ["metadata", "annotations", name];
            let tree = match value {
                Some(value) => object.tree.with(&path, Value::Text(value)),
                None => object.tree.without(&path),
            };
            let act = Act { table: table.clone(), key: key.clone(), deed: Deed::Update(tree) };
            world.act("twin", &act, now).map_err(|_| unknown())
        })
    }
}

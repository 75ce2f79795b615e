//! Which resources are served. The built-in ones are data: see `cargo xtask twin-tables`.

use crate::schema::{Custom, Schema, TypeId};
use crate::store::TableName;
use crate::tree::{List, Text, Value, decode};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A kind, with its group and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    pub group: Text,
    pub version: Text,
    pub name: Text,
}

impl Kind {
    /// As `apiVersion` has it.
    pub fn api_version(&self) -> Text {
        api_version(&self.group, &self.version)
    }
}

/// A group and version as `apiVersion` has them.
pub fn api_version(group: &str, version: &str) -> Text {
    if group.is_empty() { Text::new(version) } else { Text::from(format!("{group}/{version}")) }
}

/// Whether objects lie in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Namespaced,
    Cluster,
}

/// A part of a resource with an address of its own.
#[derive(Clone, Debug)]
pub struct Subresource {
    pub name: Text,
    pub kind: Kind,
    pub verbs: Vec<Text>,
}

/// A resource of one version.
#[derive(Clone, Debug)]
pub struct Resource {
    pub kind: Kind,
    pub plural: Text,
    pub singular: Text,
    pub scope: Scope,
    pub verbs: Vec<Text>,
    pub short_names: Vec<Text>,
    pub categories: Vec<Text>,
    pub subresources: Vec<Subresource>,
    pub ty: TypeId,
    pub table: TableName,
    /// The kind and version in which its objects are kept, whichever version wrote them.
    pub kept: Kind,
    /// What its definition asks of objects, if it is not built in.
    pub custom: Option<Arc<Custom>>,
}

impl Resource {
    /// Whether it can do this.
    pub fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }

    /// A subresource by its name.
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|sub| sub.name == name)
    }

    /// Whether `status` is written through a door of its own.
    pub fn has_status(&self) -> bool {
        self.subresource("status").is_some()
    }

    /// Whether it is the resource of a group with this name.
    pub fn is(&self, group: &str, plural: &str) -> bool {
        self.kind.group == group && self.plural == plural
    }
}

/// All resources, in the order of their groups.
#[derive(Clone, Debug)]
pub struct Registry {
    resources: Vec<Arc<Resource>>,
}

impl Registry {
    /// Those of Kubernetes itself.
    pub fn builtin(schema: &Schema) -> Self {
        let rows = decode(include_bytes!("../data/resources.json"))
            .expect("the table is checked in, and a test reads it");
        let rows = rows.as_list().cloned().unwrap_or_default();
        let mut resources: Vec<_> = rows.iter().map(|row| resource(schema, row)).collect();
        // The first that is served from a table is the one that is kept there.
        let mut kept: BTreeMap<TableName, Kind> = BTreeMap::new();
        for resource in &mut resources {
            let kind = kept.entry(resource.table.clone()).or_insert_with(|| resource.kind.clone());
            resource.kept = kind.clone();
        }
        Self { resources: resources.into_iter().map(Arc::new).collect() }
    }

    /// Serves one more resource; one with the same address is replaced.
    pub fn add(&mut self, resource: Resource) {
        let same = |known: &Arc<Resource>| {
            known.kind.group == resource.kind.group
                && known.kind.version == resource.kind.version
                && known.plural == resource.plural
        };
        self.resources.retain(|known| !same(known));
        self.resources.push(Arc::new(resource));
    }

    /// Serves nothing from this table any more.
    pub fn remove(&mut self, table: &TableName) {
        self.resources.retain(|known| known.table != *table);
    }

    /// A resource by its address.
    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Resource>> {
        self.resources.iter().find(|resource| {
            resource.plural == plural
                && resource.kind.version == version
                && resource.kind.group == group
        })
    }

    /// The resource whose objects say this of themselves.
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Option<&Arc<Resource>> {
        self.resources
            .iter()
            .find(|it| it.kind.name == kind && it.kind.api_version() == api_version)
    }

    /// The preferred version of what lies in a table.
    pub fn stored(&self, table: &TableName) -> Option<&Arc<Resource>> {
        self.resources.iter().find(|resource| resource.table == *table)
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Arc<Resource>> {
        self.resources.iter()
    }

    /// Groups with their versions, in order, each once.
    pub fn groups(&self) -> Vec<(Text, Vec<Text>)> {
        let mut groups: Vec<(Text, Vec<Text>)> = Vec::new();
        for Kind { group, version, .. } in self.iter().map(|resource| &resource.kind) {
            match groups.iter_mut().find(|(name, _)| name == group) {
                None => groups.push((group.clone(), vec![version.clone()])),
                Some((_, versions)) if versions.contains(version) => {}
                Some((_, versions)) => versions.push(version.clone()),
            }
        }
        groups
    }
}

impl<'a> IntoIterator for &'a Registry {
    type Item = &'a Arc<Resource>;
    type IntoIter = std::slice::Iter<'a, Arc<Resource>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

fn resource(schema: &Schema, row: &Value) -> Resource {
    let text = |field: &str| Text::new(row.str_at(&[field]).unwrap_or_default());
    let subresources =
        row.at(&["subresources"]).and_then(Value::as_list).cloned().unwrap_or_default();
    let (group, plural) = (text("group"), text("plural"));
    let scope = if text("scope") == "Namespaced" { Scope::Namespaced } else { Scope::Cluster };
    // Both events APIs show the same objects, and so do all versions of a resource.
    let storage = if plural == "events" { "" } else { group.as_str() };
    let own = kind(row.at(&["kind"]));
    Resource {
        kept: own.clone(),
        kind: own,
        table: TableName(Text::from(format!("{storage}/{plural}"))),
        plural,
        singular: text("singular"),
        scope,
        verbs: texts(row.at(&["verbs"])),
        short_names: texts(row.at(&["shortNames"])),
        categories: texts(row.at(&["categories"])),
        subresources: subresources.iter().map(subresource).collect(),
        ty: row.str_at(&["type"]).and_then(|name| schema.named(name)).unwrap_or(schema.any()),
        custom: None,
    }
}

fn subresource(row: &Value) -> Subresource {
    let name = Text::new(row.str_at(&["name"]).unwrap_or_default());
    Subresource { name, kind: kind(row.at(&["kind"])), verbs: texts(row.at(&["verbs"])) }
}

fn kind(row: Option<&Value>) -> Kind {
    let parts = texts(row);
    let part = |at: usize| parts.get(at).cloned().unwrap_or_default();
    Kind { group: part(0), version: part(1), name: part(2) }
}

fn texts(list: Option<&Value>) -> Vec<Text> {
    let empty = List::default();
    let list = list.and_then(Value::as_list).unwrap_or(&empty);
    list.iter().filter_map(Value::as_str).map(Text::new).collect()
}

#[cfg(test)]
mod tests {
    use super::{Registry, Scope};
    use crate::schema::Schema;

    #[test]
    fn every_resource_has_its_type() {
        let schema = Schema::builtin();
        let registry = Registry::builtin(schema);
        for resource in &registry {
            assert_ne!(resource.ty, schema.any(), "{}", resource.plural);
        }
        let pods = registry.find("", "v1", "pods").unwrap();
        assert_eq!((pods.scope, pods.has_status()), (Scope::Namespaced, true));
        assert!(pods.subresource("eviction").is_some());
        assert_eq!(registry.groups()[0].0, "");
    }
}

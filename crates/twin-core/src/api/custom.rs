//! Custom resources: what their definitions say is served, defaulted, pruned and judged.

use super::{Act, Api, Call, Deed, Moment};
use crate::registry::{Kind, Resource, Scope, Subresource};
use crate::schema::Custom;
use crate::status::{Cause, Status};
use crate::store::{ChangeKind, Object, TableName};
use crate::tree::{List, Text, Value};
use std::cmp::Reverse;
use std::sync::Arc;

/// Where definitions lie.
const DEFINITIONS: TableName =
    TableName(Text::new_static("apiextensions.k8s.io/customresourcedefinitions"));

impl Api {
    /// Serves what definitions say, if one of them has changed since the last time.
    pub(super) fn follow_definitions(&mut self, moment: Moment) {
        let after = self.defined;
        self.defined = self.store.revision();
        let changes = self.store.changes(&DEFINITIONS, after);
        let changes: Vec<_> = changes.into_iter().flatten().cloned().collect();
        // What the API says of a definition itself is nobody else's business.
        self.unasked(|api| {
            for change in changes {
                api.follow(change.kind, &change.object, moment);
            }
        });
    }

    /// Serves what all definitions say: of a store that comes from elsewhere.
    pub(super) fn follow_all_definitions(&mut self, moment: Moment) {
        let definitions: Vec<_> = self.store.arrivals(&DEFINITIONS).collect();
        for definition in definitions {
            self.follow(definition.kind, &definition.object, moment);
        }
        self.defined = self.store.revision();
    }

    fn follow(&mut self, kind: ChangeKind, definition: &Arc<Object>, moment: Moment) {
        let table = table(&definition.tree);
        // What is built in stays what it is, whatever a definition is called.
        if self.registry.stored(&table).is_some_and(|known| known.custom.is_none()) {
            return;
        }
        self.registry.remove(&table);
        if kind == ChangeKind::Deleted {
            self.remove_all(&table);
        } else {
            self.define(definition, moment);
        }
    }

    /// Objects do not outlive what defines them.
    fn remove_all(&mut self, table: &TableName) {
        let keys: Vec<_> = self
            .store
            .list(table, &crate::store::Narrow::default(), None)
            .map(|object| object.key.clone())
            .collect();
        for key in keys {
            self.store.remove(table, &key);
        }
    }

    fn define(&mut self, definition: &Arc<Object>, moment: Moment) {
        let tree = &definition.tree;
        let versions = tree.at(&["spec", "versions"]).and_then(Value::as_list);
        let mut versions: Vec<_> =
            versions.into_iter().flat_map(|list: &List| list.iter()).collect();
        versions.sort_by_key(|version| Reverse(maturity(version)));
        let says =
            |version: &&&Value, field: &str| version.at(&[field]) == Some(&Value::Bool(true));
        let stored = versions.iter().find(|version| says(version, "storage")).copied();
        for version in versions {
            if version.at(&["served"]).and_then(Value::as_bool) == Some(true) {
                let custom = Custom::new(version);
                let custom = match stored.filter(|stored| *stored != version) {
                    Some(stored) => custom.kept_as(stored),
                    None => custom,
                };
                let ty = self.schema.to_mut().define(&custom.openapi);
                let mut resource = resource(tree, version);
                resource.ty = ty;
                resource.custom = Some(Arc::new(custom));
                self.registry.add(resource);
            }
        }
        let accepted = accepted(tree, moment);
        if accepted.at(&["status"]) != tree.at(&["status"]) {
            let deed = Deed::UpdateStatus(accepted);
            let act = Act { table: DEFINITIONS, key: definition.key.clone(), deed };
            // It was there a moment ago, and nobody else is here.
            let _ = self.carry_out("kube-apiserver", &act, moment);
        }
        self.defined = self.store.revision();
    }

    /// Judges an object by the schema of its definition, or by what is asked of its built-in kind.
    pub(super) fn judged(
        &self,
        call: &Call<'_>,
        object: &Value,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        let resource = &call.address.resource;
        let causes = match &resource.custom {
            Some(custom) => custom.faults(object, old),
            // What the control plane writes itself, and what is only said of an object's state, is not judged.
            None if call.is_own() || !call.address.subresource.is_empty() => return Ok(()),
            None => crate::validation::faults(&self.schema, resource, object, old),
        };
        invalid(call, object, causes)
    }

    /// The refusal of an object whose values are of other types than the definition says.
    pub(super) fn mistyped(call: &Call<'_>, object: &Value) -> Result<(), Status> {
        let Some(custom) = &call.address.resource.custom else { return Ok(()) };
        let causes = custom.faults(object, None);
        let mistyped = causes.iter().any(|cause| cause.reason == "FieldValueTypeInvalid");
        invalid(call, object, if mistyped { causes } else { Vec::new() })
    }
}

/// The refusal of an object with these causes, if there are any.
pub(super) fn invalid(call: &Call<'_>, object: &Value, causes: Vec<Cause>) -> Result<(), Status> {
    if causes.is_empty() {
        return Ok(());
    }
    let kind = &call.address.resource.kind;
    let name = object.str_at(&["metadata", "name"]).unwrap_or(&call.address.name);
    Err(Status::invalid(&kind.group, &kind.name, name, causes))
}

/// How much a version is to be preferred: `v2`, `v1`, `v1beta1`, `v1alpha1`, and then others.
fn maturity(version: &Value) -> Option<(u8, u32, u32)> {
    let numbers = version.str_at(&["name"])?.strip_prefix('v')?;
    let (stage, major, minor) = match (numbers.split_once("alpha"), numbers.split_once("beta")) {
        (Some((major, minor)), _) => (1, major, minor),
        (_, Some((major, minor))) => (2, major, minor),
        _ => (3, numbers, "0"),
    };
    Some((stage, major.parse().ok()?, minor.parse().ok()?))
}

fn text(definition: &Value, path: &[&str]) -> Text {
    Text::new(definition.str_at(path).unwrap_or_default())
}

fn table(definition: &Value) -> TableName {
    let (group, plural) =
        (text(definition, &["spec", "group"]), text(definition, &["spec", "names", "plural"]));
    TableName(Text::from(format!("{group}/{plural}")))
}

fn texts(value: Option<&Value>) -> Vec<Text> {
    let list = value.and_then(Value::as_list);
    list.into_iter().flat_map(|list| list.iter()).filter_map(Value::as_str).map(Text::new).collect()
}

fn resource(definition: &Value, version: &Value) -> Resource {
    let names = |field: &str| text(definition, &["spec", "names", field]);
    let kind = Kind {
        group: text(definition, &["spec", "group"]),
        version: Text::new(version.str_at(&["name"]).unwrap_or_default()),
        name: names("kind"),
    };
    let cluster = definition.str_at(&["spec", "scope"]) == Some("Cluster");
    let verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
    Resource {
        plural: names("plural"),
        singular: names("singular"),
        scope: if cluster { Scope::Cluster } else { Scope::Namespaced },
        verbs: verbs.map(Text::new_static).into(),
        short_names: texts(definition.at(&["spec", "names", "shortNames"])),
        categories: texts(definition.at(&["spec", "names", "categories"])),
        subresources: subresources(&kind, version),
        ty: crate::schema::Schema::builtin().any(),
        table: table(definition),
        kept: Kind { version: stored_version(definition), ..kind.clone() },
        custom: None,
        kind,
    }
}

fn subresources(kind: &Kind, version: &Value) -> Vec<Subresource> {
    let verbs = || ["get", "patch", "update"].map(Text::new_static).into();
    let mut found = Vec::new();
    if version.at(&["subresources", "status"]).is_some() {
        found.push(Subresource { name: "status".into(), kind: kind.clone(), verbs: verbs() });
    }
    // Replicas that lie elsewhere cannot be scaled here.
    let path = version.str_at(&["subresources", "scale", "specReplicasPath"]);
    if path == Some(".spec.replicas") {
        let kind = Kind { group: "autoscaling".into(), version: "v1".into(), name: "Scale".into() };
        found.push(Subresource { name: "scale".into(), kind, verbs: verbs() });
    }
    found
}

/// The definition with the status that says that it is served.
fn accepted(definition: &Value, moment: Moment) -> Value {
    let served = definition.at(&["status", "conditions"]).and_then(Value::as_list);
    let known = served.filter(|list| !list.is_empty());
    let condition = |ty: &str, reason: &str, message: &str| {
        Value::from([
            ("type", ty.into()),
            ("status", "True".into()),
            ("lastTransitionTime", moment.now.value()),
            ("reason", reason.into()),
            ("message", message.into()),
        ])
    };
    let conditions = known.cloned().map_or_else(
        || {
            vec![
                condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                condition(
                    "Established",
                    "InitialNamesAccepted",
                    "the initial names have been accepted",
                ),
            ]
            .into()
        },
        Value::List,
    );
    let names = definition.at(&["spec", "names"]).cloned().unwrap_or_default();
    definition.with(&["status", "acceptedNames"], names).with(&["status", "conditions"], conditions)
}

/// The version in which objects are kept.
fn stored_version(definition: &Value) -> Text {
    storage(definition).map(name).unwrap_or_default()
}

fn name(version: &Value) -> Text {
    Text::new(version.str_at(&["name"]).unwrap_or_default())
}

fn storage(definition: &Value) -> Option<&Value> {
    let versions = definition.at(&["spec", "versions"]).and_then(Value::as_list);
    let is_stored = |it: &&Value| it.at(&["storage"]).and_then(Value::as_bool) == Some(true);
    versions.into_iter().flat_map(|list| list.iter()).find(is_stored)
}

/// A definition that is written again: the version in which its objects will be stored now is noted.
pub(super) fn with_another_stored_version(definition: Value) -> Value {
    let path = ["status", "storedVersions"];
    let known = definition.at(&path).and_then(Value::as_list).cloned().unwrap_or_default();
    match storage(&definition).map(name) {
        Some(version) if !known.iter().any(|it| it.as_str() == Some(&version)) => {
            let all = known.iter().cloned().chain([version.into()]).collect::<Vec<_>>();
            definition.with(&path, all.into())
        }
        _ => definition,
    }
}

/// A new definition, with the version in which its objects will be stored.
pub(super) fn with_stored_version(definition: &Value) -> Value {
    let stored: Vec<_> =
        storage(definition).map(|version| name(version).into()).into_iter().collect();
    let names = Value::from([("kind", "".into()), ("plural", "".into())]);
    let status = Value::from([
        ("conditions", Value::Null),
        ("acceptedNames", names),
        ("storedVersions", stored.into()),
    ]);
    definition.with(&["status"], status)
}

//! Admission policies: which are there, and what they say of a request.

mod mutating;
mod validating;

use super::object::title;
use super::write::is_dry;
use super::{Api, Call};
use crate::policy::{Asked, Compiled, Operation, Surroundings, matched};
use crate::registry::{Kind, Resource, Scope};
use crate::selector::LabelSelector;
use crate::store::{Key, Narrow, Object, Revision, TableName};
use crate::tree::{Map, Text, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const GROUP: &str = "admissionregistration.k8s.io";

/// What was read of objects, by their names, with the version that was read: expressions of policies,
/// webhooks of configurations.
#[derive(Debug)]
pub(super) struct Memo<T>(BTreeMap<(TableName, Text), (Revision, Arc<T>)>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Memo<T> {
    /// Reads objects that are new, and forgets those that are gone.
    pub(super) fn follow(
        &mut self,
        table: &TableName,
        objects: &[Arc<Object>],
        read: impl Fn(&Value) -> T,
    ) {
        for object in objects {
            let key = (table.clone(), Text::new(object.key.name()));
            let known = self.0.get(&key);
            if known.is_none_or(|(revision, _)| *revision != object.revision) {
                self.0.insert(key, (object.revision, Arc::new(read(&object.tree))));
            }
        }
        let there: BTreeSet<_> = objects.iter().map(|object| object.key.name()).collect();
        self.0.retain(|(known, name), _| known != table || there.contains(name.as_str()));
    }

    pub(super) fn get(&self, table: &TableName, name: &str) -> Option<&Arc<T>> {
        self.0.get(&(table.clone(), Text::new(name))).map(|(_, read)| read)
    }
}

/// Where policies of one sort lie, and what binds them.
#[derive(Clone, Copy)]
struct Sort {
    policies: &'static TableName,
    bindings: &'static TableName,
}

/// A policy and a binding that mean a request.
struct Invocation<'a> {
    policy: Text,
    binding: Arc<Object>,
    compiled: Arc<Compiled>,
    /// The resource in the version that the policy asks for.
    resource: &'a Resource,
    /// What the policy reads, one after the other.
    params: Result<Vec<Option<Value>>, Unbound>,
}

/// Why a policy cannot be asked.
enum Unbound {
    Policy(String),
    Binding(&'static str),
}

impl Api {
    /// Reads the expressions of policies that are new; none, if nothing binds them.
    fn read_policies(&mut self, sort: Sort, resource: &Resource) -> bool {
        if self.store.count(sort.bindings) == 0 || is_exempt(resource) {
            return false;
        }
        let policies = self.all(sort.policies);
        self.read.follow(sort.policies, &policies, Compiled::of);
        true
    }

    /// The policies that mean a request, in the order of their names.
    fn invocations<'a>(&'a self, sort: Sort, asked: &Asked<'a>) -> Vec<Invocation<'a>> {
        let empty = Value::Map(Map::default());
        let mut found = Vec::new();
        for policy in self.all(sort.policies) {
            let name = policy.key.name();
            let constraints = policy.tree.at(&["spec", "matchConstraints"]).unwrap_or(&empty);
            let Some(resource) = matched(constraints, asked, &self.registry) else { continue };
            let Some(compiled) = self.read.get(sort.policies, name) else { continue };
            for binding in self.all(sort.bindings) {
                let constraints = binding.tree.at(&["spec", "matchResources"]).unwrap_or(&empty);
                let is_bound = binding.tree.str_at(&["spec", "policyName"]) == Some(name);
                if !is_bound || matched(constraints, asked, &self.registry).is_none() {
                    continue;
                }
                let params = self.params(&policy.tree, &binding.tree, asked.namespace);
                let (policy, compiled) = (Text::new(name), compiled.clone());
                found.push(Invocation { policy, binding, compiled, resource, params });
            }
        }
        found
    }

    /// What a policy reads beside the object.
    pub(super) fn surroundings(
        &self,
        call: &Call<'_>,
        asked: &Asked<'_>,
        resource: &Resource,
        params: Option<Value>,
    ) -> Surroundings {
        let is_space = asked.resource.is("", "namespaces");
        let space = if is_space { None } else { self.space_of(call, None) };
        let namespace = space.map(|space| without_owners(&space)).unwrap_or_default();
        Surroundings { request: request(call, asked, resource), namespace, params }
    }

    pub(super) fn all(&self, table: &TableName) -> Vec<Arc<Object>> {
        self.store.list(table, &Narrow::default(), None).cloned().collect()
    }

    /// The namespace of an object; one that is made or changed is its own.
    pub(super) fn space_of(&self, call: &Call<'_>, object: Option<&Value>) -> Option<Value> {
        if call.address.resource.is("", "namespaces") {
            return object.cloned();
        }
        let spaces = self.registry.find("", "v1", "namespaces")?;
        let space = self.store.get(&spaces.table, &Key::new("", &call.address.namespace))?;
        Some(space.tree.clone())
    }

    /// What a binding gives a policy to read, one after the other.
    fn params(
        &self,
        policy: &Value,
        binding: &Value,
        namespace: &str,
    ) -> Result<Vec<Option<Value>>, Unbound> {
        let Some(kind) = policy.at(&["spec", "paramKind"]) else { return Ok(vec![None]) };
        let part = |field: &str| kind.str_at(&[field]).unwrap_or_default();
        let found = self.registry.of_kind(part("apiVersion"), part("kind"));
        let Some(resource) = found else {
            return Err(Unbound::Policy(unknown(part("apiVersion"), part("kind"))));
        };
        let Some(wanted) = binding.at(&["spec", "paramRef"]) else {
            return Ok(vec![Some(Value::Null)]);
        };
        let own = wanted.str_at(&["namespace"]).unwrap_or_default();
        let namespace = match (resource.scope, own) {
            (Scope::Cluster, "") => "",
            (Scope::Cluster, _) => {
                return Err(Unbound::Binding(
                    "paramRef.namespace must not be provided for a cluster-scoped `paramKind`",
                ));
            }
            (Scope::Namespaced, "") if namespace.is_empty() => {
                return Err(Unbound::Binding(
                    "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources",
                ));
            }
            (Scope::Namespaced, "") => namespace,
            (Scope::Namespaced, own) => own,
        };
        let params = self.named(resource, wanted, namespace);
        if params.is_empty() && wanted.str_at(&["parameterNotFoundAction"]) == Some("Deny") {
            return Err(Unbound::Binding(
                "no params found for policy binding with `Deny` parameterNotFoundAction",
            ));
        }
        Ok(params.into_iter().map(Some).collect())
    }

    /// The objects that a reference means.
    fn named(&self, resource: &Resource, wanted: &Value, namespace: &str) -> Vec<Value> {
        let shown = |object: &Arc<Object>| super::convert::shown(resource, &object.tree);
        if let Some(name) = wanted.str_at(&["name"]).filter(|name| !name.is_empty()) {
            let found = self.store.get(&resource.table, &Key::new(namespace, name));
            return found.map(shown).into_iter().collect();
        }
        let selector = wanted.at(&["selector"]).and_then(LabelSelector::of_object);
        let namespace = Some(Text::new(namespace)).filter(|it| !it.is_empty());
        let all = self.store.list(&resource.table, &Narrow { namespace, term: None }, None);
        let is_meant = |object: &&Arc<Object>| {
            let labels = object.tree.at(&["metadata", "labels"]).and_then(Value::as_map);
            selector.as_ref().is_some_and(|selector| selector.matches(labels))
        };
        all.filter(is_meant).map(shown).collect()
    }
}

fn unknown(api_version: &str, kind: &str) -> String {
    let group = if api_version.contains('/') { "" } else { "/" };
    format!("failed to find resource referenced by paramKind: '{group}{api_version}, Kind={kind}'")
}

/// What would lock everybody out.
pub(super) fn is_exempt(resource: &Resource) -> bool {
    resource.kind.group == GROUP
}

pub(super) fn asked<'a>(
    call: &'a Call<'_>,
    operation: Operation,
    object: Option<&'a Value>,
    old: Option<&'a Value>,
    space: Option<&'a Value>,
) -> Asked<'a> {
    // Of many that end together none is named.
    let own = object.and_then(|object| object.str_at(&["metadata", "name"]));
    let is_space = call.address.resource.is("", "namespaces");
    let name = Some(call.address.name.as_str()).filter(|name| !name.is_empty()).or(own);
    let name = name.unwrap_or_default();
    Asked {
        operation,
        resource: &call.address.resource,
        subresource: &call.address.subresource,
        name,
        namespace: if is_space { name } else { &call.address.namespace },
        object,
        old,
        labels: space.and_then(|space| space.at(&["metadata", "labels"])?.as_map()),
    }
}

/// What sentences call the object of a request.
pub(super) fn named<'a>(asked: &Asked<'a>) -> &'a str {
    let own = asked.object.map(title).filter(|name| !name.is_empty());
    Some(asked.name).filter(|name| !name.is_empty()).or(own).unwrap_or("Unknown")
}

/// The request, as policies see it.
pub(super) fn request(call: &Call<'_>, asked: &Asked<'_>, matched: &Resource) -> Value {
    let kind_of = |resource: &Resource| {
        let part = resource.subresource(asked.subresource);
        let own = part.map_or(&resource.kind, |part| &part.kind);
        kind(own, "kind", &own.name)
    };
    let mut request = Value::from([
        ("dryRun", Value::Bool(is_dry(call))),
        ("kind", kind_of(matched)),
        ("operation", asked.operation.name().into()),
        ("requestKind", kind_of(asked.resource)),
        ("requestResource", kind(&asked.resource.kind, "resource", &asked.resource.plural)),
        ("resource", kind(&matched.kind, "resource", &matched.plural)),
        ("uid", "".into()),
        ("userInfo", super::asked::who(call)),
    ]);
    for (field, text) in [
        ("name", asked.name),
        ("namespace", asked.namespace),
        ("subResource", asked.subresource),
        ("requestSubResource", asked.subresource),
    ] {
        if !text.is_empty() {
            request = request.with(&[field], text.into());
        }
    }
    request
}

fn kind(kind: &Kind, field: &'static str, name: &Text) -> Value {
    Value::from([
        ("group", kind.group.clone().into()),
        ("version", kind.version.clone().into()),
        (field, name.clone().into()),
    ])
}

/// A namespace without what only its writers care for.
fn without_owners(space: &Value) -> Value {
    let space = space.without(&["metadata", "managedFields"]);
    space.without(&["metadata", "ownerReferences"])
}

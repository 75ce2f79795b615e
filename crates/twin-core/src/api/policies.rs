//! Admission policies: which are there, and what they say of a request.

use super::convert::as_version;
use super::write::is_dry;
use super::{Api, Call};
use crate::policy::{
    Asked, Compiled, Decision, OnFailure, Operation, Surroundings, judge, matched,
};
use crate::registry::{Kind, Resource, Scope};
use crate::selector::LabelSelector;
use crate::status::{Cause, Reason, Status};
use crate::store::{Key, Narrow, Object, Revision, TableName};
use crate::tree::{Map, Text, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

const GROUP: &str = "admissionregistration.k8s.io";
const POLICIES: TableName =
    TableName(Text::new_static("admissionregistration.k8s.io/validatingadmissionpolicies"));
const BINDINGS: TableName =
    TableName(Text::new_static("admissionregistration.k8s.io/validatingadmissionpolicybindings"));

/// Policies whose expressions were read, by their names, with the version that was read.
#[derive(Debug, Default)]
pub(super) struct Memo(BTreeMap<(TableName, Text), (Revision, Arc<Compiled>)>);

impl Memo {
    fn compiled(&mut self, table: &TableName, policy: &Object) -> Arc<Compiled> {
        let key = (table.clone(), Text::new(policy.key.name()));
        match self.0.get(&key) {
            Some((revision, known)) if *revision == policy.revision => known.clone(),
            _ => {
                let compiled = Arc::new(Compiled::of(&policy.tree));
                self.0.insert(key, (policy.revision, compiled.clone()));
                compiled
            }
        }
    }

    /// Forgets policies that are gone.
    fn forget(&mut self, table: &TableName, policies: &[Arc<Object>]) {
        let is_there = |name: &Text| policies.iter().any(|policy| policy.key.name() == name);
        self.0.retain(|(known, name), _| known != table || is_there(name));
    }
}

/// What policies say of a request.
#[derive(Default)]
struct Verdict {
    denied: Vec<(String, Reason)>,
    warnings: Vec<String>,
}

impl Api {
    /// Asks the policies that mean a request.
    pub(super) fn permitted(
        &mut self,
        call: &Call<'_>,
        operation: Operation,
        object: Option<&Value>,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        let resource = &call.address.resource;
        if self.store.count(&BINDINGS) == 0 || is_exempt(resource) {
            return Ok(());
        }
        let space = self.space_of(call, object.or(old));
        let asked = asked(call, operation, object, old, space.as_ref());
        let policies = self.policies(&POLICIES);
        let mut verdict = Verdict::default();
        for policy in &policies {
            let compiled = self.read.compiled(&POLICIES, policy);
            self.ask(call, policy, &compiled, &asked, &mut verdict);
        }
        self.read.forget(&POLICIES, &policies);
        self.warned.extend(verdict.warnings);
        match verdict.denied.into_iter().next() {
            Some((message, reason)) => Err(denied(resource, asked.name, message, reason)),
            None => Ok(()),
        }
    }

    fn policies(&self, table: &TableName) -> Vec<Arc<Object>> {
        self.store.list(table, &Narrow::default(), None).cloned().collect()
    }

    /// The namespace of an object; one that is made or changed is its own.
    fn space_of(&self, call: &Call<'_>, object: Option<&Value>) -> Option<Value> {
        if call.address.resource.is("", "namespaces") {
            return object.cloned();
        }
        let spaces = self.registry.find("", "v1", "namespaces")?;
        let space = self.store.get(&spaces.table, &Key::new("", &call.address.namespace))?;
        Some(space.tree.clone())
    }

    fn ask(
        &self,
        call: &Call<'_>,
        policy: &Object,
        compiled: &Compiled,
        asked: &Asked<'_>,
        verdict: &mut Verdict,
    ) {
        let name = policy.key.name();
        let empty = Value::Map(Map::default());
        let constraints = policy.tree.at(&["spec", "matchConstraints"]).unwrap_or(&empty);
        let Some(resource) = matched(constraints, asked, &self.registry) else { return };
        let bound =
            |binding: &Arc<Object>| binding.tree.str_at(&["spec", "policyName"]) == Some(name);
        for binding in self.policies(&BINDINGS).into_iter().filter(bound) {
            let constraints = binding.tree.at(&["spec", "matchResources"]).unwrap_or(&empty);
            if matched(constraints, asked, &self.registry).is_none() {
                continue;
            }
            let all = match self.params(&policy.tree, &binding.tree, asked.namespace) {
                Ok(all) => all,
                Err(why) if compiled.on_failure == OnFailure::Refuse => {
                    verdict.refuse(why.message(name, binding.key.name()));
                    continue;
                }
                Err(_) => continue,
            };
            for params in all {
                let found = self.decisions(call, compiled, asked, resource, params);
                verdict.add(name, &binding, found);
            }
        }
    }

    fn decisions(
        &self,
        call: &Call<'_>,
        compiled: &Compiled,
        asked: &Asked<'_>,
        resource: &Resource,
        params: Option<Value>,
    ) -> Vec<Decision> {
        let as_asked = |object: Option<&Value>| {
            object.map(|object| as_version(object, asked.resource, resource))
        };
        let (object, old) = (as_asked(asked.object), as_asked(asked.old));
        let is_space = asked.resource.is("", "namespaces");
        let space = if is_space { None } else { self.space_of(call, None) };
        let surroundings = Surroundings {
            request: request(call, asked, resource),
            namespace: space.map(|space| without_owners(&space)).unwrap_or_default(),
            params,
        };
        let asked = Asked { object: object.as_ref(), old: old.as_ref(), ..*asked };
        judge(compiled, &asked, &surroundings)
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

/// Why a policy cannot be asked.
enum Unbound {
    Policy(String),
    Binding(&'static str),
}

impl Unbound {
    fn message(&self, policy: &str, binding: &str) -> String {
        match self {
            Self::Policy(why) => format!(
                "ValidatingAdmissionPolicy '{policy}' denied request: failed to configure policy: {why}"
            ),
            Self::Binding(why) => format!(
                "ValidatingAdmissionPolicy '{policy}' with binding '{binding}' denied request: failed to configure binding: {why}"
            ),
        }
    }
}

fn unknown(api_version: &str, kind: &str) -> String {
    let group = if api_version.contains('/') { "" } else { "/" };
    format!("failed to find resource referenced by paramKind: '{group}{api_version}, Kind={kind}'")
}

impl Verdict {
    fn refuse(&mut self, message: String) {
        self.denied.push((message, Reason::Invalid));
    }

    fn add(&mut self, policy: &str, binding: &Object, decisions: Vec<Decision>) {
        let name = binding.key.name();
        let actions = binding.tree.at(&["spec", "validationActions"]).and_then(Value::as_list);
        let actions: Vec<_> =
            actions.into_iter().flat_map(|list| list.iter()).filter_map(Value::as_str).collect();
        for decision in decisions {
            let why = &decision.message;
            if actions.contains(&"Warn") {
                self.warnings.push(format!("Validation failed for ValidatingAdmissionPolicy '{policy}' with binding '{name}': {why}"));
            }
            if actions.contains(&"Deny") {
                let message = format!(
                    "ValidatingAdmissionPolicy '{policy}' with binding '{name}' denied request: {why}"
                );
                self.denied.push((message, decision.reason));
            }
        }
    }
}

fn denied(resource: &Resource, name: &str, message: String, reason: Reason) -> Status {
    let status = Status::forbidden(resource, name, &message);
    let cause = Cause { reason: "", message, field: String::new() };
    Status { reason, causes: vec![cause], ..status }
}

/// What would lock everybody out.
fn is_exempt(resource: &Resource) -> bool {
    resource.kind.group == GROUP
}

fn asked<'a>(
    call: &'a Call<'_>,
    operation: Operation,
    object: Option<&'a Value>,
    old: Option<&'a Value>,
    space: Option<&'a Value>,
) -> Asked<'a> {
    let own = object.or(old).and_then(|object| object.str_at(&["metadata", "name"]));
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

/// The request, as policies see it.
fn request(call: &Call<'_>, asked: &Asked<'_>, matched: &Resource) -> Value {
    let mut request = Value::from([
        ("dryRun", Value::Bool(is_dry(call))),
        ("kind", kind(&matched.kind, "kind", &matched.kind.name)),
        ("operation", asked.operation.name().into()),
        ("requestKind", kind(&asked.resource.kind, "kind", &asked.resource.kind.name)),
        ("requestResource", kind(&asked.resource.kind, "resource", &asked.resource.plural)),
        ("resource", kind(&matched.kind, "resource", &matched.plural)),
        ("uid", "".into()),
        ("userInfo", super::asked::who(call.is_own().then_some(call.request.user_agent))),
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

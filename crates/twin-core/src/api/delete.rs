//! Delete: at once, after a grace period, or when the last finalizer is gone.

use super::convert::shown;
use super::object::{finalizers, meta};
use super::read::Page;
use super::request::Query;
use super::write::is_dry;
use super::{Api, Call, Method, Request, Response};
use crate::hooks::Collection;
use crate::policy::Operation;
use crate::status::{Cause, Status, success};
use crate::store::{Key, Object};
use crate::time::Timestamp;
use crate::tree::{Map, Text, Value, decode};
use std::sync::Arc;

/// Resources whose delete answers with the object.
const RETURNED: &[&str] = &[
    "pods",
    "services",
    "serviceaccounts",
    "namespaces",
    "persistentvolumes",
    "persistentvolumeclaims",
    "podtemplates",
    "resourcequotas",
    "storageclasses",
    "csidrivers",
    "csinodes",
    "volumeattachments",
    "volumeattributesclasses",
    "resourceclaims",
    "resourceclaimtemplates",
    "resourceslices",
    "deviceclasses",
];

/// What a delete was asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deletion {
    /// Seconds that a pod gets, instead of its own.
    pub grace: Option<i64>,
    /// Only the object with this uid; empty for any.
    pub uid: Text,
    /// Only this version; empty for any.
    pub version: Text,
    /// What happens to what it owns, if its finalizers do not say it already.
    pub propagation: Propagation,
}

/// What happens to objects that a deleted one owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    /// They end after it.
    #[default]
    Background,
    /// It waits until they are gone.
    Foreground,
    /// They stay.
    Orphan,
}

impl Propagation {
    fn finalizer(self) -> Option<&'static str> {
        match self {
            Self::Background => None,
            Self::Foreground => Some("foregroundDeletion"),
            Self::Orphan => Some("orphan"),
        }
    }
}

impl Api {
    pub(super) fn delete(&mut self, call: &Call<'_>) -> Result<Response, Status> {
        let options = options(call)?;
        let object = self.stored(call)?.clone();
        preconditions(call, &options, &object)?;
        let resource = call.address.resource.clone();
        self.may_end(call, &object)?;
        let last = self.end(call, &object, &options);
        if last.is_waiting || RETURNED.contains(&resource.plural.as_str()) {
            return Self::answered(call, 200, &shown(&resource, &last.tree));
        }
        let mut details = Value::from([
            ("name", call.address.name.as_str().into()),
            ("kind", resource.plural.clone().into()),
            ("uid", meta(&object.tree, "uid").into()),
        ]);
        if !resource.kind.group.is_empty() {
            details = details.with(&["group"], resource.kind.group.clone().into());
        }
        Ok(Response::json(200, &success(details)))
    }

    pub(super) fn delete_collection(&mut self, call: &Call<'_>) -> Result<Response, Status> {
        let options = options(call)?;
        let mut collection = match self.begun() {
            Some(collection) => collection,
            None => self.collection(call)?,
        };
        while let Some(object) = collection.objects.get(collection.ended) {
            if let Err(refusal) = self.end_one(call, &object.key, &options) {
                self.go_on_with(collection);
                return Err(refusal);
            }
            collection.ended += 1;
        }
        let Collection { objects, revision, .. } = collection;
        Self::listed(call, Page { objects, revision, next: None, remaining: None })
    }

    /// What a request means to end. It is shown as it was.
    fn collection(&self, call: &Call<'_>) -> Result<Collection, Status> {
        let filter = Self::filter(call)?;
        let found = self.store.list(&call.address.resource.table, &filter.narrow, None);
        let objects = found.filter(|object| filter.matches(&object.tree)).cloned().collect();
        Ok(Collection { objects, revision: self.store.revision(), ended: 0 })
    }

    /// Ends one of many, as soon as all who have a say about it let it.
    fn end_one(&mut self, call: &Call<'_>, key: &Key, options: &Deletion) -> Result<(), Status> {
        let found = self.store.get(&call.address.resource.table, key).cloned();
        // Somebody else was faster.
        let Some(object) = found else { return Ok(()) };
        self.may_end(call, &object)?;
        self.end(call, &object, options);
        self.use_up_answers();
        Ok(())
    }

    /// Ends an object if it is the one that is meant, and gives it as it then is.
    pub(super) fn end_checked(
        &mut self,
        call: &Call<'_>,
        object: &Arc<Object>,
        deletion: &Deletion,
    ) -> Result<Value, Status> {
        preconditions(call, deletion, object)?;
        self.may_end(call, object)?;
        Ok(self.end(call, object, deletion).tree)
    }

    /// Whether policies and webhooks let an object end.
    fn may_end(&mut self, call: &Call<'_>, object: &Object) -> Result<(), Status> {
        let old = shown(&call.address.resource, &object.tree);
        self.ending_asked(call, &old)?;
        self.consented(call, Operation::Delete, None, Some(&old))
    }

    /// Ends an object, or starts its end.
    pub(super) fn end(
        &mut self,
        call: &Call<'_>,
        object: &Arc<Object>,
        options: &Deletion,
    ) -> Last {
        let resource = &call.address.resource;
        let mut tree = object.tree.clone();
        if let Some(finalizer) = options.propagation.finalizer() {
            tree = with_finalizer(&tree, finalizer);
        }
        let grace = grace(resource.is("", "pods"), &tree, options);
        let waits = finalizers(&tree) > 0 || grace > 0 || resource.is("", "namespaces");
        if !waits {
            if !is_dry(call) {
                self.store.remove(&resource.table, &object.key);
            }
            if resource.is("", "pods") {
                tree = ending(&tree, call.moment.now, 0);
            }
            return Last { tree, is_waiting: false };
        }
        let ends = !meta(&tree, "deletionTimestamp").is_empty();
        let before = tree.at(&["metadata", "deletionGracePeriodSeconds"]).and_then(Value::as_int);
        if ends && before.is_none_or(|before| before <= grace) {
            return Last { tree, is_waiting: true };
        }
        tree = ending(&tree, call.moment.now, grace);
        if resource.is("", "namespaces") {
            tree = tree.with(&["status", "phase"], "Terminating".into());
            tree = tree.without(&["metadata", "deletionGracePeriodSeconds"]);
        }
        if is_dry(call) {
            return Last { tree, is_waiting: true };
        }
        let stored = self.store.put(&resource.table, &object.key, &tree);
        Last { tree: stored.tree.clone(), is_waiting: true }
    }
}

/// An object as its delete leaves it.
pub(super) struct Last {
    pub(super) tree: Value,
    is_waiting: bool,
}

/// An object that ends after so many seconds: what is wished of it is something else then.
fn ending(tree: &Value, now: Timestamp, grace: i64) -> Value {
    let generation = ["metadata", "generation"];
    let next = tree.at(&generation).and_then(Value::as_int).map(|it| it + 1);
    let begins = meta(tree, "deletionTimestamp").is_empty();
    let tree = tree
        .with(&["metadata", "deletionTimestamp"], now.plus_seconds(grace).value())
        .with(&["metadata", "deletionGracePeriodSeconds"], grace.into());
    match next.filter(|_| begins) {
        Some(next) => tree.with(&generation, next.into()),
        None => tree,
    }
}

/// Pods get time to end, unless they run nowhere.
fn grace(pod: bool, tree: &Value, options: &Deletion) -> i64 {
    let runs = tree.str_at(&["spec", "nodeName"]).is_some_and(|node| !node.is_empty());
    let over = matches!(tree.str_at(&["status", "phase"]), Some("Succeeded" | "Failed"));
    if !pod || !runs || over {
        return 0;
    }
    let own = tree.at(&["spec", "terminationGracePeriodSeconds"]).and_then(Value::as_int);
    match options.grace.or(own).unwrap_or(30) {
        ..0 => 1,
        grace => grace,
    }
}

fn with_finalizer(tree: &Value, finalizer: &str) -> Value {
    let path = ["metadata", "finalizers"];
    let mut list =
        tree.at(&path).and_then(Value::as_list).map(|list| list.to_vec()).unwrap_or_default();
    if !list.iter().any(|known| known.as_str() == Some(finalizer)) {
        list.push(finalizer.into());
    }
    tree.with(&path, list.into())
}

impl Call<'_> {
    /// The options of a request, as webhooks see them.
    pub(super) fn options(&self, operation: Operation) -> Value {
        let kind = match operation {
            Operation::Create => "CreateOptions",
            Operation::Update => "UpdateOptions",
            Operation::Delete => "DeleteOptions",
        };
        let kind = |options: Value| {
            options.with(&["kind"], kind.into()).with(&["apiVersion"], "meta.k8s.io/v1".into())
        };
        if let Some(said) = &self.deletion {
            return kind(said.clone());
        }
        let mut options = Value::Map(Map::default());
        for field in ["fieldManager", "fieldValidation", "propagationPolicy"] {
            let text = self.query.get(field);
            if !text.is_empty() {
                options = options.with(&[field], text.into());
            }
        }
        if is_dry(self) {
            options = options.with(&["dryRun"], vec![Value::text("All")].into());
        }
        kind(options)
    }
}

/// The options in the body of a delete, if it has one: then those in the query do not count.
pub(super) fn said(request: &Request<'_>) -> Result<Option<Value>, Status> {
    if request.method != Method::Delete || request.body.is_empty() {
        return Ok(None);
    }
    let said = decode(request.body).map_err(|error| Status::bad_request(error.to_string()))?;
    Ok(Some(if said.as_map().is_some() { said } else { Value::Map(Map::default()) }))
}

/// Whoever says something else of a dry run wants no real one.
fn check_dry_run(call: &Call<'_>) -> Result<(), Status> {
    let queried = || vec![Value::text(call.query.get("dryRun"))].into();
    let said = match &call.deletion {
        Some(options) => options.at(&["dryRun"]).cloned().unwrap_or_default(),
        None if call.query.get("dryRun").is_empty() => return Ok(()),
        None => queried(),
    };
    let is_known = |list: &[Value]| list.iter().all(|it| it.as_str() == Some("All"));
    if said.is_null() || said.as_list().is_some_and(|list| is_known(list)) {
        return Ok(());
    }
    let message = format!("Unsupported value: {said}: supported values: \"All\"");
    let cause = Cause { reason: "FieldValueNotSupported", message, field: "dryRun".to_owned() };
    Err(Status::invalid("meta.k8s.io", "DeleteOptions", "", vec![cause]))
}

fn options(call: &Call<'_>) -> Result<Deletion, Status> {
    check_dry_run(call)?;
    let (body, query) = match &call.deletion {
        Some(said) => (said.clone(), &Query::default()),
        None => (Value::default(), &call.query),
    };
    let text = |path: &[&str], field: &str| {
        Text::new(body.str_at(path).unwrap_or_else(|| query.get(field)))
    };
    let propagation = match text(&["propagationPolicy"], "propagationPolicy").as_str() {
        "Foreground" => Propagation::Foreground,
        "Orphan" => Propagation::Orphan,
        _ => Propagation::Background,
    };
    let said = body.at(&["gracePeriodSeconds"]).and_then(Value::as_int);
    Ok(Deletion {
        grace: said.or_else(|| query.get("gracePeriodSeconds").parse().ok()),
        uid: text(&["preconditions", "uid"], ""),
        version: text(&["preconditions", "resourceVersion"], ""),
        propagation,
    })
}

fn preconditions(call: &Call<'_>, options: &Deletion, object: &Object) -> Result<(), Status> {
    let kind = &call.address.resource.kind.name;
    let refuse = |what: &str, wanted: &str, found: &str, guess: &str| {
        let why = format!(
            "the {what} in the precondition ({wanted}) does not match the {what} in record ({found}). The object might have been {guess}"
        );
        let status = Status::conflict(&call.address.resource, &call.address.name, &why);
        let name = &call.address.name;
        let message = format!("Operation cannot be fulfilled on {kind} {name:?}: {why}");
        Err(Status { message, ..status.with_kind(kind) })
    };
    let (uid, version) = (meta(&object.tree, "uid"), meta(&object.tree, "resourceVersion"));
    if !options.uid.is_empty() && options.uid != uid {
        return refuse("UID", &options.uid, &uid, "deleted and then recreated");
    }
    if !options.version.is_empty() && options.version != version {
        return refuse("ResourceVersion", &options.version, &version, "modified");
    }
    Ok(())
}

//! Webhooks: which are there, and what they are asked. [`crate::hooks`] says how.

mod mutating;
mod validating;

use super::policies::{Memo, is_exempt, named, request};
use super::subresource::{scale_of, scaled};
use super::{Api, Call};
use crate::hooks::{
    Answer, Collection, Heard, Hook, Inquiry, OnDryRun, Place, Question, Sort, Version, heard,
    hooks,
};
use crate::policy::{Asked, Operation, applies, hooked};
use crate::registry::Resource;
use crate::status::{Reason, Status};
use crate::store::{Key, TableName};
use crate::tree::{Text, Value};
use std::sync::Arc;

const MUTATING: TableName =
    TableName(Text::new_static("admissionregistration.k8s.io/mutatingwebhookconfigurations"));
const VALIDATING: TableName =
    TableName(Text::new_static("admissionregistration.k8s.io/validatingwebhookconfigurations"));
const SERVICES: TableName = TableName(Text::new_static("/services"));

const UNREADABLE: &str = "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)";

/// Webhooks that were read, and what those said that were asked because of this request.
#[derive(Debug, Default)]
pub(super) struct Hooks {
    read: Memo<Vec<Arc<Hook>>>,
    /// None, if nobody is asked.
    inquiry: Option<Inquiry>,
}

/// A webhook that means a request, and what it is asked about.
struct Consulted {
    hook: Arc<Hook>,
    /// The resource in the version that it asks for.
    resource: Resource,
    object: Option<Value>,
    review: Value,
}

impl Api {
    /// Does something in which webhooks have a say; none, if one has to be asked first.
    pub(super) fn asking<T>(
        &mut self,
        inquiry: &mut Inquiry,
        act: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        inquiry.start();
        self.hooks.inquiry = Some(std::mem::take(inquiry));
        let done = act(self);
        *inquiry = self.hooks.inquiry.take().unwrap_or_default();
        inquiry.question().is_none().then_some(done)
    }

    /// Does something in which webhooks have no say.
    pub(super) fn unasked(&mut self, act: impl FnOnce(&mut Self)) {
        let inquiry = self.hooks.inquiry.take();
        act(self);
        self.hooks.inquiry = inquiry;
    }

    /// What this request has begun to end.
    pub(super) fn begun(&mut self) -> Option<Collection> {
        self.hooks.inquiry.as_mut()?.collection.take()
    }

    /// Keeps what this request has begun to end for when the next webhook has answered.
    pub(super) fn go_on_with(&mut self, collection: Collection) {
        if let Some(inquiry) = &mut self.hooks.inquiry {
            inquiry.collection = Some(collection);
        }
    }

    /// What was answered up to now has had its effect.
    pub(super) fn use_up_answers(&mut self) {
        if let Some(inquiry) = &mut self.hooks.inquiry {
            inquiry.use_up();
        }
    }

    /// Whether there are webhooks that could be asked.
    pub(super) fn has_hooks(&self) -> bool {
        self.hooks.inquiry.is_some()
            && [&MUTATING, &VALIDATING].iter().any(|table| self.store.count(table) > 0)
    }

    /// The webhooks of a sort, in the order in which they are asked.
    fn hooks_of(&mut self, call: &Call<'_>, sort: Sort) -> Vec<Arc<Hook>> {
        let table = match sort {
            Sort::Mutating => &MUTATING,
            Sort::Validating => &VALIDATING,
        };
        if self.store.count(table) == 0 || self.hooks.inquiry.is_none() {
            return Vec::new();
        }
        let resource = &call.address.resource;
        // Events of the control plane are told, whoever listens.
        if is_exempt(resource) || (call.is_own() && resource.plural == "events") {
            return Vec::new();
        }
        let configurations = self.all(table);
        let read = |tree: &Value| hooks(sort, tree).into_iter().map(Arc::new).collect();
        self.hooks.read.follow(table, &configurations, read);
        let read = configurations.iter().filter_map(|it| self.hooks.read.get(table, it.key.name()));
        read.flat_map(|hooks| hooks.iter().cloned()).collect()
    }

    /// What a webhook is asked about a request, if it means that.
    fn consulted(
        &self,
        call: &Call<'_>,
        asked: &Asked<'_>,
        hook: &Arc<Hook>,
    ) -> Result<Option<Consulted>, Status> {
        let Some(resource) = hooked(&hook.wanted, asked, &self.registry) else { return Ok(None) };
        let shown = |object: Option<&Value>| {
            object.map(|object| match asked.subresource {
                "" | "status" => super::convert::as_version(object, asked.resource, resource),
                _ => object.clone(),
            })
        };
        let (object, old) = (shown(asked.object), shown(asked.old));
        let surroundings = self.surroundings(call, asked, resource, None);
        let seen = Asked { object: object.as_ref(), old: old.as_ref(), ..*asked };
        match applies(&hook.conditions, &seen, &surroundings) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(why) => return Err(Status::forbidden(asked.resource, named(asked), &why)),
        }
        let review = reviewed(call, &seen, resource);
        Ok(Some(Consulted { hook: hook.clone(), resource: resource.clone(), object, review }))
    }

    /// What is posted to a part of an object, such as a binding, as webhooks want it.
    pub(super) fn part_admitted(&mut self, call: &Call<'_>, body: &Value) -> Result<Value, Status> {
        let address = &call.address;
        let kind = address.resource.subresource(&address.subresource).map(|part| &part.kind);
        let body = match kind {
            Some(kind) => body
                .with(&["kind"], kind.name.clone().into())
                .with(&["apiVersion"], kind.api_version().into()),
            None => body.clone(),
        };
        let body = self.changed_by_hooks(call, Operation::Create, body, None, |_, it| Ok(it))?;
        self.approved(call, Operation::Create, Some(&body), None)?;
        Ok(body)
    }

    /// Asks webhooks about a node that the twin's own scheduler gives a pod.
    pub(super) fn binding_asked(&mut self, call: &Call<'_>, node: &str) -> Result<(), Status> {
        if !self.has_hooks() {
            return Ok(());
        }
        let name = [("name", Value::text(&call.address.name))];
        let target = Value::from([("kind", "Node".into()), ("name", node.into())]);
        let body = Value::from([("metadata", Value::from(name)), ("target", target)]);
        self.part_admitted(call, &body).map(drop)
    }

    /// Asks a webhook, and gives its patch if there is one. Its warnings are for the client.
    fn ask_hook(
        &mut self,
        call: &Call<'_>,
        consulted: &Consulted,
    ) -> Result<Option<Value>, Status> {
        let hook = &consulted.hook;
        if super::write::is_dry(call) && hook.on_dry_run == OnDryRun::Refuse {
            return Err(Status::bad_request(format!(
                "admission webhook {:?} does not support dry run",
                hook.name.as_str()
            )));
        }
        let (question, unreached) = self.question(call, consulted);
        let answer = match (unreached, &mut self.hooks.inquiry) {
            (Some(why), _) => Some(Answer::Unreached(why)),
            (None, Some(inquiry)) => inquiry.hear(question.clone()),
            (None, None) => None,
        };
        // Nobody reads this: what handles the request starts again with the answer.
        let waits = || Status::new(Reason::Internal, "a webhook has to be asked");
        let Heard { warnings, verdict } = heard(hook, &question, &answer.ok_or_else(waits)?);
        self.warned.extend(warnings);
        verdict
    }

    /// What to put to a webhook, or why it cannot be reached.
    fn question(&self, call: &Call<'_>, consulted: &Consulted) -> (Question, Option<String>) {
        let hook = &consulted.hook;
        let version = hook.version.map(Version::name).unwrap_or_default();
        let put = self.hooks.inquiry.as_ref().map_or(0, Inquiry::put);
        let uid = Value::text(call.moment.nth_uid(put + 1));
        let review = Value::from([
            ("apiVersion", version.into()),
            ("kind", "AdmissionReview".into()),
            ("request", consulted.review.with(&["uid"], uid)),
        ]);
        let place = hook.place();
        let unreached = match &place {
            _ if hook.version.is_none() => Some(UNREADABLE.to_owned()),
            Some(Place::Service { namespace, name, port, .. }) => {
                self.unserved(namespace, name, *port)
            }
            Some(Place::Url(_)) => None,
            None => Some("webhook configuration must have either service or URL".to_owned()),
        };
        (hook.question(place.unwrap_or_else(|| Place::Url(Text::default())), review), unreached)
    }

    /// Why there is no such Service to be asked.
    fn unserved(&self, namespace: &str, name: &str, port: u16) -> Option<String> {
        let Some(service) = self.store.get(&SERVICES, &Key::new(namespace, name)) else {
            return Some(format!("service {name:?} not found"));
        };
        let ports = service.tree.at(&["spec", "ports"]).and_then(Value::as_list);
        let mut ports = ports.into_iter().flat_map(|list| list.iter());
        let is_meant = |it: &Value| it.at(&["port"]).and_then(Value::as_int) == Some(port.into());
        let missing = || format!("no service port {port} found for service {name:?}");
        (!ports.any(is_meant)).then(missing)
    }
}

/// The request as a webhook sees it.
fn reviewed(call: &Call<'_>, asked: &Asked<'_>, resource: &Resource) -> Value {
    request(call, asked, resource)
        .with(&["object"], asked.object.cloned().unwrap_or_default())
        .with(&["oldObject"], asked.old.cloned().unwrap_or_default())
        .with(&["options"], call.options(asked.operation))
}

/// An object that says in which namespace it is.
pub(super) fn placed(call: &Call<'_>, object: Value) -> Value {
    let namespace = &call.address.namespace;
    let is_said = object.str_at(&["metadata", "namespace"]).is_some_and(|it| !it.is_empty());
    if namespace.is_empty() || is_said {
        return object;
    }
    object.with(&["metadata", "namespace"], Value::text(namespace))
}

/// An object as webhooks of this address see it: through `scale`, a Scale.
fn seen(call: &Call<'_>, object: &Value) -> Value {
    if call.address.subresource == "scale" { scale_of(object) } else { object.clone() }
}

/// The object of this address as a webhook wants it.
fn unseen(call: &Call<'_>, object: &Value, wanted: Value) -> Value {
    if call.address.subresource == "scale" { scaled(object, &wanted) } else { wanted }
}

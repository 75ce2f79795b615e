//! Writes of the control plane itself: as requests do them, without a body to read.

use super::delete::Deletion;
use super::patch::PatchForm;
use super::request::{Method, Query};
use super::route::Address;
use super::write::Track;
use super::{Api, Call, Moment, Request};
use crate::hooks::Inquiry;
use crate::status::{Reason, Status};
use crate::store::{Key, TableName};
use crate::tree::{Map, Text, Value};

/// A write, as a controller, a scheduler or a kubelet does it.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    pub table: TableName,
    /// Of a new object with `generateName` only the namespace counts.
    pub key: Key,
    pub deed: Deed,
}

/// What a write does.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Adds this object: it is defaulted and admitted as a client's would be.
    Create(Value),
    /// Adds this event, whose teller knows the type: it says all that defaults would say, and nothing
    /// that the type does not know.
    Tell(Value),
    /// Replaces all but the status, whatever version the object has: who acts has just looked.
    Update(Value),
    /// Replaces the status by the one in this object.
    UpdateStatus(Value),
    /// Changes an object, or the part of it with this name, as a client's patch does.
    Patch { form: PatchForm, subresource: Text, patch: Value },
    /// Gives a pod a node.
    Bind(Text),
    /// Ends an object, or starts its end.
    Delete(Deletion),
    /// Takes the object out of the store, whatever it waits for: a pod whose last container ended.
    Remove,
}

impl Api {
    /// Does a write as far as webhooks let it; none, if one has to be asked first: then nothing has
    /// changed. See [`crate::hooks`].
    pub fn act_asking(
        &mut self,
        manager: &str,
        act: &Act,
        moment: Moment,
        inquiry: &mut Inquiry,
    ) -> Option<Result<Value, Status>> {
        self.asking(inquiry, |api| api.act(manager, act, moment))
    }

    /// Does a write in the name of `manager`, and gives the object after it. Webhooks have no say.
    ///
    /// # Errors
    /// The `Status` that a client would get.
    pub fn act(&mut self, manager: &str, act: &Act, moment: Moment) -> Result<Value, Status> {
        let done = self.carry_out(manager, act, moment);
        // Nobody reads them.
        self.warned.clear();
        self.follow_definitions(moment);
        done
    }

    pub(super) fn carry_out(
        &mut self,
        manager: &str,
        act: &Act,
        moment: Moment,
    ) -> Result<Value, Status> {
        let resource = self.registry.stored(&act.table).cloned().ok_or_else(|| {
            Status::undetailed(Reason::NotFound, format!("nothing is served from {:?}", act.table))
        })?;
        let (content_type, query, body) = match &act.deed {
            Deed::Patch { form: form @ PatchForm::Apply, patch, .. } => {
                (form.media(), format!("force=true&fieldManager={manager}"), patch.encoded())
            }
            Deed::Patch { form, patch, .. } => (form.media(), String::new(), patch.encoded()),
            _ => ("", String::new(), Vec::new()),
        };
        let request = Request {
            method: Method::Post,
            path: "",
            query: &query,
            content_type,
            accept: "",
            user_agent: manager,
            user: None,
            body: &body,
        };
        let subresource = match &act.deed {
            Deed::UpdateStatus(_) => "status".to_owned(),
            Deed::Bind(_) => "binding".to_owned(),
            Deed::Patch { subresource, .. } => subresource.to_string(),
            _ => String::new(),
        };
        let address = Address {
            resource,
            namespace: act.key.namespace().to_owned(),
            name: act.key.name().to_owned(),
            subresource,
        };
        let query = Query::parse(&query);
        let (deletion, horizon) = (None, None);
        let call = Call { request: &request, query, moment, address, deletion, horizon };
        match &act.deed {
            Deed::Create(object) => {
                let object = self.completed(&call, object)?;
                self.add(&call, &object, Track::Writes)
            }
            Deed::Tell(event) => self.tell(&call, event),
            Deed::Update(object) | Deed::UpdateStatus(object) => {
                let live = self.stored(&call)?.tree.clone();
                let object = object.without(&["metadata", "resourceVersion"]);
                self.change(&call, &live, &object, Track::Writes)
            }
            Deed::Patch { .. } => self.patch_object(&call).map(|patched| patched.object),
            Deed::Bind(node) => {
                self.binding_asked(&call, node)?;
                self.bound(&call, node)
            }
            Deed::Delete(deletion) => {
                let object = self.stored(&call)?.clone();
                self.end_checked(&call, &object, deletion)
            }
            Deed::Remove => {
                let gone = self.store.remove(&act.table, &act.key);
                Ok(gone.map(|object| object.tree.clone()).unwrap_or_default())
            }
        }
    }

    /// An object as its type has it. Pods of one template are looked at once.
    fn completed(&mut self, call: &Call<'_>, object: &Value) -> Result<Value, Status> {
        let is_pod = call.address.resource.is("", "pods");
        let Some(given) = object.at(&["spec"]).filter(|_| is_pod) else {
            return Ok(self.typed(call, object)?.object);
        };
        if let Some(known) = self.last_pod.as_ref().filter(|known| known.given == *given) {
            return Ok(known.like(object));
        }
        let complete = self.typed(call, object)?.object;
        self.last_pod = PodSpec::of(given, &complete);
        Ok(complete)
    }
}

/// What a pod should be, as it was given, and with its defaults.
#[derive(Debug)]
pub(super) struct PodSpec {
    given: Value,
    made: Value,
    kind: Value,
    api_version: Value,
}

impl PodSpec {
    fn of(given: &Value, complete: &Value) -> Option<Self> {
        let part = |field| complete.at(&[field]).cloned();
        let (made, kind, api_version) = (part("spec")?, part("kind")?, part("apiVersion")?);
        Some(Self { given: given.clone(), made, kind, api_version })
    }

    /// A pod with the same spec, complete.
    fn like(&self, object: &Value) -> Value {
        object
            .with(&["spec"], self.made.clone())
            .with(&["kind"], self.kind.clone())
            .with(&["apiVersion"], self.api_version.clone())
            .with(&["status"], Value::Map(Map::default()))
    }
}

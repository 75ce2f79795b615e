//! Writes of the control plane itself: as requests do them, without a body to read.

use super::delete::Deletion;
use super::request::{Method, Query};
use super::route::Address;
use super::write::Track;
use super::{Api, Call, Moment, Request};
use crate::schema::apply_defaults;
use crate::status::{Reason, Status};
use crate::store::{Key, TableName};
use crate::tree::{Text, Value};

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
    /// Adds this object: it is defaulted and admitted as a client's would be, but it is not held
    /// against its type, which whoever acts knows.
    Create(Value),
    /// Replaces all but the status, whatever version the object has: who acts has just looked.
    Update(Value),
    /// Replaces the status by the one in this object.
    UpdateStatus(Value),
    /// Gives a pod a node.
    Bind(Text),
    /// Ends an object, or starts its end.
    Delete(Deletion),
    /// Takes the object out of the store, whatever it waits for: a pod whose last container ended.
    Remove,
}

impl Api {
    /// Does a write in the name of `manager`, and gives the object after it.
    ///
    /// # Errors
    /// The `Status` that a client would get.
    pub fn act(&mut self, manager: &str, act: &Act, moment: Moment) -> Result<Value, Status> {
        let done = self.carry_out(manager, act, moment);
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
        let request = Request {
            method: Method::Post,
            path: "",
            query: "",
            content_type: "",
            accept: "",
            user_agent: manager,
            body: b"",
        };
        let status = matches!(act.deed, Deed::UpdateStatus(_));
        let address = Address {
            resource,
            namespace: act.key.namespace().to_owned(),
            name: act.key.name().to_owned(),
            subresource: if status { "status".to_owned() } else { String::new() },
        };
        let call = Call { request: &request, query: Query::default(), moment, address };
        match &act.deed {
            Deed::Create(object) => {
                let object = self.completed(&call, object);
                self.add(&call, &object, Track::Writes)
            }
            Deed::Update(object) | Deed::UpdateStatus(object) => {
                let live = self.stored(&call)?.tree.clone();
                let object = object.without(&["metadata", "resourceVersion"]);
                self.change(&call, &live, &object, Track::Writes)
            }
            Deed::Bind(node) => self.bound(&call, node),
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

    /// An object with its kind and defaults. Pods of one template are completed once.
    fn completed(&mut self, call: &Call<'_>, object: &Value) -> Value {
        let resource = &call.address.resource;
        let is_pod = resource.is("", "pods");
        let given = object.at(&["spec"]).filter(|_| is_pod);
        let known = self.last_pod.as_ref().filter(|known| Some(&known.given) == given);
        let complete = match known {
            Some(known) => object.with(&["spec"], known.made.clone()),
            None => apply_defaults(&self.schema, resource.ty, object),
        };
        if let Some((given, made)) = given.zip(complete.at(&["spec"])) {
            self.last_pod = Some(PodSpec { given: given.clone(), made: made.clone() });
        }
        complete
            .with(&["kind"], resource.kind.name.clone().into())
            .with(&["apiVersion"], resource.kind.api_version().into())
    }
}

/// What a pod should be, as it was given, and with its defaults.
#[derive(Debug)]
pub(super) struct PodSpec {
    given: Value,
    made: Value,
}

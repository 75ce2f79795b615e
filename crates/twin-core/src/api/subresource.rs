//! Parts of objects with addresses of their own: status, scale, binding, eviction, finalize…

use super::projection::Projection;
use super::write::Track;
use super::{Api, Call, Method, Response};
use crate::status::{Status, success};
use crate::store::Key;
use crate::tree::{Text, Value, decode};

impl Api {
    pub(super) fn subresource(&mut self, call: &Call<'_>) -> Result<Response, Status> {
        let address = &call.address;
        let Some(sub) = address.resource.subresource(&address.subresource) else {
            return Ok(Response::text(404, "404 page not found\n"));
        };
        let verb = match call.request.method {
            Method::Get => "get",
            Method::Post => "create",
            Method::Put => "update",
            Method::Patch => "patch",
            Method::Delete => "delete",
        };
        if !sub.verbs.iter().any(|known| known == verb) {
            return Err(Status::method_not_allowed());
        }
        // Logs are texts.
        if address.subresource != "log" {
            Projection::check(call)?;
        }
        match (address.subresource.as_str(), verb) {
            ("status" | "ephemeralcontainers" | "resize" | "approval", "get") => self.get(call),
            ("status" | "ephemeralcontainers" | "resize" | "approval", "update") => {
                self.replace(call)
            }
            ("status" | "ephemeralcontainers" | "resize" | "approval", "patch") => self.patch(call),
            ("log", "get") => self.log(call),
            ("token", "create") => self.token(call),
            ("finalize", _) => self.finalize(call),
            ("scale", "get") => Ok(Response::json(200, &scale_of(&self.live(call)?))),
            ("scale", _) => self.scale(call),
            ("binding", _) => self.bind(call),
            ("eviction", _) => {
                let body = decode(call.request.body).unwrap_or_default();
                self.part_admitted(call, &body)?;
                self.evict(call)?;
                Ok(Response::json(201, &made()))
            }
            _ => Err(Status::new(
                crate::status::Reason::Internal,
                format!(
                    "{}/{} is not served by the twin",
                    address.resource.plural, address.subresource
                ),
            )),
        }
    }

    fn scale(&mut self, call: &Call<'_>) -> Result<Response, Status> {
        let live = self.live(call)?;
        let body =
            decode(call.request.body).map_err(|error| Status::bad_request(error.to_string()))?;
        let wanted = match (call.request.method, call.request.content_type) {
            (Method::Put, _) => body,
            (_, "application/json-patch+json") => crate::patch::json(&scale_of(&live), &body)
                .map_err(|error| Status::bad_request(error.to_string()))?,
            _ => crate::patch::merge(&scale_of(&live), &body),
        };
        let mut new = scaled(&live, &wanted);
        if let Some(version) = wanted.at(&["metadata", "resourceVersion"]) {
            new = new.with(&["metadata", "resourceVersion"], version.clone());
        }
        let object = self.change(call, &live, &new, Track::Writes)?;
        Ok(Response::json(200, &scale_of(&object)))
    }

    fn bind(&mut self, call: &Call<'_>) -> Result<Response, Status> {
        let body =
            decode(call.request.body).map_err(|error| Status::bad_request(error.to_string()))?;
        let body = self.part_admitted(call, &body)?;
        self.bound(call, body.str_at(&["target", "name"]).unwrap_or_default())?;
        Ok(Response::json(201, &made()))
    }

    /// Gives a pod its node.
    pub(super) fn bound(&mut self, call: &Call<'_>, node: &str) -> Result<Value, Status> {
        let live = self.live(call)?;
        let name = &call.address.name;
        if let Some(node) = live.str_at(&["spec", "nodeName"]).filter(|node| !node.is_empty()) {
            let why = format!("pod {name} is already assigned to node {node:?}");
            let mut status = Status::conflict(&call.address.resource, name, &why);
            status.message = status.message.replacen("on pods ", "on pods/binding ", 1);
            return Err(status.with_kind("pods/binding"));
        }
        let scheduled = Value::from([
            ("type", "PodScheduled".into()),
            ("status", "True".into()),
            ("lastProbeTime", Value::Null),
            ("lastTransitionTime", call.moment.now.value()),
        ]);
        let conditions = live.at(&["status", "conditions"]).and_then(Value::as_list);
        let mut conditions = conditions.map(|list| list.to_vec()).unwrap_or_default();
        conditions.retain(|condition| condition.str_at(&["type"]) != Some("PodScheduled"));
        conditions.push(scheduled);
        let new = live
            .with(&["spec", "nodeName"], node.into())
            .with(&["status", "conditions"], conditions.into());
        let key = Key::new(&call.address.namespace, name);
        Ok(self.keep(&call.address.resource, &key, &new))
    }

    /// The last step of a namespace's end.
    fn finalize(&mut self, call: &Call<'_>) -> Result<Response, Status> {
        let read = self.read_body(call)?;
        let live = self.live(call)?;
        let finalizers = read.object.at(&["spec", "finalizers"]).cloned().unwrap_or_default();
        let new = live.with(&["spec", "finalizers"], finalizers);
        let rest =
            new.at(&["spec", "finalizers"]).and_then(Value::as_list).map_or(0, |list| list.len());
        let ends = live.str_at(&["metadata", "deletionTimestamp"]).is_some();
        let key = Key::new("", &call.address.name);
        let table = &call.address.resource.table;
        if ends && rest == 0 && super::object::finalizers(&new) == 0 {
            self.store.remove(table, &key);
            return Ok(Response::json(200, &new));
        }
        let stored = self.store.put(table, &key, &new);
        Ok(Response::json(200, &stored.tree))
    }
}

fn made() -> Value {
    success(Value::default()).without(&["details"]).with(&["code"], 201.into())
}

/// A workload with the replicas that a scale wants.
pub(super) fn scaled(object: &Value, scale: &Value) -> Value {
    let replicas = scale.at(&["spec", "replicas"]).cloned().unwrap_or(Value::Int(0));
    object.with(&["spec", "replicas"], replicas)
}

/// How many replicas a workload has and wants.
pub(super) fn scale_of(object: &Value) -> Value {
    let part = |path: &[&str]| object.at(path).cloned();
    let mut metadata = Vec::new();
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        metadata.extend(part(&["metadata", field]).map(|value| (Text::new_static(field), value)));
    }
    let zero = || Value::Int(0);
    let mut scale = Value::from([
        ("kind", "Scale".into()),
        ("apiVersion", "autoscaling/v1".into()),
        ("metadata", Value::Map(metadata.into_iter().collect())),
        ("spec", Value::from([("replicas", part(&["spec", "replicas"]).unwrap_or_else(zero))])),
        ("status", Value::from([("replicas", part(&["status", "replicas"]).unwrap_or_else(zero))])),
    ]);
    // ReplicationControllers select by a map of labels.
    let plain = object.str_at(&["kind"]) == Some("ReplicationController");
    let path: &[&str] =
        if plain { &["spec", "selector"] } else { &["spec", "selector", "matchLabels"] };
    let labels = part(path);
    if let Some(labels) = labels.as_ref().and_then(Value::as_map) {
        let terms: Vec<_> = labels
            .iter()
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
            .collect();
        scale = scale.with(&["status", "selector"], Value::text(terms.join(",")));
    }
    scale
}

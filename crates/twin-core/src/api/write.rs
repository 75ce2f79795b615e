//! Create and replace, and what every change of an object goes through.

use super::object::{
    admitted, born, check_levels, check_name, counts_generations, finalizers, ignored, meta,
    readmitted, same, same_wish, title, tolerated, without_status,
};
use super::projection::Projection;
use super::{Api, Call, Method, Moment, Response, parts};
use crate::apply::{Writer, update};
use crate::policy::Operation;
use crate::registry::Resource;
use crate::schema::{Schema, TypeId, apply_custom_defaults, empty};
use crate::status::{Cause, Status};
use crate::store::Key;
use crate::time::Timestamp;
use crate::tree::{Map, Value};
use crate::validation::{definition_warnings, faults};

/// Whether nobody replaces such an object who does not say which version of it.
fn is_replaced_by_version(resource: &Resource) -> bool {
    resource.custom.is_some()
        || matches!(
            (resource.kind.group.as_str(), resource.plural.as_str()),
            ("admissionregistration.k8s.io" | "apiextensions.k8s.io", _)
                | ("coordination.k8s.io", "leases")
                | ("node.k8s.io", "runtimeclasses")
                | ("policy", "poddisruptionbudgets")
                | ("storage.k8s.io", "csidrivers")
        )
}

fn unversioned(resource: &Resource, name: &str) -> Status {
    let cause = Cause {
        reason: "FieldValueInvalid",
        message: "Invalid value: 0: must be specified for an update".to_owned(),
        field: "metadata.resourceVersion".to_owned(),
    };
    Status::invalid(&resource.kind.group, &resource.plural, name, vec![cause])
}

const STALE: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// Part of a name that is generated is at most this long.
const STEM: usize = 58;

impl Api {
    pub(super) fn create(&mut self, call: &Call<'_>) -> Result<Response, Status> {
        let read = self.read_body(call)?;
        if let Some(answer) = super::asked::review(call, &read.object) {
            Projection::check_whole(call)?;
            return Ok(Response::json(201, &answer));
        }
        // A refusal has them too.
        self.warned.extend(read.warnings);
        let object = self.add(call, &read.object, Track::Writes)?;
        self.warned.extend(warnings(call, &object, None));
        Self::answered(call, 201, &object)
    }

    /// Adds an object that is complete except for what the API writes.
    pub(super) fn add(
        &mut self,
        call: &Call<'_>,
        object: &Value,
        track: Track,
    ) -> Result<Value, Status> {
        let resource = &call.address.resource;
        let namespace = self.namespace_of(call, object)?;
        // Its name is drawn when all have had their say.
        let title = Key::new(&namespace, title(object));
        self.check_open(resource, &title)?;
        let nothing = self.nothing(resource.ty);
        let object = match track {
            Track::Writes => self.tracked(call, "", &nothing, object),
            Track::Done => object.clone(),
        };
        let object = self.admit(call, Operation::Create, object, None, |api, object| {
            api.furnished(resource, object, &title, call.moment)
        })?;
        check_namespace(call, &object)?;
        let name = self.name_of(call, &object, &namespace);
        // A client's object of a built-in kind is judged with its name.
        if call.is_own() || resource.custom.is_some() {
            check_name(resource, &object, &name)?;
        }
        let key = Key::new(&namespace, &name);
        let object = born(resource, &object, &name, &namespace, call.moment);
        let object = admitted(resource, &without_status(resource, &object, &nothing));
        let object = match &resource.custom {
            Some(custom) => apply_custom_defaults(&custom.openapi, &object),
            None => object,
        };
        self.within_ranges(resource, &object, &key)?;
        self.judged(call, &object, None)?;
        self.consented(call, Operation::Create, Some(&object), None)?;
        if self.store.get(&resource.table, &key).is_some() {
            return Err(Status::already_exists(resource, &name));
        }
        let object = self.addressed(call, None, object)?;
        check_levels(&object)?;
        let charges = self.charged(resource, &key, None, &object)?;
        if is_dry(call) {
            return Ok(object);
        }
        self.take(charges);
        Ok(self.keep(resource, &key, &object))
    }

    /// A new object with what the API's own admission gives it, as often as it is asked.
    fn furnished(
        &mut self,
        resource: &Resource,
        object: Value,
        key: &Key,
        moment: Moment,
    ) -> Result<Value, Status> {
        if !resource.is("", "pods") {
            return Ok(object);
        }
        let object = self.prioritised(resource, object, key.name())?;
        let object = self.with_runtime(resource, object, key.name())?;
        let object = self.accounted(resource, object, key, moment)?;
        Ok(self.ranged(resource, tolerated(object), key))
    }

    fn namespace_of(&self, call: &Call<'_>, object: &Value) -> Result<String, Status> {
        let namespace = &call.address.namespace;
        if namespace.is_empty() {
            return Ok(String::new());
        }
        check_namespace(call, object)?;
        let namespaces = self.registry.find("", "v1", "namespaces");
        match namespaces {
            Some(resource)
                if self.store.get(&resource.table, &Key::new("", namespace)).is_none() =>
            {
                Err(Status::not_found(resource, namespace))
            }
            _ => Ok(namespace.clone()),
        }
    }

    /// Nothing new comes into a namespace that goes.
    fn check_open(&self, resource: &Resource, key: &Key) -> Result<(), Status> {
        let namespace = key.namespace();
        let spaces = self.registry.find("", "v1", "namespaces");
        let space = spaces.and_then(|it| self.store.get(&it.table, &Key::new("", namespace)));
        if space.is_none_or(|space| meta(&space.tree, "deletionTimestamp").is_empty()) {
            return Ok(());
        }
        let why = format!(
            "unable to create new content in namespace {namespace} because it is being terminated"
        );
        let cause = Cause {
            reason: "NamespaceTerminating",
            message: format!("namespace {namespace} is being terminated"),
            field: "metadata.namespace".to_owned(),
        };
        let status = Status::forbidden(resource, key.name(), &why);
        Err(Status { causes: vec![cause], ..status })
    }

    fn name_of(&self, call: &Call<'_>, object: &Value, namespace: &str) -> String {
        let name = meta(object, "name");
        let stem = meta(object, "generateName");
        if !name.is_empty() || stem.is_empty() {
            return name.to_string();
        }
        let stem: String = stem.chars().take(STEM).collect();
        let table = &call.address.resource.table;
        let taken = |name: &String| self.store.get(table, &Key::new(namespace, name)).is_some();
        let mut names = (0..8).map(|attempt| format!("{stem}{}", call.moment.suffix(attempt)));
        names.find(|name| !taken(name)).unwrap_or(stem)
    }

    pub(super) fn replace(&mut self, call: &Call<'_>) -> Result<Response, Status> {
        let read = self.read_body(call)?;
        let address = &call.address;
        let name = meta(&read.object, "name");
        if !name.is_empty() && name != address.name.as_str() {
            return Err(Status::bad_request(format!(
                "the name of the object ({name}) does not match the name on the URL ({})",
                address.name
            )));
        }
        self.namespace_of(call, &read.object)?;
        self.warned.extend(read.warnings);
        if self.stored(call).is_err() && Self::creates_on_update(call) {
            let object = read.object.with(&["metadata", "name"], Value::text(&address.name));
            let object = self.add(call, &object, Track::Writes)?;
            return Self::answered(call, 201, &object);
        }
        let live = self.live(call)?;
        let object = self.change(call, &live, &read.object, Track::Writes)?;
        self.warned.extend(warnings(call, &object, Some(&live)));
        Self::answered(call, 200, &object)
    }

    /// Stores another state of an object: what may not change stays as it was.
    pub(super) fn change(
        &mut self,
        call: &Call<'_>,
        live: &Value,
        new: &Value,
        track: Track,
    ) -> Result<Value, Status> {
        let resource = &call.address.resource;
        let name = &call.address.name;
        let version = meta(new, "resourceVersion");
        if !version.is_empty() && version != meta(live, "resourceVersion") {
            return Err(Status::conflict(resource, name, STALE));
        }
        let replaces = call.request.method == Method::Put && !call.is_own();
        if version.is_empty() && replaces && is_replaced_by_version(resource) {
            return Err(unversioned(resource, name));
        }
        let uid = meta(new, "uid");
        if !uid.is_empty() && uid != meta(live, "uid") {
            let why = format!(
                "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                meta(live, "uid")
            );
            return Err(Status::conflict(resource, name, &why));
        }
        let subresource = call.address.subresource.as_str();
        let new = match track {
            Track::Writes => self.tracked(call, subresource, live, new),
            Track::Done => new.clone(),
        };
        let new = self.admit(call, Operation::Update, new, Some(live), |_, new| Ok(new))?;
        let foreign = parts::changes_number(live, &new).filter(|_| subresource == "resize");
        super::custom::invalid(call, live, foreign.into_iter().collect())?;
        let new = parts::part_of(subresource, live, &new).unwrap_or(new);
        let new = settled(call, live, &new);
        let asked = !call.is_own() && subresource.is_empty();
        let new = if asked { readmitted(resource, live, new) } else { new };
        let new = self.addressed(call, Some(live), new)?;
        if same(live, &new) {
            self.consented(call, Operation::Update, Some(&new), Some(live))?;
            return Ok(live.clone());
        }
        self.judged(call, &new, Some(live))?;
        self.judged_part(call, live, &new)?;
        self.consented(call, Operation::Update, Some(&new), Some(live))?;
        check_levels(&new)?;
        let key = Key::new(&call.address.namespace, name);
        let charges = self.charged(resource, &key, Some(live), &new)?;
        if is_dry(call) {
            return Ok(new);
        }
        self.take(charges);
        let ends = !meta(&new, "deletionTimestamp").is_empty() && finalizers(&new) == 0;
        let graced = new
            .at(&["metadata", "deletionGracePeriodSeconds"])
            .and_then(Value::as_int)
            .unwrap_or(0)
            > 0;
        if ends && !graced && !resource.is("", "namespaces") {
            self.store.remove(&resource.table, &key);
            return Ok(new);
        }
        Ok(self.keep(resource, &key, &new))
    }

    /// Whether a part of a pod may become this.
    fn judged_part(&self, call: &Call<'_>, live: &Value, new: &Value) -> Result<(), Status> {
        let causes = match call.address.subresource.as_str() {
            "ephemeralcontainers" => parts::added(live, new),
            "resize" => {
                let any = faults(&self.schema, &call.address.resource, new, None);
                if any.is_empty() { parts::resizes(live, new) } else { any }
            }
            _ => return Ok(()),
        };
        super::custom::invalid(call, new, causes)
    }

    /// An object in which nobody wrote anything.
    fn nothing(&mut self, ty: TypeId) -> Value {
        self.nothings.entry(ty).or_insert_with(|| empty(&self.schema, ty)).clone()
    }

    /// The new object with the owners of its fields.
    fn tracked(&mut self, call: &Call<'_>, subresource: &str, live: &Value, new: &Value) -> Value {
        let version = call.address.resource.kind.api_version();
        let writer = writer(&self.schema, call, subresource, &version);
        update(&writer, live, new, &mut self.memo)
    }
}

fn check_namespace(call: &Call<'_>, object: &Value) -> Result<(), Status> {
    let (namespace, said) = (&call.address.namespace, meta(object, "namespace"));
    if namespace.is_empty() || said.is_empty() || said == namespace.as_str() {
        return Ok(());
    }
    Err(Status::bad_request(
        "the namespace of the provided object does not match the namespace sent on the request",
    ))
}

/// What is said of a definition of custom resources that was written.
fn warnings(call: &Call<'_>, object: &Value, old: Option<&Value>) -> Vec<String> {
    if call.address.resource.is("apiextensions.k8s.io", "customresourcedefinitions") {
        return definition_warnings(object, old);
    }
    Vec::new()
}

/// Who writes, and what it may not change.
pub(super) fn writer<'a>(
    schema: &'a Schema,
    call: &'a Call<'_>,
    subresource: &'a str,
    api_version: &'a str,
) -> Writer<'a> {
    let resource = &call.address.resource;
    let manager = match call.query.get("fieldManager") {
        "" => call.request.user_agent.split('/').next().unwrap_or_default(),
        manager => manager,
    };
    Writer {
        schema,
        ty: resource.ty,
        api_version,
        manager,
        subresource,
        ignored: ignored(resource, subresource),
        // Kubernetes keeps no time for writes through `scale`.
        now: (subresource != "scale").then_some(call.moment.now),
    }
}

/// Whether the owners of fields still have to be noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Track {
    Writes,
    Done,
}

pub(super) fn is_dry(call: &Call<'_>) -> bool {
    match &call.deletion {
        Some(options) => {
            options.at(&["dryRun"]).and_then(Value::as_list).is_some_and(|it| !it.is_empty())
        }
        None => call.query.get("dryRun") == "All",
    }
}

/// Metadata that no write changes.
fn is_kept(field: &str) -> bool {
    matches!(
        field,
        "name"
            | "namespace"
            | "uid"
            | "creationTimestamp"
            | "deletionTimestamp"
            | "deletionGracePeriodSeconds"
            | "generation"
            | "selfLink"
            | "resourceVersion"
    )
}

/// Conditions of a request for a certificate, with when they were said.
fn dated(conditions: &Value, now: Timestamp) -> Value {
    let dated = |condition: &Value| {
        ["lastUpdateTime", "lastTransitionTime"]
            .into_iter()
            .filter(|field| condition.at(&[field]).is_none_or(Value::is_null))
            .fold(condition.clone(), |condition, field| condition.with(&[field], now.value()))
    };
    let list = conditions.as_list().into_iter().flat_map(|list| list.iter());
    list.map(dated).collect::<Vec<_>>().into()
}

/// The new object with what the old one keeps.
fn settled(call: &Call<'_>, live: &Value, new: &Value) -> Value {
    let resource = &call.address.resource;
    let is_status = call.address.subresource == "status";
    let is_approval = call.address.subresource == "approval";
    let keeps = |part: &str| match part {
        "metadata" | "kind" | "apiVersion" => false,
        "status" => !is_status && resource.has_status(),
        _ => is_status || is_approval,
    };
    let metadata = ["metadata"];
    let kept = mixed(new.at(&metadata), live.at(&metadata), is_kept);
    let path = ["status", "conditions"];
    let said = new.at(&path).filter(|_| is_approval).map(|it| dated(it, call.moment.now));
    let new = Value::Map(mixed(Some(new), Some(live), keeps)).with(&metadata, Value::Map(kept));
    let new = match said {
        Some(conditions) => new.with(&path, conditions),
        None => new,
    };
    let generation = live.at(&["metadata", "generation"]).and_then(Value::as_int).unwrap_or(0);
    if !is_status && counts_generations(resource) && !same_wish(&new, live) {
        return new.with(&["metadata", "generation"], (generation + 1).into());
    }
    new
}

/// The entries of the new map, with those of the old one where it keeps them.
fn mixed(new: Option<&Value>, old: Option<&Value>, keeps: impl Fn(&str) -> bool) -> Map {
    let entries = |side: Option<&Value>, wants: bool| {
        let map = side.and_then(Value::as_map).cloned().unwrap_or_default();
        map.iter().filter(|(key, _)| keeps(key) == wants).cloned().collect::<Vec<_>>()
    };
    let mut all = entries(new, false);
    all.extend(entries(old, true));
    all.into_iter().collect()
}

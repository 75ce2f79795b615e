//! Requests to responses, over a store.
//!
//! [`Api::handle`] is the whole contract: a request and a moment go in, a response comes out, and the
//! store holds what was written. A watch comes out as a [`Watch`], which is asked for frames.

mod accounts;
mod act;
mod asked;
mod beats;
mod body;
mod convert;
mod custom;
mod delete;
mod discovery;
mod events;
mod evict;
mod label_keys;
mod log;
mod object;
mod parts;
mod patch;
mod policies;
mod priority;
mod projection;
mod quota;
mod read;
mod request;
mod route;
mod runtime;
mod services;
mod subresource;
mod watch;
mod webhooks;
mod write;
mod yaml;

pub use act::{Act, Deed};
pub use beats::last as last_heartbeat;
pub use delete::{Deletion, Propagation};
pub use log::{Follow, Heard};
pub use patch::PatchForm;
pub use request::{Body, Method, Moment, Request, Response, User};
pub use watch::{Gone, Watch};

use crate::apply::Memo;
use crate::hooks::Inquiry;
use crate::logs::{Log, Logs};
use crate::openapi;
use crate::policy::Compiled;
use crate::protobuf;
use crate::registry::{Registry, Resource};
use crate::schema::{Schema, TypeId};
use crate::status::{Reason, Status};
use crate::store::{Revision, Store};
use crate::tree::{Text, Value};
use projection::Projection;
use request::Query;
use route::{Address, Target, route};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";

/// A Kubernetes API.
#[derive(Debug)]
pub struct Api {
    /// Kubernetes' own types, and those of custom resources once there are any.
    schema: Cow<'static, Schema>,
    registry: Registry,
    store: Store,
    /// Up to where definitions of custom resources are followed.
    defined: Revision,
    /// What Services have, so that no other one gets it.
    taken: services::Taken,
    /// Who owns what of new objects like those to come.
    memo: Memo,
    /// Objects in which nobody wrote anything, by their types.
    nothings: BTreeMap<TypeId, Value>,
    /// The last pod that a controller made.
    last_pod: Option<act::PodSpec>,
    /// The last events of the control plane, by who told them.
    told: BTreeMap<Text, events::Told>,
    /// Admission policies whose expressions were read.
    read: policies::Memo<Compiled>,
    hooks: webhooks::Hooks,
    /// What the client of this request should be warned of.
    warned: Vec<String>,
    logs: Logs,
    accounts: accounts::Accounts,
    last_admitted: Option<accounts::Admitted>,
}

/// What every step of a request may look at.
struct Call<'a> {
    request: &'a Request<'a>,
    query: Query,
    moment: Moment,
    address: Address,
    /// What the body of a delete says; none, if it has no body.
    deletion: Option<Value>,
    /// What reads show is not later than this, unless they ask for it.
    horizon: Option<Revision>,
}

impl Call<'_> {
    /// Whether the control plane itself asks, and nobody from outside.
    fn is_own(&self) -> bool {
        self.request.path.is_empty()
    }

    /// What a read shows that asks for something as late as this.
    fn late_for(&self, asked: Option<Revision>) -> Option<Revision> {
        self.horizon.filter(|late| asked.is_none_or(|asked| asked <= *late))
    }
}

impl Default for Api {
    fn default() -> Self {
        let schema = Schema::builtin();
        Self {
            schema: Cow::Borrowed(schema),
            registry: Registry::builtin(schema),
            store: Store::default(),
            defined: Revision::default(),
            taken: services::Taken::default(),
            memo: Memo::default(),
            nothings: BTreeMap::new(),
            last_pod: None,
            told: BTreeMap::new(),
            read: policies::Memo::default(),
            hooks: webhooks::Hooks::default(),
            warned: Vec::new(),
            logs: Logs::default(),
            accounts: accounts::Accounts::default(),
            last_admitted: None,
        }
    }
}

impl Api {
    /// An API over what is there already, custom resources included.
    pub fn over(store: Store, moment: Moment) -> Self {
        let mut api = Self { store, ..Self::default() };
        api.follow_all_definitions(moment);
        api
    }

    /// Keeps what a container writes, from now on or later; of the same run it is the last word.
    pub fn keep_log(&mut self, log: Log) {
        self.logs.keep(log);
    }

    /// Forgets what the containers of a pod wrote, by its uid.
    pub fn forget_logs(&mut self, pod: &str) {
        self.logs.forget(pod);
    }

    /// Answers a request as far as webhooks let it; none, if one has to be asked first: then nothing has
    /// changed, but that of a collection some may have ended. See [`crate::hooks`]. Reads ask nobody, and may be so many versions behind.
    pub fn handle_asking(
        &mut self,
        request: &Request<'_>,
        behind: u64,
        moment: Moment,
        inquiry: &mut Inquiry,
    ) -> Option<Response> {
        if request.method == Method::Get {
            return Some(self.handle_late(request, behind, moment));
        }
        self.asking(inquiry, |api| api.handle(request, moment))
    }

    /// Answers a request, without a word from webhooks.
    pub fn handle(&mut self, request: &Request<'_>, moment: Moment) -> Response {
        let response = self.answer(request, moment, None);
        self.follow_definitions(moment);
        response
    }

    /// Answers a read as an API server does that is so many versions behind; as of now, if that time is
    /// forgotten. Writes and watches are answered as ever.
    pub fn handle_late(&mut self, request: &Request<'_>, behind: u64, moment: Moment) -> Response {
        if request.method != Method::Get {
            return self.handle(request, moment);
        }
        let horizon = self.store.revision().number().saturating_sub(behind);
        self.answer(request, moment, Some(Revision::from_number(horizon)))
    }

    fn answer(
        &mut self,
        request: &Request<'_>,
        moment: Moment,
        horizon: Option<Revision>,
    ) -> Response {
        let get = request.method == Method::Get;
        match route(&self.registry, request.path) {
            Target::Objects(address) => {
                let query = Query::parse(request.query);
                let read = match self.as_json(request) {
                    Ok(read) => read,
                    Err(status) => return status.into(),
                };
                let (content_type, body) = match &read {
                    Some((media, json)) => (*media, json.as_slice()),
                    None => (request.content_type, request.body),
                };
                let request = &Request { content_type, body, ..request.clone() };
                let deletion = match delete::said(request) {
                    Ok(deletion) => deletion,
                    Err(status) => return status.into(),
                };
                let call = Call { request, query, moment, address, deletion, horizon };
                self.warned.clear();
                let mut response = self.objects(&call).unwrap_or_else(Response::from);
                response.warnings.append(&mut self.warned);
                response.warnings = bounded(response.warnings);
                response
            }
            Target::Version if get => Response::json(200, &discovery::version()),
            Target::Health if get => Response::text(200, "ok"),
            Target::Core if get => discovery::core(&self.registry, request.accept),
            Target::Groups if get => discovery::groups(&self.registry, request.accept),
            Target::Group(group) if get => found(discovery::group(&self.registry, &group)),
            Target::Resources { group, version } if get => {
                found(discovery::resources(&self.registry, &group, &version))
            }
            Target::OldDocument if get => self.old_document(request),
            Target::Documents if get => Response::json(200, &openapi::index(&self.registry)),
            Target::Document { group, version } if get => {
                found(openapi::document(&self.schema, &self.registry, &group, &version))
            }
            Target::Unknown => Status::undetailed(
                Reason::NotFound,
                "the server could not find the requested resource",
            )
            .into(),
            _ => Response::text(404, "404 page not found\n"),
        }
    }

    fn old_document(&self, request: &Request<'_>) -> Response {
        let asks = |media: &&str| request.accept.contains(*media);
        if [openapi::BINARY, openapi::BINARY_TYPE].iter().any(asks) {
            return Response {
                content_type: openapi::BINARY_TYPE.to_owned(),
                body: Body::Whole(openapi::binary().into()),
                ..Response::text(200, "")
            };
        }
        Response::json(200, &openapi::second(&self.schema, &self.registry))
    }

    /// A body in another language as the JSON that it stands for, and the media type of that.
    fn as_json(&self, request: &Request<'_>) -> Result<Option<(&'static str, Vec<u8>)>, Status> {
        let media = request.content_type.split(';').next().unwrap_or_default().trim();
        match media {
            _ if request.body.is_empty() => Ok(None),
            protobuf::MEDIA_TYPE => {
                let object = protobuf::decode(&self.schema, &self.registry, request.body);
                object.map(|object| Some((JSON, object.encoded()))).map_err(|malformed| {
                    Status::bad_request(format!("the object provided is unrecognized: {malformed}"))
                })
            }
            YAML => Ok(Some((JSON, yaml::as_json(request.body)?))),
            // Mostly it is JSON under this name.
            patch::APPLY if !request.body.trim_ascii_start().starts_with(b"{") => {
                Ok(Some((patch::APPLY, yaml::as_json(request.body)?)))
            }
            _ => Ok(None),
        }
    }

    /// Which resources are served.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Serves one more resource; one with the same address is replaced.
    pub fn serve(&mut self, resource: Resource) {
        self.registry.add(resource);
    }

    /// The type of what may be anything.
    pub fn any(&self) -> TypeId {
        self.schema.any()
    }

    /// What is stored.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Forgets the past up to now: older watches and pages expire.
    pub fn compact(&mut self) {
        self.store.compact(self.store.revision());
    }

    fn objects(&mut self, call: &Call<'_>) -> Result<Response, Status> {
        let Address { resource, name, subresource, .. } = &call.address;
        if !subresource.is_empty() {
            return self.subresource(call);
        }
        let one = !name.is_empty();
        let verb = match (call.request.method, one) {
            (Method::Get, true) => "get",
            (Method::Get, false) if call.query.says("watch") => "watch",
            (Method::Get, false) => "list",
            (Method::Post, false) => "create",
            (Method::Put, true) => "update",
            (Method::Patch, true) => "patch",
            (Method::Delete, true) => "delete",
            (Method::Delete, false) => "deletecollection",
            (Method::Post, true) | (Method::Put | Method::Patch, false) => "",
        };
        if !resource.can(verb) {
            return Err(Status::method_not_allowed());
        }
        Projection::check(call)?;
        match verb {
            "get" => self.get(call),
            "list" => self.list(call),
            "watch" => self.watch(call),
            "create" => self.create(call),
            "update" => self.replace(call),
            "patch" => self.patch(call),
            "delete" => self.delete(call),
            _ => self.delete_collection(call),
        }
    }
}

/// So many letters of warnings a client gets, and so many of each where there are more.
const WARNED: [usize; 2] = [4_096, 256];

/// Each warning once, and not more than a client takes.
fn bounded(mut warnings: Vec<String>) -> Vec<String> {
    let [all, each] = WARNED;
    let mut seen = BTreeSet::new();
    warnings.retain(|warning| seen.insert(warning.clone()));
    let letters = |warning: &String| warning.chars().count();
    if warnings.iter().map(letters).sum::<usize>() <= all {
        return warnings;
    }
    let mut left = all;
    let cut = warnings.into_iter().map(|it| it.chars().take(each).collect::<String>());
    cut.take_while(|it| {
        let fits = letters(it) <= left;
        left = left.saturating_sub(letters(it));
        fits
    })
    .collect()
}

fn found(document: Option<Value>) -> Response {
    match document {
        Some(document) => Response::json(200, &document),
        None => Response::text(404, "404 page not found\n"),
    }
}

#[cfg(test)]
mod tests;

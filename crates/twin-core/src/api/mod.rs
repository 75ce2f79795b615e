//! Requests to responses, over a store.
//!
//! [`Api::handle`] is the whole contract: a request and a moment go in, a response comes out, and the
//! store holds what was written. A watch comes out as a [`Watch`], which is asked for frames.

mod act;
mod body;
mod delete;
mod discovery;
mod object;
mod patch;
mod read;
mod request;
mod route;
mod services;
mod subresource;
mod watch;
mod write;

pub use act::{Act, Deed};
pub use delete::{Deletion, Propagation};
pub use request::{Body, Method, Moment, Request, Response};
pub use watch::Watch;

use crate::registry::Registry;
use crate::schema::Schema;
use crate::status::{Reason, Status};
use crate::store::Store;
use request::Query;
use route::{Address, Target, route};

/// A Kubernetes API.
#[derive(Debug)]
pub struct Api {
    schema: &'static Schema,
    registry: Registry,
    store: Store,
    /// What Services have, so that no other one gets it.
    taken: services::Taken,
}

/// What every step of a request may look at.
struct Call<'a> {
    request: &'a Request<'a>,
    query: Query,
    moment: Moment,
    address: Address,
}

impl Default for Api {
    fn default() -> Self {
        let schema = Schema::builtin();
        let registry = Registry::builtin(schema);
        Self { schema, registry, store: Store::default(), taken: services::Taken::default() }
    }
}

impl Api {
    /// Answers a request.
    pub fn handle(&mut self, request: &Request<'_>, moment: Moment) -> Response {
        let get = request.method == Method::Get;
        match route(&self.registry, request.path) {
            Target::Objects(address) => {
                let query = Query::parse(request.query);
                let call = Call { request, query, moment, address };
                self.objects(&call).unwrap_or_else(Response::from)
            }
            Target::Version if get => Response::json(200, &discovery::version()),
            Target::Health if get => Response::text(200, "ok"),
            Target::Core if get => discovery::core(&self.registry, request.accept),
            Target::Groups if get => discovery::groups(&self.registry, request.accept),
            Target::Group(group) if get => found(discovery::group(&self.registry, &group)),
            Target::Resources { group, version } if get => {
                found(discovery::resources(&self.registry, &group, &version))
            }
            Target::Unknown => Status::undetailed(
                Reason::NotFound,
                "the server could not find the requested resource",
            )
            .into(),
            _ => Response::text(404, "404 page not found\n"),
        }
    }

    /// Which resources are served.
    pub fn registry(&self) -> &Registry {
        &self.registry
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

fn found(document: Option<crate::tree::Value>) -> Response {
    match document {
        Some(document) => Response::json(200, &document),
        None => Response::text(404, "404 page not found\n"),
    }
}

#[cfg(test)]
mod tests;

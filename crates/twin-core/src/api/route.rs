//! From a path to what it names.

use super::request::unescaped;
use crate::registry::{Registry, Resource, Scope};
use std::sync::Arc;

/// What a path names.
#[derive(Debug)]
pub(super) enum Target {
    Version,
    Health,
    /// `/api`
    Core,
    /// `/apis`
    Groups,
    /// `/apis/apps`
    Group(String),
    /// `/api/v1`, `/apis/apps/v1`
    Resources {
        group: String,
        version: String,
    },
    /// `/openapi/v2`
    OldDocument,
    /// `/openapi/v3`
    Documents,
    /// `/openapi/v3/apis/apps/v1`
    Document {
        group: String,
        version: String,
    },
    Objects(Address),
    /// A resource that a known version does not have.
    Unknown,
    Nothing,
}

/// Objects, or one of them, or a part of it.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) resource: Arc<Resource>,
    /// Empty for all of them, and for cluster-wide ones.
    pub(super) namespace: String,
    /// Empty for all of them.
    pub(super) name: String,
    /// Empty for the object itself.
    pub(super) subresource: String,
}

pub(super) fn route(registry: &Registry, path: &str) -> Target {
    let parts: Vec<String> =
        path.split('/').filter(|part| !part.is_empty()).map(unescaped).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts[..] {
        ["version"] => Target::Version,
        ["healthz" | "livez" | "readyz", ..] => Target::Health,
        ["openapi", "v2"] => Target::OldDocument,
        ["openapi", "v3"] => Target::Documents,
        ["openapi", "v3", "api", version] => document("", version),
        ["openapi", "v3", "apis", group, version] => document(group, version),
        ["api"] => Target::Core,
        ["apis"] => Target::Groups,
        ["apis", group] => Target::Group(group.to_owned()),
        ["api", version] => resources("", version),
        ["apis", group, version] => resources(group, version),
        ["api", version, ref rest @ ..] => objects(registry, "", version, rest),
        ["apis", group, version, ref rest @ ..] => objects(registry, group, version, rest),
        _ => Target::Nothing,
    }
}

fn resources(group: &str, version: &str) -> Target {
    Target::Resources { group: group.to_owned(), version: version.to_owned() }
}

fn document(group: &str, version: &str) -> Target {
    Target::Document { group: group.to_owned(), version: version.to_owned() }
}

fn objects(registry: &Registry, group: &str, version: &str, rest: &[&str]) -> Target {
    let address = |plural: &str, namespace: &str, name: &str, subresource: &str| {
        let resource = registry.find(group, version, plural)?.clone();
        let fits = namespace.is_empty() || resource.scope == Scope::Namespaced;
        // Namespaced objects have a namespace; all of them can be listed without one.
        let whole = resource.scope == Scope::Cluster || !namespace.is_empty() || name.is_empty();
        (fits && whole).then(|| Address {
            resource,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            subresource: subresource.to_owned(),
        })
    };
    let found = match *rest {
        ["namespaces", namespace, plural, name, subresource] => {
            address(plural, namespace, name, subresource)
        }
        ["namespaces", namespace, plural, name] => address(plural, namespace, name, ""),
        // `status` and `finalize` of a namespace look like a resource in it.
        ["namespaces", name, part @ ("status" | "finalize")] => {
            address("namespaces", "", name, part)
        }
        ["namespaces", namespace, plural] => address(plural, namespace, "", ""),
        [plural] => address(plural, "", "", ""),
        [plural, name] => address(plural, "", name, ""),
        [plural, name, subresource] => address(plural, "", name, subresource),
        _ => None,
    };
    // Of a group of custom resources nobody answers for what it does not have.
    let known = |resource: &Arc<Resource>| {
        let kind = &resource.kind;
        resource.custom.is_none() && kind.group == group && kind.version == version
    };
    match found {
        Some(address) => Target::Objects(address),
        None if registry.iter().any(known) => Target::Unknown,
        None => Target::Nothing,
    }
}

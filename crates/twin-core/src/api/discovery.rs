//! What the API offers, in both forms: one document for all, and one for each group.

use super::request::Response;
use crate::registry::{Kind, Registry, Resource, Scope, Subresource, api_version};
use crate::tree::{Map, Text, Value};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// What this API calls itself.
pub(super) fn version() -> Value {
    Value::from([
        ("major", "1".into()),
        ("minor", "37".into()),
        ("gitVersion", "v1.37.2+muster-twin".into()),
        ("gitCommit", "".into()),
        ("gitTreeState", "clean".into()),
        ("buildDate", "1970-01-01T00:00:00Z".into()),
        ("goVersion", "none".into()),
        ("compiler", "rustc".into()),
        ("platform", "linux/amd64".into()),
    ])
}

/// `/api`: the core group.
pub(super) fn core(registry: &Registry, accept: &str) -> Response {
    if aggregated(accept) {
        return aggregate(registry.groups().iter().filter(|(group, _)| group.is_empty()), registry);
    }
    let document = Value::from([
        ("kind", "APIVersions".into()),
        ("versions", vec![Value::text("v1")].into()),
        ("serverAddressByClientCIDRs", Vec::new().into()),
    ]);
    Response::json(200, &document)
}

/// `/apis`: all other groups.
pub(super) fn groups(registry: &Registry, accept: &str) -> Response {
    let groups = registry.groups();
    let others = groups.iter().filter(|(group, _)| !group.is_empty());
    if aggregated(accept) {
        return aggregate(others, registry);
    }
    let groups: Vec<_> = others.map(|(group, versions)| legacy_group(group, versions)).collect();
    let document = Value::from([
        ("kind", "APIGroupList".into()),
        ("apiVersion", "v1".into()),
        ("groups", groups.into()),
    ]);
    Response::json(200, &document)
}

/// `/apis/apps`
pub(super) fn group(registry: &Registry, name: &str) -> Option<Value> {
    let groups = registry.groups();
    let (group, versions) = groups.iter().find(|(group, _)| group == name && !group.is_empty())?;
    Some(
        legacy_group(group, versions)
            .with(&["kind"], "APIGroup".into())
            .with(&["apiVersion"], "v1".into()),
    )
}

fn legacy_group(group: &Text, versions: &[Text]) -> Value {
    let version = |version: &Text| {
        Value::from([
            ("groupVersion", api_version(group, version).into()),
            ("version", version.clone().into()),
        ])
    };
    Value::from([
        ("name", group.clone().into()),
        ("versions", versions.iter().map(version).collect::<Vec<_>>().into()),
        ("preferredVersion", versions.first().map(version).unwrap_or_default()),
    ])
}

/// `/api/v1`, `/apis/apps/v1`
pub(super) fn resources(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let own = |resource: &&std::sync::Arc<Resource>| {
        resource.kind.group == group && resource.kind.version == version
    };
    let mut rows = Vec::new();
    for resource in registry.iter().filter(own) {
        rows.push(legacy_resource(resource));
        rows.extend(resource.subresources.iter().map(|sub| legacy_subresource(resource, sub)));
    }
    if rows.is_empty() {
        return None;
    }
    let list = Value::from([
        ("kind", "APIResourceList".into()),
        ("groupVersion", api_version(group, version).into()),
        ("resources", rows.into()),
    ]);
    // The core group is older than the field.
    Some(if group.is_empty() { list } else { list.with(&["apiVersion"], "v1".into()) })
}

fn texts(list: &[Text]) -> Value {
    Value::from(list.iter().cloned().map(Value::Text).collect::<Vec<_>>())
}

fn legacy_resource(resource: &Resource) -> Value {
    let mut row = Value::from([
        ("name", resource.plural.clone().into()),
        ("singularName", resource.singular.clone().into()),
        ("namespaced", Value::Bool(resource.scope == Scope::Namespaced)),
        ("kind", resource.kind.name.clone().into()),
        ("verbs", texts(&resource.verbs)),
    ]);
    for (key, list) in [("shortNames", &resource.short_names), ("categories", &resource.categories)]
    {
        if !list.is_empty() {
            row = row.with(&[key], texts(list));
        }
    }
    row
}

fn legacy_subresource(resource: &Resource, sub: &Subresource) -> Value {
    let mut row = Value::from([
        ("name", Text::from(format!("{}/{}", resource.plural, sub.name)).into()),
        ("singularName", "".into()),
        ("namespaced", Value::Bool(resource.scope == Scope::Namespaced)),
        ("kind", sub.kind.name.clone().into()),
        ("verbs", texts(&sub.verbs)),
    ]);
    if (&sub.kind.group, &sub.kind.version) != (&resource.kind.group, &resource.kind.version) {
        row = row.with(&["group"], sub.kind.group.clone().into());
        row = row.with(&["version"], sub.kind.version.clone().into());
    }
    row
}

/// Whether the first form that the client likes is the aggregated one. Parameters have no order.
fn aggregated(accept: &str) -> bool {
    let has = |form: &str, part: &str| form.split(';').any(|found| found.trim() == part);
    accept.split(',').any(|form| {
        has(form, "g=apidiscovery.k8s.io")
            && has(form, "v=v2")
            && has(form, "as=APIGroupDiscoveryList")
    })
}

fn aggregate<'a>(
    groups: impl Iterator<Item = &'a (Text, Vec<Text>)>,
    registry: &Registry,
) -> Response {
    let items: Vec<_> =
        groups.map(|(group, versions)| aggregated_group(registry, group, versions)).collect();
    let document = Value::from([
        ("kind", "APIGroupDiscoveryList".into()),
        ("apiVersion", "apidiscovery.k8s.io/v2".into()),
        ("metadata", Value::Map(Map::default())),
        ("items", items.into()),
    ]);
    // Without the parameters clients take it for the other form.
    Response { content_type: AGGREGATED.to_owned(), ..Response::json(200, &document) }
}

fn aggregated_group(registry: &Registry, group: &Text, versions: &[Text]) -> Value {
    let version = |version: &Text| {
        let own = registry
            .iter()
            .filter(|resource| resource.kind.group == *group && resource.kind.version == *version);
        let resources: Vec<_> = own.map(|resource| aggregated_resource(resource)).collect();
        Value::from([
            ("version", version.clone().into()),
            ("resources", resources.into()),
            ("freshness", "Current".into()),
        ])
    };
    let metadata = if group.is_empty() {
        Value::Map(Map::default())
    } else {
        Value::from([("name", group.clone().into())])
    };
    Value::from([
        ("metadata", metadata),
        ("versions", versions.iter().map(version).collect::<Vec<_>>().into()),
    ])
}

fn response_kind(kind: &Kind, own: &Kind) -> Value {
    let same = (&kind.group, &kind.version) == (&own.group, &own.version);
    let part = |text: &Text| Value::from(if same { Text::default() } else { text.clone() });
    Value::from([
        ("group", part(&kind.group)),
        ("version", part(&kind.version)),
        ("kind", kind.name.clone().into()),
    ])
}

fn aggregated_resource(resource: &Resource) -> Value {
    let sub = |sub: &Subresource| {
        Value::from([
            ("subresource", sub.name.clone().into()),
            ("responseKind", response_kind(&sub.kind, &resource.kind)),
            ("verbs", texts(&sub.verbs)),
        ])
    };
    let scope = match resource.scope {
        Scope::Namespaced => "Namespaced",
        Scope::Cluster => "Cluster",
    };
    let mut row = Value::from([
        ("resource", resource.plural.clone().into()),
        ("responseKind", response_kind(&resource.kind, &resource.kind)),
        ("scope", scope.into()),
        ("singularResource", resource.singular.clone().into()),
        ("verbs", texts(&resource.verbs)),
    ]);
    for (key, list) in [("shortNames", &resource.short_names), ("categories", &resource.categories)]
    {
        if !list.is_empty() {
            row = row.with(&[key], texts(list));
        }
    }
    if !resource.subresources.is_empty() {
        let rows: Vec<_> = resource.subresources.iter().map(sub).collect();
        row = row.with(&["subresources"], rows.into());
    }
    row
}

//! The merged tree as the model's project.

use crate::context::{Context, quote};
use crate::interpolate::Variables;
use crate::{check, facts, fields, objects, profiles, schema, service, suggest};
use model::project::{Attachment, Field, Project};
use std::collections::BTreeSet;
use yaml::{Mapping, Node, Span, Value};

/// Bytes that the paths of all fields may have together.
const PATHS: usize = 16 << 20;

/// What the project is read with.
pub(crate) struct Setting<'s> {
    pub(crate) name: String,
    pub(crate) profiles: &'s BTreeSet<String>,
    pub(crate) variables: &'s Variables,
}

/// Reads a merged tree.
pub(crate) fn project(tree: &mut Node, setting: Setting<'_>, context: &mut Context<'_>) -> Project {
    schema::check(tree, &schema::PROJECT, context);
    let span = tree.span;
    let Value::Map(map) = &mut tree.value else { return Project::default() };
    let inactive = services_node(map, span, context)
        .map(|services| profiles::select(services, setting.profiles))
        .unwrap_or_default();
    let map = &*map;
    let mut out = Project { name: setting.name, ..Project::default() };
    let variables = setting.variables;
    out.networks = objects::section(map.get("networks"), "networks", context, objects::network);
    out.volumes = objects::section(map.get("volumes"), "volumes", context, objects::volume);
    for (what, place) in [("configs", &mut out.configs), ("secrets", &mut out.secrets)] {
        *place = objects::section(map.get(what), what, context, |key, node, context| {
            objects::object(key, node, what, variables, context)
        });
    }
    out.models = objects::section(map.get("models"), "models", context, objects::model);
    let mut left = PATHS;
    services(map, variables, &mut left, &mut out, context);
    project_fields(map, &mut left, &mut out.fields, context);
    default_network(&mut out);
    obsolete(map, context);
    check::project(&out, &inactive, context);
    out
}

/// The services, or an error if there are none.
fn services_node<'m>(
    map: &'m mut Mapping,
    span: Span,
    context: &mut Context<'_>,
) -> Option<&'m mut Mapping> {
    let keys: Vec<String> = map.entries.iter().map(|(key, _)| key.value.clone()).collect();
    let Some(at) = map.entries.iter().position(|(key, _)| key.value == "services") else {
        let hint = match keys.iter().find(|key| suggest::nearest(key, ["services"]).is_some()) {
            Some(key) => format!("did you mean `services` where it says `{key}`?"),
            None => "write `services:` and below it what runs".to_owned(),
        };
        context.error("no-services", "the file has no `services`", span, hint);
        return None;
    };
    let (key, node) = &mut map.entries[at];
    let (span, kind) = (key.span, node.kind());
    match &mut node.value {
        Value::Map(services) if !services.entries.is_empty() => Some(services),
        Value::Map(_) | Value::Null => {
            context.error("no-services", "`services` is empty", span, "write below it what runs");
            None
        }
        _ => {
            let message = format!("`services` should be a mapping, this is {kind}");
            context.error(
                "invalid-section",
                message,
                span,
                "write the services' names below `services:`",
            );
            None
        }
    }
}

fn services(
    map: &Mapping,
    variables: &Variables,
    left: &mut usize,
    out: &mut Project,
    context: &mut Context<'_>,
) {
    let Some(services) = map.get("services").and_then(Node::as_map) else { return };
    for (key, node) in &services.entries {
        if key.value.starts_with("x-") && !runs(node) {
            continue;
        }
        if !named_well(&key.value) {
            let message = format!("{} is no name for a service", quote(&key.value));
            context.error(
                "invalid-name",
                message,
                key.span,
                "use letters, digits, dots, dashes and underscores",
            );
            continue;
        }
        let Some(map) = node.as_map() else {
            let message = format!(
                "the service {} should be a mapping, this is {}",
                quote(&key.value),
                node.kind()
            );
            context.error(
                "invalid-service",
                message,
                key.span,
                "write its attributes below its name, indented",
            );
            continue;
        };
        let (mut service, dockerfile) =
            service::service(&key.value, key.span, map, variables, context);
        fields::collect(node, "", key.span, left, &mut service.fields);
        facts::service(&mut service, dockerfile.as_deref(), context);
        out.services.insert(key.value.clone(), service);
    }
}

/// `x-web` may well be the name of a service, if it has what services have.
fn runs(node: &Node) -> bool {
    let keys = ["image", "build", "provider"];
    node.as_map().is_some_and(|map| keys.iter().any(|key| map.get(key).is_some()))
}

fn named_well(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 200
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

fn project_fields(map: &Mapping, left: &mut usize, out: &mut Vec<Field>, context: &Context<'_>) {
    for (key, node) in &map.entries {
        if key.value != "services" && !key.value.starts_with("x-") {
            fields::collect(node, &key.value, key.span, left, out);
        }
    }
    out.extend(
        context.include.iter().map(|span| Field { path: "include".to_owned(), span: *span }),
    );
}

/// Who names no network is in `default`.
fn default_network(project: &mut Project) {
    for service in project.services.values_mut() {
        if service.networks.is_empty() && service.network_mode.is_none() {
            service.networks.insert("default".to_owned(), Attachment::default());
        }
    }
    let used = project.services.values().any(|service| service.networks.contains_key("default"));
    if used {
        project.networks.entry("default".to_owned()).or_default();
    }
}

fn obsolete(map: &Mapping, context: &mut Context<'_>) {
    if let Some((key, _)) = map.entry("version") {
        let message = "`version` is obsolete; Compose has one format";
        context.info("obsolete-version", message, key.span, "remove the line");
    }
}

/// What a project is called: lower case letters, digits, dashes and underscores.
pub(crate) fn normal_name(text: &str) -> String {
    let kept: String = text
        .to_lowercase()
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
        .collect();
    kept.trim_start_matches(['-', '_']).chars().take(63).collect()
}

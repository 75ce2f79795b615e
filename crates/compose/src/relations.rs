//! How services refer to each other: `depends_on`, `links`, `networks`, `models`, `extra_hosts`.

use crate::context::{Context, quote};
use model::project::{Attachment, Condition, Dependency, ModelUse};
use std::collections::BTreeMap;
use yaml::{Node, Span, Spanned, Value};

/// `depends_on`.
pub(crate) fn depends_on(node: &Node, context: &mut Context<'_>) -> BTreeMap<String, Dependency> {
    let mut out = BTreeMap::new();
    for (key, value) in context.entries(node, "depends_on") {
        let mut dependency = Dependency {
            span: key.span,
            condition: Condition::Started,
            restart: false,
            required: true,
        };
        for (field, value) in context.entries(value, &format!("depends_on.{}", key.value)) {
            match field.value.as_str() {
                "condition" => {
                    if let Some(said) = condition(value, context) {
                        dependency.condition = said;
                    }
                }
                "restart" => {
                    dependency.restart =
                        context.flag(value, "depends_on.restart").is_some_and(|f| f.value);
                }
                "required" => {
                    dependency.required =
                        context.flag(value, "depends_on.required").is_none_or(|f| f.value);
                }
                _ => {}
            }
        }
        out.insert(key.value.clone(), dependency);
    }
    out
}

fn condition(node: &Node, context: &mut Context<'_>) -> Option<Condition> {
    let expected = "`service_started`, `service_healthy` or `service_completed_successfully`";
    let condition = context.parsed(node, "depends_on.condition", expected, |text| match text {
        "service_started" => Some(Condition::Started),
        "service_healthy" => Some(Condition::Healthy),
        "service_completed_successfully" => Some(Condition::Completed),
        _ => None,
    });
    condition.map(|condition| condition.value)
}

/// `links`: service and alias.
pub(crate) fn links(node: &Node, context: &mut Context<'_>) -> Vec<Spanned<(String, String)>> {
    let links = context.texts(node, "links").into_iter();
    links
        .map(|link| {
            link.map(|text| match text.split_once(':') {
                Some((service, alias)) => (service.to_owned(), alias.to_owned()),
                None => (text.clone(), text),
            })
        })
        .collect()
}

/// `networks` at a service.
pub(crate) fn networks(node: &Node, context: &mut Context<'_>) -> BTreeMap<String, Attachment> {
    let mut out = BTreeMap::new();
    for (key, value) in context.entries(node, "networks") {
        let mut attachment = Attachment { span: Some(key.span), ..Attachment::default() };
        for (field, value) in context.entries(value, &format!("networks.{}", key.value)) {
            match (field.value.as_str(), value.scalar_text()) {
                ("aliases", _) => attachment.aliases = context.texts(value, "networks.aliases"),
                (name, _) if name.starts_with("x-") => {}
                (name, Some(text)) => {
                    attachment.other.insert(name.to_owned(), text);
                }
                (name, None) => {
                    attachment.other.insert(name.to_owned(), joined(value));
                }
            }
        }
        out.insert(key.value.clone(), attachment);
    }
    out
}

/// The scalars below a node in one line.
fn joined(node: &Node) -> String {
    let parts: Vec<String> = match &node.value {
        Value::Seq(items) => items.iter().filter_map(Node::scalar_text).collect(),
        Value::Map(map) => map
            .entries
            .iter()
            .filter_map(|(key, value)| Some(format!("{}={}", key.value, value.scalar_text()?)))
            .collect(),
        _ => Vec::new(),
    };
    parts.join(", ")
}

/// `models` at a service.
pub(crate) fn models(node: &Node, context: &mut Context<'_>) -> BTreeMap<String, ModelUse> {
    let mut out = BTreeMap::new();
    for (key, value) in context.entries(node, "models") {
        let prefix: String = key
            .value
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
            .collect();
        let mut entry = ModelUse {
            url_variable: format!("{prefix}_URL"),
            model_variable: format!("{prefix}_MODEL"),
            span: key.span,
        };
        for (field, value) in context.entries(value, "models") {
            let Some(name) = context.text(value, "models") else { continue };
            match field.value.as_str() {
                "endpoint_var" => entry.url_variable = name.value,
                "model_var" => entry.model_variable = name.value,
                _ => {}
            }
        }
        out.insert(key.value.clone(), entry);
    }
    out
}

/// `extra_hosts`: name and address, from a list or a mapping.
pub(crate) fn extra_hosts(
    node: &Node,
    context: &mut Context<'_>,
) -> Vec<Spanned<(String, String)>> {
    if node.as_map().is_none() {
        let lines = context.texts(node, "extra_hosts");
        return lines
            .into_iter()
            .filter_map(|line| host(&line.value, line.span, context))
            .collect();
    }
    let mut out = Vec::new();
    for (key, value) in context.entries(node, "extra_hosts") {
        let addresses = context.texts(value, "extra_hosts").into_iter();
        out.extend(addresses.map(|a| Spanned::new((key.value.clone(), bare(&a.value)), key.span)));
    }
    out
}

/// `name=address` or `name:address`.
fn host(line: &str, span: Span, context: &mut Context<'_>) -> Option<Spanned<(String, String)>> {
    let pair = line.split_once('=').or_else(|| line.split_once(':'));
    let Some((name, address)) = pair.filter(|(name, _)| !name.trim().is_empty()) else {
        let message = format!("{} is no host entry", quote(line));
        context.warn("invalid-value", message, span, "write `name=address`");
        return None;
    };
    Some(Spanned::new((name.trim().to_owned(), bare(address)), span))
}

/// An address without brackets.
fn bare(address: &str) -> String {
    let address = address.trim();
    address.strip_prefix('[').and_then(|a| a.strip_suffix(']')).unwrap_or(address).to_owned()
}

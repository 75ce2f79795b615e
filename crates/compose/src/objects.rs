//! The sections beside `services`: networks, volumes, configs, secrets, models.

use crate::context::Context;
use crate::facts;
use crate::intent;
use crate::interpolate::Variables;
use model::SecretText;
use model::project::{FileObject, Model, Network, Volume};
use std::collections::BTreeMap;
use yaml::{Node, Span, Spanned, Value};

/// The entries of a section.
pub(crate) fn section<T>(
    node: Option<&Node>,
    what: &str,
    context: &mut Context<'_>,
    mut read: impl FnMut(&Spanned<String>, &Node, &mut Context<'_>) -> T,
) -> BTreeMap<String, T> {
    let Some(node) = node else { return BTreeMap::new() };
    if !matches!(node.value, Value::Map(_) | Value::Null) {
        let message = format!("`{what}` should be a mapping, this is {}", node.kind());
        context.error(
            "invalid-section",
            message,
            node.span,
            format!("write names below `{what}:`"),
        );
        return BTreeMap::new();
    }
    let mut out = BTreeMap::new();
    for (key, value) in context.entries(node, what) {
        out.insert(key.value.clone(), read(key, value, context));
    }
    out
}

/// `external`: a flag, or in older files a mapping with the name.
fn external(node: &Node, what: &str, context: &mut Context<'_>) -> (bool, Option<Spanned<String>>) {
    match node.as_map() {
        Some(map) => (true, map.get("name").and_then(|name| context.text(name, what))),
        None => (context.flag(node, what).is_some_and(|flag| flag.value), None),
    }
}

/// An entry of `networks`.
pub(crate) fn network(key: &Spanned<String>, node: &Node, context: &mut Context<'_>) -> Network {
    let mut out = Network { span: Some(key.span), ..Network::default() };
    for (field, value) in context.entries(node, "networks") {
        match field.value.as_str() {
            "internal" => out.internal = context.flag(value, "networks.internal"),
            "external" => out.external = external(value, "networks.external", context).0,
            "driver" => out.driver = context.text(value, "networks.driver"),
            _ => {}
        }
    }
    out
}

/// An entry of `volumes`.
pub(crate) fn volume(key: &Spanned<String>, node: &Node, context: &mut Context<'_>) -> Volume {
    let mut out = Volume { span: key.span, ..Volume::default() };
    for (field, value) in context.entries(node, "volumes") {
        match field.value.as_str() {
            "external" => {
                let (external, name) = external(value, "volumes.external", context);
                out.external = external;
                out.name = out.name.take().or(name);
            }
            "name" => out.name = context.text(value, "volumes.name"),
            "driver" => out.driver = context.text(value, "volumes.driver"),
            "driver_opts" => out.driver_opts = context.dictionary(value, "volumes.driver_opts"),
            "labels" => out.labels = context.dictionary(value, "volumes.labels"),
            "x-muster" => (out.size, out.class) = intent::volume(value, context),
            _ => {}
        }
    }
    out
}

/// An entry of `configs` or `secrets`, with what it holds.
pub(crate) fn object(
    key: &Spanned<String>,
    node: &Node,
    what: &str,
    variables: &Variables,
    context: &mut Context<'_>,
) -> FileObject {
    let mut out = FileObject { span: key.span, ..FileObject::default() };
    let mut content = None;
    for (field, value) in context.entries(node, what) {
        let path = format!("{what}.{}", field.value);
        match field.value.as_str() {
            "external" => {
                let (external, name) = external(value, &path, context);
                out.external = external;
                out.name = out.name.take().or(name);
            }
            "name" => out.name = context.text(value, &path),
            "file" => out.file = context.text(value, &path).filter(|file| !file.value.is_empty()),
            "environment" => out.environment = context.text(value, &path),
            "content" => content = context.text(value, &path),
            _ => {}
        }
    }
    out.inline = content.is_some();
    if let Some(content) = content {
        out.content = Some(SecretText::new(content.value));
    } else if let Some(variable) = &out.environment {
        out.content = variables.get(&variable.value).map(SecretText::new);
    } else if let Some(file) = out.file.clone() {
        facts::object(&file.value, &mut out, context);
    }
    unfilled(&out, key.span, what, context);
    out
}

/// Says so where nothing says what the entry holds.
fn unfilled(object: &FileObject, span: Span, what: &str, context: &mut Context<'_>) {
    let said =
        object.external || object.inline || object.file.is_some() || object.environment.is_some();
    if !said {
        let message = format!("nothing says what this entry of `{what}` holds");
        context.warn(
            "empty-object",
            message,
            span,
            "give it `file`, `environment`, `content` or `external: true`",
        );
    }
}

/// An entry of `models`.
pub(crate) fn model(key: &Spanned<String>, node: &Node, context: &mut Context<'_>) -> Model {
    let mut out = Model { model: Spanned::new(String::new(), key.span), ..Model::default() };
    for (field, value) in context.entries(node, "models") {
        match field.value.as_str() {
            "model" => {
                if let Some(text) = context.text(value, "models.model") {
                    out.model = text;
                }
            }
            "context_size" => out.context_size = context.whole(value, "models.context_size"),
            "runtime_flags" => out.runtime_flags = context.texts(value, "models.runtime_flags"),
            "x-muster" => out.intent = intent::service(value, context),
            _ => {}
        }
    }
    if out.model.value.is_empty() {
        context.error(
            "invalid-model",
            "the entry names no `model`",
            key.span,
            "write `model: ai/smollm2`",
        );
    }
    out
}

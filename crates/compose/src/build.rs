//! `build` and `provider`.

use crate::context::Context;
use crate::interpolate::Variables;
use model::project::{Build, Provider};
use yaml::{Node, Spanned, Value};

/// A build, and a Dockerfile that was written in place.
pub(crate) fn build(
    node: &Node,
    variables: &Variables,
    context: &mut Context<'_>,
) -> Option<(Build, Option<String>)> {
    if node.value == Value::Null {
        return None;
    }
    let mut out = Build { span: node.span, context: ".".to_owned(), ..Build::default() };
    let mut inline = None;
    for (key, value) in context.entries(node, "build") {
        let what = format!("build.{}", key.value);
        match key.value.as_str() {
            "context" => {
                if let Some(path) = context.text(value, &what).filter(|path| !path.value.is_empty())
                {
                    out.context = path.value;
                }
            }
            "dockerfile" => {
                out.dockerfile = context.text(value, &what).filter(|t| !t.value.is_empty());
            }
            "dockerfile_inline" => inline = context.text(value, &what).map(|t| t.value),
            "target" => out.target = context.text(value, &what).filter(|t| !t.value.is_empty()),
            "args" => {
                for (name, value) in context.entries(value, &what) {
                    // A bare argument takes the value of the invoking environment.
                    let text = match value.value {
                        Value::Null => variables.get(&name.value).cloned(),
                        _ => value.scalar_text(),
                    };
                    out.args.insert(name.value.clone(), text);
                }
            }
            _ => {}
        }
    }
    Some((out, inline))
}

/// `provider`.
pub(crate) fn provider(node: &Node, context: &mut Context<'_>) -> Option<Provider> {
    if node.value == Value::Null {
        return None;
    }
    let mut kind = None;
    let mut out = Provider { kind: Spanned::default(), options: std::collections::BTreeMap::new() };
    for (key, value) in context.entries(node, "provider") {
        match key.value.as_str() {
            "type" => kind = context.text(value, "provider.type"),
            "options" => {
                for (name, value) in context.entries(value, "provider.options") {
                    let texts = context.texts(value, "provider.options").into_iter();
                    let text = texts.map(|text| text.value).collect::<Vec<_>>().join(",");
                    out.options.insert(name.value.clone(), text);
                }
            }
            _ => {}
        }
    }
    let Some(kind) = kind else {
        let message = "the provider has no `type`";
        context.error("provider", message, node.span, "say which component provides the service");
        return None;
    };
    out.kind = kind;
    Some(out)
}

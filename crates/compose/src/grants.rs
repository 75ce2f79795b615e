//! `secrets` and `configs` at a service.

use crate::context::Context;
use model::project::FileGrant;
use yaml::{Node, Value};

/// What a service is granted. `what` is `secrets` or `configs`.
pub(crate) fn grants(node: &Node, what: &str, context: &mut Context<'_>) -> Vec<FileGrant> {
    let mut out = Vec::new();
    for (index, item) in context.items(node, what).iter().enumerate() {
        let mut grant = FileGrant {
            span: item.span,
            index,
            source: String::new(),
            target: None,
            uid: None,
            gid: None,
            mode: None,
        };
        if item.as_map().is_some() {
            long(item, &mut grant, what, context);
        } else if let Some(source) = context.text(item, what) {
            grant.source = source.value;
        }
        if grant.source.is_empty() {
            let message = format!("this names no entry of `{what}:`");
            context.error(
                "invalid-grant",
                message,
                item.span,
                "write its name, or `source:` with it",
            );
        } else {
            out.push(grant);
        }
    }
    out
}

fn long(item: &Node, grant: &mut FileGrant, what: &str, context: &mut Context<'_>) {
    for (key, value) in context.entries(item, what) {
        let text = value.scalar_text().filter(|text| !text.is_empty());
        match key.value.as_str() {
            "source" => grant.source = text.unwrap_or_default(),
            "target" => grant.target = text,
            "uid" => grant.uid = text,
            "gid" => grant.gid = text,
            "mode" => grant.mode = mode(value, context),
            _ => {}
        }
    }
}

/// A number is what YAML made of it (`0440` is octal there); text is octal.
fn mode(node: &Node, context: &mut Context<'_>) -> Option<u32> {
    let number = match &node.value {
        Value::Null => return None,
        Value::Int(number) => u32::try_from(*number).ok(),
        _ => node.scalar_text().and_then(|text| {
            let digits = text.trim().trim_start_matches("0o");
            u32::from_str_radix(digits, 8).ok()
        }),
    };
    let number = number.filter(|mode| *mode <= 0o7777);
    if number.is_none() {
        context.misfit(node, "mode", "file permissions such as `0440`");
    }
    number
}

/// Where a grant is mounted, by default below `dir`: what makes two of them the same when files are
/// merged.
pub(crate) fn target(item: &Node, dir: &str) -> Option<String> {
    let path = match item.as_map() {
        Some(map) => map.get("target").or_else(|| map.get("source")).and_then(Node::scalar_text)?,
        None => item.scalar_text()?,
    };
    Some(if path.starts_with('/') { path } else { format!("{dir}/{path}") })
}

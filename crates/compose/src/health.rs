//! `healthcheck`.

use crate::context::Context;
use crate::words;
use model::project::{HealthTest, Healthcheck};
use yaml::{Node, Spanned, Value};

/// `healthcheck`.
pub(crate) fn healthcheck(node: &Node, context: &mut Context<'_>) -> Option<Healthcheck> {
    if node.value == Value::Null {
        return None;
    }
    let mut out = Healthcheck { span: node.span, ..Healthcheck::default() };
    let mut disabled = None;
    for (key, value) in context.entries(node, "healthcheck") {
        let what = format!("healthcheck.{}", key.value);
        match key.value.as_str() {
            "test" => out.test = test(value, context),
            "disable" => disabled = context.flag(value, &what).filter(|flag| flag.value),
            "interval" => out.interval = context.seconds(value, &what),
            "timeout" => out.timeout = context.seconds(value, &what),
            "retries" => out.retries = context.whole(value, &what),
            "start_period" => out.start_period = context.seconds(value, &what),
            "start_interval" => out.start_interval = context.seconds(value, &what),
            _ => {}
        }
    }
    if let Some(disabled) = disabled {
        out.test = Some(disabled.map(|_| HealthTest::Disabled));
    }
    Some(out)
}

fn test(node: &Node, context: &mut Context<'_>) -> Option<Spanned<HealthTest>> {
    if node.value == Value::Null {
        return None;
    }
    if node.as_seq().is_none() {
        let text = context.text(node, "healthcheck.test")?.value;
        let test = match text.trim() {
            "" => return None,
            // Without brackets it is a string, but what is meant is clear.
            "NONE" => HealthTest::Disabled,
            _ => HealthTest::Shell(text),
        };
        return Some(Spanned::new(test, node.span));
    }
    let words = context.words(node, "healthcheck.test")?.value;
    let test = match words.first().map(String::as_str) {
        None => return None,
        Some("NONE") => HealthTest::Disabled,
        Some("CMD") => HealthTest::Command(words[1..].to_vec()),
        Some("CMD-SHELL") => HealthTest::Shell(words[1..].join(" ")),
        Some(first) => {
            let split = words.len() == 1 && first.contains(' ');
            let message = "the list should start with CMD, CMD-SHELL or NONE; it is read as CMD";
            context.warn("healthcheck-form", message, node.span, "write `[\"CMD\", …]`");
            HealthTest::Command(if split { words::split(first) } else { words })
        }
    };
    Some(Spanned::new(test, node.span))
}

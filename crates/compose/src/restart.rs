//! `restart` and `deploy.restart_policy`.

use crate::context::Context;
use model::project::Restart;
use yaml::{Node, Spanned, Value};

const EXPECTED: &str = "`no`, `always`, `unless-stopped` or `on-failure[:N]`";

/// `restart`.
pub(crate) fn restart(node: &Node, context: &mut Context<'_>) -> Option<Spanned<Restart>> {
    // An unquoted `no` is a boolean for some, a lone variable may be empty.
    if node.value == Value::Bool(false) || node.as_str() == Some("") {
        return Some(Spanned::new(Restart::Never, node.span));
    }
    context.parsed(node, "restart", EXPECTED, parse)
}

/// In the words of `docker run --restart`.
fn parse(text: &str) -> Option<Restart> {
    match text {
        "no" | "none" | "never" => Some(Restart::Never),
        "always" | "any" | "true" => Some(Restart::Always),
        "unless-stopped" => Some(Restart::UnlessStopped),
        "on-failure" => Some(Restart::OnFailure(None)),
        _ => {
            let bound = text.strip_prefix("on-failure:")?.trim();
            Some(Restart::OnFailure(Some(bound.parse().ok()?)))
        }
    }
}

/// `deploy.restart_policy`, in the words of `restart`.
pub(crate) fn policy(node: &Node, context: &mut Context<'_>) -> Option<Spanned<Restart>> {
    let mut condition = Spanned::new(Restart::Always, node.span);
    let mut attempts = None;
    let entries = context.entries(node, "deploy.restart_policy");
    if entries.is_empty() {
        return None;
    }
    for (key, value) in entries {
        match key.value.as_str() {
            "condition" => {
                if let Some(said) = context.parsed(
                    value,
                    "deploy.restart_policy.condition",
                    "`none`, `on-failure` or `any`",
                    parse,
                ) {
                    condition = said;
                }
            }
            "max_attempts" => {
                attempts = context.whole::<u32>(value, "deploy.restart_policy.max_attempts");
            }
            _ => {}
        }
    }
    // No bound is meant by 0.
    let attempts = attempts.map(|a| a.value).filter(|a| *a > 0);
    Some(condition.map(|condition| match condition {
        Restart::OnFailure(_) => Restart::OnFailure(attempts),
        other => other,
    }))
}

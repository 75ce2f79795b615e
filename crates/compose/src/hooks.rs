//! `pre_start`, `post_start` and `pre_stop`.

use crate::context::Context;
use model::project::Hook;
use yaml::Node;

/// The hooks of one phase.
pub(crate) fn hooks(node: &Node, phase: &str, context: &mut Context<'_>) -> Vec<Hook> {
    let mut out = Vec::new();
    for item in context.items(node, phase) {
        let mut hook = Hook {
            span: item.span,
            phase: phase.to_owned(),
            command: Vec::new(),
            per_replica: false,
            user: None,
            image: None,
        };
        for (key, value) in context.entries(item, phase) {
            let what = format!("{phase}.{}", key.value);
            match key.value.as_str() {
                "command" => {
                    hook.command = context.words(value, &what).map(|w| w.value).unwrap_or_default();
                }
                "user" => hook.user = context.text(value, &what).map(|t| t.value),
                "image" => hook.image = context.text(value, &what).map(|t| t.value),
                "per_replica" => {
                    hook.per_replica = context.flag(value, &what).is_some_and(|f| f.value);
                }
                _ => {}
            }
        }
        out.push(hook);
    }
    out
}

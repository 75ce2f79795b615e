//! `x-muster.inference` and `x-muster.training`.

use crate::context::Context;
use model::project::{InferenceIntent, TrainingIntent};
use yaml::{Node, Span};

pub(super) fn inference(node: &Node, span: Span, context: &mut Context<'_>) -> InferenceIntent {
    let mut out = InferenceIntent {
        span,
        model: None,
        config: None,
        users: None,
        think_time_ms: None,
        ttft_ms: None,
        tpot_ms: None,
        prompt: None,
        output: None,
        gpu: None,
    };
    let known = ["model", "users", "think_time", "ttft", "tpot", "prompt", "output", "gpu"];
    for (key, value) in context.intents(node, "x-muster.inference", &known) {
        let what = format!("x-muster.inference.{}", key.value);
        match key.value.as_str() {
            "model" => out.model = context.text(value, &what).map(|text| text.value),
            "users" => out.users = context.positive(value, &what),
            "think_time" => out.think_time_ms = context.millis(value, &what),
            "ttft" => out.ttft_ms = context.millis(value, &what),
            "tpot" => out.tpot_ms = context.millis(value, &what),
            "prompt" => out.prompt = context.positive(value, &what),
            "output" => out.output = context.positive(value, &what),
            _ => out.gpu = context.text(value, &what).map(|text| text.value),
        }
    }
    out
}

pub(super) fn training(node: &Node, span: Span, context: &mut Context<'_>) -> TrainingIntent {
    let mut out =
        TrainingIntent { span, team: None, require: None, prefer: None, checkpoint_to: None };
    for (key, value) in
        context.intents(node, "x-muster.training", &["team", "topology", "checkpoint"])
    {
        match key.value.as_str() {
            "team" => {
                out.team = context.text(value, "x-muster.training.team").map(|text| text.value);
            }
            "topology" => {
                for (key, value) in
                    context.intents(value, "x-muster.training.topology", &["require", "prefer"])
                {
                    let text =
                        context.text(value, "x-muster.training.topology").map(|text| text.value);
                    match key.value.as_str() {
                        "require" => out.require = text,
                        _ => out.prefer = text,
                    }
                }
            }
            _ => {
                for (_, value) in context.intents(value, "x-muster.training.checkpoint", &["to"]) {
                    let to = context.text(value, "x-muster.training.checkpoint.to");
                    out.checkpoint_to = to.map(|text| text.value);
                }
            }
        }
    }
    out
}

impl Context<'_> {
    /// A duration in milliseconds: `500ms`, `30s`, `1.5s`.
    fn millis(&mut self, node: &Node, what: &str) -> Option<u64> {
        let value = self.parsed(node, what, "a duration such as `500ms` or `30s`", millis);
        value.map(|value| value.value)
    }
}

fn millis(text: &str) -> Option<u64> {
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(at);
    let scale = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.len() > 6 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut total = whole.parse::<u64>().ok()?.checked_mul(scale)?;
    if !fraction.is_empty() {
        let digits = u32::try_from(fraction.len()).ok()?;
        total = total
            .checked_add(fraction.parse::<u64>().ok()?.checked_mul(scale)? / 10_u64.pow(digits))?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn durations_in_milliseconds() {
        for (text, want) in [
            ("500ms", Some(500)),
            ("1.5s", Some(1500)),
            ("2m", Some(120_000)),
            ("5", None),
            ("s", None),
            ("1.s", Some(1000)),
            ("9999999999999999999h", None),
        ] {
            assert_eq!(millis(text), want, "{text}");
        }
    }
}

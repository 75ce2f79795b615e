//! What the text says of a model that a plan serves.

mod common;

use report::{Color, Layout};

const LAYOUT: Layout = Layout { width: 100, color: Color::Plain };

fn text(scale: &str) -> String {
    let compose = format!(
        "name: chat\nservices:\n  chat:\n    image: vllm/vllm-openai:v0.15.1\n    x-muster: {{ {scale} inference: \
         {{ model: llama-3.1-8b, users: 500, think_time: 30s, prompt: 1024, output: 256, ttft: 500ms, tpot: 50ms, \
         gpu: l40s }} }}\n"
    );
    let planned = common::text(&compose);
    // Wrapped lines read as one.
    report::terminal(&planned.view(), LAYOUT).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn promise_and_plan_stand_together() {
    let text = text("");
    for said in [
        "The model of chat predicted, not measured",
        "llama-3.1-8b for 500 users, who think 30 s between prompts of 1024 and answers of 256 tokens",
        "first token within 500 ms, each token within 50 ms, for p95 of the requests",
        "over the range): the promise is kept, also when one fails",
        "bound by memory bandwidth",
        "modelled only: such GPUs, slices or settings were not measured end to end",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn a_broken_promise_is_said() {
    let few = text("scale: { min: 1, max: 1 },");
    assert!(few.contains("1 replica on l40s"), "{few}");
    assert!(few.contains("the promise is not kept"), "{few}");
    assert!(few.contains("as planned 1 for $"), "{few}");
    assert!(!text("").contains("as planned"));
    let perhaps = text("scale: { min: 1, max: 9 },");
    assert!(perhaps.contains("1 to 9 replicas on l40s"), "{perhaps}");
    assert!(perhaps.contains("only if the CPU lets the autoscaler add some"), "{perhaps}");
}

/// The replicas that are needed at the slow end, by the text.
fn slowest(text: &str) -> u32 {
    let before = text.split_once(" over the range)").map(|(before, _)| before);
    let number = before.and_then(|it| it.rsplit(' ').next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no range in {text}"))
}

#[test]
fn the_slow_end_is_judged_by_the_planned_replicas() {
    let most = slowest(&text(""));
    for (count, said) in [
        (most - 1, Some(format!("at the slow end of the ranges it takes {most}"))),
        (most, Some("at the slow end of the ranges as long as none fails".to_owned())),
        (most + 1, None),
    ] {
        let text = text(&format!("scale: {{ min: {count}, max: {count} }},"));
        let ends = text.contains("slow end");
        assert_eq!(ends, said.is_some(), "{count}: {text}");
        assert!(said.is_none_or(|said| text.contains(&said)), "{count}: {text}");
    }
}

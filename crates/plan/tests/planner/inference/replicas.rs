//! Stated replicas, autoscalers, rollouts, and what is advised.

use super::{ONE, SMALL, TWO, message, server, serving, small};
use crate::common::{autoscaler, file, finds, plan_of, plan_with, replicas, why, workload};
use model::plan::{Kept, Kind, Plan, Strategy};

#[test]
fn stated_replicas_win_and_the_promise_is_judged() {
    let needed = serving(&small(ONE, "l40s")).chosen.needed;
    assert!(needed > 2, "{needed}");
    for (count, want) in
        [(1, Kept::No), (needed, Kept::WithoutSpare), (needed + 1, Kept::WithSpare)]
    {
        let plan = small(&format!("scale: {count}"), "l40s");
        assert_eq!((replicas(&plan, "chat"), serving(&plan).promise), (Some(count), want));
        assert_eq!(finds(&plan, "inference-promise-not-kept"), want == Kept::No, "{count}");
    }
    let off = small("scale: 0", "l40s");
    assert_eq!(replicas(&off, "chat"), Some(0));
    assert!(!finds(&off, "inference-promise-not-kept"), "nobody is served");
}

#[test]
fn an_autoscaler_starts_with_what_is_needed() {
    let scaled = |scale: &str| {
        plan_with(&format!(
            "chat: {{ image: 'vllm/vllm-openai:v0.15.1', x-muster: {{ scale: {scale}, inference: {{ {SMALL}, gpu: l40s }} }} }}"
        ))
    };
    let open = scaled("{ max: 40 }");
    let needed = serving(&open).chosen.needed;
    let found = autoscaler(&open, "chat").unwrap();
    assert_eq!((found.min, found.max), (needed + 1, 40));
    let stated = scaled("{ min: 1, max: 40 }");
    assert_eq!(autoscaler(&stated, "chat").unwrap().min, 1);
    assert_eq!(serving(&stated).promise, Kept::Perhaps);
    assert!(message(&stated, "inference-promise-not-kept").contains("follows the CPU"));
    let few = scaled("{ max: 1 }");
    assert_eq!(autoscaler(&few, "chat").unwrap().min, 1, "never above the stated most");
    assert_eq!(serving(&few).promise, Kept::No);
    let reason = |plan| why(plan, "Deployment/chat", "spec.replicas").to_owned();
    assert!(reason(&few).starts_with("x-muster.scale allows no more"), "{}", reason(&few));
    assert!(reason(&open).contains("starts with"), "{}", reason(&open));
}

#[test]
fn a_rollout_takes_no_gpu_that_was_not_planned() {
    let strategy = |plan: &Plan| match workload(plan, "chat").kind {
        Kind::Deployment { strategy, .. } => strategy,
        ref other => panic!("{other:?}"),
    };
    let spared = small(ONE, "l40s");
    let needed = serving(&spared).chosen.needed;
    assert_eq!(strategy(&spared), Strategy::InPlace);
    assert!(!finds(&spared, "rollout-needs-devices"));
    for count in [1, needed] {
        let plan = small(&format!("scale: {count}, {TWO}"), "l40s");
        if serving(&plan).promise == Kept::WithSpare {
            continue;
        }
        assert_eq!(strategy(&plan), Strategy::Rolling, "{count}");
        let said = message(&plan, "rollout-needs-devices");
        assert!(said.contains("2 nvidia.com/gpu free") && said.contains("serve on"), "{said}");
    }
    let one = plan_with(&server("scale: 1", "model: llama-3.1-8b, users: 5, gpu: l40s"));
    assert_eq!((serving(&one).promise, strategy(&one)), (Kept::WithoutSpare, Strategy::Rolling));
    assert!(finds(&one, "rollout-needs-devices"));
    let off = small("scale: 0", "l40s");
    assert!(!finds(&off, "rollout-needs-devices"), "nothing is rolled");
    let other = plan_with("chat: { image: 'acme/x:1', ports: ['80:80'], gpus: all }");
    assert_eq!(strategy(&other), Strategy::Rolling, "no promise says that it can miss one");
}

#[test]
fn what_must_run_once_runs_once() {
    let plan = plan_with(&format!(
        "chat: {{ image: 'vllm/vllm-openai:v0.15.1', x-muster: {{ replicable: false, inference: {{ {SMALL}, gpu: l40s }} }} }}"
    ));
    assert_eq!(replicas(&plan, "chat"), Some(1));
    assert_eq!(serving(&plan).promise, Kept::No);
    assert!(finds(&plan, "inference-promise-not-kept"));
}

#[test]
fn advice_is_what_can_be_done() {
    let planned = |rest: &str, muster: &str| {
        let service = format!(
            "chat: {{ image: 'vllm/vllm-openai:v0.15.1', ports: ['8000:8000'], {rest} x-muster: {{ {muster} inference: {{ {SMALL}, gpu: l40s }} }} }}"
        );
        plan_of(&format!("{}volumes: {{ data: {{}} }}\n", file(&service)))
    };
    for (rest, muster, words) in [
        ("scale: 2,", "", "leave the number out"),
        ("", "scale: { min: 1, max: 40 },", "min: 4, max: 4"),
        ("scale: 2,", "replicable: false,", "x-muster.replicable says no"),
        ("scale: 1, network_mode: host,", "", "tied to the network of one host"),
        ("network_mode: host,", "scale: { min: 3, max: 9 },", "tied to the network of one host"),
        ("scale: 3, volumes: ['data:/srv/data'],", "kind: statefulset,", "replicable: true"),
    ] {
        let plan = planned(rest, muster);
        let found = plan.report.findings.iter().find(|it| it.code == "inference-promise-not-kept");
        let fix = found.map(|it| it.fix.as_str()).unwrap_or_default();
        assert!(fix.contains(words), "{rest} {muster}: {fix}");
        let blocked = words.contains("replicable") || words.contains("host");
        assert_eq!(fix.contains("leave the number out"), words.contains("leave"), "{fix}");
        assert_eq!(fix.contains("it is planned once"), blocked, "{fix}");
    }
}

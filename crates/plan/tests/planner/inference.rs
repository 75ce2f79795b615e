//! What `x-muster.inference` decides: replicas, GPUs, and what is said where it cannot.

use crate::common::{
    autoscaler, container, file, finds, given, kind, plan_of, plan_with, replicas, why, workload,
};
use model::facts::RunsOn;
use model::plan::{Kept, Kind, Plan, Serving, Strategy};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A server of a model with more attributes and a promise.
fn server(rest: &str, inference: &str) -> String {
    let rest = if rest.is_empty() { String::new() } else { format!(", {rest}") };
    format!(
        "chat: {{ image: 'vllm/vllm-openai:v0.15.1', ports: ['8000:8000']{rest}, x-muster: {{ inference: {{ {inference} }} }} }}"
    )
}

/// Nothing open, one kind of GPU: quickly computed.
const SMALL: &str = "model: llama-3.1-8b, users: 500, think_time: 30s, prompt: 1024, output: 256, ttft: 500ms, tpot: 50ms";

fn small(rest: &str, gpu: &str) -> Plan {
    plan_with(&server(rest, &format!("{SMALL}, gpu: {gpu}")))
}

fn serving(plan: &Plan) -> &Serving {
    let [serving] = plan.serving.as_slice() else {
        panic!("{:#?} {:#?}", plan.serving, plan.report.findings)
    };
    serving
}

const ONE: &str = "deploy: { resources: { reservations: { devices: [{ driver: nvidia, count: 1, capabilities: [gpu] }] } } }";
const TWO: &str = "deploy: { resources: { reservations: { devices: [{ driver: nvidia, count: 2, capabilities: [gpu] }] } } }";

const SLICE: &str = "deploy: { resources: { reservations: { devices: [{ capabilities: [gpu], count: 1, options: { mig: 3g.40gb } }] } } }";

fn message<'p>(plan: &'p Plan, code: &str) -> &'p str {
    let found = plan.report.findings.iter().find(|it| it.code == code);
    found.map_or_else(|| panic!("no {code}: {:#?}", plan.report.findings), |it| &it.message)
}

fn devices(plan: &Plan) -> &BTreeMap<String, u32> {
    let found = &container(plan, "chat").resources;
    assert_eq!(found.requests.extended, found.limits.extended);
    &found.limits.extended
}

fn only(name: &str, count: u32) -> BTreeMap<String, u32> {
    BTreeMap::from([(name.to_owned(), count)])
}

#[test]
fn a_promise_sets_replicas_devices_and_nodes() {
    let plan = small(ONE, "h100");
    let found = serving(&plan);
    assert_eq!((found.chosen.gpu.as_str(), found.chosen.tensor_parallel), ("h100", 1));
    assert!(found.chosen.needed >= 1 && found.chosen.spare == 1);
    let planned = found.chosen.needed + 1;
    assert_eq!(replicas(&plan, "chat"), Some(planned));
    assert_eq!((found.replicas, found.promise), ((planned, planned), Kept::WithSpare));
    assert_eq!(*devices(&plan), only("nvidia.com/gpu", 1));
    let selector = &workload(&plan, "chat").pod.node_selector;
    assert_eq!(selector["nvidia.com/gpu.product"], "NVIDIA-H100-80GB-HBM3");
    let why = why(&plan, "Deployment/chat", "spec.replicas");
    assert!(why.contains("500 users") && why.contains("within 500 ms"), "{why}");
    assert_eq!(plan.budgets.len(), 1, "two replicas or more");
    let open = plan.report.questions.iter().any(|it| it.answer.contains("think_time"));
    assert!(!open, "everything was said");
}

#[test]
fn what_was_computed_keeps_the_promise_and_knows_its_error() {
    let plan = small(ONE, "h100");
    let found = serving(&plan);
    let chosen = &found.chosen;
    assert!(chosen.ttft.p95 <= 500.0 && chosen.tpot.p95 <= 50.0, "{chosen:?}");
    assert!(chosen.seats * f64::from(chosen.needed) >= 500.0, "{chosen:?}");
    let (low, high) = chosen.seats_between.unwrap();
    assert!(low <= chosen.seats && chosen.seats <= high, "{chosen:?}");
    assert!(chosen.in_flight > 64.0, "{chosen:?}");
    assert_eq!(chosen.basis, "extrapolated", "nobody measured so many at once");
    assert!(chosen.ttft.between.is_some() && !chosen.bound_by.is_empty());
    assert!(found.curve.points.len() > 3, "{:?}", found.curve);
    assert!(found.curve.points.windows(2).all(|it| it[0].in_flight < it[1].in_flight));
    let slow = plan_with(&server(
        ONE,
        &format!("{}, gpu: h100", SMALL.replace("tpot: 50ms", "tpot: 12ms")),
    ));
    assert_eq!(serving(&slow).chosen.basis, "calibrated", "{:?}", slow.serving[0].chosen);
    assert_eq!(small(ONE, "a100-80gb").serving[0].chosen.basis, "modelled only");
}

#[test]
fn a_stated_number_of_devices_is_the_tensor_parallelism() {
    let plan = small(&format!("command: '--tensor-parallel-size 2', {TWO}"), "h100");
    assert_eq!(*devices(&plan), only("nvidia.com/gpu", 2));
    assert!(serving(&plan).options.iter().all(|it| it.tensor_parallel == 2));
    assert!(!finds(&plan, "engine-arguments"));
}

#[test]
fn a_command_states_the_tensor_parallelism_too() {
    let plan = small("command: '--tensor-parallel-size=2'", "h100");
    assert_eq!(*devices(&plan), only("nvidia.com/gpu", 2));
    assert!(!finds(&plan, "engine-arguments"));
}

#[test]
fn a_model_that_needs_more_gpus_than_its_command_says_is_told() {
    let inference = "model: llama-3.1-70b, users: 50, gpu: h100";
    let plan = plan_with(&server("", inference));
    let gpus = serving(&plan).chosen.tensor_parallel;
    assert!(gpus > 1, "{:?}", serving(&plan).chosen);
    assert_eq!(*devices(&plan), only("nvidia.com/gpu", gpus));
    assert!(message(&plan, "engine-arguments").contains("leaves it at 1"));
}

#[test]
fn without_devices_a_slice_may_do() {
    let inference = "model: llama-3.2-1b, users: 5, gpu: a100-80gb";
    let plan = plan_with(&server("", inference));
    let slice = serving(&plan).chosen.slice.clone().unwrap();
    assert_eq!(*devices(&plan), only(&format!("nvidia.com/mig-{slice}"), 1));
    let selector = &workload(&plan, "chat").pod.node_selector;
    assert_eq!(selector["nvidia.com/gpu.product"], "NVIDIA-A100-SXM4-80GB");
    assert!(plan.report.questions.iter().any(|it| it.question.contains("nvidia.com/mig-")));
    let whole = plan_with(&server("gpus: all", inference));
    assert_eq!(*devices(&whole), only("nvidia.com/gpu", 1), "whole GPUs are reserved");
}

#[test]
fn a_stated_slice_is_kept() {
    let plan = small(SLICE, "a100-80gb");
    let names: Vec<_> = serving(&plan).options.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["3g.40gb of a100-80gb"]);
    assert_eq!(*devices(&plan), only("nvidia.com/mig-3g.40gb", 1));
    let whole = small(&SLICE.replace("3g.40gb", "7g.80gb"), "a100-80gb");
    assert_eq!(serving(&whole).chosen.name, "7g.80gb of a100-80gb", "the largest slice too");
}

#[test]
fn any_kind_means_the_cheapest_and_a_question() {
    let plan = plan_with(&server(ONE, SMALL));
    let found = serving(&plan);
    let cost: Vec<_> = found.options.iter().filter_map(|it| it.cost_per_hour).collect();
    assert!(cost.len() > 2 && cost.is_sorted(), "{cost:?}");
    assert_eq!(found.chosen.name, found.options[0].name);
    assert!(plan.report.questions.iter().any(|it| it.question.starts_with("Which GPUs do nodes")));
    assert!(workload(&plan, "chat").pod.node_selector.contains_key("nvidia.com/gpu.product"));
}

#[test]
fn what_nodes_offer_limits_what_is_chosen() {
    let on = |gpus: &[(&str, &str, u64)], rest: &str, more: &str| {
        on(gpus, &server(rest, &format!("{SMALL}{more}")))
    };
    let h100 = ("NVIDIA-H100-80GB-HBM3", "gpu", 8);
    let a100 = ("NVIDIA-A100-SXM4-80GB", "mig-3g.40gb", 2);
    let whole = ("NVIDIA-A100-SXM4-80GB", "gpu", 8);
    for (gpus, rest, more, want) in [
        (vec![h100], "", "", "h100"),
        (vec![a100], "", "", "3g.40gb of a100-80gb"),
        (vec![h100, a100], "gpus: all", "", "h100"),
        (vec![h100], "", ", gpu: l40s", "l40s"),
        // The stated kind is there, and not cut.
        (vec![whole], "", ", gpu: a100-80gb", "a100-80gb"),
        // However it is called.
        (vec![("NVIDIA-H100-80GB", "gpu", 1)], "", "", "h100"),
    ] {
        let plan = on(&gpus, rest, more);
        assert_eq!(serving(&plan).chosen.name, want, "{gpus:?} {rest} {more}");
        let asks =
            plan.report.questions.iter().any(|it| {
                it.question.starts_with("Which GPUs") || it.question.starts_with("Do nodes")
            });
        assert!(!asks, "the cluster has said it");
    }
    let other = on(&[("NVIDIA-GeForce-RTX-4090", "gpu", 1)], "", "");
    assert!(message(&other, "inference-not-computed").contains("NVIDIA-GeForce-RTX-4090"));
    let none = on(&[a100], ONE, "");
    assert!(message(&none, "inference-promise-impossible").contains("no node offers"));
}

#[test]
fn what_fits_and_is_not_there_is_the_reason() {
    let large = "model: llama-3.1-70b, users: 5";
    for (gpus, rest, inference, words) in [
        // A node has fewer GPUs than a replica needs.
        (("NVIDIA-H100-80GB-HBM3", "gpu", 1), "", large, "4 × h100: no node offers more than 1"),
        (("NVIDIA-H100-80GB-HBM3", "gpu", 1), TWO, SMALL, "2 × h100: no node offers more than 1"),
        (
            ("NVIDIA-H100-80GB-HBM3", "mig-1g.10gb", 7),
            ONE,
            SMALL,
            "h100: no node offers nvidia.com/gpu",
        ),
        (
            ("NVIDIA-H100-80GB-HBM3", "gpu", 8),
            SLICE,
            SMALL,
            "no node offers nvidia.com/mig-3g.40gb",
        ),
    ] {
        let plan = on(&[gpus], &server(rest, inference));
        let message = message(&plan, "inference-promise-impossible");
        assert!(message.contains(words), "{gpus:?} {rest} {inference}: {message}");
    }
    let enough = on(&[("NVIDIA-H100-80GB-HBM3", "gpu", 4)], &server("", large));
    assert!(serving(&enough).chosen.tensor_parallel <= 4, "{:?}", serving(&enough).chosen);
    let denied = &serving(&enough).impossible;
    assert!(
        denied.iter().any(|(name, why)| name == "8 × h100" && why.contains("than 4")),
        "{denied:?}"
    );
}

#[test]
fn a_model_stays_where_it_runs() {
    let (h100, l40s) = (("NVIDIA-H100-80GB-HBM3", "gpu", 8), ("NVIDIA-L40S", "gpu", 8));
    let gpus = [h100, l40s];
    let plan = |gpus: &[(&str, &str, u64)], rest: &str, running: &[(&str, u64)], more: &str| {
        let mut given = given(&file(&server(rest, &format!("{SMALL}{more}"))));
        for (product, resource, most) in gpus {
            let offers = given.cluster.gpus.entry((*product).to_owned()).or_default();
            offers.insert(format!("nvidia.com/{resource}"), *most);
        }
        for (product, count) in running {
            let takes = BTreeMap::from([("nvidia.com/gpu".to_owned(), *count)]);
            let runs_on = RunsOn { product: (*product).to_owned(), takes };
            given.cluster.running.insert("chat".to_owned(), runs_on);
        }
        given.plan()
    };
    let cheapest = serving(&plan(&gpus, ONE, &[], "")).chosen.gpu.clone();
    let (own, other) = if cheapest == "h100" { (l40s, h100) } else { (h100, l40s) };
    let kept = plan(&gpus, ONE, &[(own.0, 1)], "");
    assert_ne!(serving(&kept).chosen.gpu, cheapest);
    assert_eq!(workload(&kept, "chat").pod.node_selector["nvidia.com/gpu.product"], own.0);
    assert!(message(&kept, "inference-cheaper-kind").contains(&cheapest));
    let reserving = plan(&gpus, "gpus: all", &[(own.0, 1)], "");
    let devices = why(&reserving, "Deployment/chat", "resources.limits.nvidia.com/gpu");
    assert!(
        devices.contains("it runs there already") && !devices.contains("cheapest"),
        "{devices}"
    );
    // Not offered any more, another kind stated, another command, or nothing that is dearer.
    for (gpus, rest, running, more, want) in [
        (vec![other], ONE, (own.0, 1), String::new(), cheapest.as_str()),
        (gpus.to_vec(), ONE, (own.0, 1), format!(", gpu: {cheapest}"), cheapest.as_str()),
        (gpus.to_vec(), ONE, (other.0, 1), String::new(), cheapest.as_str()),
        (gpus.to_vec(), ONE, ("NVIDIA-GeForce-RTX-4090", 1), String::new(), cheapest.as_str()),
    ] {
        let plan = plan(&gpus, rest, &[running], &more);
        assert_eq!(serving(&plan).chosen.gpu, want, "{gpus:?} {running:?} {more}");
        assert!(!finds(&plan, "inference-cheaper-kind"));
    }
    let wider = plan(&gpus, "command: '-tp 2'", &[(own.0, 1)], "");
    assert_eq!(serving(&wider).chosen.tensor_parallel, 2, "the command says otherwise");
}

#[test]
fn services_that_ask_the_same_get_the_same() {
    let services = [server(ONE, SMALL), server(ONE, SMALL).replacen("chat", "talk", 1)].join("\n");
    let plan = plan_with(&services);
    let [one, other] = plan.serving.as_slice() else { panic!("{:#?}", plan.serving) };
    assert_eq!((&one.chosen, &one.options), (&other.chosen, &other.options));
    assert_ne!(one.service, other.service);
}

/// A plan for a cluster with these GPUs: product, resource, the most on one node.
fn on(gpus: &[(&str, &str, u64)], services: &str) -> Plan {
    let mut given = given(&file(services));
    for (product, resource, most) in gpus {
        let offers = given.cluster.gpus.entry((*product).to_owned()).or_default();
        offers.insert(format!("nvidia.com/{resource}"), *most);
    }
    given.plan()
}

#[test]
fn pods_go_to_nodes_by_the_label_that_these_carry() {
    let (ours, theirs) = (("NVIDIA-H100-80GB-HBM3", "gpu", 1), ("NVIDIA-H100-80GB", "gpu", 1));
    let many = ("NVIDIA-H100-80GB", "gpu", 2);
    for (gpus, rest, more, want) in [
        (vec![theirs], "", "", "NVIDIA-H100-80GB"),
        (vec![theirs], "", ", gpu: h100", "NVIDIA-H100-80GB"),
        // What the file names is no label of any node, and another name of a kind that there is.
        (vec![theirs], "", ", gpu: NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-80GB"),
        (vec![ours, many], TWO, "", "NVIDIA-H100-80GB"),
        (vec![ours, theirs], "", ", gpu: h100", "NVIDIA-H100-80GB"),
        (vec![], "", ", gpu: NVIDIA-H100-80GB", "NVIDIA-H100-80GB"),
        (vec![theirs], "", ", gpu: l40s", "NVIDIA-L40S"),
    ] {
        let plan = on(&gpus, &server(rest, &format!("{SMALL}{more}")));
        let selector = &workload(&plan, "chat").pod.node_selector;
        assert_eq!(selector["nvidia.com/gpu.product"], want, "{gpus:?} {rest} {more}");
        let asks = plan.report.questions.iter().any(|it| it.question.contains("kubectl get nodes"));
        assert_eq!(asks, more.ends_with("l40s"), "{gpus:?} {rest} {more}");
    }
    let plan = on(&[("NVIDIA-T4", "gpu", 1)], &server(ONE, "gpu: t4"));
    let selector = &workload(&plan, "chat").pod.node_selector;
    assert_eq!(selector["nvidia.com/gpu.product"], "NVIDIA-T4", "without a computed promise too");
}

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

#[test]
fn nothing_is_guessed() {
    for (inference, missing) in [
        ("gpu: h100", "no model and no users"),
        ("model: llama-3.1-8b, gpu: h100", "no users"),
        ("users: 5, gpu: h100", "no model"),
    ] {
        let plan = plan_with(&server("", inference));
        assert!(plan.serving.is_empty(), "{inference}");
        assert!(message(&plan, "inference-not-computed").ends_with(missing), "{inference}");
        assert_eq!(replicas(&plan, "chat"), Some(1), "as without the intent: {inference}");
        assert_eq!(*devices(&plan), only("nvidia.com/gpu", 1), "{inference}");
    }
}

#[test]
fn the_command_names_the_model_if_the_intent_does_not() {
    let command = "command: '--model meta-llama/Llama-3.1-8B-Instruct'";
    let plan = plan_with(&server(command, "users: 20, gpu: h100"));
    assert_eq!(serving(&plan).asked.model, "meta-llama/Llama-3.1-8B-Instruct");
    let copy = "command: '--model acme/Llama-3.1-8B-Instruct-AWQ'";
    let plan = plan_with(&server(copy, "model: llama-3.1-8b-awq, users: 20, gpu: h100"));
    let asked = &serving(&plan).asked;
    assert_eq!((asked.model.as_str(), asked.weights.as_str()), ("llama-3.1-8b", "int4"));
}

#[test]
fn a_model_of_ones_own_is_described_by_its_config() {
    // The shape of Llama 3.1 8B.
    let config = r#"{ "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "torch_dtype": "bfloat16" }"#;
    let plan = |model: &str, config: &str| {
        let compose =
            file(&server(ONE, &format!("{}, gpu: h100", SMALL.replace("llama-3.1-8b", model))));
        given(&compose).file("models/config.json", config).plan()
    };
    let (own, named) = (plan("./models/config.json", config), plan("llama-3.1-8b", config));
    let (own, named) = (serving(&own), serving(&named));
    assert_eq!(own.asked.model, "./models/config.json");
    assert_eq!((own.chosen.needed, own.chosen.seats), (named.chosen.needed, named.chosen.seats));
    for (model, config, words) in [
        ("./models/config.json", "{}", "`hidden_size` is missing"),
        ("./models/config.json", "[", "no JSON"),
        ("./models/other.json", config, "cannot be read in the project"),
        ("../config.json", config, "cannot be read in the project"),
    ] {
        let plan = plan(model, config);
        let message = message(&plan, "inference-not-computed");
        assert!(message.contains(words), "{model} {config}: {message}");
    }
}

#[test]
fn every_no_has_its_reason() {
    let slices = "deploy: { resources: { reservations: { devices: [{ capabilities: [gpu], count: 2, options: { mig: 3g.40gb } }] } } }";
    let shared = "deploy: { resources: { reservations: { devices: [{ capabilities: [gpu], count: 1, options: { sharing: mps } }] } } }";
    let amd = "deploy: { resources: { reservations: { devices: [{ driver: amd, count: 1, capabilities: [gpu] }] } } }";
    let three =
        "deploy: { resources: { reservations: { devices: [{ count: 3, capabilities: [gpu] }] } } }";
    let none = "inference-not-computed";
    let never = "inference-promise-impossible";
    for (rest, inference, code, words) in [
        ("", "model: lama-3.1-8b, users: 5", none, "did you mean `llama-3.1-8b`"),
        ("", "model: ./config.json, users: 5", none, "cannot be read in the project"),
        ("", "model: resnet-50, users: 5", none, "answers whole items"),
        ("", "model: llama-3.1-8b, users: 5, gpu: h101", none, "did you mean `h100`"),
        ("command: '-pp 2'", "model: llama-3.1-8b, users: 5", none, "-pp"),
        (slices, "model: llama-3.1-8b, users: 5", none, "cannot share a model"),
        (shared, "model: llama-3.1-8b, users: 5", none, "nvidia.com/gpu.shared"),
        (amd, "model: llama-3.1-8b, users: 5", none, "amd.com/gpu"),
        (three, "model: llama-3.1-8b, users: 5, gpu: h100", never, "attention heads"),
        (ONE, "model: llama-3.1-70b, users: 5, gpu: h100", never, "GB for weights"),
        (ONE, "model: llama-3.1-8b, users: 5, gpu: h100, ttft: 1ms", never, "first token takes"),
        (ONE, "model: llama-3.1-8b, users: 5, gpu: h100, tpot: 1ms", never, "a token takes"),
    ] {
        let plan = plan_with(&server(rest, inference));
        assert!(plan.serving.is_empty(), "{inference}");
        let message = message(&plan, code);
        assert!(message.contains(words), "{inference}: {message}");
        assert_eq!(replicas(&plan, "chat"), Some(1), "as without the intent: {inference}");
    }
}

#[test]
fn an_engine_that_nobody_measured_is_no_vllm() {
    let plan = plan_with(
        "chat: { image: 'ollama/ollama:0.11.0', x-muster: { inference: { model: llama-3.1-8b, users: 5 } } }",
    );
    assert!(message(&plan, "inference-not-computed").starts_with("Nothing was measured of Ollama"));
}

#[test]
fn an_image_of_ones_own_is_taken_for_vllm_and_asked_about() {
    let plan = plan_with(&format!(
        "chat: {{ image: 'acme/chat:1', ports: ['8000:8000'], x-muster: {{ inference: {{ {SMALL}, gpu: h100 }} }} }}"
    ));
    assert_eq!(serving(&plan).asked.engine, "vllm");
    assert_eq!(replicas(&plan, "chat"), Some(serving(&plan).chosen.needed + 1));
    assert!(plan.report.questions.iter().any(|it| it.question.starts_with("Which engine")));
    let known = small(ONE, "h100");
    assert!(!known.report.questions.iter().any(|it| it.question.starts_with("Which engine")));
}

#[test]
fn settings_that_the_figures_do_not_know_are_named() {
    let plan = small("command: '--enforce-eager'", "h100");
    assert!(message(&plan, "engine-arguments-not-modelled").contains("--enforce-eager"));
    assert!(!finds(&small(ONE, "h100"), "engine-arguments-not-modelled"));
}

#[test]
fn limits_that_the_engine_is_told_are_computed_with() {
    let plain = small(ONE, "h100");
    let seats = serving(&plain).chosen.seats;
    for (command, less) in [
        ("--max-num-seqs 32", true),
        ("--gpu-memory-utilization 0.3", true),
        ("--max-num-seqs 4294967295 --max-num-batched-tokens 4294967295", false),
    ] {
        let plan = small(&format!("command: '{command}', {ONE}"), "h100");
        let chosen = &serving(&plan).chosen;
        assert!(!less || chosen.seats < 0.9 * seats, "{command}: {} {seats}", chosen.seats);
        assert!(!finds(&plan, "engine-arguments-not-modelled"), "{command}");
    }
    let both = small("command: '--max-num-seqs 64 --max-num-batched-tokens 32'", "h100");
    assert!(message(&both, "inference-not-computed").contains("64 sequences"));
}

#[test]
fn a_job_serves_nobody() {
    let plan = plan_with(&format!(
        "chat: {{ image: 'acme/batch:1', x-muster: {{ kind: job, inference: {{ {SMALL} }} }} }}"
    ));
    assert_eq!(kind(&plan, "chat"), "Job");
    assert!(plan.serving.is_empty() && finds(&plan, "intent-without-effect"));
}

#[test]
fn what_is_left_open_is_asked() {
    let plan = plan_with(&server(ONE, "model: llama-3.1-8b, users: 20, gpu: h100, ttft: 400ms"));
    let found = plan.report.questions.iter().find(|it| it.question.contains("think_time"));
    let question = found.unwrap();
    assert!(question.question.starts_with("Which think_time, prompt, output and tpot does"));
    assert_eq!(question.assumed, "think_time: 30s, prompt: 1024, output: 256, tpot: 50ms");
}

#[test]
fn arguments_that_contradict_are_named() {
    for (rest, words) in [
        (TWO.to_owned(), "gets 2 of h100 and its command leaves it at 1"),
        (format!("command: '-tp 4', {TWO}"), "gets 2 of h100 and its command says 4"),
        ("command: '--max-model-len 1024'".to_owned(), "1280 tokens"),
        ("command: '--model Qwen/Qwen3-8B'".to_owned(), "he command loads qwen3-8b"),
        (
            "command: '--model meta-llama/Llama-3.1-8B-Instruct-AWQ -q gguf'".to_owned(),
            "read weights as gguf, and the model's name says AWQ",
        ),
    ] {
        let plan = small(&rest, "h100");
        let message = message(&plan, "engine-arguments");
        assert!(message.contains(words), "{rest}: {message}");
    }
    let right = "command: '--model meta-llama/Llama-3.1-8B-Instruct --max-model-len 8192'";
    assert!(!finds(&small(right, "h100"), "engine-arguments"));
}

#[test]
fn weights_are_those_that_are_loaded() {
    let plain = small(ONE, "h100");
    let small = small(&format!("command: '--quantization fp8', {ONE}"), "h100");
    assert_eq!((plain.serving[0].asked.weights.as_str()), "bf16");
    assert_eq!((small.serving[0].asked.weights.as_str()), "fp8");
    assert!(small.serving[0].chosen.seats > plain.serving[0].chosen.seats);
}

#[test]
fn extreme_intents_end_in_a_plan() {
    for inference in [
        "users: 4294967295, think_time: 0s",
        "users: 1, think_time: 9999999h",
        "users: 1, ttft: 0ms, tpot: 0ms",
        "users: 3, prompt: 4294967295, output: 4294967295",
        "users: 3, prompt: 1, output: 1",
        "users: 4294967295, ttft: 9999999h, tpot: 9999999h",
    ] {
        let plan = plan_with(&server(ONE, &format!("model: llama-3.1-8b, gpu: h100, {inference}")));
        assert!(replicas(&plan, "chat").is_some_and(|it| it > 0), "{inference}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Small and large alike: a number of bits, then those bits.
    #[test]
    fn any_intent_ends_in_a_plan(bits in prop::array::uniform6(1_u32..32), any in any::<[u32; 6]>()) {
        let [users, think, prompt, output, ttft, tpot] =
            std::array::from_fn(|at| (any[at] >> (32 - bits[at])).max(1));
        let inference = format!(
            "model: llama-3.1-8b, gpu: h100, users: {users}, think_time: {think}ms, prompt: {prompt}, output: {output}, ttft: {ttft}ms, tpot: {tpot}ms"
        );
        let plan = plan_with(&server(ONE, &inference));
        prop_assert!(replicas(&plan, "chat").is_some_and(|it| it > 0));
        for serving in &plan.serving {
            let chosen = &serving.chosen;
            let carried = f64::from(chosen.needed) * chosen.seats;
            prop_assert!(carried >= 0.999 * f64::from(users), "{chosen:?}");
            prop_assert!(chosen.ttft.p95 <= 1.001 * f64::from(ttft), "{chosen:?}");
            prop_assert!(chosen.tpot.p95 <= 1.001 * f64::from(tpot), "{chosen:?}");
        }
    }
}

//! What the nodes of a cluster offer, and what runs there.

use super::{ONE, SLICE, SMALL, TWO, message, server, serving};
use crate::common::{file, finds, given, why, workload};
use model::facts::RunsOn;
use model::plan::Plan;
use std::collections::BTreeMap;

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

//! Kinds of GPUs, and how nodes are labelled with them.

use super::{Placement, gpu};
use crate::attributes::cite_or_own;
use crate::inference::Computed;
use crate::log::Log;
use crate::rules;
use crate::world::{Subject, World};
use model::reason::{Because, Certainty};

/// Full names of products, as the GPU feature discovery labels nodes.
const PRODUCTS: &[(&str, &str)] = &[
    ("a10", "NVIDIA-A10"),
    ("a10g", "NVIDIA-A10G"),
    ("a100", "NVIDIA-A100-SXM4-80GB"),
    ("a100-40gb", "NVIDIA-A100-SXM4-40GB"),
    ("a100-80gb", "NVIDIA-A100-SXM4-80GB"),
    ("b200", "NVIDIA-B200"),
    ("h100", "NVIDIA-H100-80GB-HBM3"),
    ("h200", "NVIDIA-H200"),
    ("l4", "NVIDIA-L4"),
    ("l40s", "NVIDIA-L40S"),
    ("t4", "Tesla-T4"),
    ("v100", "Tesla-V100-SXM2-16GB"),
    ("v100-32gb", "Tesla-V100-SXM2-32GB"),
];

/// A kind of GPU that the file names.
pub(crate) struct Named<'a> {
    /// As it is written.
    pub(crate) text: &'a str,
    /// The lines that say so.
    pub(crate) because: Vec<Because>,
}

/// The kind that the file names: at the device, else under `x-muster.inference`.
pub(crate) fn named<'a>(subject: &Subject<'a>) -> Option<Named<'a>> {
    let service = subject.service;
    let option = service.deploy.devices.iter().find_map(|device| device.options.get("product"));
    if let Some(text) = option {
        return Some(Named { text, because: gpu::lines(subject) });
    }
    let text = service.intent.inference.as_ref()?.gpu.as_deref()?;
    Some(Named { text, because: cite_or_own(subject, &["x-muster.inference"]) })
}

/// The short name of what may be written as a product.
pub(crate) fn short(text: &str) -> String {
    if let Some((name, _)) = PRODUCTS.iter().rev().find(|(_, label)| *label == text) {
        return (*name).to_owned();
    }
    let lower = text.to_ascii_lowercase().replace([' ', '_'], "-");
    lower.trim_start_matches("nvidia-").to_owned()
}

fn label(short: &str) -> Option<String> {
    PRODUCTS.iter().find(|(name, _)| *name == short).map(|(_, label)| (*label).to_owned())
}

/// A kind of GPU that was asked for, or that keeps a promise at the lowest price, becomes a node selector.
pub(super) fn choose(
    world: &World<'_>,
    subject: &Subject<'_>,
    placement: &mut Placement,
    log: &mut Log,
) {
    let computed = subject.serving.as_ref();
    let label = match (named(subject), computed) {
        (Some(named), _) => wished(subject, &named, computed, log),
        (None, Some(computed)) => cheapest(world, subject, computed, log),
        (None, None) => return,
    };
    placement.node_selector.insert("nvidia.com/gpu.product".to_owned(), label);
}

fn wished(
    subject: &Subject<'_>,
    named: &Named<'_>,
    computed: Option<&Computed>,
    log: &mut Log,
) -> String {
    let text = named.text;
    let exact = text.starts_with("NVIDIA-") || text.starts_with("Tesla-");
    // Where capacity was computed, any name of the kind was understood.
    let known = || label(&short(text)).or_else(|| label(&computed?.chosen.gpu));
    let label =
        if exact { text.to_owned() } else { known().unwrap_or_else(|| text.replace(' ', "-")) };
    log.decide(subject, subject.pod_field("nodeSelector.nvidia.com/gpu.product"))
        .chose(&label)
        .all(named.because.clone())
        .rule(rules::GPU_RESOURCE)
        .sure(if exact { Certainty::Stated } else { Certainty::Assumed })
        .why("GPU feature discovery labels nodes with the product they hold");
    if !exact {
        log.ask(
            Some(subject.key()),
            format!("what does `kubectl get nodes -L nvidia.com/gpu.product` show for the {text}?"),
            label.clone(),
            format!("options: {{ product: {label} }} at the device"),
        );
    }
    label
}

/// Nobody names a kind: what was computed holds for the one that it was computed for.
fn cheapest(
    world: &World<'_>,
    subject: &Subject<'_>,
    computed: &Computed,
    log: &mut Log,
) -> String {
    let known = !world.cluster.gpus.is_empty();
    let kind = &computed.chosen.gpu;
    let label = label(kind).unwrap_or_else(|| kind.clone());
    log.decide(subject, subject.pod_field("nodeSelector.nvidia.com/gpu.product"))
        .chose(&label)
        .all(subject.lines("x-muster.inference"))
        .all(known.then_some(Because::Cluster))
        .rule(rules::SERVE_WITHIN_PROMISE)
        .rule(rules::GPU_RESOURCE)
        .sure(if known { Certainty::Inferred } else { Certainty::Assumed })
        .why(computed.why_kind());
    if known {
        return label;
    }
    log.ask(
        Some(subject.key()),
        format!("Which GPUs do nodes for `{}` have?", subject.key()),
        format!("{kind}: {}", computed.why_kind()),
        format!("services.{}.x-muster.inference.gpu: h100", subject.key()),
    );
    label
}

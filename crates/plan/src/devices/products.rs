//! Kinds of GPUs, and how nodes are labelled with them.

use super::{Placement, extended, gpu};
use crate::attributes::cite_or_own;
use crate::inference::Computed;
use crate::log::Log;
use crate::rules;
use crate::world::{Subject, World};
use model::reason::{Because, Certainty};
use std::collections::BTreeMap;

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

/// One name for all that a kind of GPU is called.
pub(crate) fn kind(product: &str) -> String {
    let short = short(product);
    capacity::gpu::gpu(&short).map_or(short, |gpu| gpu.id.clone())
}

fn label(short: &str) -> Option<String> {
    PRODUCTS.iter().find(|(name, _)| *name == short).map(|(_, label)| (*label).to_owned())
}

/// What the cluster's own nodes of a kind are labelled with: those that offer what a replica takes, and of these
/// the ones that it runs on.
fn own_label<'w>(world: &World<'w>, subject: &Subject<'_>, wanted: &str) -> Option<&'w str> {
    let takes = extended(subject);
    let offers = |most: &BTreeMap<String, u64>| {
        let enough = |(name, count): (&String, &u32)| {
            most.get(name).is_some_and(|most| *most >= u64::from(*count))
        };
        takes.iter().all(enough)
    };
    let running = world.cluster.running.get(subject.key()).map(|it| &it.product);
    let of_kind = world.cluster.gpus.iter().filter(|(product, _)| kind(product) == wanted);
    // Equal ones stay in the order of their names.
    let best = of_kind.min_by_key(|(product, most)| (!offers(most), Some(*product) != running));
    best.map(|(product, _)| product.as_str())
}

/// A kind of GPU that was asked for, or that was computed to keep a promise, becomes a node selector.
pub(super) fn choose(
    world: &World<'_>,
    subject: &Subject<'_>,
    placement: &mut Placement,
    log: &mut Log,
) {
    let computed = subject.serving.as_ref();
    let label = match (named(subject), computed) {
        (Some(named), _) => wished(world, subject, &named, log),
        (None, Some(computed)) => computed_for(world, subject, computed, log),
        (None, None) => return,
    };
    placement.node_selector.insert("nvidia.com/gpu.product".to_owned(), label);
}

/// How the label of a stated kind is known.
enum Labelled<'w> {
    /// Nodes of the cluster carry it.
    ByNodes(&'w str),
    /// It is written so.
    AsWritten(&'w str),
    /// By our table, or as it is written.
    Usually(String),
}

impl<'w> Labelled<'w> {
    fn of(world: &World<'w>, subject: &Subject<'w>, text: &'w str) -> Self {
        if let Some(label) = own_label(world, subject, &kind(text)) {
            return Self::ByNodes(label);
        }
        if text.starts_with("NVIDIA-") || text.starts_with("Tesla-") {
            return Self::AsWritten(text);
        }
        // Where capacity knows the kind, any name of it is understood.
        let usual = label(&short(text)).or_else(|| label(&kind(text)));
        Self::Usually(usual.unwrap_or_else(|| text.replace(' ', "-")))
    }

    fn text(&self) -> &str {
        match self {
            Self::ByNodes(label) | Self::AsWritten(label) => label,
            Self::Usually(label) => label,
        }
    }
}

fn wished<'w>(
    world: &World<'w>,
    subject: &Subject<'w>,
    named: &Named<'w>,
    log: &mut Log,
) -> String {
    let text = named.text;
    let labelled = Labelled::of(world, subject, text);
    let (certainty, cluster, why) = match labelled {
        Labelled::ByNodes(label) if label == text => {
            (Certainty::Stated, true, "nodes of the cluster carry this label")
        }
        Labelled::ByNodes(_) => {
            (Certainty::Inferred, true, "nodes of the cluster call that kind so")
        }
        Labelled::AsWritten(_) => (Certainty::Stated, false, DISCOVERED),
        Labelled::Usually(_) => (Certainty::Assumed, false, DISCOVERED),
    };
    let label = labelled.text().to_owned();
    log.decide(subject, subject.pod_field("nodeSelector.nvidia.com/gpu.product"))
        .chose(&label)
        .all(named.because.clone())
        .all(cluster.then_some(Because::Cluster))
        .rule(rules::GPU_RESOURCE)
        .sure(certainty)
        .why(why);
    if matches!(labelled, Labelled::Usually(_)) {
        log.ask(
            Some(subject.key()),
            format!("what does `kubectl get nodes -L nvidia.com/gpu.product` show for the {text}?"),
            label.clone(),
            format!("options: {{ product: {label} }} at the device"),
        );
    }
    label
}

/// Where labels come from.
const DISCOVERED: &str = "GPU feature discovery labels nodes with the product they hold";

/// Nobody names a kind: what was computed holds for the one that it was computed for.
fn computed_for(
    world: &World<'_>,
    subject: &Subject<'_>,
    computed: &Computed,
    log: &mut Log,
) -> String {
    let chosen = &computed.chosen.gpu;
    let own = own_label(world, subject, chosen).map(str::to_owned);
    let known = own.is_some();
    let label = own.or_else(|| label(chosen)).unwrap_or_else(|| chosen.clone());
    log.decide(subject, subject.pod_field("nodeSelector.nvidia.com/gpu.product"))
        .chose(&label)
        .all(subject.lines("x-muster.inference"))
        .all(known.then_some(Because::Cluster))
        .rule(rules::SERVE_WITHIN_PROMISE)
        .rule(rules::GPU_RESOURCE)
        .sure(if known { Certainty::Inferred } else { Certainty::Assumed })
        .why(computed.why_kind());
    if !known {
        log.ask(
            Some(subject.key()),
            format!("Which GPUs do nodes for `{}` have?", subject.key()),
            format!("{chosen}: {}", computed.why_kind()),
            format!("services.{}.x-muster.inference.gpu: h100", subject.key()),
        );
    }
    label
}

//! GPUs and their kin: extended resources that device plugins offer.

use super::Placement;
use crate::attributes::cite_or_own;
use crate::log::Log;
use crate::rules;
use crate::world::Subject;
use model::plan::Toleration;
use model::project::Device;
use model::reason::{Because, Certainty, Level};

/// A device that a container asks for.
pub(super) struct Ask {
    /// Name of the extended resource.
    pub(super) resource: String,
    pub(super) count: u32,
    /// The file asks for all there are, or does not say how many.
    all: bool,
    because: Vec<Because>,
    why: String,
    certainty: Certainty,
}

/// Everything that the service asks for: said, else concluded from the runtime, the environment or
/// the image.
pub(super) fn asks(subject: &Subject<'_>) -> Vec<Ask> {
    let said: Vec<Ask> =
        subject.service.deploy.devices.iter().filter_map(|device| said(subject, device)).collect();
    if said.is_empty() { inferred(subject).into_iter().collect() } else { said }
}

/// Where the file reserves devices.
fn lines(subject: &Subject<'_>) -> Vec<Because> {
    cite_or_own(subject, &["deploy.resources.reservations.devices", "gpus"])
}

fn said(subject: &Subject<'_>, device: &Device) -> Option<Ask> {
    let resource = resource(device)?;
    let listed = u32::try_from(device.ids.len()).unwrap_or(u32::MAX);
    let count = device.count.filter(|n| *n > 0).or((listed > 0).then_some(listed));
    Some(Ask {
        resource,
        count: count.unwrap_or(1),
        all: count.is_none(),
        because: lines(subject),
        why: "the file reserves it".to_owned(),
        certainty: Certainty::Stated,
    })
}

/// The extended resource that offers the device; `None` if nobody knows one.
fn resource(device: &Device) -> Option<String> {
    // CDI names are `vendor/class=name`, as device plugins call them.
    if let Some((kind, _)) = device.ids.iter().find_map(|id| id.split_once('='))
        && kind.contains('/')
    {
        return Some(kind.to_owned());
    }
    let has = |word: &str| device.capabilities.iter().any(|c| c.eq_ignore_ascii_case(word));
    let driver = device.driver.as_deref().unwrap_or_default().to_ascii_lowercase();
    if has("tpu") || driver.contains("tpu") {
        return Some("google.com/tpu".to_owned());
    }
    match driver.as_str() {
        "amd" | "amdgpu" | "rocm" => return Some("amd.com/gpu".to_owned()),
        "intel" | "i915" => return Some("gpu.intel.com/i915".to_owned()),
        "xe" => return Some("gpu.intel.com/xe".to_owned()),
        "" | "nvidia" => {}
        _ => return None,
    }
    let nvidia =
        ["gpu", "nvidia", "compute", "utility", "nvidia-compute"].iter().any(|word| has(word));
    (nvidia || driver == "nvidia").then(|| slice(device))
}

/// A whole NVIDIA GPU, a MIG slice of one, or a share of one.
fn slice(device: &Device) -> String {
    let options = device.options.iter();
    let mig = options
        .filter(|(key, _)| key.contains("mig"))
        .map(|(_, value)| value.as_str())
        .chain(device.ids.iter().map(String::as_str))
        .chain(device.capabilities.iter().map(String::as_str))
        .find_map(profile);
    if let Some(profile) = mig {
        return format!("nvidia.com/mig-{profile}");
    }
    let shared = device.options.iter().any(|(key, value)| match key.as_str() {
        "shared" => value == "true",
        "sharing" | "sharing_strategy" => matches!(value.as_str(), "time-slicing" | "mps"),
        _ => false,
    });
    if shared { "nvidia.com/gpu.shared".to_owned() } else { "nvidia.com/gpu".to_owned() }
}

/// `1g.10gb` of `MIG-1g.10gb`, `mig-1g.10gb` or the bare profile.
fn profile(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let name = lower.trim_start_matches("nvidia.com/").trim_start_matches("mig-");
    let (slices, memory) = name.split_once("g.")?;
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let memory = memory.split(['.', '+']).next()?.strip_suffix("gb")?;
    (digits(slices) && digits(memory)).then(|| format!("{slices}g.{memory}gb"))
}

/// Nothing is reserved, but something speaks of a GPU.
fn inferred(subject: &Subject<'_>) -> Option<Ask> {
    let service = subject.service;
    let ask = |because: Vec<Because>, count: u32, why: &str, certainty| {
        let resource = "nvidia.com/gpu".to_owned();
        Some(Ask { resource, count, all: true, because, why: why.to_owned(), certainty })
    };
    if let Some(runtime) = service.runtime.as_ref().filter(|runtime| runtime.value == "nvidia") {
        let because = vec![subject.line("runtime", runtime.span)];
        return ask(because, 1, "the runtime gives it GPUs in Docker", Certainty::Inferred);
    }
    if let Some(inference) = service.intent.inference.as_ref().filter(|intent| intent.gpu.is_some())
    {
        let because = vec![subject.line("x-muster.inference", inference.span)];
        return ask(because, 1, "x-muster.inference names a GPU", Certainty::Inferred);
    }
    if let Some(device) =
        service.devices.iter().find(|device| device.value.starts_with("/dev/nvidia"))
    {
        let because = vec![subject.line("devices", device.span)];
        return ask(because, 1, "it mounts the GPU's device files", Certainty::Inferred);
    }
    let visible = service.environment.get("NVIDIA_VISIBLE_DEVICES");
    if let Some(value) =
        visible.filter(|value| !matches!(value.value.as_deref(), None | Some("" | "void" | "none")))
    {
        let because = vec![subject.line("environment.NVIDIA_VISIBLE_DEVICES", value.span)];
        return ask(because, 1, "NVIDIA_VISIBLE_DEVICES is set", Certainty::Inferred);
    }
    let known = subject.known.as_ref().filter(|known| known.family.resources.gpus > 0)?;
    let because = subject.image_fact().into_iter().collect();
    let why = format!("{} computes on a GPU", known.family.title);
    ask(because, known.family.resources.gpus, &why, known.certainty.max(Certainty::Inferred))
}

/// Writes the devices down, and what nodes with such devices ask of a pod.
pub(super) fn place(subject: &Subject<'_>, placement: &mut Placement, log: &mut Log) {
    for ask in asks(subject) {
        explain(subject, &ask, log);
        let key = taint(&ask.resource);
        log.decide(subject, subject.pod_field("tolerations"))
            .chose(format!("{key} NoSchedule"))
            .all(ask.because.clone())
            .rule(rules::GPU_RESOURCE)
            .sure(ask.certainty)
            .why("nodes with such devices are usually tainted, so that nothing else takes their place");
        placement
            .tolerations
            .push(Toleration { key: Some(key), effect: Some("NoSchedule".to_owned()) });
    }
    product(subject, placement, log);
    unknown(subject, log);
}

/// The taint of nodes that offer the resource: slices and shares are on nodes of whole GPUs.
fn taint(resource: &str) -> String {
    if resource.starts_with("nvidia.com/") {
        "nvidia.com/gpu".to_owned()
    } else {
        resource.to_owned()
    }
}

fn explain(subject: &Subject<'_>, ask: &Ask, log: &mut Log) {
    for side in ["requests", "limits"] {
        log.decide(subject, subject.container_field(&format!("resources.{side}.{}", ask.resource)))
            .chose(ask.count.to_string())
            .all(ask.because.clone())
            .rule(rules::GPU_RESOURCE)
            .sure(ask.certainty)
            .why(ask.why.clone());
    }
    if ask.all {
        log.ask(
            Some(subject.key()),
            format!("how many {} does `{}` need? Docker would give it all of the machine", ask.resource, subject.key()),
            ask.count.to_string(),
            "deploy.resources.reservations.devices: [{ driver: nvidia, count: 2, capabilities: [gpu] }]",
        );
    }
}

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
];

/// A kind of GPU that was asked for becomes a node selector.
fn product(subject: &Subject<'_>, placement: &mut Placement, log: &mut Log) {
    let service = subject.service;
    let wished = service.intent.inference.as_ref().and_then(|intent| intent.gpu.as_deref());
    let option = service.deploy.devices.iter().find_map(|device| device.options.get("product"));
    let Some(text) = option.map(String::as_str).or(wished) else { return };
    let exact = text.starts_with("NVIDIA-") || text.starts_with("Tesla-");
    let lower = text.to_ascii_lowercase().replace([' ', '_'], "-");
    let short = lower.trim_start_matches("nvidia-");
    let named =
        PRODUCTS.iter().find(|(name, _)| *name == short).map(|(_, label)| (*label).to_owned());
    let label =
        if exact { text.to_owned() } else { named.unwrap_or_else(|| text.replace(' ', "-")) };
    let certainty = if exact { Certainty::Stated } else { Certainty::Assumed };
    let because = if option.is_some() {
        lines(subject)
    } else {
        cite_or_own(subject, &["x-muster.inference"])
    };
    log.decide(subject, subject.pod_field("nodeSelector.nvidia.com/gpu.product"))
        .chose(&label)
        .all(because)
        .rule(rules::GPU_RESOURCE)
        .sure(certainty)
        .why("GPU feature discovery labels nodes with the product they hold");
    if !exact {
        log.ask(
            Some(subject.key()),
            format!("what does `kubectl get nodes -L nvidia.com/gpu.product` show for the {text}?"),
            label.clone(),
            format!("options: {{ product: {label} }} at the device"),
        );
    }
    placement.node_selector.insert("nvidia.com/gpu.product".to_owned(), label);
}

/// Reserved devices that no known resource stands for.
fn unknown(subject: &Subject<'_>, log: &mut Log) {
    for device in subject.service.deploy.devices.iter().filter(|device| resource(device).is_none())
    {
        let what = device.driver.clone().unwrap_or_else(|| device.capabilities.join(", "));
        log.find(
            Level::Warning,
            "device-not-carried",
            Some(subject.key()),
            format!("no extended resource is known for the reserved device ({what})"),
            "install a device plugin and name its resource as a CDI device id, such as vendor.com/class=0",
            lines(subject),
        );
    }
}

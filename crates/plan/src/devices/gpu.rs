//! GPUs and their kin: extended resources that device plugins offer.

use super::Placement;
use crate::attributes::cite_or_own;
use crate::inference::Computed;
use crate::log::Log;
use crate::rules;
use crate::world::{Subject, World};
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

/// Everything that the service asks for: said, else computed from what its model promises, else concluded from the
/// runtime, the environment or the image.
pub(super) fn asks(subject: &Subject<'_>) -> Vec<Ask> {
    let mut asks = all_said(subject);
    let Some(computed) = &subject.serving else {
        return if asks.is_empty() { inferred(subject).into_iter().collect() } else { asks };
    };
    if asks.is_empty() {
        return vec![within_promise(subject, computed)];
    }
    for ask in asks.iter_mut().filter(|ask| ask.all) {
        let said = std::mem::take(&mut ask.because);
        *ask = within_promise(subject, computed);
        ask.because.extend(said);
    }
    asks
}

fn all_said(subject: &Subject<'_>) -> Vec<Ask> {
    subject.service.deploy.devices.iter().filter_map(|device| said(subject, device)).collect()
}

/// What one replica needs to keep the promise of `x-muster.inference`.
fn within_promise(subject: &Subject<'_>, computed: &Computed) -> Ask {
    let chosen = &computed.chosen;
    let mut because = subject.lines("x-muster.inference");
    because.push(Because::Rule(rules::SERVE_WITHIN_PROMISE));
    Ask {
        resource: resource(chosen.slice.as_deref()),
        count: if chosen.slice.is_some() { 1 } else { chosen.tensor_parallel },
        all: false,
        because,
        why: computed.why_devices(),
        certainty: Certainty::Inferred,
    }
}

/// The resource of a whole GPU, or of a slice of one.
pub(crate) fn resource(slice: Option<&str>) -> String {
    slice.map_or_else(|| WHOLE.to_owned(), |profile| format!("{SLICE}{profile}"))
}

/// What the file reserves of GPUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reserved {
    Nothing,
    /// Whole ones, and how many if it says so.
    Whole(Option<u32>),
    /// Slices that MIG cuts.
    Slices {
        profile: String,
        count: u32,
    },
    /// Something that no capacity is known of.
    Other(String),
}

/// What the file says of GPUs, without anything concluded.
pub(crate) fn reserved(subject: &Subject<'_>) -> Reserved {
    let asks = all_said(subject);
    let Some(first) = asks.first() else { return Reserved::Nothing };
    if let Some(other) = asks.iter().find(|ask| ask.resource != first.resource) {
        return Reserved::Other(format!("{} beside {}", first.resource, other.resource));
    }
    let count = asks.iter().fold(0_u32, |sum, ask| sum.saturating_add(ask.count));
    if let Some(profile) = first.resource.strip_prefix(SLICE) {
        return Reserved::Slices { profile: profile.to_owned(), count };
    }
    match first.resource.as_str() {
        WHOLE => Reserved::Whole(asks.iter().all(|ask| !ask.all).then_some(count)),
        other => Reserved::Other(other.to_owned()),
    }
}

/// A whole NVIDIA GPU.
const WHOLE: &str = "nvidia.com/gpu";
/// A slice of one, before its profile.
const SLICE: &str = "nvidia.com/mig-";

/// Where the file reserves devices.
pub(super) fn lines(subject: &Subject<'_>) -> Vec<Because> {
    cite_or_own(subject, &["deploy.resources.reservations.devices", "gpus"])
}

fn said(subject: &Subject<'_>, device: &Device) -> Option<Ask> {
    let resource = offering(device)?;
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
fn offering(device: &Device) -> Option<String> {
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
        return format!("{SLICE}{profile}");
    }
    let shared = device.options.iter().any(|(key, value)| match key.as_str() {
        "shared" => value == "true",
        "sharing" | "sharing_strategy" => matches!(value.as_str(), "time-slicing" | "mps"),
        _ => false,
    });
    if shared { "nvidia.com/gpu.shared".to_owned() } else { WHOLE.to_owned() }
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
        let resource = WHOLE.to_owned();
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
pub(super) fn place(
    world: &World<'_>,
    subject: &Subject<'_>,
    placement: &mut Placement,
    log: &mut Log,
) {
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
    slices(world, subject, log);
    unknown(subject, log);
}

/// The taint of nodes that offer the resource: slices and shares are on nodes of whole GPUs.
fn taint(resource: &str) -> String {
    if resource.starts_with("nvidia.com/") { WHOLE.to_owned() } else { resource.to_owned() }
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

/// A slice that nobody reserved needs nodes that are cut so.
fn slices(world: &World<'_>, subject: &Subject<'_>, log: &mut Log) {
    let chosen = subject.serving.as_ref().map(|computed| &computed.chosen);
    let Some(slice) = chosen.and_then(|chosen| chosen.slice.as_ref()) else { return };
    if reserved(subject) == Reserved::Nothing && world.cluster.gpus.is_empty() {
        log.ask(
            Some(subject.key()),
            format!("Do nodes for `{}` offer {SLICE}{slice}?", subject.key()),
            "yes: MIG cuts them so (nvidia.com/mig.config), with the strategy `mixed`",
            "for whole GPUs: gpus: all, or deploy.resources.reservations.devices with a count",
        );
    }
}

/// Reserved devices that no known resource stands for.
fn unknown(subject: &Subject<'_>, log: &mut Log) {
    for device in subject.service.deploy.devices.iter().filter(|device| offering(device).is_none())
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

//! GPUs and their slices, as data.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::nearest;

/// A share of the chips of one make behaves alike: its kernels are the same.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, serde::Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    Volta,
    Turing,
    Ampere,
    Ada,
    Hopper,
    Blackwell,
}

/// What GPUs of one node talk over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkKind {
    Nvlink,
    Pcie,
}

/// The way from one GPU to the others of its node.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub kind: LinkKind,
    /// GB/s, both directions together.
    pub gb_s: f64,
}

/// A slice that MIG cuts a GPU into.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slice {
    /// `1g.10gb`.
    pub name: String,
    /// Memory slices, of eight; bandwidth goes with them.
    pub memory: u32,
    /// Streaming multiprocessors.
    pub sms: u32,
    pub gib: f64,
    /// How many of it one GPU holds.
    pub most: u32,
}

/// A GPU. Rates are dense, in TFLOPS; zero where the chip has none.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpu {
    pub id: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    pub name: String,
    pub generation: Generation,
    pub memory_mib: u64,
    /// GB/s.
    pub bandwidth: f64,
    pub fp16: f64,
    #[serde(default)]
    pub bf16: f64,
    #[serde(default)]
    pub fp8: f64,
    #[serde(default)]
    pub int8: f64,
    #[serde(default)]
    pub fp4: f64,
    pub link: Link,
    #[serde(default)]
    pub sms: u32,
    #[serde(default)]
    pub mig: Vec<Slice>,
    pub source: String,
}

impl Gpu {
    /// The slice of that name.
    ///
    /// # Errors
    /// In the user's terms, with what there is.
    pub fn slice(&self, name: &str) -> Result<&Slice, UnknownSlice> {
        let found = self.mig.iter().find(|s| s.name.eq_ignore_ascii_case(name));
        found.ok_or_else(|| UnknownSlice {
            gpu: self.name.clone(),
            slice: name.to_owned(),
            known: self.mig.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", "),
        })
    }
}

/// No GPU has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no GPU is called `{name}`; did you mean `{nearest}`? Known are {known}")]
pub struct UnknownGpu {
    pub name: String,
    pub nearest: String,
    pub known: String,
}

/// The GPU is not cut that way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", if known.is_empty() { format!("{gpu} has no MIG, so no slice `{slice}`") } else { format!("{gpu} has no slice `{slice}`; it has {known}") })]
pub struct UnknownSlice {
    pub gpu: String,
    pub slice: String,
    pub known: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "mig_source")]
    _mig_source: String,
    gpu: Vec<Gpu>,
}

static GPUS: LazyLock<Vec<Gpu>> = LazyLock::new(|| {
    let file: File =
        toml::from_str(include_str!("../data/gpus.toml")).expect("gpus.toml is read by a test");
    file.gpu
});

/// All kinds.
pub fn gpus() -> &'static [Gpu] {
    &GPUS
}

/// What nodes and measurements say besides the kind: who makes it, and in what form.
const BESIDES: &[&str] =
    &["nvidia", "tesla", "gpu", "sxm", "sxm2", "sxm4", "sxm5", "hbm2e", "hbm3"];

/// The GPU of that id or alias, in any case; nodes and measurements may name the maker and the form besides.
///
/// # Errors
/// With the closest name.
pub fn gpu(name: &str) -> Result<&'static Gpu, UnknownGpu> {
    let lower = name.to_ascii_lowercase().replace([' ', '_'], "-");
    let plain: Vec<&str> = lower.split('-').filter(|word| !BESIDES.contains(word)).collect();
    let plain = plain.join("-");
    let of = |said: &str| GPUS.iter().find(|g| names(g).any(|n| n == said));
    of(&lower).or_else(|| of(&plain)).ok_or_else(|| UnknownGpu {
        name: name.to_owned(),
        nearest: nearest::of(&plain, GPUS.iter().flat_map(names)).to_owned(),
        known: GPUS.iter().map(|g| g.id.as_str()).collect::<Vec<_>>().join(", "),
    })
}

fn names(gpu: &Gpu) -> impl Iterator<Item = &str> {
    std::iter::once(gpu.id.as_str()).chain(gpu.aliases.iter().map(String::as_str))
}

//! The embedded tables.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Whose machine it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    Aws,
    Gcp,
    Azure,
    /// One's own.
    Bare,
}

impl Provider {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Gcp => "gcp",
            Self::Azure => "azure",
            Self::Bare => "bare",
        }
    }
}

/// A model of GPU.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpu {
    /// How shapes name it.
    pub id: String,
    /// How GPU feature discovery names it.
    pub product: String,
    /// Its memory, as `nvidia-smi` counts it.
    pub memory_mib: u32,
    /// Its architecture.
    pub family: String,
    /// Its compute capability, the larger number first.
    pub compute: (u8, u8),
    /// Profiles of multi-instance GPUs, and how many of them one GPU can be cut into.
    #[serde(default)]
    pub mig: BTreeMap<String, u32>,
    /// Where its figures are published.
    pub source: String,
}

/// What a machine has.
#[derive(Clone, Debug)]
pub struct Shape {
    pub name: String,
    pub provider: Provider,
    /// Processors, as the kernel counts them.
    pub cpus: u32,
    pub memory_mib: u64,
    /// How many pods the kubelet takes there.
    pub pods: u32,
    pub disk_gib: u32,
    pub arch: String,
    /// The model of its GPUs.
    pub gpu: Option<&'static Gpu>,
    pub gpus: u32,
    pub region: &'static str,
    pub(crate) zones: &'static [String],
    /// Where its figures are published.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GpuFile {
    #[serde(rename = "labels")]
    _labels: String,
    #[serde(rename = "profiles")]
    _profiles: String,
    gpu: Vec<Gpu>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShapeFile {
    region: String,
    zones: Vec<String>,
    disk_gib: u32,
    shape: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    cpus: u32,
    memory_mib: u64,
    pods: u32,
    disk_gib: Option<u32>,
    arch: Option<String>,
    gpu: Option<String>,
    #[serde(default)]
    gpus: u32,
    source: String,
}

const FILES: [(Provider, &str); 4] = [
    (Provider::Bare, include_str!("../data/bare.toml")),
    (Provider::Aws, include_str!("../data/aws.toml")),
    (Provider::Gcp, include_str!("../data/gcp.toml")),
    (Provider::Azure, include_str!("../data/azure.toml")),
];

static GPUS: LazyLock<Vec<Gpu>> = LazyLock::new(|| {
    let file: GpuFile = read(include_str!("../data/gpus.toml"));
    file.gpu
});

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| FILES.iter().flat_map(file).collect());

fn read<T: for<'a> Deserialize<'a>>(text: &str) -> T {
    match toml::from_str(text) {
        Ok(read) => read,
        // The text is part of the program and a test reads it, so this cannot be met.
        Err(error) => unreachable!("the embedded table is malformed: {error}"),
    }
}

fn file((provider, text): &(Provider, &str)) -> Vec<Shape> {
    // Read once, for as long as the program runs.
    let file: &'static ShapeFile = Box::leak(Box::new(read(text)));
    let shape = |row: &Row| Shape {
        name: row.name.clone(),
        provider: *provider,
        cpus: row.cpus,
        memory_mib: row.memory_mib,
        pods: row.pods,
        disk_gib: row.disk_gib.unwrap_or(file.disk_gib),
        arch: row.arch.clone().unwrap_or_else(|| "amd64".to_owned()),
        gpu: row.gpu.as_ref().and_then(|id| GPUS.iter().find(|gpu| gpu.id == *id)),
        gpus: row.gpus,
        region: &file.region,
        zones: &file.zones,
        source: row.source.clone(),
    };
    file.shape.iter().map(shape).collect()
}

/// All shapes: one's own first, then those of clouds.
pub fn shapes() -> &'static [Shape] {
    &SHAPES
}

/// The shape of this name, however its letters are cased.
pub fn shape(name: &str) -> Option<&'static Shape> {
    shapes().iter().find(|shape| shape.name.eq_ignore_ascii_case(name))
}

/// The shape of nodes of which nobody says it: 16 processors, 64 GiB.
pub fn standard() -> &'static Shape {
    // It is the first of the first file, and a test looks.
    &shapes()[0]
}

#[cfg(test)]
mod tests {
    use super::{shape, shapes, standard};
    use std::collections::BTreeSet;

    #[test]
    fn tables_are_whole() {
        let names: BTreeSet<_> = shapes().iter().map(|it| it.name.to_lowercase()).collect();
        assert_eq!(names.len(), shapes().len(), "names are their own");
        for shape in shapes() {
            assert_eq!(shape.gpu.is_some(), shape.gpus > 0, "{}", shape.name);
            let source =
                shape.source.starts_with("https://") || shape.source.starts_with("our own size");
            assert!(source, "{}: {}", shape.name, shape.source);
            if let Some(gpu) = shape.gpu {
                assert!(gpu.source.starts_with("https://"), "{}", gpu.id);
            }
        }
        assert_eq!(standard().name, "standard");
        assert_eq!(shape("STANDARD_ND96ISR_H100_V5").map(|it| it.gpus), Some(8));
        assert!(shape("h101").is_none());
    }
}

//! A number of equal machines, as the nodes of a cluster.

use crate::own::{Taint, is_key, is_value};
use crate::place::Layout;
use crate::reserve::Amounts;
use crate::table::{Gpu, Shape, shape};
use std::collections::BTreeMap;

/// A pool that people write has no more nodes.
pub const MOST: u32 = 100_000;
const GPU: &str = "nvidia.com/gpu";

/// Machines of one shape.
#[derive(Clone, Debug)]
pub struct Pool {
    name: String,
    count: u32,
    shape: &'static Shape,
    gpus: u32,
    mig: Option<String>,
    layout: Layout,
    labels: BTreeMap<String, String>,
    taints: Vec<Taint>,
}

/// Why there cannot be such a pool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPool {
    #[error("{0:?} is no name for nodes: it takes small letters, digits and hyphens, at most 40")]
    Name(String),
    #[error("{0:?} is no number of nodes: it takes 0 to {MOST}")]
    Count(String),
    #[error("there is no shape {0:?}")]
    Shape(String),
    #[error("a pool is written NAME=COUNT:SHAPE, and {0:?} is not")]
    Form(String),
    #[error("there is no setting {0:?} of a pool: there are gpus, mig, zones, rack and block")]
    Setting(String),
    #[error("{value:?} is no number for {setting}: it takes 1 to {MOST}")]
    Number { setting: String, value: String },
    #[error("the shape {0} has no GPUs")]
    NoGpus(String),
    #[error("{0:?} is no label of a node")]
    Label(String),
    #[error(
        "{0:?} is no taint: it is written KEY=VALUE:EFFECT, with NoSchedule, PreferNoSchedule or NoExecute"
    )]
    Taint(String),
    #[error("the GPU {gpu} cannot be cut into {profile:?}: {}", known(profiles))]
    Profile { gpu: String, profile: String, profiles: Vec<String> },
}

fn known(profiles: &[String]) -> String {
    if profiles.is_empty() {
        "it has no instances".to_owned()
    } else {
        format!("it takes {}", profiles.join(", "))
    }
}

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    /// Quantities by resource.
    pub capacity: BTreeMap<String, String>,
    /// What of it pods may use.
    pub allocatable: BTreeMap<String, String>,
    pub taints: Vec<Taint>,
}

impl Pool {
    /// So many machines of a shape, whose nodes are called after the pool: `NAME-0`, `NAME-1`…
    ///
    /// # Errors
    /// If nodes cannot be called so.
    pub fn new(name: &str, count: u32, shape: &'static Shape) -> Result<Self, BadPool> {
        let letters =
            name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-');
        let ends =
            name.starts_with(|first: char| first.is_ascii_alphanumeric()) && !name.ends_with('-');
        if !letters || !ends || name.len() > 40 {
            return Err(BadPool::Name(name.to_owned()));
        }
        let layout = Layout::of(shape);
        let (labels, taints) = (BTreeMap::new(), Vec::new());
        let (name, gpus) = (name.to_owned(), shape.gpus);
        Ok(Self { name, count, shape, gpus, mig: None, layout, labels, taints })
    }

    /// Reads `NAME=COUNT:SHAPE[,SETTING=VALUE…]`: `gpu=100:h100,gpus=4,mig=1g.10gb,zones=2,rack=8`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadPool> {
        let form = || BadPool::Form(text.to_owned());
        let mut parts = text.split(',');
        let (name, rest) = parts.next().and_then(|it| it.split_once('=')).ok_or_else(form)?;
        let (count, named) = rest.split_once(':').ok_or_else(form)?;
        let number = count.parse().ok().filter(|it| *it <= MOST);
        let number = number.ok_or_else(|| BadPool::Count(count.to_owned()))?;
        let shape = shape(named).ok_or_else(|| BadPool::Shape(named.to_owned()))?;
        let mut pool = Self::new(name, number, shape)?;
        for setting in parts {
            let (key, value) = setting.split_once('=').ok_or_else(form)?;
            pool = pool.set(key, value)?;
        }
        Ok(pool)
    }

    /// The same with a setting as [`Pool::parse`] reads it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn set(mut self, setting: &str, value: &str) -> Result<Self, BadPool> {
        if setting == "mig" {
            return self.cut(value);
        }
        let bad = || BadPool::Number { setting: setting.to_owned(), value: value.to_owned() };
        let number = value.parse().ok().filter(|it| (1..=MOST).contains(it)).ok_or_else(bad)?;
        match setting {
            "gpus" => return self.gpus(number),
            "zones" => self.layout.zones = number,
            "rack" => self.layout.rack = number,
            "block" => self.layout.block = number,
            _ => return Err(BadPool::Setting(setting.to_owned())),
        }
        Ok(self)
    }

    /// The same with another label on each node.
    ///
    /// # Errors
    /// If no label is like that.
    pub fn label(mut self, key: &str, value: &str) -> Result<Self, BadPool> {
        if !is_key(key) || !is_value(value) {
            return Err(BadPool::Label(format!("{key}={value}")));
        }
        self.labels.insert(key.to_owned(), value.to_owned());
        Ok(self)
    }

    /// The same with another taint on each node, as `KEY=VALUE:EFFECT`.
    ///
    /// # Errors
    /// If no taint is like that.
    pub fn taint(mut self, text: &str) -> Result<Self, BadPool> {
        self.taints.push(Taint::parse(text)?);
        Ok(self)
    }

    /// The same with another number of GPUs in each machine.
    ///
    /// # Errors
    /// If its machines have none.
    pub fn gpus(self, gpus: u32) -> Result<Self, BadPool> {
        if self.shape.gpu.is_none() {
            return Err(BadPool::NoGpus(self.shape.name.clone()));
        }
        Ok(Self { gpus, ..self })
    }

    /// The same with each GPU cut into instances of a profile: `1g.10gb`.
    ///
    /// # Errors
    /// If its GPUs cannot be cut so.
    pub fn cut(self, profile: &str) -> Result<Self, BadPool> {
        let Some(gpu) = self.shape.gpu else {
            return Err(BadPool::NoGpus(self.shape.name.clone()));
        };
        if !gpu.mig.contains_key(profile) {
            return Err(BadPool::Profile {
                gpu: gpu.id.clone(),
                profile: profile.to_owned(),
                profiles: gpu.mig.keys().cloned().collect(),
            });
        }
        Ok(Self { mig: Some(profile.to_owned()), ..self })
    }

    /// How its nodes are called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many machines there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// What they are.
    pub fn shape(&self) -> &'static Shape {
        self.shape
    }

    /// Its nodes.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + '_ {
        let capacity = self.amounts(self.shape.capacity());
        let allocatable = self.amounts(self.shape.allocatable());
        (0..self.count).map(move |number| {
            let name = format!("{}-{number}", self.name);
            Node {
                labels: self.labels(&name, number),
                name,
                capacity: capacity.clone(),
                allocatable: allocatable.clone(),
                taints: self.taints.clone(),
            }
        })
    }

    fn amounts(&self, amounts: Amounts) -> BTreeMap<String, String> {
        let cpu = match amounts.cpu_millis {
            millis if millis.is_multiple_of(1_000) => (millis / 1_000).to_string(),
            millis => format!("{millis}m"),
        };
        let whole = |mib: u64| {
            if mib.is_multiple_of(1_024) {
                format!("{}Gi", mib / 1_024)
            } else {
                format!("{mib}Mi")
            }
        };
        let mut all = BTreeMap::from([
            ("cpu".to_owned(), cpu),
            ("memory".to_owned(), whole(amounts.memory_mib)),
            ("ephemeral-storage".to_owned(), whole(amounts.disk_mib)),
            ("pods".to_owned(), self.shape.pods.to_string()),
        ]);
        if self.shape.gpu.is_some() {
            // Those that are cut are none any more.
            let whole = if self.mig.is_some() { 0 } else { self.gpus };
            all.insert(GPU.to_owned(), whole.to_string());
        }
        if let Some((profile, count)) = self.instances() {
            all.insert(format!("nvidia.com/mig-{profile}"), count.to_string());
        }
        all
    }

    /// The profile of the instances, and how many a machine has.
    fn instances(&self) -> Option<(&str, u32)> {
        let profile = self.mig.as_deref()?;
        let each = self.shape.gpu?.mig.get(profile)?;
        Some((profile, each.saturating_mul(self.gpus)))
    }

    fn labels(&self, name: &str, number: u32) -> BTreeMap<String, String> {
        let place = self.layout.place(&self.name, self.shape, number);
        let mut labels = BTreeMap::new();
        let mut label = |key: &str, value: &str| labels.insert(key.to_owned(), value.to_owned());
        label("kubernetes.io/hostname", name);
        label("kubernetes.io/os", "linux");
        label("kubernetes.io/arch", &self.shape.arch);
        label("node.kubernetes.io/instance-type", &self.shape.name);
        label("topology.kubernetes.io/region", self.shape.region);
        label("topology.kubernetes.io/zone", &place.zone);
        // As the documents of Kueue and KAI call them, and as Topograph writes them.
        label("cloud.provider.com/topology-block", &place.block);
        label("cloud.provider.com/topology-rack", &place.rack);
        label("fabric.topograph.run/tier-1", &place.block);
        label("fabric.topograph.run/tier-0", &place.rack);
        if let Some(gpu) = self.shape.gpu {
            labels.extend(self.discovered(gpu));
        }
        labels.extend(self.labels.clone());
        labels
    }

    /// What GPU feature discovery finds.
    fn discovered(&self, gpu: &Gpu) -> Vec<(String, String)> {
        let mut found = vec![
            ("gpu.present".to_owned(), "true".to_owned()),
            ("gpu.product".to_owned(), gpu.product.clone()),
            ("gpu.count".to_owned(), self.gpus.to_string()),
            ("gpu.memory".to_owned(), gpu.memory_mib.to_string()),
            ("gpu.family".to_owned(), gpu.family.clone()),
            ("gpu.compute.major".to_owned(), gpu.compute.0.to_string()),
            ("gpu.compute.minor".to_owned(), gpu.compute.1.to_string()),
            ("gpu.machine".to_owned(), self.shape.name.clone()),
            ("gpu.mode".to_owned(), "compute".to_owned()),
            ("gpu.replicas".to_owned(), "1".to_owned()),
            ("gpu.sharing-strategy".to_owned(), "none".to_owned()),
            ("mig.capable".to_owned(), (!gpu.mig.is_empty()).to_string()),
        ];
        if !gpu.mig.is_empty() {
            let strategy = if self.mig.is_some() { "mixed" } else { "single" };
            found.push(("mig.strategy".to_owned(), strategy.to_owned()));
        }
        if let Some((profile, count)) = self.instances() {
            let slices = profile.split('g').next().unwrap_or_default();
            let gigabytes = profile.split('.').nth(1).and_then(|it| it.strip_suffix("gb"));
            let memory = gigabytes.and_then(|it| it.parse::<u32>().ok()).unwrap_or(0) * 1_024;
            let rows = [
                ("count", count.to_string()),
                ("product", format!("{}-MIG-{profile}", gpu.product)),
                ("memory", memory.min(gpu.memory_mib).to_string()),
                ("slices.gi", slices.to_owned()),
                ("slices.ci", slices.to_owned()),
                ("replicas", "1".to_owned()),
            ];
            found.extend(rows.map(|(key, value)| (format!("mig-{profile}.{key}"), value)));
        }
        found.into_iter().map(|(key, value)| (format!("nvidia.com/{key}"), value)).collect()
    }
}

#[cfg(test)]
mod tests;

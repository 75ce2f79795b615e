//! What of a machine pods may use: the rest is kept for the system, by rules that providers publish.

use crate::table::{Provider, Shape};

/// An amount of each resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    pub cpu_millis: u64,
    pub memory_mib: u64,
    pub disk_mib: u64,
}

/// Memory that has to stay free, else pods are evicted: the kubelet's `memory.available<100Mi`.
const SPARE_MIB: u64 = 100;

impl Shape {
    /// All that it has.
    pub fn capacity(&self) -> Amounts {
        Amounts {
            cpu_millis: u64::from(self.cpus) * 1_000,
            memory_mib: self.memory_mib,
            disk_mib: u64::from(self.disk_gib) * 1_024,
        }
    }

    /// What pods may use of it.
    pub fn allocatable(&self) -> Amounts {
        let all = self.capacity();
        let (cpu, memory) = match self.provider {
            Provider::Bare => return all,
            Provider::Aws => (cores(all.cpu_millis), 11 * u64::from(self.pods) + 255),
            Provider::Gcp => (cores(all.cpu_millis), tiers(all.memory_mib)),
            Provider::Azure => (azure_cores(self.cpus), azure_memory(self.pods, self.memory_mib)),
        };
        Amounts {
            cpu_millis: all.cpu_millis.saturating_sub(cpu),
            memory_mib: all.memory_mib.saturating_sub(memory + SPARE_MIB),
            // The kubelet evicts pods when a tenth is left: `nodefs.available<10%`.
            disk_mib: all.disk_mib - all.disk_mib / 10,
        }
    }
}

/// 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of all others.
/// <https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes>, and the same in
/// <https://github.com/awslabs/amazon-eks-ami>, which also has the rule for memory.
fn cores(millis: u64) -> u64 {
    let part = |from: u64, to: u64| millis.min(to).saturating_sub(from);
    let parts = [(0, 1_000, 600), (1_000, 2_000, 100), (2_000, 4_000, 50), (4_000, u64::MAX, 25)];
    parts.iter().map(|(from, to, share)| part(*from, *to) * share).sum::<u64>() / 10_000
}

/// 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the next 112, 2 % above.
/// <https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes>
fn tiers(mib: u64) -> u64 {
    let part = |from: u64, to: u64| mib.min(to * 1_024).saturating_sub(from * 1_024);
    let parts = [(0, 4, 25), (4, 8, 20), (8, 16, 10), (16, 128, 6), (128, 1 << 40, 2)];
    parts.iter().map(|(from, to, share)| part(*from, *to) * share).sum::<u64>() / 100
}

/// By a table that ends at 64 cores; above, its last step goes on.
/// <https://learn.microsoft.com/azure/aks/node-resource-reservations>
fn azure_cores(cores: u32) -> u64 {
    let cores = u64::from(cores);
    match cores {
        0..=1 => 60,
        2..=3 => 100,
        _ => 100 + 10 * cores,
    }
}

/// 20 MB for each pod and 50 MB more, but no more than a quarter.
/// <https://learn.microsoft.com/azure/aks/node-resource-reservations>
fn azure_memory(pods: u32, memory_mib: u64) -> u64 {
    (20 * u64::from(pods) + 50).min(memory_mib / 4)
}

#[cfg(test)]
mod tests {
    use super::{azure_cores, azure_memory, cores, tiers};
    use crate::table::{shape, shapes};

    #[test]
    fn rules_give_what_is_published() {
        assert_eq!([1_000, 2_000, 4_000, 16_000].map(cores), [60, 70, 80, 110]);
        assert_eq!([4, 8, 16, 128].map(|gib| tiers(gib * 1_024)), [1_024, 1_843, 2_662, 9_543]);
        assert_eq!([2, 4, 8, 16, 32, 64].map(azure_cores), [100, 140, 180, 260, 420, 740]);
        // The example of AKS: 8 GB and 30 pods.
        assert_eq!(azure_memory(30, 8 * 1_024), 650);
        assert_eq!(azure_memory(250, 8 * 1_024), 2_048, "a quarter");
    }

    #[test]
    fn pods_may_use_less_than_there_is() {
        for shape in shapes() {
            let (all, free) = (shape.capacity(), shape.allocatable());
            assert!(free.cpu_millis <= all.cpu_millis && free.cpu_millis > 0, "{}", shape.name);
            assert!(free.memory_mib <= all.memory_mib, "{}", shape.name);
            assert!(free.memory_mib * 2 > all.memory_mib, "{}", shape.name);
        }
        let small = shape("m5.large").map(crate::Shape::allocatable);
        assert_eq!(small.map(|it| (it.cpu_millis, it.memory_mib)), Some((1_930, 7_518)));
    }
}

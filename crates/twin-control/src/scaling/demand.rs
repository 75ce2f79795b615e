//! From what pods use to how many of them there should be.
//!
//! The rule is that of the documentation of Horizontal Pod Autoscaling: replicas × usage ÷ target,
//! rounded up, unless the ratio is within a tenth of one. Pods that are not ready count as using
//! nothing when there should be more, and pods without a figure as using what is asked when there
//! should be fewer.

/// Ratios of usage to target this near to one, in thousandths, change nothing.
const TOLERANCE: u64 = 100;

/// What is known of the pods of a workload, for one metric.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    /// Usage of each ready pod that has a figure.
    pub(super) used: Vec<u64>,
    /// What each pod should use.
    pub(super) target: u64,
    /// Pods that are not ready.
    pub(super) unready: u64,
    /// Ready pods without a figure.
    pub(super) missing: u64,
}

impl Measured {
    /// How many replicas the metric asks for, if there is any figure.
    pub(super) fn replicas(&self, current: u64) -> Option<u64> {
        let ready = count(&self.used);
        if ready == 0 || self.target == 0 {
            return None;
        }
        let used: u64 = self.used.iter().fold(0, |sum, one| sum.saturating_add(*one));
        let ratio = Ratio { used, target: self.target.saturating_mul(ready) };
        let plain = self.unready == 0 && self.missing == 0;
        if plain || (ratio.is_less() && self.missing == 0) {
            return Some(if ratio.is_near() { current } else { ratio.of(ready) });
        }
        // Those without a figure are taken as what speaks against a change.
        let (more, pods) = if ratio.is_less() {
            (self.missing.saturating_mul(self.target), ready + self.missing)
        } else {
            (0, ready + self.missing + self.unready)
        };
        let careful =
            Ratio { used: used.saturating_add(more), target: self.target.saturating_mul(pods) };
        let turned = careful.is_less() != ratio.is_less();
        let wanted = careful.of(pods);
        let other_way = (wanted < current) != ratio.is_less();
        Some(if careful.is_near() || turned || other_way { current } else { wanted })
    }
}

fn count(items: &[u64]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

struct Ratio {
    used: u64,
    target: u64,
}

impl Ratio {
    fn is_less(&self) -> bool {
        self.used < self.target
    }

    fn is_near(&self) -> bool {
        let off = u128::from(self.used.abs_diff(self.target)) * 1000;
        off <= u128::from(self.target) * u128::from(TOLERANCE)
    }

    /// So many pods times the ratio, rounded up.
    fn of(&self, pods: u64) -> u64 {
        let product = u128::from(self.used) * u128::from(pods);
        u64::try_from(product.div_ceil(u128::from(self.target.max(1)))).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::Measured;

    #[test]
    fn ratios_become_replicas() {
        // (used, target, unready, missing, current, wanted)
        let table = [
            (vec![100, 100], 50, 0, 0, 2, 4),
            (vec![52, 54], 50, 0, 0, 2, 2),
            (vec![10, 10, 10, 10], 50, 0, 0, 4, 1),
            // Two new pods may take what the first has too much.
            (vec![100], 50, 1, 0, 2, 2),
            (vec![300], 50, 1, 0, 2, 6),
            // Nobody shrinks because a figure is missing.
            (vec![10, 10], 50, 0, 2, 4, 3),
            (vec![45, 45], 50, 0, 2, 4, 4),
        ];
        for (used, target, unready, missing, current, wanted) in table {
            let measured = Measured { used, target, unready, missing };
            assert_eq!(measured.replicas(current), Some(wanted), "{measured:?}");
        }
        assert_eq!(Measured::default().replicas(3), None);
    }
}

//! How many replicas a load needs.

/// Replicas, and what each of them is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicas {
    /// For the load.
    pub needed: u32,
    /// So that one may fail.
    pub spare: u32,
    /// For what the load grows by until a new one is up.
    pub growing: u32,
}

impl Replicas {
    /// For a load that is `share` times what one replica carries, when the load grows by `growth` of itself in a minute
    /// and a replica needs `cold_start` seconds to come up.
    pub fn of(share: f64, growth: f64, cold_start: f64) -> Self {
        let needed = whole(share);
        let later = whole(share * (1.0 + growth * cold_start / 60.0));
        Self { needed, spare: 1, growing: later.saturating_sub(needed) }
    }

    /// All of them.
    pub fn all(self) -> u32 {
        self.needed.saturating_add(self.spare).saturating_add(self.growing)
    }
}

/// Rounded up, at least one; a load that fills replicas exactly does not need another.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn whole(share: f64) -> u32 {
    (share - 1e-9).ceil().max(1.0).min(f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::Replicas;

    #[test]
    fn a_load_its_growth_and_one_to_spare() {
        let table = [
            (0.0, 0.0, 0.0, (1, 1, 0)),
            (1.0, 0.0, 300.0, (1, 1, 0)),
            (1.01, 0.0, 300.0, (2, 1, 0)),
            // Three minutes at 10 % make 4.5 to 5.85.
            (4.5, 0.1, 180.0, (5, 1, 1)),
            (40.0, 0.1, 180.0, (40, 1, 12)),
        ];
        for (share, growth, cold, (needed, spare, growing)) in table {
            let replicas = Replicas::of(share, growth, cold);
            assert_eq!(replicas, Replicas { needed, spare, growing }, "{share} {growth} {cold}");
            assert_eq!(replicas.all(), needed + spare + growing);
        }
        assert!(Replicas::of(f64::INFINITY, 0.0, 0.0).needed == u32::MAX);
        assert_eq!(Replicas::of(f64::NAN, 0.0, 0.0).needed, 1);
    }
}

//! Loads that are tried, and where they cease to pass.

/// Loads in order, from the smallest one up. Those above the start are added when somebody climbs there.
pub(super) struct Ladder<'a> {
    rungs: Vec<f64>,
    start: usize,
    /// Which are at the ends of stretches that are filled.
    ends: Vec<usize>,
    steps: &'a dyn Steps,
}

/// Where rungs are.
pub(super) trait Steps {
    /// Above a load, within reach.
    fn above(&self, load: f64) -> f64;
    /// Below a load, if it is not the smallest.
    fn below(&self, load: f64) -> Option<f64>;
    /// Between two loads that are not close, if there is one.
    fn between(&self, low: f64, high: f64) -> Option<f64>;
}

impl<'a> Ladder<'a> {
    /// Around a load.
    pub(super) fn new(start: f64, steps: &'a dyn Steps) -> Self {
        let mut down = vec![start];
        while let Some(next) = steps.below(down[down.len() - 1]) {
            down.push(next);
        }
        let first = down.pop().unwrap_or(start);
        let mut ladder = Ladder { rungs: vec![first], start: 0, ends: vec![0], steps };
        for next in down.into_iter().rev() {
            ladder.stretch(next);
        }
        ladder.start = ladder.last();
        ladder
    }

    /// The rung that it was made around.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// The load of a rung.
    pub(super) fn at(&mut self, rung: usize) -> f64 {
        while self.last() < rung {
            self.climb();
        }
        self.rungs[rung]
    }

    /// Finds where loads cease to pass, close to a rung. Each stretch is halved until nothing lies between what passes
    /// and what is refused; its ends are tried where they would be one of the two.
    pub(super) fn settle(&mut self, near: usize, mut passes: impl FnMut(f64) -> bool) {
        let mut stretch = self.stretch_of(near);
        let (mut kept, mut refused) = (None, None);
        loop {
            let (low, high) = (self.rungs[self.ends[stretch]], self.rungs[self.ends[stretch + 1]]);
            let (below, above) = self.halve(low, high, &mut passes);
            if below <= low && kept != Some(stretch) && !passes(low) {
                refused = Some(stretch);
                let Some(next) = stretch.checked_sub(1) else { return };
                stretch = next;
            } else if above >= high && refused != Some(stretch + 1) && passes(high) {
                stretch += 1;
                kept = Some(stretch);
                if stretch + 1 == self.ends.len() {
                    self.climb();
                }
            } else {
                return;
            }
        }
    }

    fn halve(&self, low: f64, high: f64, mut passes: impl FnMut(f64) -> bool) -> (f64, f64) {
        let (mut low, mut high) = (low, high);
        while let Some(middle) = self.steps.between(low, high) {
            if passes(middle) { low = middle } else { high = middle }
        }
        (low, high)
    }

    /// The stretch with a rung.
    fn stretch_of(&mut self, rung: usize) -> usize {
        while self.last() <= rung {
            self.climb();
        }
        self.ends.partition_point(|end| *end <= rung) - 1
    }

    fn last(&self) -> usize {
        self.rungs.len() - 1
    }

    fn climb(&mut self) {
        self.stretch(self.steps.above(self.rungs[self.last()]));
    }

    /// Up to another load.
    fn stretch(&mut self, next: f64) {
        self.fill(self.rungs[self.last()], next);
        self.rungs.push(next);
        self.ends.push(self.last());
    }

    /// The rungs between two.
    fn fill(&mut self, low: f64, high: f64) {
        if let Some(middle) = self.steps.between(low, high) {
            self.fill(low, middle);
            self.rungs.push(middle);
            self.fill(middle, high);
        }
    }
}

/// About where loads cease to pass.
///
/// How strained a load is tells where to try next: its logarithm grows with the rungs, about as on a line.
pub(super) struct Edge {
    kept: Option<Tried>,
    refused: Option<Tried>,
    /// By how much that logarithm grows from rung to rung.
    slope: f64,
    /// As long as one of the two is missing, the next try may be so many rungs away.
    stride: f64,
}

#[derive(Clone, Copy)]
struct Tried {
    rung: usize,
    /// The logarithm.
    strain: f64,
}

/// So many rungs apart, what seems to pass and what does not are close enough.
const NEAR: usize = 3;

impl Default for Edge {
    fn default() -> Self {
        Self { kept: None, refused: None, slope: 0.05, stride: 16.0 }
    }
}

impl Edge {
    /// Tries rungs until it is known. A strain above one is refused.
    pub(super) fn find(&mut self, first: usize, mut strain: impl FnMut(usize) -> f64) {
        let mut next = Some(first);
        while let Some(rung) = next {
            let before = self.gap();
            self.learn(Tried { rung, strain: strain(rung).ln() });
            // The line leads astray where it leaves most of a gap.
            let is_bent =
                before.zip(self.gap()).is_some_and(|(before, left)| left > before.div_ceil(2));
            next = if is_bent { self.middle() } else { self.next() };
        }
    }

    /// Where it seems to be: the highest rung that passes.
    pub(super) fn guess(&self) -> usize {
        self.kept.map_or(0, |kept| kept.rung + rungs(-kept.strain / self.slope).min(NEAR - 1))
    }

    fn gap(&self) -> Option<usize> {
        Some(self.refused?.rung - self.kept?.rung)
    }

    fn learn(&mut self, tried: Tried) {
        let (side, other) = if tried.strain <= 0.0 {
            (&mut self.kept, self.refused)
        } else {
            (&mut self.refused, self.kept)
        };
        let same = side.replace(tried);
        if same.is_some() {
            self.stride *= 2.0;
        }
        let mut slopes = [other, same]
            .into_iter()
            .flatten()
            .map(|known| (tried.strain - known.strain) / apart(known.rung, tried.rung));
        let rising = slopes.find(|slope| slope.is_finite() && *slope > 0.0);
        // On a plateau nothing says how far it is: the next try may be farther.
        self.slope = rising.unwrap_or(self.slope / 2.0);
    }

    fn next(&self) -> Option<usize> {
        let far = |strain: f64| (strain / self.slope).clamp(1.0, self.stride);
        match (self.kept, self.refused) {
            (Some(kept), Some(refused)) if refused.strain.is_finite() => {
                let (low, high) = (kept.rung + 1, refused.rung - 1);
                let edge = kept.rung.saturating_add(rungs(-kept.strain / self.slope));
                (self.gap()? > NEAR).then(|| edge.clamp(low, high))
            }
            (Some(_), Some(_)) => self.middle(),
            (Some(kept), None) => Some(kept.rung + rungs(far(-kept.strain))),
            (None, Some(refused)) if refused.rung > 0 => {
                Some(refused.rung.saturating_sub(rungs(far(refused.strain).ceil())))
            }
            _ => None,
        }
    }

    fn middle(&self) -> Option<usize> {
        (self.gap()? > NEAR).then_some(usize::midpoint(self.kept?.rung, self.refused?.rung))
    }
}

/// Rungs from one to another.
#[allow(clippy::cast_precision_loss, reason = "there are a few hundred")]
fn apart(from: usize, to: usize) -> f64 {
    to as f64 - from as f64
}

/// Whole rungs.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they are cut off")]
fn rungs(far: f64) -> usize {
    far as usize
}

#[cfg(test)]
mod tests {
    use super::{Edge, Ladder, Steps};

    struct Tens;

    impl Steps for Tens {
        fn above(&self, load: f64) -> f64 {
            load + 10.0
        }

        fn below(&self, load: f64) -> Option<f64> {
            (load > 10.0).then_some(load - 10.0)
        }

        fn between(&self, low: f64, high: f64) -> Option<f64> {
            (high - low > 4.0).then(|| f64::midpoint(low, high))
        }
    }

    #[test]
    fn rungs_are_in_order_on_both_sides_of_the_start() {
        let mut ladder = Ladder::new(20.0, &Tens);
        assert_eq!(ladder.start(), 4);
        let loads: Vec<f64> = (0..9).map(|rung| ladder.at(rung)).collect();
        assert_eq!(loads, [10.0, 12.5, 15.0, 17.5, 20.0, 22.5, 25.0, 27.5, 30.0]);
    }

    #[test]
    fn the_edge_is_found_from_any_rung() {
        for edge in 0..60_usize {
            for near in 0..70 {
                let mut ladder = Ladder::new(60.0, &Tens);
                let (most, mut kept, mut tries) = (ladder.at(edge), None, 0);
                ladder.settle(near, |load| {
                    tries += 1;
                    if load <= most {
                        kept = Some(load);
                    }
                    load <= most
                });
                assert_eq!(kept, Some(most), "{near}");
                assert!(tries <= 6 || edge.abs_diff(near) > 4, "{edge} {near} {tries}");
            }
        }
        Ladder::new(60.0, &Tens).settle(7, |_| false);
    }

    #[test]
    #[allow(clippy::cast_precision_loss)]
    fn how_strained_loads_are_tells_where_the_edge_is() {
        for edge in 0..500_usize {
            let off = |rung: usize| rung as f64 - edge as f64 - 0.5;
            for (first, most) in [(edge, 3), (edge + 3, 5), (60, 14)] {
                let (mut about, mut tries) = (Edge::default(), 0);
                about.find(first, |rung| {
                    tries += 1;
                    (0.03 * off(rung)).exp()
                });
                assert_eq!(about.guess(), edge);
                assert!(tries <= most, "{first} {edge} {tries}");
                // All of a sudden it is strained, and nobody knows how much.
                for (below, above) in [(0.9, f64::INFINITY), (0.0, 1.6), (0.999, 1.001)] {
                    let (mut about, mut tries) = (Edge::default(), 0);
                    about.find(first, |rung| {
                        tries += 1;
                        if off(rung) > 0.0 { above } else { below }
                    });
                    assert!(about.guess().abs_diff(edge) < 3, "{edge} {}", about.guess());
                    assert!(tries < 40, "{first} {edge} {tries}");
                }
            }
        }
    }
}

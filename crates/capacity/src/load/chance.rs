//! Chance from a seed.

/// A sequence of numbers that look random, the same for the same seed on every machine (`SplitMix64`).
#[derive(Clone, Debug)]
pub(crate) struct Chance {
    state: u64,
}

impl Chance {
    /// One of several sequences of a seed: more draws from one do not change the others.
    pub(crate) fn new(seed: u64, sequence: u64) -> Chance {
        let mut parent = Chance { state: seed ^ sequence.wrapping_mul(0xD6E8_FEB8_6659_FD93) };
        Chance { state: parent.number() }
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Above zero and below one.
    #[allow(clippy::cast_precision_loss, reason = "52 bits fit, and the half above them")]
    pub(crate) fn share(&mut self) -> f64 {
        ((self.number() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// With mean one.
    pub(crate) fn exponential(&mut self) -> f64 {
        -self.share().ln()
    }

    /// From a gamma distribution with this shape and mean one (Marsaglia and Tsang, 2000).
    pub(crate) fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            // A distribution of the next shape, thinned.
            let thinned = self.share().powf(1.0 / shape);
            return self.gamma(shape + 1.0) * (shape + 1.0) * thinned / shape;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.share().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / shape;
            }
        }
    }

    /// With mean zero and variance one (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = (2.0 * self.exponential()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    const DRAWS: u32 = 200_000;

    /// Mean and coefficient of variation.
    fn moments(mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let n = f64::from(DRAWS);
        let drawn: Vec<f64> = (0..DRAWS).map(|_| draw()).collect();
        let mean = drawn.iter().sum::<f64>() / n;
        let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        (mean, variance.sqrt() / mean)
    }

    #[test]
    fn distributions_have_their_moments() {
        let mut chance = Chance::new(7, 0);
        let (mean, _) = moments(|| chance.share());
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
        let (mean, cv) = moments(|| chance.exponential());
        assert!((mean - 1.0).abs() < 0.01 && (cv - 1.0).abs() < 0.01, "{mean} {cv}");
        for cv in [0.5, 1.0, 3.0] {
            let (mean, got) = moments(|| chance.gamma(1.0 / (cv * cv)));
            assert!(
                (mean - 1.0).abs() < 0.03 && (got / cv - 1.0).abs() < 0.03,
                "{cv}: {mean} {got}"
            );
        }
    }

    #[test]
    fn sequences_of_a_seed_differ_and_repeat() {
        let draw = |sequence| Chance::new(1, sequence).number();
        assert_ne!(draw(0), draw(1));
        assert_eq!(draw(1), draw(1));
    }
}

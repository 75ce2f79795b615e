//! How long prompts and answers are.

use super::chance::Chance;
use super::fault::LoadFault;

/// The longest prompt or answer that is taken: a hundred million tokens.
pub const LONGEST: u32 = 100_000_000;

/// How a number of tokens is distributed.
#[derive(Clone, Debug, PartialEq)]
pub enum Length {
    /// Always the same.
    Fixed(u32),
    /// Each number from the first to the last as often.
    Uniform(u32, u32),
    /// The same without chance: any few requests in a row are spread over the whole range.
    Even(u32, u32),
    /// As measured.
    Measured(Distribution),
}

/// What `Even` goes on by from one request to the next, as a share of the range, for the first number of a request and
/// for the second: no two of them are ever in step (the plastic ratio's inverse and its square).
const TURNS: [f64; 2] = [0.754_877_666_246_693, 0.569_840_290_998_053];

/// Prompts and answers of requests.
#[derive(Clone, Debug, PartialEq)]
pub enum Lengths {
    /// One does not depend on the other.
    Each {
        /// Tokens of prompts.
        prompt: Length,
        /// Tokens of answers.
        output: Length,
    },
    /// Only both together are known, and what share of them is the prompt.
    Together {
        /// Tokens of prompt and answer.
        total: Length,
        /// Above zero, below one.
        prompt_share: f64,
    },
}

/// A cumulative distribution of tokens, a straight line between its points.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    points: Vec<(f64, f64)>,
}

impl Distribution {
    /// Of points `(tokens, share with so many or fewer)`, as in a file of pairs. The shares are divided by the last.
    pub fn new(points: Vec<(f64, f64)>) -> Result<Distribution, LoadFault> {
        let Some(&(_, all)) = points.last() else { return Err(LoadFault::NoPoints) };
        let mut before = (0.0, 0.0);
        for (at, &point) in points.iter().enumerate() {
            let rises = point.0 > before.0 && point.1 >= before.1;
            if !rises || point.0 > f64::from(LONGEST) || !point.1.is_finite() || all <= 0.0 {
                return Err(LoadFault::Points { at: at + 1 });
            }
            before = point;
        }
        let points = points.into_iter().map(|(tokens, share)| (tokens, share / all)).collect();
        Ok(Distribution { points })
    }

    /// Tokens that this share of requests does not exceed.
    pub fn at(&self, share: f64) -> f64 {
        let next = self.points.partition_point(|&(_, below)| below < share);
        let (tokens, above) = self.points[next.min(self.points.len() - 1)];
        let (start, below) = next.checked_sub(1).map_or((0.0, 0.0), |last| self.points[last]);
        if above <= below {
            return tokens;
        }
        start + (tokens - start) * (share - below) / (above - below)
    }

    /// The mean number of tokens.
    pub fn mean(&self) -> f64 {
        let mut before = (0.0, 0.0);
        let mut sum = 0.0;
        for &(tokens, share) in &self.points {
            sum += (share - before.1) * f64::midpoint(tokens, before.0);
            before = (tokens, share);
        }
        sum
    }
}

impl Length {
    /// The mean number of tokens.
    pub fn mean(&self) -> f64 {
        match self {
            Length::Fixed(tokens) => f64::from(*tokens),
            Length::Uniform(low, high) | Length::Even(low, high) => {
                f64::midpoint(f64::from(*low), f64::from(*high))
            }
            Length::Measured(distribution) => distribution.mean(),
        }
    }

    /// Of the request of that number, which goes on by such a turn.
    fn draw(&self, number: u32, turn: f64, chance: &mut Chance) -> f64 {
        match self {
            Length::Fixed(tokens) => f64::from(*tokens),
            Length::Uniform(low, high) => {
                let (low, high) = (f64::from(*low), f64::from(*high));
                (low + (high - low + 1.0) * chance.share()).floor()
            }
            Length::Even(low, high) => {
                let share = (f64::from(number + 1) * turn).fract();
                f64::from(*low) + f64::from(high - low) * share
            }
            Length::Measured(distribution) => distribution.at(chance.share()),
        }
    }

    fn check(&self) -> Result<(), LoadFault> {
        match *self {
            Length::Fixed(0) | Length::Uniform(0, _) | Length::Even(0, _) => {
                Err(LoadFault::NoTokens)
            }
            Length::Fixed(tokens) | Length::Uniform(_, tokens) | Length::Even(_, tokens)
                if tokens > LONGEST =>
            {
                Err(LoadFault::TooLong { tokens })
            }
            Length::Uniform(low, high) | Length::Even(low, high) if low > high => {
                Err(LoadFault::Range { low, high })
            }
            _ => Ok(()),
        }
    }
}

impl Lengths {
    /// Mean tokens of prompts and of answers.
    pub fn means(&self) -> (f64, f64) {
        match self {
            Lengths::Each { prompt, output } => (prompt.mean(), output.mean()),
            Lengths::Together { total, prompt_share } => {
                (total.mean() * prompt_share, total.mean() * (1.0 - prompt_share))
            }
        }
    }

    pub(super) fn check(&self) -> Result<(), LoadFault> {
        match self {
            Lengths::Each { prompt, output } => prompt.check().and(output.check()),
            Lengths::Together { prompt_share, .. }
                if !(*prompt_share > 0.0 && *prompt_share < 1.0) =>
            {
                Err(LoadFault::PromptShare { share: *prompt_share })
            }
            Lengths::Together { total, .. } => total.check(),
        }
    }

    /// Tokens of a prompt and of its answer, at least one each.
    pub(super) fn draw(&self, number: u32, chance: &mut Chance) -> (u32, u32) {
        let [first, second] = TURNS;
        match self {
            Lengths::Each { prompt, output } => (
                whole(prompt.draw(number, first, chance)),
                whole(output.draw(number, second, chance)),
            ),
            Lengths::Together { total, prompt_share } => {
                let total = total.draw(number, first, chance);
                let prompt = (total * prompt_share).round();
                (whole(prompt), whole(total - prompt))
            }
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is neither negative nor large: both were cut off"
)]
fn whole(tokens: f64) -> u32 {
    tokens.round().clamp(1.0, f64::from(LONGEST)) as u32
}

#[cfg(test)]
mod tests {
    use super::{Chance, Distribution, Length, Lengths};

    fn drawn_means(lengths: &Lengths) -> (f64, f64) {
        let mut chance = Chance::new(3, 0);
        let n = 100_000;
        let drawn: Vec<(u32, u32)> = (0..n).map(|at| lengths.draw(at, &mut chance)).collect();
        let mean = |of: fn(&(u32, u32)) -> u32| {
            drawn.iter().map(|pair| f64::from(of(pair))).sum::<f64>() / f64::from(n)
        };
        (mean(|pair| pair.0), mean(|pair| pair.1))
    }

    #[test]
    fn what_is_drawn_has_the_mean() {
        let points = vec![(64.0, 0.1), (512.0, 0.6), (4096.0, 2.0)];
        let measured = Length::Measured(Distribution::new(points).expect("it rises"));
        let cases = [
            Lengths::Each { prompt: Length::Fixed(1024), output: Length::Uniform(1, 511) },
            Lengths::Each { prompt: measured.clone(), output: Length::Fixed(1) },
            Lengths::Each { prompt: Length::Even(800, 1024), output: Length::Even(2, 256) },
            Lengths::Together { total: measured, prompt_share: 0.75 },
        ];
        for lengths in cases {
            let (prompt, output) = drawn_means(&lengths);
            let (mean_prompt, mean_output) = lengths.means();
            assert!((prompt / mean_prompt - 1.0).abs() < 0.02, "{lengths:?} {prompt}");
            assert!((output / mean_output - 1.0).abs() < 0.02, "{lengths:?} {output}");
        }
    }

    #[test]
    fn points_must_rise() {
        for points in [
            vec![],
            vec![(0.0, 1.0)],
            vec![(5.0, 0.5), (4.0, 1.0)],
            vec![(5.0, 0.5), (6.0, 0.4)],
            vec![(5.0, 0.0)],
            vec![(5.0, f64::NAN)],
        ] {
            assert!(Distribution::new(points.clone()).is_err(), "{points:?}");
        }
    }
}

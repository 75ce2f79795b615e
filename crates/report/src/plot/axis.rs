//! A logarithmic axis.

/// Where values lie between two ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    /// The axis that has room for these values; those that a logarithm cannot show are left out.
    pub(super) fn over(values: impl Iterator<Item = f64>) -> Self {
        let values = values.filter(|it| it.is_finite() && *it > 0.0);
        let (low, high) = values
            .fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        if low < high {
            Self { low, high }
        } else if low.is_finite() {
            Self { low: low / 2.0, high: low * 2.0 }
        } else {
            Self { low: 1.0, high: 10.0 }
        }
    }

    /// How far a value is from the low end, from 0 to 1; what is outside is at an end.
    pub(super) fn share(self, value: f64) -> f64 {
        if value.is_nan() || value <= self.low {
            return 0.0;
        }
        let low = self.low.ln();
        ((value.min(self.high).ln() - low) / (self.high.ln() - low)).min(1.0)
    }

    /// Values to write beside the axis: at most about `most`, as round as they can be.
    pub(super) fn ticks(self, most: usize) -> Vec<f64> {
        const STEPS: [&[f64]; 3] = [&[1.0, 2.0, 3.0, 5.0, 7.0], &[1.0, 2.0, 5.0], &[1.0]];
        let finest = STEPS.iter().map(|steps| self.multiples(steps)).find(|it| it.len() <= most);
        finest.unwrap_or_else(|| {
            let all = self.multiples(&[1.0]);
            let every = all.len().div_ceil(most.max(1));
            all.into_iter().step_by(every).collect()
        })
    }

    /// Powers of two, for what is counted in them.
    pub(super) fn doublings(self, most: usize) -> Vec<f64> {
        let (first, last) = (self.low.log2().ceil(), self.high.log2().floor());
        let count = (last - first).max(0.0) + 1.0;
        let every = (count / most.max(1) as f64).ceil().max(1.0);
        let mut ticks = Vec::new();
        let mut power = first;
        while power <= last {
            ticks.push(power.exp2());
            power += every;
        }
        ticks
    }

    fn multiples(self, steps: &[f64]) -> Vec<f64> {
        let mut ticks = Vec::new();
        let mut power = self.low.log10().floor();
        while power <= self.high.log10() {
            let fit = |value: &f64| (self.low..=self.high).contains(value);
            ticks.extend(steps.iter().map(|step| step * 10_f64.powf(power)).filter(fit));
            power += 1.0;
        }
        ticks
    }
}

/// A value as it is written beside an axis.
pub(super) fn label(value: f64) -> String {
    match value {
        value if !(1e-4..1e9).contains(&value) => format!("{value:.0e}"),
        value if value >= 1e6 => format!("{}M", short(value / 1e6)),
        value if value >= 1e4 => format!("{}k", short(value / 1e3)),
        value => short(value),
    }
}

/// Three digits that count, no zeros behind the point.
fn short(value: f64) -> String {
    let decimals = (2.0 - value.abs().log10().floor()).clamp(0.0, 6.0);
    let text = format!("{value:.*}", decimals as usize);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

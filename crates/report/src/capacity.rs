//! How many users a GPU serves, for people and for programs.

mod curve;
mod items;
mod json;
mod terminal;

pub use curve::curves;
pub(crate) use curve::served;
pub use items::items;
pub use json::json as capacity_json;
pub use terminal::terminal as capacity;

use capacity::offers::{Misfit, Offer};
use capacity::search::{Answer, Choice, Question};
use capacity::{Band, Basis};

/// An answer, and what it is about.
#[derive(Clone, Copy, Debug)]
pub struct CapacityView<'a> {
    /// What is served, in words.
    pub served: &'a Served,
    /// What was asked.
    pub question: &'a Question,
    /// What was offered.
    pub offers: &'a [Offer],
    /// What does not fit.
    pub misfits: &'a [Misfit],
    /// The options, cheapest first.
    pub answer: &'a Answer,
    /// For the first of them: between how many seats a replica has, measured against predicted.
    pub seats: &'a [(f64, f64)],
    /// What people are told of each.
    pub details: CapacityDetails,
}

/// Of which options people are told all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapacityDetails {
    /// Of the recommended one and the runner-up.
    BestTwo,
    /// Of all.
    All,
}

/// What is served, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The model.
    pub model: String,
    /// In what its weights are kept.
    pub weights: String,
    /// The engine.
    pub engine: String,
    /// Who asks how often.
    pub demand: String,
    /// Tokens of a request.
    pub lengths: String,
    /// The day of list prices.
    pub prices: String,
}

impl CapacityView<'_> {
    fn offer(&self, choice: &Choice) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.name == choice.name)
    }

    fn basis(&self, choice: &Choice) -> Basis {
        let basis = |offer: &Offer| offer.basis(self.question, &choice.room);
        self.offer(choice).map_or(Basis::ModelledOnly, basis)
    }
}

/// Between which values nine of ten measurements are.
fn between(value: f64, band: Option<&Band>) -> Option<(f64, f64)> {
    band.map(|band| (value * band.p5, value * band.p95))
}

/// What a basis means for the numbers and their ranges.
pub(crate) fn sure(basis: &str, has_ranges: bool) -> String {
    let meaning = match (basis, has_ranges) {
        ("calibrated", _) => "on measurements of such GPUs; nine of ten lie within the ranges",
        ("extrapolated", _) => {
            let loads = capacity::measured_loads();
            return format!(
                "{basis}: from measurements of such GPUs with {loads}; nine of ten of those lie within the ranges"
            );
        }
        (_, true) => {
            "such GPUs, slices or settings were not measured end to end; the ranges are those of GPUs that no fit saw"
        }
        (_, false) => return basis.to_owned(),
    };
    format!("{basis}: {meaning}")
}

/// Three digits that count.
pub(crate) fn number(value: f64) -> String {
    match value {
        value if value >= 9_999.5 => format!("{:.1}k", value / 1e3),
        value if value >= 99.95 => format!("{value:.0}"),
        value if value >= 9.995 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// Seconds as people read them.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        seconds if seconds >= 10.0 => format!("{seconds:.0} s"),
        seconds if seconds >= 1.0 => format!("{seconds:.2} s"),
        seconds if seconds >= 0.1 => format!("{:.0} ms", seconds * 1e3),
        seconds => format!("{:.1} ms", seconds * 1e3),
    }
}

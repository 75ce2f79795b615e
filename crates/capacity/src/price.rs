//! What GPUs cost.

use crate::gpu::{UnknownGpu, gpu};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Dollars for a GPU and an hour, by the GPU's id.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    dollars: BTreeMap<String, f64>,
    /// Of the list prices among them.
    date: String,
}

/// A file of prices that cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PriceFault {
    /// It is no TOML, or not of numbers.
    #[error("{0}; write a line such as `a100-80gb = 1.80` for each GPU")]
    Form(String),
    /// A GPU that we do not know.
    #[error(transparent)]
    Gpu(#[from] UnknownGpu),
    /// A price that is none.
    #[error("the price of {gpu} is {dollars}: write dollars for an hour, above zero")]
    Amount {
        /// Whose.
        gpu: String,
        /// What was written.
        dollars: f64,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    date: String,
    price: Vec<Price>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    gpu: String,
    dollars: f64,
    #[serde(rename = "machine")]
    _machine: String,
}

static LIST: LazyLock<Prices> = LazyLock::new(|| {
    let list: List =
        toml::from_str(include_str!("../data/prices.toml")).expect("prices.toml is read by a test");
    let dollars = list.price.into_iter().map(|price| (price.gpu, price.dollars)).collect();
    Prices { dollars, date: list.date }
});

impl Prices {
    /// List prices.
    pub fn list() -> Self {
        LIST.clone()
    }

    /// Lines of TOML such as `a100-80gb = 1.80`, over the list prices.
    pub fn with(mut self, text: &str) -> Result<Self, PriceFault> {
        let lines: BTreeMap<String, f64> =
            toml::from_str(text).map_err(|error| PriceFault::Form(error.message().to_owned()))?;
        for (name, dollars) in lines {
            if !(dollars > 0.0 && dollars.is_finite()) {
                return Err(PriceFault::Amount { gpu: name, dollars });
            }
            self.dollars.insert(gpu(&name)?.id.clone(), dollars);
        }
        Ok(self)
    }

    /// Of a GPU.
    pub fn of(&self, gpu: &str) -> Option<f64> {
        self.dollars.get(gpu).copied()
    }

    /// The day of the list prices.
    pub fn date(&self) -> &str {
        &self.date
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::gpus;

    #[test]
    fn every_gpu_has_a_price_and_every_price_a_gpu() {
        let prices = Prices::list();
        let priced: Vec<_> = prices.dollars.keys().cloned().collect();
        let mut known: Vec<_> = gpus().iter().map(|gpu| gpu.id.clone()).collect();
        known.sort();
        assert_eq!(priced, known);
    }

    #[test]
    fn prices_of_ones_own() {
        let prices = Prices::list().with("a100-80 = 1.8\nl4 = 0.5").unwrap();
        assert_eq!((prices.of("a100-80gb"), prices.of("l4")), (Some(1.8), Some(0.5)));
        assert_eq!(prices.of("h100"), Prices::list().of("h100"));
        let refused = |text: &str| Prices::list().with(text).expect_err(text).to_string();
        assert!(refused("h101 = 2").contains("did you mean `h100`"), "{}", refused("h101 = 2"));
        assert!(refused("h100 = -1").contains("above zero"));
        assert!(refused("h100 = 'cheap'").contains("write a line such as"));
    }
}

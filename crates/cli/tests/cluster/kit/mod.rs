//! What the tests share: the cluster, the example product, products of a few lines, and load.

mod load;
mod machines;
mod place;
mod product;
mod run;
mod shop;

pub(crate) use load::{Load, Tally};
pub(crate) use machines::Machines;
pub(crate) use place::{Place, place};
pub(crate) use product::Product;
pub(crate) use run::Run;
pub(crate) use shop::Shop;

use std::time::{Duration, Instant};

/// Something is left out on this cluster, in plain sight.
pub(crate) fn skip(test: &str, why: &str) {
    println!("SKIP {test}: {why}");
}

/// Waits until something gives a value; the rest of the test has no meaning without it.
pub(crate) fn within<T>(limit: Duration, what: &str, ask: impl FnMut() -> Option<T>) -> T {
    try_within(limit, ask).unwrap_or_else(|| panic!("not within {limit:?}: {what}"))
}

/// Waits until something gives a value.
pub(crate) fn try_within<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = ask() {
            return Some(value);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
}

//! The example product on a twin and on a real cluster: the same events happen to both, and after each
//! what is there is compared.
//!
//! [`steps`] is the script. Each step is done on both sides at once; then both have a while to come to
//! the same state, and what still differs fails the test unless [`known`] lists it. What no two
//! clusters have in common is set aside by [`normal`].

mod difference;
mod known;
mod look;
mod names;
mod normal;
mod side;
mod steps;

use crate::kit::{place, skip, try_within};
use difference::Difference;
use known::Ledger;
use side::Side;
use std::time::{Duration, Instant};
use steps::{STEPS, Step};

/// How long both sides have to come to the same state once a step is done: metrics come each 15 seconds,
/// and what follows from them with the round after.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn the_same_product_on_both() {
    let Some(mut real) = Side::real(place()) else {
        return skip("the same product on both", "these machines are not ours to kill");
    };
    let mut twin = Side::twin(place());
    let mut ledger = Ledger::default();
    for step in STEPS {
        let began = Instant::now();
        let differences = after(step, &mut real, &mut twin, &ledger);
        let news = ledger.enter(step.name, differences);
        println!("{}: {:.0} s, {news} unexpected", step.name, began.elapsed().as_secs_f64());
    }
    ledger.close();
}

/// Does a step on both sides; what differs in the end.
fn after(step: &Step, real: &mut Side, twin: &mut Side, ledger: &Ledger) -> Vec<Difference> {
    std::thread::scope(|scope| {
        let other = scope.spawn(|| (step.act)(twin));
        (step.act)(real);
        other.join().unwrap();
    });
    let mut differences = Vec::new();
    try_within(PATIENCE, || {
        differences = difference::between(&real.look(), &twin.look());
        ledger.expects(&differences).then_some(())
    });
    differences
}

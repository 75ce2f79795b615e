//! A run that is killed at any write: the next one reaches the same end.

use super::dice::Dice;
use super::proxy::{Fault, Proxy, When};
use super::trial::Trial;

/// Writes at which a run dies, each before and after the server has done it.
const DEATHS: usize = 6;

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn up_goes_on_where_it_was_killed() {
    let proxy = Proxy::start();
    let whole = Trial::new(&proxy, "fault-up-whole");
    proxy.expect(When::Never, Fault::Silence);
    whole.up().exits(0);
    let (writes, want) = (proxy.writes(), whole.state());
    assert!(writes >= 8, "{writes} writes are no product");
    let mut dice = Dice::new("up is killed");
    for at in dice.sample(DEATHS, writes) {
        for fault in [Fault::DieBefore, Fault::DieAfter] {
            let trial = Trial::new(&proxy, format!("fault-up-{at}-{fault:?}").to_lowercase());
            proxy.expect(When::Write(at), fault);
            trial.dies("up --yes --no-wait");
            proxy.expect(When::Never, fault);
            trial.up().exits(0);
            trial.is_at(&want, &format!("killed at write {at} of {writes}: {fault:?}"));
        }
    }
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn down_goes_on_where_it_was_killed() {
    let proxy = Proxy::start();
    let trial = Trial::new(&proxy, "fault-down");
    proxy.expect(When::Never, Fault::Silence);
    trial.up().exits(0);
    proxy.expect(When::Never, Fault::Silence);
    trial.down().exits(0);
    let (writes, want) = (proxy.writes(), trial.state());
    let mut dice = Dice::new("down is killed");
    for at in dice.sample(DEATHS, writes) {
        for fault in [Fault::DieBefore, Fault::DieAfter] {
            proxy.expect(When::Never, fault);
            trial.up().exits(0);
            proxy.expect(When::Write(at), fault);
            trial.dies("down --yes");
            proxy.expect(When::Never, fault);
            trial.down().exits(0);
            trial.is_at(&want, &format!("killed at write {at} of {writes}: {fault:?}"));
        }
    }
}

//! An API server that is busy, breaks off, or says nothing.

use super::dice::Dice;
use super::proxy::{Fault, Proxy, When};
use super::trial::Trial;
use std::time::Duration;

/// The program's own limit for an answer, and some time around it.
const BOUND: Duration = Duration::from_secs(30);

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_refusal_that_passes_is_asked_again() {
    let proxy = Proxy::start();
    let trial = Trial::new(&proxy, "fault-once");
    proxy.expect(When::Never, Fault::Silence);
    trial.up().exits(0);
    let (requests, want) = (proxy.requests(), trial.state());
    let mut dice = Dice::new("refused once");
    for (turn, at) in dice.sample(12, requests).into_iter().enumerate() {
        trial.down().exits(0);
        let status = [429, 500, 503][turn % 3];
        proxy.expect(When::Request(at), Fault::Answer(status));
        trial.up().exits(0);
        trial.is_at(&want, &format!("{status} at request {at} of {requests}"));
    }
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_connection_that_breaks_is_made_again() {
    let proxy = Proxy::start();
    let trial = Trial::new(&proxy, "fault-cut");
    proxy.expect(When::Never, Fault::Silence);
    trial.up().exits(0);
    let (writes, want) = (proxy.writes(), trial.state());
    let mut dice = Dice::new("cut");
    for at in dice.sample(4, writes) {
        for fault in [Fault::CutBefore, Fault::CutAfter, Fault::Slow(Duration::from_secs(1))] {
            proxy.expect(When::Never, fault);
            trial.down().exits(0);
            proxy.expect(When::Write(at), fault);
            trial.up().exits(0);
            trial.is_at(&want, &format!("{fault:?} at write {at} of {writes}"));
        }
    }
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_server_that_is_gone_is_said_and_up_goes_on_later() {
    let proxy = Proxy::start();
    let whole = Trial::new(&proxy, "fault-gone-whole");
    proxy.expect(When::Never, Fault::Silence);
    whole.up().exits(0);
    let (requests, want) = (proxy.requests(), whole.state());
    let mut dice = Dice::new("gone");
    for at in dice.sample(6, requests) {
        let trial = Trial::new(&proxy, format!("fault-gone-{at}"));
        proxy.expect(When::From(at), Fault::Answer(503));
        let run = trial.up();
        assert!(run.took < BOUND, "{:?}", run.took);
        // Giving the lease back may fail: the run has done its work.
        let is_last = at == requests;
        if !(is_last && run.code == 0) {
            run.exits(6).says("answered 503").says("run the command again");
        }
        proxy.expect(When::Never, Fault::Silence);
        trial.up().exits(0);
        trial.is_at(&want, &format!("503 from request {at} of {requests}"));
    }
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn silence_has_an_end() {
    let proxy = Proxy::start();
    let whole = Trial::new(&proxy, "fault-silent-whole");
    proxy.expect(When::Never, Fault::Silence);
    whole.up().exits(0);
    let (writes, want) = (proxy.writes(), whole.state());
    let mut dice = Dice::new("silent");
    let middle = dice.sample(3, writes)[1].min(writes - 1);
    for (name, when) in [("first", When::Request(1)), ("write", When::Write(middle))] {
        let trial = Trial::new(&proxy, format!("fault-silent-{name}"));
        proxy.expect(when, Fault::Silence);
        let run = trial.up();
        assert!(run.took < BOUND, "{:?}", run.took);
        run.exits(6).says("did not answer within 15 s").says("run the command again");
        proxy.expect(When::Never, Fault::Silence);
        trial.up().exits(0);
        trial.is_at(&want, &format!("silence at {when:?}"));
    }
}

//! What comes through, against what `check` says.

use super::probe::Probe;
use super::world::World;
use check::reach::{Port, Protocol};
use std::time::Instant;

/// What comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Somebody listens.
    Open,
    /// It got there, and nobody listens.
    Refused,
    /// Nothing: something in between kept it.
    Silent,
}

impl Answer {
    pub(super) fn read(word: &str) -> Self {
        match word {
            "open" => Self::Open,
            "refused" => Self::Refused,
            "silent" => Self::Silent,
            other => panic!("the probe says {other}"),
        }
    }
}

/// All that was measured.
#[derive(Debug)]
pub(super) struct Comparison {
    size: String,
    measured: usize,
    open: usize,
    wrong: Vec<String>,
}

/// Every source tries every port of every target but itself, all at once.
pub(super) fn compare(
    world: &World,
    sources: &[Probe],
    targets: &[Probe],
    ports: &[&str],
) -> Comparison {
    let size = format!("{} × {} × {}", sources.len(), targets.len(), ports.len());
    let mut all = Comparison { size, measured: 0, open: 0, wrong: Vec::new() };
    let answers: Vec<Vec<Answer>> = std::thread::scope(|scope| {
        let ask = |from: &Probe| {
            let asked: Vec<_> =
                asked(from, targets, ports).map(|(to, port)| to.target(port)).collect();
            from.reach(&asked)
        };
        let asking: Vec<_> = sources.iter().map(|from| scope.spawn(move || ask(from))).collect();
        asking.into_iter().map(|it| it.join().unwrap()).collect()
    });
    for (from, answers) in sources.iter().zip(answers) {
        for ((to, port), answer) in asked(from, targets, ports).zip(answers) {
            all.add(world, (from, to), port, answer);
        }
    }
    all
}

/// A pod always reaches itself, and what is beyond the policies is not asked.
fn asked<'p>(
    from: &'p Probe,
    targets: &'p [Probe],
    ports: &'p [&'p str],
) -> impl Iterator<Item = (&'p Probe, &'p str)> {
    let others = targets.iter().filter(|to| to.address != from.address);
    others.flat_map(|to| ports.iter().map(move |port| (to, *port)))
}

fn port(text: &str) -> Port {
    let (protocol, number) = text.split_once('/').unwrap();
    let protocol = if protocol == "udp" { Protocol::Udp } else { Protocol::Tcp };
    Port { number: number.parse().unwrap(), protocol }
}

impl Comparison {
    fn add(&mut self, world: &World, (from, to): (&Probe, &Probe), at: &str, answer: Answer) {
        let opening = world.network.opening(&from.peer, &to.peer);
        let said = opening.ports.holds(port(at));
        self.measured += 1;
        self.open += usize::from(said);
        if said == (answer == Answer::Silent) {
            let (from, to, open) = (&from.name, &to.name, &opening.ports);
            let by = [opening.egress.policies(), opening.ingress.policies()].concat().join(", ");
            self.wrong.push(format!(
                "{from} to {to} at {at}: {answer:?}; `check` has open: `{open}`, by: {by}"
            ));
        }
    }

    /// Prints what was measured; all of it is as `check` says.
    pub(super) fn say(&self, what: &str, began: Instant) {
        let Self { size, measured, open, wrong } = self;
        println!(
            "policies, {what}: {size} sources × targets × ports, {measured} cells measured: {open} open, {} closed, {} not as `check` says; {:.1} s",
            measured - open,
            wrong.len(),
            began.elapsed().as_secs_f64()
        );
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
        assert!(*open > 0 && open < measured, "some are open and some closed");
    }
}

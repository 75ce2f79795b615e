//! The loop over events.

use super::book::Book;
use super::config::{Engine, EngineFault, MOST_REPLICAS};
use super::history::{History, Refusal};
use super::hunch::Hunch;
use super::line::Clock;
use super::patience::{Patience, Watch};
use super::replica::{Due, Replica, Setting};
use super::router::{Ledger, Router};
use super::summary::Times;
use crate::load::{Arrival, Load, Source};
use crate::{StepTime, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::num::NonZeroU32;

/// Replicas alike, and who spreads requests over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// Each of them.
    pub engine: Engine,
    /// How many.
    pub replicas: NonZeroU32,
    /// Which gets a request.
    pub router: Router,
}

/// What becomes of a load on a fleet whose steps take so long.
///
/// Every request of the load is in the history that comes back: served to its end, or refused because no replica could
/// ever hold it.
pub fn simulate<T: StepTime + ?Sized>(
    fleet: &Fleet,
    load: &Load,
    times: &T,
) -> Result<History, EngineFault> {
    let mut simulation = Simulation::new(fleet, load, times, Unwatched)?;
    simulation.run();
    Ok(simulation.history())
}

/// The same, but no longer than a promise can be kept: nothing, if it turns out that it cannot.
pub fn simulate_while<T: StepTime + ?Sized>(
    fleet: &Fleet,
    load: &Load,
    times: &T,
    patience: Patience,
) -> Result<Option<History>, EngineFault> {
    let mut simulation = Simulation::new(fleet, load, times, patience)?;
    simulation.run();
    Ok((!simulation.watch.is_over()).then(|| simulation.history()))
}

/// How strained the first requests make it look: one is as promised, zero nothing that was promised.
pub(crate) fn glance<T: StepTime + ?Sized>(
    fleet: &Fleet,
    load: &Load,
    times: &T,
    hunch: Hunch,
) -> Result<f64, EngineFault> {
    let mut simulation = Simulation::new(fleet, load, times, hunch)?;
    simulation.run();
    Ok(simulation.watch.strain())
}

/// Nothing ends it before its end.
struct Unwatched;

impl Watch for Unwatched {
    fn see(&mut self, _: u32, _: f64, _: &Times, _: u32) {}

    fn refuse(&mut self) {}

    fn is_over(&self) -> bool {
        false
    }
}

struct Simulation<'a, T: StepTime + ?Sized, W> {
    setting: Setting<'a, T>,
    replicas: Vec<Replica>,
    ledger: Ledger,
    source: Source<'a>,
    arrivals: BinaryHeap<Reverse<(Time, u32)>>,
    /// What each replica does next, and when.
    next: Vec<Option<(Time, Kind)>>,
    /// The same of several in order, with what was next before and is not any more.
    due: BinaryHeap<Reverse<(Time, Kind, usize)>>,
    now: Time,
    arrived: u32,
    in_flight: u32,
    in_flight_max: u32,
    ended: Vec<u32>,
    watch: W,
}

/// What happens first at one moment: a step that starts serves all that ends or arrives with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    End,
    Arrival,
    Start,
}

impl<'a, T: StepTime + ?Sized, W: Watch> Simulation<'a, T, W> {
    fn new(fleet: &Fleet, load: &'a Load, times: &'a T, watch: W) -> Result<Self, EngineFault> {
        fleet.engine.check()?;
        let (what, given, most) = ("the number of replicas", fleet.replicas.get(), MOST_REPLICAS);
        if given > most {
            return Err(EngineFault::TooMany { what, given, most });
        }
        let count = fleet.replicas.get() as usize;
        let sharing = load.sharing();
        Ok(Simulation {
            setting: Setting {
                engine: fleet.engine,
                clock: Clock::new(times),
                book: Book::default(),
            },
            replicas: (0..count).map(|_| Replica::new(&fleet.engine, sharing)).collect(),
            ledger: Ledger::new(fleet.router, count),
            source: Source::new(load),
            arrivals: BinaryHeap::new(),
            next: vec![None; count],
            due: BinaryHeap::new(),
            now: Time::ZERO,
            arrived: 0,
            in_flight: 0,
            in_flight_max: 0,
            ended: Vec::new(),
            watch,
        })
    }

    fn run(&mut self) {
        for arrival in self.source.start() {
            self.expect(arrival);
        }
        while !self.watch.is_over() {
            let replica = self.first_due();
            match (self.arrivals.peek(), replica) {
                (Some(&Reverse((at, request))), due)
                    if due.is_none_or(|(then, kind, _)| (at, Kind::Arrival) < (then, kind)) =>
                {
                    self.arrivals.pop();
                    self.now = at;
                    self.arrive(request);
                }
                (_, Some((at, kind, replica))) => {
                    self.now = at;
                    self.step(replica, kind);
                }
                (_, None) => return,
            }
        }
    }

    /// A request that will arrive.
    fn expect(&mut self, arrival: Arrival) {
        let at = arrival.at;
        let request = self.setting.book.open(arrival);
        self.arrivals.push(Reverse((at, request)));
    }

    fn arrive(&mut self, request: u32) {
        self.setting.book.of_mut(request).place = self.arrived;
        self.arrived += 1;
        if let Some(arrival) = self.source.after_arrival() {
            self.expect(arrival);
        }
        if let Some(why) = refusal(&self.setting, request) {
            self.setting.book.refuse(request, why);
            self.watch.refuse();
            self.follow();
            return;
        }
        self.in_flight += 1;
        self.in_flight_max = self.in_flight_max.max(self.in_flight);
        let entry = self.setting.book.of_mut(request);
        let replica = self.ledger.route(entry.most_cached(), entry.first_name());
        entry.replica = u32::try_from(replica).expect("replicas were counted so");
        let prompt = entry.prompt;
        let due = self.replicas[replica].enter(request, prompt, self.now, &self.setting.clock);
        self.schedule(replica, due);
    }

    fn step(&mut self, replica: usize, kind: Kind) {
        let which = &mut self.replicas[replica];
        let due = match kind {
            Kind::Start | Kind::Arrival => which.plan(self.now, &mut self.setting),
            Kind::End => Some(which.finish(self.now, &mut self.setting, &mut self.ended)),
        };
        self.next[replica] = None;
        self.schedule(replica, due);
        for request in std::mem::take(&mut self.ended) {
            self.in_flight -= 1;
            let entry = self.setting.book.of(request);
            self.ledger.settle(replica, entry.most_cached());
            let told = entry.told();
            if let Some(times) = told.times() {
                self.watch.see(entry.place, told.arrival, &times, self.in_flight_max);
            }
            self.follow();
        }
    }

    /// Whoever got an answer may ask again.
    fn follow(&mut self) {
        if let Some(arrival) = self.source.after_end(self.now) {
            self.expect(arrival);
        }
    }

    /// What the first of the replicas does.
    fn first_due(&mut self) -> Option<(Time, Kind, usize)> {
        if let [next] = self.next[..] {
            return next.map(|(at, kind)| (at, kind, 0));
        }
        while let Some(&Reverse((at, kind, replica))) = self.due.peek() {
            if self.next[replica] == Some((at, kind)) {
                return Some((at, kind, replica));
            }
            self.due.pop();
        }
        None
    }

    fn schedule(&mut self, replica: usize, due: Option<Due>) {
        let Some(due) = due else { return };
        let (at, kind) = match due {
            Due::End(at) => (at, Kind::End),
            Due::Start(at) => (at, Kind::Start),
        };
        self.next[replica] = Some((at, kind));
        if self.next.len() > 1 {
            self.due.push(Reverse((at, kind, replica)));
        }
    }

    fn history(self) -> History {
        History {
            requests: self.setting.book.close(),
            usage: self.replicas.iter().map(Replica::usage).collect(),
            end: self.now.seconds(),
            in_flight_max: self.in_flight_max,
        }
    }
}

fn refusal<T: StepTime + ?Sized>(setting: &Setting<'_, T>, request: u32) -> Option<Refusal> {
    let (engine, entry) = (&setting.engine, setting.book.of(request));
    let tokens = entry.most_cached() + 1;
    if tokens > u64::from(engine.max_tokens) {
        return Some(Refusal::TooLong { tokens, most: engine.max_tokens });
    }
    let fits = engine.blocks_for(entry.most_cached()) <= u64::from(engine.blocks);
    (!fits).then(|| Refusal::LargerThanCache { tokens, most: engine.cached_tokens() })
}

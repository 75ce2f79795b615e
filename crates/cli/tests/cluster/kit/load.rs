//! Clients outside of the pods that place orders, and keep count.

use super::shop::Address;
use super::{Shop, within};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Clients at work.
#[derive(Debug)]
pub(crate) struct Load {
    began: Instant,
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    nodes: Mutex<Vec<Address>>,
    samples: Mutex<Vec<Sample>>,
}

/// One order: when it was answered, and its number or what went wrong.
type Sample = (Instant, Result<u64, String>);

/// What all clients saw.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) sent: usize,
    /// The numbers of the orders that the shop said it took.
    pub(crate) acknowledged: BTreeSet<u64>,
    pub(crate) failures: Vec<String>,
    /// The longest time without an order that went through.
    pub(crate) gap: Duration,
    pub(crate) lasted: Duration,
}

impl Load {
    /// So many clients, each with a pause between its orders, and a new connection for each.
    pub(crate) fn start(shop: &Shop, clients: usize, pause: Duration) -> Self {
        Self::doing(order, shop, clients, pause)
    }

    /// So many visitors, who read as fast as they can.
    pub(crate) fn visits(shop: &Shop, clients: usize) -> Self {
        Self::doing(visit, shop, clients, Duration::ZERO)
    }

    fn doing(request: Request, shop: &Shop, clients: usize, pause: Duration) -> Self {
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            nodes: Mutex::new(shop.addresses()),
            samples: Mutex::default(),
        });
        let machines = shop.place.machines();
        let client = |number| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                if let Some(machines) = machines {
                    machines.enter();
                }
                shared.work(request, number, pause);
            })
        };
        let began = Instant::now();
        let clients = (0..clients).map(client).collect();
        Self { began, shared, clients }
    }

    /// A load balancer in front of the cluster has noticed that a node is gone.
    pub(crate) fn leave_out(&self, node: &str) {
        self.shared.nodes.lock().unwrap().retain(|address| address.node != node);
    }

    /// Waits until orders go through again: twenty without a failure.
    pub(crate) fn recovers(&self, limit: Duration) {
        let since = Instant::now();
        within(limit, "orders go through", || {
            let samples = self.shared.samples.lock().unwrap();
            let newest = samples.iter().rev().take_while(|(at, it)| *at > since && it.is_ok());
            (newest.count() >= 20).then_some(())
        });
    }

    /// Ends it and counts.
    pub(crate) fn stop(self) -> Tally {
        self.shared.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().unwrap();
        }
        Tally::of(self.began, std::mem::take(&mut self.shared.samples.lock().unwrap()))
    }
}

impl Shared {
    /// Until it is told to stop; the first goes to the node of this number.
    fn work(&self, request: Request, first: usize, pause: Duration) {
        let agent = agent();
        for turn in first.. {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let host = self.host(turn);
            let result = request(&agent, &host).map_err(|why| format!("{host}: {why}"));
            self.samples.lock().unwrap().push((Instant::now(), result));
            std::thread::sleep(pause);
        }
    }

    /// The address whose turn it is.
    fn host(&self, turn: usize) -> String {
        let nodes = self.nodes.lock().unwrap();
        nodes[turn % nodes.len()].host.clone()
    }
}

impl Tally {
    fn of(began: Instant, mut samples: Vec<Sample>) -> Self {
        samples.sort_by_key(|(at, _)| *at);
        let mut tally = Self { sent: samples.len(), lasted: began.elapsed(), ..Self::default() };
        let mut last = began;
        for (at, result) in samples {
            match result {
                Ok(number) => {
                    tally.acknowledged.insert(number);
                    tally.gap = tally.gap.max(at - last);
                    last = at;
                }
                Err(why) => {
                    tally.failures.push(format!("{:.1} s: {why}", (at - began).as_secs_f64()));
                }
            }
        }
        tally.gap = tally.gap.max(last.elapsed());
        tally
    }

    /// One line for people.
    pub(crate) fn say(&self, what: &str) {
        println!(
            "{what}: {} requests in {:.0} s, {} acknowledged, {} failed; longest time without success: {:.1} s",
            self.sent,
            self.lasted.as_secs_f64(),
            self.acknowledged.len(),
            self.failures.len(),
            self.gap.as_secs_f64()
        );
    }

    /// Every order that was acknowledged is in the database.
    #[track_caller]
    pub(crate) fn nothing_lost(&self, shop: &Shop) {
        let stored = shop.orders();
        let lost: Vec<_> = self.acknowledged.difference(&stored).collect();
        assert!(lost.is_empty(), "{} acknowledged orders are lost: {lost:?}", lost.len());
        assert!(!self.acknowledged.is_empty(), "no order went through: {:?}", self.failures);
    }

    /// No request failed.
    #[track_caller]
    pub(crate) fn nothing_failed(&self) {
        assert!(self.failures.is_empty(), "{:#?}", self.failures);
    }
}

/// What a client does at an address.
type Request = fn(&ureq::Agent, &str) -> Result<u64, String>;

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE));
    config.http_status_as_error(false).build().into()
}

/// Reads the latest orders, again and again over one connection.
fn visit(agent: &ureq::Agent, host: &str) -> Result<u64, String> {
    let said = |error: ureq::Error| error.to_string();
    let mut answer = agent.get(format!("http://{host}/orders")).call().map_err(said)?;
    let status = answer.status().as_u16();
    answer.body_mut().read_to_string().map_err(said)?;
    if status == 200 { Ok(0) } else { Err(status.to_string()) }
}

/// Places an order over a connection of its own, and gives its number.
fn order(agent: &ureq::Agent, host: &str) -> Result<u64, String> {
    let mut answer = agent
        .post(format!("http://{host}/orders"))
        .header("Connection", "close")
        .header("Content-Type", "application/json")
        .send(r#"{"item":"tea","quantity":2}"#)
        .map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
    let number = serde_json::from_str(&body).ok().and_then(|body: Value| body["id"].as_u64());
    match (status, number) {
        (201, Some(number)) => Ok(number),
        _ => Err(format!("{status} {}", body.lines().next().unwrap_or_default())),
    }
}

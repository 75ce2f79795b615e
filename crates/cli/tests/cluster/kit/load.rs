//! Clients outside of the pods that place orders, and keep count.

use super::Shop;
use super::shop::Address;
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
    stop: Arc<AtomicBool>,
    nodes: Arc<Mutex<Vec<Address>>>,
    clients: Vec<JoinHandle<Vec<Sample>>>,
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
        let stop = Arc::new(AtomicBool::new(false));
        let nodes = Arc::new(Mutex::new(shop.addresses()));
        let machines = shop.place.machines();
        let client = |number| {
            let (stop, nodes) = (Arc::clone(&stop), Arc::clone(&nodes));
            std::thread::spawn(move || {
                if let Some(machines) = machines {
                    machines.enter();
                }
                let mut samples = Vec::new();
                for turn in number.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let host = turned(&nodes, turn);
                    let result = order(&host);
                    samples.push((Instant::now(), result));
                    std::thread::sleep(pause);
                }
                samples
            })
        };
        let began = Instant::now();
        let clients = (0..clients).map(client).collect();
        Self { began, stop, nodes, clients }
    }

    /// A load balancer in front of the cluster has noticed that a node is gone.
    pub(crate) fn leave_out(&self, node: &str) {
        self.nodes.lock().unwrap().retain(|address| address.node != node);
    }

    /// Ends it and counts.
    pub(crate) fn stop(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let samples = self.clients.into_iter().flat_map(|client| client.join().unwrap());
        Tally::of(self.began, samples.collect())
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
        tally
    }

    /// One line for people.
    pub(crate) fn say(&self, what: &str) {
        println!(
            "{what}: {} orders in {:.0} s, {} acknowledged, {} failed; longest time without one: {:.1} s",
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

/// The address whose turn it is.
fn turned(nodes: &Mutex<Vec<Address>>, turn: usize) -> String {
    let nodes = nodes.lock().unwrap();
    nodes[turn % nodes.len()].host.clone()
}

/// Places an order at an address, over a connection of its own.
pub(crate) fn order(host: &str) -> Result<u64, String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .build()
        .into();
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

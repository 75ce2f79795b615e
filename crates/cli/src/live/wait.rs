//! Watching a namespace until services serve.

use crate::error::Error;
use crate::live::progress::Progress;
use apply::{Desired, Id, Observed, Phase, Reason, ServiceState, diagnose, is_noticed};
use cluster::{Cluster, Seen, WATCHED};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How long a failure must last to be believed.
const PATIENCE: Duration = Duration::from_secs(5);
/// Changes come in bursts; nobody reads faster.
const SETTLING: Duration = Duration::from_millis(50);

/// A namespace that is watched.
pub(crate) struct Watching<'a> {
    seen: BoxStream<'static, Result<Seen, cluster::Error>>,
    /// Kinds that have not been listed yet.
    unlisted: usize,
    pub(crate) observed: Observed,
    desired: &'a [Desired],
}

/// How waiting ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All that was waited for serves.
    Serving,
    /// Something will not serve until somebody does something.
    Failed(Vec<ServiceState>),
    /// The time is over.
    TimedOut(Vec<ServiceState>),
}

/// Where services stand, from objects that were read and without a watch.
pub(crate) fn standing(desired: &[Desired], live: &BTreeMap<Id, Value>) -> Vec<ServiceState> {
    let mut observed = Observed::default();
    for object in live.values() {
        observed.apply(object.clone());
    }
    diagnose(desired, &observed)
}

impl<'a> Watching<'a> {
    pub(crate) fn start(cluster: &Cluster, namespace: &str, desired: &'a [Desired]) -> Self {
        let seen = cluster.watch(namespace, WATCHED);
        let unlisted = seen.len();
        Self { seen: seen.boxed(), unlisted, observed: Observed::default(), desired }
    }

    pub(crate) fn states(&self) -> Vec<ServiceState> {
        diagnose(self.desired, &self.observed)
    }

    /// Jobs that were seen.
    pub(crate) fn jobs(&self) -> Vec<Value> {
        self.observed.of_kind("Job").cloned().collect()
    }

    /// Waits until services serve; all of them if none are named.
    pub(crate) async fn until(
        &mut self,
        wanted: &BTreeSet<String>,
        deadline: Instant,
        progress: &mut Progress<'_>,
    ) -> Result<Verdict, Error> {
        let mut failing: Option<Instant> = None;
        loop {
            if self.unlisted == 0 {
                let states = self.states();
                progress.states(&states)?;
                let is_wanted =
                    |it: &&ServiceState| wanted.is_empty() || wanted.contains(&it.service);
                if states.iter().filter(is_wanted).all(ServiceState::serves) {
                    return Ok(Verdict::Serving);
                }
                failing = since(failing, &states);
                if failing.is_some_and(|since| Instant::now() >= since) {
                    return Ok(Verdict::Failed(states));
                }
            }
            if Instant::now() >= deadline {
                return Ok(Verdict::TimedOut(self.states()));
            }
            let alarm = failing.map_or(deadline, |failing| failing.min(deadline));
            tokio::select! {
                biased;
                seen = self.burst() => seen?,
                () = sleep_until(alarm) => {}
            }
        }
    }

    /// Waits until the controller of an object has seen its newest version.
    pub(crate) async fn noticed(&mut self, id: &Id, deadline: Instant) -> Result<(), Error> {
        while self.unlisted > 0 || !self.observed.get(id).is_none_or(is_noticed) {
            match tokio::time::timeout_at(deadline, self.next()).await {
                Ok(seen) => seen?,
                // That it is not noticed is told when it does not serve.
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// The next change, and those that come right after it.
    async fn burst(&mut self) -> Result<(), Error> {
        self.next().await?;
        let end = Instant::now() + SETTLING;
        while let Ok(more) = tokio::time::timeout_at(end, self.next()).await {
            more?;
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<(), Error> {
        match self.seen.next().await {
            Some(Ok(Seen::Listed { kind, objects })) => {
                self.unlisted = self.unlisted.saturating_sub(1);
                self.observed.reset(&kind, objects);
            }
            Some(Ok(Seen::Applied(object))) => self.observed.apply(object),
            Some(Ok(Seen::Deleted(object))) => self.observed.delete(&object),
            Some(Err(error)) => return Err(error.into()),
            // Watches end with the program only.
            None => std::future::pending().await,
        }
        Ok(())
    }
}

/// From when on a failure is believed.
fn since(failing: Option<Instant>, states: &[ServiceState]) -> Option<Instant> {
    let mut failed = states.iter().filter(|state| matches!(state.phase, Phase::Failed(_)));
    let over =
        |state: &ServiceState| state.causes().iter().any(|cause| cause.reason == Reason::JobFailed);
    let first = failed.next()?;
    if over(first) || failed.any(over) {
        return Some(Instant::now());
    }
    failing.or_else(|| Some(Instant::now() + PATIENCE))
}

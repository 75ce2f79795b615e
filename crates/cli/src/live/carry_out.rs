//! Carrying out a decision, stage by stage.

use crate::error::Error;
use crate::live::not_serving;
use crate::live::progress::Progress;
use crate::live::wait::{Verdict, Watching};
use apply::{Action, Blame, Change, Decision, Desired, Id, Inventory, Stage, Step, is_ours, stuck};
use cluster::{Cluster, Force, Mode, Propagation};
use futures::{StreamExt, TryStreamExt, stream};
use model::plan::Plan;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// Writes at the same time.
const PARALLEL: usize = 16;
/// Stages of workloads: each waits for what it comes after.
const WORKLOADS: std::ops::Range<u16> = 700..800;

/// How a decision is carried out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order<'a> {
    pub(crate) force: Force,
    pub(crate) patience: Patience<'a>,
    /// Which pods may be deleted that keep a stateful set from its new version.
    pub(crate) blame: Blame,
    pub(crate) deadline: Instant,
}

/// Whether workloads wait for what they come after.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience<'a> {
    /// They do, in the order of this plan.
    UntilReady(&'a Plan),
    /// They do not; their pods do.
    None,
}

/// What is carried out, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) namespace: &'a str,
    pub(crate) desired: &'a [Desired],
    pub(crate) live: &'a BTreeMap<Id, Value>,
    pub(crate) decision: &'a Decision,
}

impl Work<'_> {
    /// Writes what is new or changes, stage by stage. The inventory must name it before: whatever
    /// ends this run then leaves nothing that nobody knows of.
    pub(crate) async fn apply(
        &self,
        watching: &mut Watching<'_>,
        order: Order<'_>,
        progress: &mut Progress<'_>,
    ) -> Result<(), Error> {
        for (stage, changes) in self.stages() {
            if let Patience::UntilReady(plan) = order.patience
                && WORKLOADS.contains(&stage.0)
            {
                let wanted = after(plan, &changes);
                self.dependencies(&wanted, watching, order.deadline, progress).await?;
            }
            let stored: Vec<Value> = stream::iter(&changes)
                .map(|change| self.write(change, order.force))
                .buffer_unordered(PARALLEL)
                .try_collect()
                .await?;
            for object in stored {
                watching.observed.apply(object);
            }
            for change in &changes {
                progress.event(&json!({"event": "applied", "object": change.id.to_string()}))?;
            }
            for change in changes.iter().filter(|it| it.id.kind == "StatefulSet") {
                self.unblock(&change.id, watching, order, progress).await?;
            }
        }
        Ok(())
    }

    /// Removes what is not wanted any more.
    pub(crate) async fn prune(&self) -> Result<(), Error> {
        let pruned = self.decision.changes.iter().filter(|it| it.action == Action::Prune);
        for live in pruned.filter_map(|change| self.live.get(&change.id)) {
            self.cluster.delete(live, Propagation::Background).await?;
        }
        Ok(())
    }

    /// The inventory while this is carried out: all that was, and all that comes.
    pub(crate) fn planned(&self, old: &Inventory) -> Inventory {
        let mut inventory = old.clone();
        for change in &self.decision.changes {
            let mine = match &change.action {
                Action::Foreign { .. } | Action::Conflict { .. } | Action::Blocked { .. } => false,
                // A namespace that others made is theirs.
                Action::Keep => self.live.get(&change.id).is_none_or(is_ours),
                _ => true,
            };
            if mine {
                inventory.note(&change.id, change.service.as_deref());
            }
        }
        inventory
    }

    /// The inventory afterwards: what is wanted, and what stays although it is not.
    pub(crate) fn settled(&self, planned: &Inventory) -> Inventory {
        let wanted = self.desired.iter().map(|it| &it.id);
        let stays =
            self.decision.changes.iter().filter(|it| matches!(it.action, Action::Leave { .. }));
        let known: BTreeSet<&Id> = wanted.chain(stays.map(|it| &it.id)).collect();
        let mut inventory = planned.clone();
        inventory.objects.retain(|id, _| known.contains(id));
        inventory
    }

    fn stages(&self) -> BTreeMap<Stage, Vec<&Change>> {
        let mut stages: BTreeMap<Stage, Vec<&Change>> = BTreeMap::new();
        let changes = self.decision.changes.iter();
        for change in changes.filter(|it| it.action.writes() && it.action != Action::Prune) {
            stages.entry(change.stage).or_default().push(change);
        }
        stages
    }

    /// Waits for services that workloads come after.
    async fn dependencies(
        &self,
        wanted: &BTreeSet<String>,
        watching: &mut Watching<'_>,
        deadline: Instant,
        progress: &mut Progress<'_>,
    ) -> Result<(), Error> {
        if wanted.is_empty() {
            return Ok(());
        }
        let (states, why) = match watching.until(wanted, deadline, progress).await? {
            Verdict::Serving => return Ok(()),
            Verdict::Failed(states) => (states, ", and others wait for them"),
            Verdict::TimedOut(states) => (states, " in the time that they had"),
        };
        Err(not_serving(self.cluster, self.namespace, &states, why).await)
    }

    /// Deletes pods that a stateful set waits for, and that will never be ready.
    async fn unblock(
        &self,
        set: &Id,
        watching: &mut Watching<'_>,
        order: Order<'_>,
        progress: &mut Progress<'_>,
    ) -> Result<(), Error> {
        watching.noticed(set, order.deadline).await?;
        for pod in stuck(set, &watching.observed, order.blame) {
            self.cluster.delete(pod, Propagation::Background).await?;
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            progress.say(&format!("  {set}: pod {name} kept it from its new version: deleted"));
        }
        Ok(())
    }

    async fn write(&self, change: &Change, force: Force) -> Result<Value, Error> {
        let wanted = self.desired.iter().find(|it| it.id == change.id);
        let Some(wanted) = wanted else { return Ok(Value::Null) };
        let steps: &[Step] = match &change.action {
            Action::Replace { sequence, .. } => sequence,
            _ => &[Step::Create],
        };
        let mut stored = Value::Null;
        for step in steps {
            stored = self.take(*step, wanted, force).await?;
        }
        Ok(stored)
    }

    async fn take(&self, step: Step, wanted: &Desired, force: Force) -> Result<Value, Error> {
        let (cluster, id) = (self.cluster, &wanted.id);
        let propagation = match step {
            Step::Create => {
                return Ok(cluster.apply(id, &wanted.object, force, Mode::Store).await?);
            }
            Step::AwaitGone => None,
            Step::Delete => Some(Propagation::Background),
            Step::DeleteWithPods => Some(Propagation::Foreground),
            Step::DeleteKeepingPods => Some(Propagation::Orphan),
        };
        if let (Some(propagation), Some(live)) = (propagation, self.live.get(id)) {
            cluster.delete(live, propagation).await?;
        }
        cluster.gone(id).await?;
        Ok(Value::Null)
    }
}

/// Compose services that workloads come after.
fn after(plan: &Plan, changes: &[&Change]) -> BTreeSet<String> {
    let named = |name: &str| {
        let direct = plan.workloads.iter().find(|it| it.name == name);
        direct.or_else(|| {
            let service = plan.services.iter().find(|it| it.name == name)?;
            plan.workloads.iter().find(|it| it.name == service.workload)
        })
    };
    let written: BTreeSet<&str> =
        changes.iter().filter_map(|change| change.service.as_deref()).collect();
    let workloads = plan.workloads.iter().filter(|it| written.contains(it.service.as_str()));
    let names = workloads.flat_map(|it| it.after.iter().map(move |name| (it, name)));
    let others =
        names.filter_map(|(it, name)| named(name).filter(|other| other.service != it.service));
    others.map(|other| other.service.clone()).collect()
}

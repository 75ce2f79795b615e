//! Carrying out a decision, stage by stage.

use crate::error::Error;
use crate::live::progress::Progress;
use crate::live::wait::{Verdict, Watching};
use crate::live::{Session, not_serving};
use apply::{Action, Change, Decision, Desired, Id, Inventory, Mark, Stage, Step, is_ours};
use cluster::{Force, Mode, Propagation};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// Writes at the same time.
const PARALLEL: usize = 16;
/// Stages of workloads: each waits for what it comes after.
const WORKLOADS: std::ops::Range<u16> = 700..800;

/// How a decision is carried out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) force: Force,
    pub(crate) patience: Patience,
    pub(crate) deadline: Instant,
}

/// Whether workloads wait for what they come after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// They do.
    UntilReady,
    /// They do not; their pods do.
    None,
}

/// Carries out a decision, and keeps the inventory. The inventory names an object before it is
/// written, so that whatever ends this run leaves nothing that nobody knows of.
pub(crate) async fn carry_out(
    session: &mut Session,
    decision: &Decision,
    watching: &mut Watching<'_>,
    order: Order,
    progress: &mut Progress<'_>,
) -> Result<(), Error> {
    let stored = session.inventory.clone();
    let mut inventory = planned(session, decision);
    remember(session, &stored, &inventory).await?;
    for (stage, changes) in stages(decision) {
        if WORKLOADS.contains(&stage.0) && order.patience == Patience::UntilReady {
            dependencies(session, &changes, watching, order, progress).await?;
        }
        let stored: Vec<Value> = stream::iter(&changes)
            .map(|change| write(session, change, order.force))
            .buffer_unordered(PARALLEL)
            .try_collect()
            .await?;
        for object in stored {
            watching.observed.apply(object);
        }
        for change in changes {
            progress.event(&json!({"event": "applied", "object": change.id.to_string()}))?;
        }
    }
    let written = inventory.clone();
    prune(session, decision, &mut inventory).await?;
    remember(session, &written, &inventory).await?;
    session.inventory = inventory;
    Ok(())
}

/// What there will be: all that was, and all that comes.
fn planned(session: &Session, decision: &Decision) -> Inventory {
    let mut inventory = session.inventory.clone();
    for change in &decision.changes {
        let mine = match &change.action {
            Action::Foreign { .. } | Action::Conflict(_) | Action::Blocked { .. } => false,
            // A namespace that others made is theirs.
            Action::Keep => session.live.get(&change.id).is_none_or(is_ours),
            _ => true,
        };
        if mine {
            inventory.objects.entry(change.id.clone()).or_default();
        }
    }
    inventory
}

async fn remember(session: &Session, old: &Inventory, new: &Inventory) -> Result<(), Error> {
    if old != new {
        session.cluster.remember(session.namespace(), new).await?;
    }
    Ok(())
}

fn stages(decision: &Decision) -> BTreeMap<Stage, Vec<&Change>> {
    let mut stages: BTreeMap<Stage, Vec<&Change>> = BTreeMap::new();
    let written =
        decision.changes.iter().filter(|it| it.action.writes() && it.action != Action::Prune);
    for change in written {
        stages.entry(change.stage).or_default().push(change);
    }
    stages
}

/// Waits for the services that these workloads come after.
async fn dependencies(
    session: &Session,
    changes: &[&Change],
    watching: &mut Watching<'_>,
    order: Order,
    progress: &mut Progress<'_>,
) -> Result<(), Error> {
    let wanted = after(session, changes);
    if wanted.is_empty() {
        return Ok(());
    }
    let why = match watching.until(&wanted, order.deadline, progress).await? {
        Verdict::Serving => return Ok(()),
        Verdict::Failed(states) => (states, ", and others wait for them"),
        Verdict::TimedOut(states) => (states, " in the time that they had"),
    };
    Err(not_serving(&session.cluster, session.namespace(), &why.0, why.1).await)
}

/// Compose services that workloads come after.
fn after(session: &Session, changes: &[&Change]) -> BTreeSet<String> {
    let plan = &session.product.plan;
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

async fn write(session: &Session, change: &Change, force: Force) -> Result<Value, Error> {
    let wanted = session.desired.iter().find(|it| it.id == change.id);
    let Some(wanted) = wanted else { return Ok(Value::Null) };
    let steps: &[Step] = match &change.action {
        Action::Replace { sequence, .. } => sequence,
        _ => &[Step::Create],
    };
    let mut stored = Value::Null;
    for step in steps {
        stored = take(session, *step, wanted, force).await?;
    }
    Ok(stored)
}

async fn take(
    session: &Session,
    step: Step,
    wanted: &Desired,
    force: Force,
) -> Result<Value, Error> {
    let (cluster, id) = (&session.cluster, &wanted.id);
    let propagation = match step {
        Step::Create => return Ok(cluster.apply(id, &wanted.object, force, Mode::Store).await?),
        Step::AwaitGone => None,
        Step::Delete => Some(Propagation::Background),
        Step::DeleteWithPods => Some(Propagation::Foreground),
        Step::DeleteKeepingPods => Some(Propagation::Orphan),
    };
    if let (Some(propagation), Some(live)) = (propagation, session.live.get(id)) {
        cluster.delete(live, propagation).await?;
    }
    cluster.gone(id).await?;
    Ok(Value::Null)
}

/// Removes what is not wanted any more, dependents first.
async fn prune(
    session: &Session,
    decision: &Decision,
    inventory: &mut Inventory,
) -> Result<(), Error> {
    for change in decision.changes.iter().filter(|it| it.action == Action::Prune) {
        if let Some(live) = session.live.get(&change.id) {
            session.cluster.delete(live, Propagation::Background).await?;
        }
    }
    let wanted: BTreeSet<&Id> = session.desired.iter().map(|it| &it.id).collect();
    let stays: BTreeSet<&Id> = decision
        .changes
        .iter()
        .filter(|it| matches!(it.action, Action::Leave { .. }))
        .map(|it| &it.id)
        .collect();
    inventory.objects.retain(|id, _| wanted.contains(id) || stays.contains(id));
    Ok(())
}

impl Session {
    /// Notes which Jobs have completed: Kubernetes cleans them up, and they must not run again.
    pub(crate) async fn note_completed(
        &mut self,
        completed: impl IntoIterator<Item = Id>,
    ) -> Result<(), Error> {
        let mut inventory = self.inventory.clone();
        for id in completed {
            if let Some(mark) = inventory.objects.get_mut(&id) {
                *mark = Mark::Done;
            }
        }
        remember(self, &self.inventory, &inventory).await?;
        self.inventory = inventory;
        Ok(())
    }
}

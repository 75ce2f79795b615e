//! Back to what ran before.

use crate::error::Error;
use crate::live::carry_out::{Order, Patience, Work};
use crate::live::progress::Progress;
use crate::live::wait::{Verdict, Watching};
use crate::live::{Session, table};
use apply::{Action, After, Before, Id, Inventory, Undo, undo};
use cluster::{Force, Propagation};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;
use tokio::time::Instant;

/// What ran before, and how long it may take until it serves again.
#[derive(Clone, Debug)]
pub(crate) struct Former {
    pub(crate) live: BTreeMap<Id, Value>,
    pub(crate) inventory: Inventory,
    pub(crate) timeout: Duration,
}

/// Goes back after a failure; gives the failure, with what became of going back.
pub(crate) async fn go_back(
    session: &mut Session,
    former: &Former,
    failure: Error,
    progress: &mut Progress<'_>,
) -> Error {
    let how = match back(session, former, progress).await {
        Ok(how) => how,
        Err(error) => {
            format!("rolling back failed: {error}; look at `muster diff`, then run it again")
        }
    };
    let said = progress.event(&json!({"event": "rollback", "says": how}));
    said.map_or_else(|error| error, |()| Error::RolledBack { failure: Box::new(failure), how })
}

async fn back(
    session: &mut Session,
    former: &Former,
    progress: &mut Progress<'_>,
) -> Result<String, Error> {
    let ids: BTreeSet<&Id> = former.live.keys().chain(session.inventory.objects.keys()).collect();
    let live = session.cluster.read(ids).await?;
    let before = Before { live: &former.live, inventory: &former.inventory };
    let after = After { live: &live, inventory: &session.inventory, desired: &session.desired };
    let undo = undo(before, after);
    progress.say(&format!("it does not serve; going back:\n{}", table(&undo.decision)));
    let (cluster, namespace) = (session.cluster.clone(), session.namespace().to_owned());
    let work = Work {
        cluster: &cluster,
        namespace: &namespace,
        desired: &undo.desired,
        live: &live,
        decision: &undo.decision,
    };
    let deadline = Instant::now() + former.timeout;
    let mut watching = Watching::start(&cluster, &namespace, &undo.desired);
    let order = Order { force: Force::Respect, patience: Patience::None, deadline };
    work.apply(&mut watching, order, progress).await?;
    work.prune().await?;
    unblock(session, &undo, &live).await?;
    session.remember(undo.inventory.clone()).await?;
    if undo.desired.is_empty() {
        return Ok(said("rolled back: nothing ran before, and what this run made is gone", &undo));
    }
    Ok(match watching.until(&BTreeSet::new(), deadline, progress).await? {
        Verdict::Serving => said("rolled back: what ran before serves again", &undo),
        _ => said("rolled back to what ran before, and that does not serve either", &undo),
    })
}

fn said(how: &str, undo: &Undo) -> String {
    let mut text = how.to_owned();
    for (id, why) in &undo.stays {
        write!(text, "\n  {id} did not go back: {why}").expect("a string takes any text");
    }
    text
}

/// A stateful set waits for a pod that never becomes ready before it replaces it, even with its
/// former version: such pods are deleted.
async fn unblock(session: &Session, undo: &Undo, live: &BTreeMap<Id, Value>) -> Result<(), Error> {
    let changed = |action: &Action| matches!(action, Action::Update(_) | Action::Replace { .. });
    let sets: Vec<&Value> = undo
        .decision
        .changes
        .iter()
        .filter(|it| it.id.kind == "StatefulSet" && changed(&it.action))
        .filter_map(|it| live.get(&it.id))
        .collect();
    if sets.is_empty() {
        return Ok(());
    }
    let pods = session.cluster.list("v1", "Pod", Some(session.namespace())).await?;
    for pod in pods.iter().flatten().filter(|pod| sets.iter().any(|set| is_stuck(pod, set))) {
        session.cluster.delete(pod, Propagation::Background).await?;
    }
    Ok(())
}

/// Whether a pod has the version that a set was to get, and is not ready.
fn is_stuck(pod: &Value, set: &Value) -> bool {
    let label = |name: &str| &pod["metadata"]["labels"][name];
    let ready = pod["status"]["conditions"]
        .as_array()
        .is_some_and(|it| it.iter().any(|it| it["type"] == "Ready" && it["status"] == "True"));
    let revision = &set["status"]["updateRevision"];
    !ready && revision.is_string() && label("controller-revision-hash") == revision
}

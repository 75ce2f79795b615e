//! Back to what ran before.

use crate::error::Error;
use crate::live::carry_out::{Order, Patience, Work};
use crate::live::progress::Progress;
use crate::live::wait::{Verdict, Watching};
use crate::live::{Session, table};
use apply::{After, Before, Blame, Id, Inventory, Undo, undo};
use cluster::Force;
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
    let order =
        Order { force: Force::Respect, patience: Patience::None, blame: Blame::NotReady, deadline };
    work.apply(&mut watching, order, progress).await?;
    work.prune().await?;
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

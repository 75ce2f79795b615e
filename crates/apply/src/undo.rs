//! The way back to what ran before.

use crate::decide::{Action, Decision, Step, decide};
use crate::id::{Desired, Id, Stage};
use crate::inventory::Inventory;
use crate::owners::{applied, is_ours};
use serde_json::Value;
use std::collections::BTreeMap;

/// A product as it was when a run began.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// Its objects.
    pub live: &'a BTreeMap<Id, Value>,
    /// Its inventory.
    pub inventory: &'a Inventory,
}

/// A product as it is after a run that failed.
#[derive(Clone, Copy, Debug)]
pub struct After<'a> {
    /// Objects of the run and of the time before it.
    pub live: &'a BTreeMap<Id, Value>,
    /// The inventory, in which both stand.
    pub inventory: &'a Inventory,
    /// What the run wanted.
    pub desired: &'a [Desired],
}

/// How to go back.
#[derive(Clone, Debug)]
pub struct Undo {
    /// The objects as they were.
    pub desired: Vec<Desired>,
    /// What to do.
    pub decision: Decision,
    /// The inventory afterwards.
    pub inventory: Inventory,
    /// What does not go back, and why.
    pub stays: Vec<(Id, String)>,
}

/// Decides how to go back. What the run made goes, what it changed becomes what it was; data stays,
/// and what has run has run.
pub fn undo(before: Before<'_>, after: After<'_>) -> Undo {
    let desired = former(before, after.desired);
    let mut decision = decide(&desired, after.live, after.inventory);
    let mut stays = Vec::new();
    for change in &mut decision.changes {
        let live = after.live.get(&change.id);
        if let Some(why) = cannot(&change.id, &change.action, live) {
            stays.push((change.id.clone(), why.clone()));
            // What a Job did stays done; the Job itself goes if it is new.
            if change.action != Action::Prune {
                change.action = Action::Leave { why };
            }
        }
    }
    let mut inventory = before.inventory.clone();
    for change in &decision.changes {
        if matches!(change.action, Action::Leave { .. })
            && let Some(record) = after.inventory.objects.get(&change.id)
        {
            inventory.objects.insert(change.id.clone(), record.clone());
        }
    }
    Undo { desired, decision, inventory, stays }
}

/// The objects as we had applied them.
fn former(before: Before<'_>, desired: &[Desired]) -> Vec<Desired> {
    let ours = before.live.iter().filter(|(id, live)| before.inventory.has(id) || is_ours(live));
    let going = |live: &Value| live.pointer("/metadata/deletionTimestamp").is_some();
    ours.filter(|(_, live)| !going(live))
        .filter_map(|(id, live)| {
            let service = before.inventory.objects.get(id).and_then(|it| it.service.clone());
            let object = applied(live)?;
            Some(Desired { id: id.clone(), object, stage: stage(id, desired), service })
        })
        .collect()
}

/// Stages follow kinds: where an object is new, its like tells when it is applied.
fn stage(id: &Id, desired: &[Desired]) -> Stage {
    let same = desired.iter().find(|it| it.id == *id);
    let like = || desired.iter().filter(|it| it.id.kind == id.kind).max_by_key(|it| it.stage);
    same.or_else(like).map_or(Stage(u16::MAX), |it| it.stage)
}

/// Why an object does not go back, if it does not.
fn cannot(id: &Id, action: &Action, live: Option<&Value>) -> Option<String> {
    let completed = || live.is_some_and(|live| live["status"]["succeeded"].as_u64() > Some(0));
    match action {
        Action::Replace { sequence, .. } if id.kind == "Job" && *sequence != [Step::AwaitGone] => {
            Some("it has run; running its old version again would not undo that".to_owned())
        }
        Action::Prune if id.kind == "Job" && completed() => {
            Some("it has completed, and what it did stays done".to_owned())
        }
        Action::Blocked { why, .. } => Some(why.clone()),
        Action::Foreign { managers } => Some(format!("it belongs to {}", managers.join(", "))),
        Action::Conflict { fields, .. } => {
            let owners: Vec<_> = fields.iter().map(|it| it.owner.as_str()).collect();
            Some(format!("{} has changed it since", owners.join(", ")))
        }
        _ => None,
    }
}

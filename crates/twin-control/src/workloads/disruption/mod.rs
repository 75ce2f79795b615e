//! `PodDisruptionBudget`s: how many pods may go at once because somebody wants them to.

mod expected;

use super::conditions::{self, Condition};
use super::pace::Pace;
use super::pods::ready_since;
use super::read::{count, entries, is_ending, labels};
use super::telling::{normal, warning};
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{POD_DISRUPTION_BUDGETS, PODS};
use expected::Expected;
use std::sync::Arc;
use std::time::Duration;
use twin_core::selector::LabelSelector;
use twin_core::store::{Change, Key, Object, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::{Map, Text, Value};

/// A pod that was evicted and has not ended after this time counts again.
const PATIENCE: Duration = Duration::from_mins(2);

#[derive(Debug, Default)]
pub(super) struct Budgets {
    pace: Pace,
}

impl Controller for Budgets {
    fn name(&self) -> &'static str {
        "controllermanager"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, wake: &mut Wake) {
        let object = &change.object;
        if *table == POD_DISRUPTION_BUDGETS {
            wake.key(object.key.clone());
        }
        if *table != PODS {
            return;
        }
        for budget in view.all(&POD_DISRUPTION_BUDGETS, object.key.namespace()) {
            let selector = budget.tree.at(&["spec", "selector"]).and_then(LabelSelector::of_object);
            let trees = change.previous.iter().map(|it| &it.tree).chain([&object.tree]);
            let mut all = trees.map(labels);
            if selector.is_some_and(|selector| all.any(|labels| selector.matches(labels))) {
                wake.key(budget.key.clone());
            }
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        if let Some(wait) = self.pace.wait(key, view.now) {
            outcome.again(wait);
            return outcome;
        }
        let Some(budget) = view.get(&POD_DISRUPTION_BUDGETS, key) else { return outcome };
        let selector = budget.tree.at(&["spec", "selector"]);
        let pods: Vec<_> = view.selected(&PODS, key.namespace(), selector).collect();
        self.pace.looked(key, pods.len(), view.now);
        let status = match expected::count(budget, &pods, view) {
            Ok(expected) => {
                tell(budget, &pods, &expected, &mut outcome);
                judged(budget, &pods, &expected, view.now, &mut outcome)
            }
            Err(why) => failed(budget, &why, view.now, &mut outcome),
        };
        let tree = budget.tree.with(&["status"], status);
        outcome.update_status(POD_DISRUPTION_BUDGETS, key, tree);
        outcome
    }
}

/// Tells once for each version of the budget what is odd about it.
fn tell(budget: &Object, pods: &[&Arc<Object>], expected: &Expected, outcome: &mut Outcome) {
    let generation = count(&budget.tree, &["metadata", "generation"]);
    if count(&budget.tree, &["status", "observedGeneration"]) >= generation {
        return;
    }
    if pods.is_empty() {
        normal(budget, "NoPods", "No matching pods found", outcome);
    }
    if expected.unmanaged > 0 {
        let message = "Pods selected by this PodDisruptionBudget were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer value.";
        warning(budget, "UnmanagedPods", message, outcome);
    }
}

fn judged(
    budget: &Object,
    pods: &[&Arc<Object>],
    expected: &Expected,
    now: Timestamp,
    outcome: &mut Outcome,
) -> Value {
    let evicted = evicted(budget, pods, now, outcome);
    let healthy = |pod: &&&Arc<Object>| {
        !is_ending(&pod.tree)
            && ready_since(&pod.tree).is_some()
            && evicted.get(pod.key.name()).is_none()
    };
    let healthy = i64::try_from(pods.iter().filter(healthy).count()).unwrap_or(i64::MAX);
    let spare = if expected.pods > 0 { (healthy - expected.healthy).max(0) } else { 0 };
    let (status, reason) =
        if spare > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let known = budget.tree.at(&["status"]).cloned().unwrap_or_default();
    let known = if evicted.is_empty() {
        known.without(&["disruptedPods"])
    } else {
        known.with(&["disruptedPods"], Value::Map(evicted))
    };
    let known = known
        .with(&["currentHealthy"], healthy.into())
        .with(&["desiredHealthy"], expected.healthy.into())
        .with(&["expectedPods"], expected.pods.into())
        .with(&["disruptionsAllowed"], spare.into());
    noted(budget, &known, status, reason, String::new(), now)
}

/// The budget cannot be counted: nothing may go.
fn failed(budget: &Object, why: &str, now: Timestamp, outcome: &mut Outcome) -> Value {
    let known = budget.tree.at(&["status"]).cloned().unwrap_or_default();
    let reason = "SyncFailed";
    if conditions::get(&known, "DisruptionAllowed").and_then(|it| it.str_at(&["reason"]))
        != Some(reason)
    {
        let message = format!("Failed to calculate the number of expected pods: {why}");
        warning(budget, "CalculateExpectedPodCountFailed", message, outcome);
    }
    let known = known.with(&["disruptionsAllowed"], 0.into());
    noted(budget, &known, "False", reason, why.to_owned(), now)
}

fn noted(
    budget: &Object,
    status: &Value,
    said: &str,
    reason: &str,
    message: String,
    now: Timestamp,
) -> Value {
    let generation = Value::from(count(&budget.tree, &["metadata", "generation"]));
    let condition = Condition { kind: "DisruptionAllowed", status: said, reason, message };
    let known = conditions::get(status, condition.kind);
    let condition = condition.since(known, now).with(&["observedGeneration"], generation.clone());
    conditions::with(status, condition).with(&["observedGeneration"], generation)
}

/// Pods that were evicted and have not begun to end.
fn evicted(budget: &Object, pods: &[&Arc<Object>], now: Timestamp, outcome: &mut Outcome) -> Map {
    let mut left = Vec::new();
    for (name, since) in entries(&budget.tree, &["status", "disruptedPods"]) {
        let here = pods.iter().find(|pod| pod.key.name() == name);
        let Some(pod) = here.filter(|pod| !is_ending(&pod.tree)) else { continue };
        let since_when = since.as_str().and_then(Timestamp::parse).unwrap_or_default();
        let wait = since_when.plus(PATIENCE).since(now);
        if wait.is_zero() {
            let key = &budget.key;
            let message = format!(
                "Pod was expected by PDB {}/{} to be deleted but it wasn't",
                key.namespace(),
                key.name()
            );
            warning(pod, "NotDeleted", message, outcome);
        } else {
            outcome.again(wait);
            left.push((Text::new(name), since.clone()));
        }
    }
    left.into_iter().collect()
}

#[cfg(test)]
mod tests;

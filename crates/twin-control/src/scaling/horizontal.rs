//! `HorizontalPodAutoscaler` (autoscaling/v2) with CPU and memory.

mod report;

use super::metric::Metric;
use super::number;
use super::pace::{Direction, Past, Rules};
use crate::controller::{Controller, Outcome, View, Wake};
use crate::events::{Event, Severity};
use crate::tables::{DEPLOYMENTS, POD_SCALERS, PODS, REPLICA_SETS, STATEFUL_SETS};
use report::Report;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::tree::{List, Value};

/// How often metrics are looked at: the default of kube-controller-manager.
const EVERY: Duration = Duration::from_secs(15);

/// Raises and lowers the replicas of workloads.
#[derive(Debug, Default)]
pub(super) struct Horizontal {
    past: BTreeMap<Key, Past>,
}

impl Controller for Horizontal {
    fn name(&self) -> &'static str {
        "horizontal-pod-autoscaler"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        if *table != POD_SCALERS {
            return;
        }
        let key = &change.object.key;
        match change.kind {
            ChangeKind::Deleted => {
                self.past.remove(key);
            }
            ChangeKind::Added => wake.key(key.clone()),
            // Its own status is no news.
            ChangeKind::Modified => {
                let spec = |object: &Object| object.tree.at(&["spec"]).cloned();
                if change.previous.as_deref().and_then(spec) != spec(&change.object) {
                    wake.key(key.clone());
                }
            }
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(scaler) = view.get(&POD_SCALERS, key) else { return outcome };
        outcome.again(EVERY);
        let mut report = Report { scaler, view, tree: scaler.tree.clone() };
        let past = self.past.entry(key.clone()).or_default();
        scale(&mut report, past, &mut outcome);
        let mut tree = report.tree;
        if let Some(generation) = tree.at(&["metadata", "generation"]).cloned() {
            tree = tree.with(&["status", "observedGeneration"], generation);
        }
        if tree != scaler.tree {
            outcome.update_status(POD_SCALERS, key, tree);
        }
        outcome
    }
}

/// What is scaled.
struct Target<'a> {
    table: TableName,
    object: &'a Arc<Object>,
    replicas: u64,
}

fn target<'a>(scaler: &Object, view: &View<'a>) -> Option<Target<'a>> {
    let of = |field: &str| scaler.tree.str_at(&["spec", "scaleTargetRef", field]);
    let table = match of("kind")? {
        "Deployment" => DEPLOYMENTS,
        "StatefulSet" => STATEFUL_SETS,
        "ReplicaSet" => REPLICA_SETS,
        _ => return None,
    };
    let object = view.get(&table, &Key::new(scaler.key.namespace(), of("name")?))?;
    let replicas = number(object.tree.at(&["spec", "replicas"])).unwrap_or(1);
    Some(Target { table, object, replicas })
}

fn scale(report: &mut Report<'_>, past: &mut Past, outcome: &mut Outcome) {
    let (scaler, view) = (report.scaler, report.view);
    let Some(target) = target(scaler, view) else {
        report.condition(
            "AbleToScale",
            "False",
            "FailedGetScale",
            "the HPA controller was unable to get the target's current scale",
        );
        return;
    };
    let current = target.replicas;
    report.count("currentReplicas", current);
    if current == 0 {
        report.condition(
            "ScalingActive",
            "False",
            "ScalingDisabled",
            "scaling is disabled since the replica count of the target is zero",
        );
        return;
    }
    report.condition(
        "AbleToScale",
        "True",
        "SucceededGetScale",
        "the HPA controller was able to get the target's current scale",
    );
    let step = beyond(scaler, current).or_else(|| by_metrics(report, past, &target, outcome));
    let Some(step) = step else { return };
    report.count("desiredReplicas", step.to);
    if step.to == current {
        return;
    }
    past.changed(current, step.to, view.now);
    let replicas = Value::Int(i64::try_from(step.to).unwrap_or(i64::MAX));
    let object = target.object.tree.with(&["spec", "replicas"], replicas);
    outcome.update(target.table, &target.object.key, object);
    report.condition(
        "AbleToScale",
        "True",
        "SucceededRescale",
        &format!("the HPA controller was able to update the target scale to {}", step.to),
    );
    report.condition(
        "ScaledToZero",
        "False",
        "NotScaledToZero",
        "the HPA controller did not scale the workload to zero",
    );
    report.tree = report.tree.with(&["status", "lastScaleTime"], view.now.value());
    let said = format!("New size: {}; reason: {}", step.to, step.cause);
    outcome.events.push(Event::new(scaler, Severity::Normal, "SuccessfulRescale", said));
}

/// How many replicas there shall be, and why.
struct Step {
    to: u64,
    cause: String,
}

/// The limits go before all metrics, and are reached in one step.
fn beyond(scaler: &Object, current: u64) -> Option<Step> {
    let (least, most) = limits(&scaler.tree);
    let step = |to: u64, cause: &str| Some(Step { to, cause: cause.to_owned() });
    if current > most {
        step(most, "Current number of replicas above Spec.MaxReplicas")
    } else if current < least {
        step(least, "Current number of replicas below Spec.MinReplicas")
    } else {
        None
    }
}

fn by_metrics(
    report: &mut Report<'_>,
    past: &mut Past,
    target: &Target<'_>,
    outcome: &mut Outcome,
) -> Option<Step> {
    let Some(wanted) = wanted(report, target) else {
        report.unmeasured(outcome);
        return None;
    };
    let why = format!(
        "the HPA was able to successfully calculate a replica count from {}",
        wanted.metric
    );
    report.condition("ScalingActive", "True", "ValidMetricFound", &why);
    let to = paced(report, past, target.replicas, wanted.replicas);
    let cause = if to > target.replicas {
        format!("{} above target", wanted.metric)
    } else {
        "All metrics below target".to_owned()
    };
    Some(Step { to, cause })
}

/// The fewest and the most replicas.
fn limits(scaler: &Value) -> (u64, u64) {
    let least = number(scaler.at(&["spec", "minReplicas"])).unwrap_or(1);
    (least, number(scaler.at(&["spec", "maxReplicas"])).unwrap_or(1).max(least))
}

/// What a metric asks for.
struct Wanted {
    replicas: u64,
    metric: String,
}

/// The most that any metric asks for.
fn wanted(report: &mut Report<'_>, target: &Target<'_>) -> Option<Wanted> {
    let (scaler, view) = (report.scaler, report.view);
    let selector = target.object.tree.at(&["spec", "selector"]);
    let pods: Vec<_> = view.selected(&PODS, target.object.key.namespace(), selector).collect();
    let metrics = scaler.tree.at(&["spec", "metrics"]).and_then(Value::as_list);
    let mut shown = Vec::new();
    let mut most: Option<Wanted> = None;
    for metric in metrics.into_iter().flat_map(|list: &List| list.iter()) {
        let Some(metric) = Metric::read(metric) else { continue };
        let measured = metric.measure(&pods, view);
        let Some(replicas) = measured.replicas(target.replicas) else { continue };
        shown.push(metric.current(&measured, &pods));
        if most.as_ref().is_none_or(|most| replicas > most.replicas) {
            most = Some(Wanted { replicas, metric: metric.words() });
        }
    }
    report.tree = report.tree.with(&["status", "currentMetrics"], shown.into());
    most
}

/// What is wanted, no faster and no further than it may be.
fn paced(report: &mut Report<'_>, past: &mut Past, current: u64, wanted: u64) -> u64 {
    let (scaler, now) = (&report.scaler.tree, report.view.now);
    let (least, most) = limits(scaler);
    let (up, down) = (Rules::of(scaler, Direction::Up), Rules::of(scaler, Direction::Down));
    let stable = past.stabilised(wanted, current, &up, &down, now);
    let (reason, said) = match stable.cmp(&wanted) {
        std::cmp::Ordering::Greater => (
            "ScaleDownStabilized",
            "recent recommendations were higher than current one, applying the highest recent recommendation",
        ),
        std::cmp::Ordering::Less => (
            "ScaleUpStabilized",
            "recent recommendations were lower than current one, applying the lowest recent recommendation",
        ),
        std::cmp::Ordering::Equal => ("ReadyForNewScale", "recommended size matches current size"),
    };
    report.condition("AbleToScale", "True", reason, said);
    let (fastest, slowest) =
        (up.limit(past, current, now).max(current), down.limit(past, current, now).min(current));
    let (to, reason, said) = if stable > fastest.min(most) {
        if most <= fastest {
            (
                most,
                "TooManyReplicas",
                "the desired replica count is more than the maximum replica count",
            )
        } else {
            (
                fastest,
                "ScaleUpLimit",
                "the desired replica count is increasing faster than the maximum scale rate",
            )
        }
    } else if stable < slowest.max(least) {
        if least >= slowest {
            (
                least,
                "TooFewReplicas",
                "the desired replica count is less than the minimum replica count",
            )
        } else {
            (
                slowest,
                "ScaleDownLimit",
                "the desired replica count is decreasing faster than the maximum scale rate",
            )
        }
    } else {
        (stable, "DesiredWithinRange", "the desired count is within the acceptable range")
    };
    let limited = if reason == "DesiredWithinRange" { "False" } else { "True" };
    report.condition("ScalingLimited", limited, reason, said);
    to
}

#[cfg(test)]
mod tests;

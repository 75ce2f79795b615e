//! What an autoscaler says of itself.

use crate::controller::{Outcome, View};
use crate::events::{Event, Severity};
use std::sync::Arc;
use twin_core::store::Object;
use twin_core::tree::Value;

const NO_METRICS: &str = "no metrics returned from resource metrics API";

/// The status as it is written.
pub(super) struct Report<'a> {
    pub(super) scaler: &'a Arc<Object>,
    pub(super) view: &'a View<'a>,
    pub(super) tree: Value,
}

impl Report<'_> {
    pub(super) fn count(&mut self, field: &str, replicas: u64) {
        let replicas = Value::Int(i64::try_from(replicas).unwrap_or(i64::MAX));
        self.tree = self.tree.with(&["status", field], replicas);
    }

    /// No metric gives an answer. That is told once, until one does.
    pub(super) fn unmeasured(&mut self, outcome: &mut Outcome) {
        if self.is_inactive() {
            return;
        }
        self.condition(
            "ScalingActive",
            "False",
            "FailedGetResourceMetric",
            &format!("the HPA was unable to compute the replica count: {NO_METRICS}"),
        );
        let why = format!("invalid metrics, first error is: {NO_METRICS}");
        let told =
            [("FailedGetResourceMetric", NO_METRICS), ("FailedComputeMetricsReplicas", &why)];
        outcome.events.extend(
            told.map(|(reason, said)| Event::new(self.scaler, Severity::Warning, reason, said)),
        );
    }

    fn is_inactive(&self) -> bool {
        let list = self.tree.at(&["status", "conditions"]).and_then(Value::as_list);
        list.into_iter().flat_map(|list| list.iter()).any(|it| {
            it.str_at(&["type"]) == Some("ScalingActive") && it.str_at(&["status"]) == Some("False")
        })
    }

    /// The time of a condition is that of its last change of status.
    pub(super) fn condition(&mut self, ty: &str, status: &str, reason: &str, message: &str) {
        let path = ["status", "conditions"];
        let known = self.tree.at(&path).and_then(Value::as_list);
        let mut list = known.map(|list| list.to_vec()).unwrap_or_default();
        let place = list.iter().position(|it| it.str_at(&["type"]) == Some(ty));
        let old = place.map(|at| &list[at]);
        let same = old.filter(|old| old.str_at(&["status"]) == Some(status));
        let since = same.and_then(|old| old.at(&["lastTransitionTime"]).cloned());
        let condition = Value::from([
            ("type", ty.into()),
            ("status", status.into()),
            ("lastTransitionTime", since.unwrap_or_else(|| self.view.now.value())),
            ("reason", reason.into()),
            ("message", message.into()),
        ]);
        match place {
            Some(at) => list[at] = condition,
            None => list.push(condition),
        }
        self.tree = self.tree.with(&path, list.into());
    }
}

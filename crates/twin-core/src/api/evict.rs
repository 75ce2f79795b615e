//! Eviction: a delete that asks the disruption budgets first.

use super::delete::Deletion;
use super::object::meta;
use super::write::is_dry;
use super::{Api, Call};
use crate::selector::LabelSelector;
use crate::status::{Cause, Reason, Status};
use crate::store::{Narrow, Object, TableName};
use crate::tree::{Text, Value};
use std::sync::Arc;

const BUDGETS: TableName = TableName(Text::new_static("policy/poddisruptionbudgets"));
const TWO: &str = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
const VIOLATED: &str = "Cannot evict pod as it would violate the pod's disruption budget.";
/// A budget that was not counted yet is asked again after these seconds.
const RETRY: i64 = 10;

impl Api {
    /// Ends a pod, if its budget lets it go.
    pub(super) fn evict(&mut self, call: &Call<'_>) -> Result<(), Status> {
        let pod = self.stored(call)?.clone();
        if asks(&pod.tree)
            && let Some(budget) = self.budget_of(&pod)?
            && spends(&budget.tree, &pod.tree)?
            && !is_dry(call)
        {
            let allowed = number(&budget.tree, "disruptionsAllowed") - 1;
            let tree = budget
                .tree
                .with(&["status", "disruptionsAllowed"], allowed.into())
                .with(&["status", "disruptedPods", pod.key.name()], call.moment.now.value());
            self.store.put(&BUDGETS, &budget.key, &tree);
        }
        self.end(call, &pod, &Deletion::default());
        Ok(())
    }

    fn budget_of(&self, pod: &Object) -> Result<Option<Arc<Object>>, Status> {
        let narrow = Narrow { namespace: Some(Text::new(pod.key.namespace())), term: None };
        let labels = pod.tree.at(&["metadata", "labels"]).and_then(Value::as_map);
        let is_meant = |budget: &&Arc<Object>| {
            budget
                .tree
                .at(&["spec", "selector"])
                .and_then(LabelSelector::of_object)
                .is_some_and(|selector| selector.matches(labels))
        };
        let mut found = self.store.list(&BUDGETS, &narrow, None).filter(is_meant);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(Status::new(Reason::Internal, TWO)),
            (first, None) => Ok(first.cloned()),
        }
    }
}

/// Whether a pod is one that a budget protects: what ended, ends or never started is not missed.
fn asks(pod: &Value) -> bool {
    let phase = pod.str_at(&["status", "phase"]).unwrap_or_default();
    !matches!(phase, "Succeeded" | "Failed" | "Pending")
        && meta(pod, "deletionTimestamp").is_empty()
}

fn number(budget: &Value, field: &str) -> i64 {
    budget.at(&["status", field]).and_then(Value::as_int).unwrap_or(0)
}

/// Whether the eviction counts; an error says that it may not be.
fn spends(budget: &Value, pod: &Value) -> Result<bool, Status> {
    let (healthy, least) = (number(budget, "currentHealthy"), number(budget, "desiredHealthy"));
    let conditions = pod.at(&["status", "conditions"]).and_then(Value::as_list);
    let ready = conditions
        .into_iter()
        .flat_map(|list| list.iter())
        .any(|it| it.str_at(&["type"]) == Some("Ready") && it.str_at(&["status"]) == Some("True"));
    let always = budget.str_at(&["spec", "unhealthyPodEvictionPolicy"]) == Some("AlwaysAllow");
    if !ready && (always || (healthy >= least && least > 0)) {
        return Ok(false);
    }
    let name = meta(budget, "name");
    let generation = budget.at(&["metadata", "generation"]).and_then(Value::as_int).unwrap_or(0);
    if number(budget, "observedGeneration") < generation {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        let details = vec![("retryAfterSeconds", RETRY.into())];
        return Err(Status { details, ..refused(why) });
    }
    if number(budget, "disruptionsAllowed") <= 0 {
        return Err(refused(format!(
            "The disruption budget {name} needs {least} healthy pods and has {healthy} currently"
        )));
    }
    Ok(true)
}

fn refused(message: String) -> Status {
    let cause = Cause { reason: "DisruptionBudget", message, field: String::new() };
    Status { causes: vec![cause], ..Status::new(Reason::TooManyRequests, VIOLATED) }
}

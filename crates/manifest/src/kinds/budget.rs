//! What a drain must leave standing.

use crate::labels::Scope;
use crate::object::{Object, stage};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use model::plan::Budget;

/// The budget: one pod at a time; a pod that is broken anyway does not hold a node.
pub(crate) fn budget(scope: &Scope<'_>, planned: &Budget) -> Object {
    let spec = PodDisruptionBudgetSpec {
        max_unavailable: Some(IntOrString::Int(1)),
        min_available: None,
        selector: Some(scope.selector(&planned.workload)),
        unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
    };
    let metadata =
        scope.meta(&planned.workload, scope.labels_like(&planned.workload, "availability"));
    let object =
        PodDisruptionBudget { metadata, spec: Some(spec), ..PodDisruptionBudget::default() };
    Object::new(stage::BUDGETS, Some(&planned.service), &object)
}

//! Deployments.

use super::{count, min_ready};
use crate::labels::Scope;
use crate::object::Object;
use crate::pods::{Owner, template};
use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use model::plan::{Strategy, Workload};

/// Old versions that are kept for a rollback.
pub(super) const HISTORY: i32 = 5;
/// Seconds without progress after which a rollout counts as stuck.
const PROGRESS_DEADLINE: i32 = 600;

/// The Deployment. Without `replicas` where an autoscaler owns them: an apply would fight it.
pub(crate) fn deployment(
    scope: &Scope<'_>,
    workload: &Workload,
    replicas: Option<u32>,
    planned: Strategy,
) -> Object {
    let spec = DeploymentSpec {
        replicas: replicas.map(count),
        selector: scope.selector(&workload.name),
        strategy: Some(strategy(planned)),
        template: template(scope, workload, Owner::Deployment),
        min_ready_seconds: min_ready(workload),
        revision_history_limit: Some(HISTORY),
        progress_deadline_seconds: Some(PROGRESS_DEADLINE),
        ..DeploymentSpec::default()
    };
    let metadata = scope.workload_meta(workload, &workload.name);
    let deployment = Deployment { metadata, spec: Some(spec), ..Deployment::default() };
    Object::new(0, Some(&workload.service), &deployment)
}

fn strategy(strategy: Strategy) -> DeploymentStrategy {
    let rolling = |surge, unavailable| RollingUpdateDeployment {
        max_surge: Some(IntOrString::Int(surge)),
        max_unavailable: Some(IntOrString::Int(unavailable)),
    };
    let (type_, rolling_update) = match strategy {
        Strategy::Rolling => ("RollingUpdate", Some(rolling(1, 0))),
        Strategy::InPlace => ("RollingUpdate", Some(rolling(0, 1))),
        Strategy::Recreate => ("Recreate", None),
    };
    DeploymentStrategy { type_: Some(type_.to_owned()), rolling_update }
}

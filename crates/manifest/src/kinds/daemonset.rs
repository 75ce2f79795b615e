//! `DaemonSets`.

use super::deployment::HISTORY;
use super::min_ready;
use crate::labels::Scope;
use crate::object::Object;
use crate::pods::{Owner, template};
use k8s_openapi::api::apps::v1::{
    DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy, RollingUpdateDaemonSet,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use model::plan::Workload;

/// The `DaemonSet`, updated one node at a time.
pub(crate) fn daemon_set(scope: &Scope<'_>, workload: &Workload) -> Object {
    let rolling_update =
        RollingUpdateDaemonSet { max_unavailable: Some(IntOrString::Int(1)), max_surge: None };
    let spec = DaemonSetSpec {
        selector: scope.selector(&workload.name),
        template: template(scope, workload, Owner::Other),
        update_strategy: Some(DaemonSetUpdateStrategy {
            type_: Some("RollingUpdate".to_owned()),
            rolling_update: Some(rolling_update),
        }),
        min_ready_seconds: min_ready(workload),
        revision_history_limit: Some(HISTORY),
    };
    let metadata = scope.workload_meta(workload, &workload.name);
    let object = DaemonSet { metadata, spec: Some(spec), ..DaemonSet::default() };
    Object::new(0, Some(&workload.service), &object)
}

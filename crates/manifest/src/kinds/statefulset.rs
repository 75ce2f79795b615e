//! `StatefulSets`.

use super::deployment::HISTORY;
use super::{claim, count, min_ready};
use crate::labels::{Scope, selector};
use crate::object::Object;
use crate::pods::{Owner, template};
use k8s_openapi::api::apps::v1::{
    StatefulSet, StatefulSetPersistentVolumeClaimRetentionPolicy, StatefulSetSpec,
    StatefulSetUpdateStrategy,
};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use model::plan::{Claim, Workload};

/// What a `StatefulSet` has beside its pod.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Set<'a> {
    pub(crate) replicas: u32,
    pub(crate) governing: &'a str,
    pub(crate) claims: &'a [Claim],
}

/// The `StatefulSet`. Its claims outlive it and outlive a smaller number of replicas: nothing here
/// deletes data.
pub(crate) fn stateful_set(
    scope: &Scope<'_>,
    workload: &Workload,
    set: &Set<'_>,
    parallel: bool,
) -> Object {
    let management = if parallel { "Parallel" } else { "OrderedReady" };
    let spec = StatefulSetSpec {
        replicas: Some(count(set.replicas)),
        selector: scope.selector(&workload.name),
        service_name: Some(set.governing.to_owned()),
        template: template(scope, workload, Owner::Other),
        volume_claim_templates: claims(scope, workload, set),
        pod_management_policy: Some(management.to_owned()),
        update_strategy: Some(StatefulSetUpdateStrategy {
            type_: Some("RollingUpdate".to_owned()),
            rolling_update: None,
        }),
        persistent_volume_claim_retention_policy: Some(retain()),
        min_ready_seconds: min_ready(workload),
        revision_history_limit: Some(HISTORY),
        ..StatefulSetSpec::default()
    };
    let metadata = scope.workload_meta(workload, &workload.name);
    let object = StatefulSet { metadata, spec: Some(spec), ..StatefulSet::default() };
    Object::new(0, Some(&workload.service), &object)
}

fn claims(
    scope: &Scope<'_>,
    workload: &Workload,
    set: &Set<'_>,
) -> Option<Vec<PersistentVolumeClaim>> {
    // Templates are immutable, so they carry only labels that never change.
    let labels = selector(&scope.plan.app, &workload.name);
    let templates: Vec<_> =
        set.claims.iter().map(|it| claim::template(it, labels.clone())).collect();
    (!templates.is_empty()).then_some(templates)
}

fn retain() -> StatefulSetPersistentVolumeClaimRetentionPolicy {
    StatefulSetPersistentVolumeClaimRetentionPolicy {
        when_deleted: Some("Retain".to_owned()),
        when_scaled: Some("Retain".to_owned()),
    }
}

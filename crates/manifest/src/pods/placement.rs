//! How replicas are spread over nodes and zones.

use super::Owner;
use crate::labels::Scope;
use k8s_openapi::api::core::v1::{
    Affinity, PodAffinityTerm, PodAntiAffinity, TopologySpreadConstraint, WeightedPodAffinityTerm,
};
use model::plan::{Spread, Workload};

const HOST: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

/// Spread over hosts and zones as far as that is possible.
pub(super) fn spread(
    scope: &Scope<'_>,
    workload: &Workload,
    owner: Owner,
) -> Option<Vec<TopologySpreadConstraint>> {
    // A rollout is spread by itself, not together with the version that it replaces.
    let keys = (owner == Owner::Deployment).then(|| vec!["pod-template-hash".to_owned()]);
    let constraint = |topology: &str| TopologySpreadConstraint {
        max_skew: 1,
        topology_key: topology.to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(scope.selector(&workload.name)),
        match_label_keys: keys.clone(),
        ..TopologySpreadConstraint::default()
    };
    (workload.pod.spread != Spread::None).then(|| vec![constraint(HOST), constraint(ZONE)])
}

/// Keeps replicas off each other's hosts: preferred, or required where the plan says so.
pub(super) fn affinity(scope: &Scope<'_>, workload: &Workload) -> Option<Affinity> {
    let term = PodAffinityTerm {
        label_selector: Some(scope.selector(&workload.name)),
        topology_key: HOST.to_owned(),
        ..PodAffinityTerm::default()
    };
    let mut anti = PodAntiAffinity::default();
    match workload.pod.spread {
        Spread::None => return None,
        Spread::Soft => {
            let preferred = WeightedPodAffinityTerm { weight: 100, pod_affinity_term: term };
            anti.preferred_during_scheduling_ignored_during_execution = Some(vec![preferred]);
        }
        Spread::Hosts => {
            anti.required_during_scheduling_ignored_during_execution = Some(vec![term]);
        }
    }
    Some(Affinity { pod_anti_affinity: Some(anti), ..Affinity::default() })
}

//! Pods that only start together.

use crate::labels::{Map, Scope, map, some};
use crate::object::{Object, stage};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use model::plan::{Gang, Workload};
use serde::Serialize;

/// The label by which pods name their group.
pub(crate) const POD_GROUP: &str = "scheduling.x-k8s.io/pod-group";

/// `scheduling.x-k8s.io/v1alpha1` `PodGroup`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PodGroup {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMeta,
    spec: PodGroupSpec,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PodGroupSpec {
    min_member: u32,
}

/// The group. Its API has no words for topology and teams: those are annotations and a label, which
/// a scheduler that does not know them leaves alone.
pub(crate) fn pod_group(scope: &Scope<'_>, gang: &Gang) -> Object {
    let mut labels = scope.labels_of_service(&gang.service, "gang");
    labels.extend(gang.team.iter().map(|team| ("muster.dev/team".to_owned(), team.clone())));
    let topology = [
        ("muster.dev/topology-require", gang.require.as_deref()),
        ("muster.dev/topology-prefer", gang.prefer.as_deref()),
    ];
    let annotations: Map = topology
        .into_iter()
        .filter_map(|(key, domain)| Some((key.to_owned(), domain?.to_owned())))
        .collect();
    let group = PodGroup {
        api_version: "scheduling.x-k8s.io/v1alpha1",
        kind: "PodGroup",
        metadata: ObjectMeta { annotations: some(annotations), ..scope.meta(&gang.name, labels) },
        spec: PodGroupSpec { min_member: gang.members },
    };
    Object::new(stage::CUSTOM, Some(&gang.service), &group)
}

/// The label of the pods of a workload that starts as a gang.
pub(crate) fn member(scope: &Scope<'_>, workload: &Workload) -> Map {
    let gang = scope.plan.gangs.iter().find(|gang| gang.service == workload.service);
    gang.map(|gang| map([(POD_GROUP, gang.name.as_str())])).unwrap_or_default()
}

//! API versions: those that are gone, and kinds under a version that never had them.

use crate::finding::Findings;
use crate::rules::Context;
use crate::set::Object;
use crate::table::schema as t;

/// An API version that Kubernetes served once.
struct Removed {
    api: &'static str,
    kinds: &'static [&'static str],
    /// The first minor version without it.
    minor: u8,
    instead: &'static str,
}

const fn removed(
    api: &'static str,
    kinds: &'static [&'static str],
    minor: u8,
    instead: &'static str,
) -> Removed {
    Removed { api, kinds, minor, instead }
}

const REMOVED: &[Removed] = &[
    removed("extensions/v1beta1", &["Deployment", "DaemonSet", "ReplicaSet"], 16, "apps/v1"),
    removed("apps/v1beta1", &["Deployment", "StatefulSet"], 16, "apps/v1"),
    removed(
        "apps/v1beta2",
        &["Deployment", "DaemonSet", "ReplicaSet", "StatefulSet"],
        16,
        "apps/v1",
    ),
    removed("extensions/v1beta1", &["NetworkPolicy"], 16, "networking.k8s.io/v1"),
    removed("extensions/v1beta1", &["Ingress"], 22, "networking.k8s.io/v1"),
    removed("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], 22, "networking.k8s.io/v1"),
    removed(
        "rbac.authorization.k8s.io/v1beta1",
        &["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"],
        22,
        "rbac.authorization.k8s.io/v1",
    ),
    removed(
        "storage.k8s.io/v1beta1",
        &["StorageClass", "CSIDriver", "CSINode", "VolumeAttachment"],
        22,
        "storage.k8s.io/v1",
    ),
    removed("scheduling.k8s.io/v1beta1", &["PriorityClass"], 22, "scheduling.k8s.io/v1"),
    removed(
        "apiextensions.k8s.io/v1beta1",
        &["CustomResourceDefinition"],
        22,
        "apiextensions.k8s.io/v1",
    ),
    removed(
        "admissionregistration.k8s.io/v1beta1",
        &["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"],
        22,
        "admissionregistration.k8s.io/v1",
    ),
    removed(
        "certificates.k8s.io/v1beta1",
        &["CertificateSigningRequest"],
        22,
        "certificates.k8s.io/v1",
    ),
    removed("coordination.k8s.io/v1beta1", &["Lease"], 22, "coordination.k8s.io/v1"),
    removed("batch/v1beta1", &["CronJob"], 25, "batch/v1"),
    removed("batch/v2alpha1", &["CronJob"], 21, "batch/v1"),
    removed("policy/v1beta1", &["PodDisruptionBudget"], 25, "policy/v1"),
    removed(
        "policy/v1beta1",
        &["PodSecurityPolicy"],
        25,
        "the label pod-security.kubernetes.io/enforce of the Namespace",
    ),
    removed(
        "extensions/v1beta1",
        &["PodSecurityPolicy"],
        16,
        "the label pod-security.kubernetes.io/enforce of the Namespace",
    ),
    removed("discovery.k8s.io/v1beta1", &["EndpointSlice"], 25, "discovery.k8s.io/v1"),
    removed("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], 25, "autoscaling/v2"),
    removed("autoscaling/v2beta2", &["HorizontalPodAutoscaler"], 26, "autoscaling/v2"),
    removed("node.k8s.io/v1beta1", &["RuntimeClass"], 25, "node.k8s.io/v1"),
    removed(
        "flowcontrol.apiserver.k8s.io/v1beta2",
        &["FlowSchema", "PriorityLevelConfiguration"],
        29,
        "flowcontrol.apiserver.k8s.io/v1",
    ),
    removed(
        "flowcontrol.apiserver.k8s.io/v1beta3",
        &["FlowSchema", "PriorityLevelConfiguration"],
        32,
        "flowcontrol.apiserver.k8s.io/v1",
    ),
    removed("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], 27, "storage.k8s.io/v1"),
    removed(
        "gateway.networking.k8s.io/v1alpha2",
        &["HTTPRoute", "Gateway", "GatewayClass"],
        0,
        "gateway.networking.k8s.io/v1",
    ),
];

/// The version of each common kind.
const CURRENT: &[(&str, &[&str])] = &[
    (
        "v1",
        &[
            "ConfigMap",
            "Endpoints",
            "LimitRange",
            "Namespace",
            "Node",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "ServiceAccount",
        ],
    ),
    ("apps/v1", &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]),
    ("batch/v1", &["CronJob", "Job"]),
    ("autoscaling/v2", &["HorizontalPodAutoscaler"]),
    ("policy/v1", &["PodDisruptionBudget"]),
    ("networking.k8s.io/v1", &["IngressClass"]),
    ("rbac.authorization.k8s.io/v1", &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"]),
    ("storage.k8s.io/v1", &["StorageClass"]),
];

/// Groups that Kubernetes itself serves.
const CORE_GROUPS: &[&str] = &[
    "",
    "apps",
    "batch",
    "autoscaling",
    "policy",
    "networking.k8s.io",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "extensions",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "certificates.k8s.io",
    "node.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "gateway.networking.k8s.io",
    "apiregistration.k8s.io",
    "resource.k8s.io",
];

/// Whether an object is of a kind that some operator brought.
pub(super) fn is_custom(object: &Object<'_>) -> bool {
    let group = object.api.split_once('/').map_or("", |(group, _)| group);
    !CORE_GROUPS.contains(&group)
}

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for object in &cx.set.objects {
        let at = object.root.at("apiVersion");
        let row = REMOVED.iter().find(|r| r.api == object.api && r.kinds.contains(&object.kind));
        if let Some(row) = row {
            if row.minor <= cx.options.minor {
                let message = format!(
                    "Kubernetes {} serves no {} {}: kubectl reports \"no matches for kind\"",
                    version(cx.options.minor),
                    row.api,
                    object.kind
                );
                let fix = if row.instead.contains(' ') {
                    format!("use {}", row.instead)
                } else {
                    format!("apiVersion: {}", row.instead)
                };
                out.add(&t::REMOVED_API, object, &at, message, fix);
            } else {
                let message = format!(
                    "Kubernetes {} will no longer serve {} {}",
                    version(row.minor),
                    row.api,
                    object.kind
                );
                out.add(
                    &t::DEPRECATED_API,
                    object,
                    &at,
                    message,
                    format!("apiVersion: {}", row.instead),
                );
            }
        } else if !is_custom(object) {
            wrong(object, out);
        }
        if object.api == "v1" && object.kind == "Endpoints" && cx.options.minor >= 33 {
            let message = "Endpoints are deprecated since 1.33 and know no dual stack";
            out.add(
                &t::DEPRECATED_API,
                object,
                &at,
                message,
                "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice",
            );
        }
    }
}

fn version(minor: u8) -> String {
    format!("1.{minor}")
}

fn wrong(object: &Object<'_>, out: &mut Findings) {
    let Some((api, _)) = CURRENT.iter().find(|(_, kinds)| kinds.contains(&object.kind)) else {
        return;
    };
    let hpa_v1 = object.kind == "HorizontalPodAutoscaler" && object.api == "autoscaling/v1";
    if object.api != *api && !hpa_v1 && !object.api.is_empty() {
        let message = format!(
            "there is no {} in {}: kubectl reports \"no matches for kind\"",
            object.kind, object.api
        );
        out.add(
            &t::WRONG_API,
            object,
            &object.root.at("apiVersion"),
            message,
            format!("apiVersion: {api}"),
        );
    }
}

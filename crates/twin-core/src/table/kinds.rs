//! Which columns the kinds have. Those that are not named have their name and the time of birth.

use super::cells::{batch, cluster, config, events, network, pod, scaling, storage, workload};
use super::columns::{Cell, Column, Form, bool, column, count, int, of, text, text_or};
use crate::registry::Resource;

const BIRTH: &[&str] = &["metadata", "creationTimestamp"];
const NAME: Column = column("Name", Form::Name, Cell::Text(&["metadata", "name"], ""));
const AGE: Column = column("Age", Form::Text, Cell::Since(BIRTH));
const CONTAINERS: Column = of("Containers", workload::containers).wide();
const IMAGES: Column = of("Images", workload::images).wide();
const SELECTOR: Column = of("Selector", workload::selector).wide();

const OTHERS: &[Column] = &[NAME, column("Created At", Form::Date, Cell::Text(BIRTH, ""))];

const PODS: &[Column] = &[
    NAME,
    of("Ready", pod::ready),
    of("Status", pod::status),
    of("Restarts", pod::restarts),
    AGE,
    of("IP", pod::address).wide(),
    text_or("Node", &["spec", "nodeName"], "<none>").wide(),
    text_or("Nominated Node", &["status", "nominatedNodeName"], "<none>").wide(),
    of("Readiness Gates", pod::gates).wide(),
];

const DEPLOYMENTS: &[Column] = &[
    NAME,
    of("Ready", workload::ready),
    int("Up-to-date", &["status", "updatedReplicas"]).of_text(),
    int("Available", &["status", "availableReplicas"]).of_text(),
    AGE,
    CONTAINERS,
    IMAGES,
    of("Selector", workload::bare_selector).wide(),
];

const REPLICAS: &[Column] = &[
    NAME,
    int("Desired", &["spec", "replicas"]),
    int("Current", &["status", "replicas"]),
    int("Ready", &["status", "readyReplicas"]),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

const STATEFUL_SETS: &[Column] = &[NAME, of("Ready", workload::ready), AGE, CONTAINERS, IMAGES];

const DAEMON_SETS: &[Column] = &[
    NAME,
    int("Desired", &["status", "desiredNumberScheduled"]),
    int("Current", &["status", "currentNumberScheduled"]),
    int("Ready", &["status", "numberReady"]),
    int("Up-to-date", &["status", "updatedNumberScheduled"]),
    int("Available", &["status", "numberAvailable"]),
    of("Node Selector", workload::node_selector),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

const REVISIONS: &[Column] =
    &[NAME, of("Controller", workload::controller), int("Revision", &["revision"]).of_text(), AGE];

const JOBS: &[Column] = &[
    NAME,
    of("Status", batch::status),
    of("Completions", batch::completions),
    of("Duration", batch::duration),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

const CRON_JOBS: &[Column] = &[
    NAME,
    text("Schedule", &["spec", "schedule"]),
    text_or("Timezone", &["spec", "timeZone"], "<none>"),
    column("Suspend", Form::Boolean, Cell::Of(batch::suspended)),
    count("Active", batch::active),
    of("Last Schedule", batch::last_schedule),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

const SERVICES: &[Column] = &[
    NAME,
    text("Type", &["spec", "type"]),
    of("Cluster-IP", network::cluster_address),
    of("External-IP", network::external_address),
    of("Port(s)", network::service_ports),
    AGE,
    of("Selector", network::service_selector).wide(),
];

const ENDPOINTS: &[Column] = &[NAME, of("Endpoints", network::endpoints), AGE];

const SLICES: &[Column] = &[
    NAME,
    text("AddressType", &["addressType"]),
    of("Ports", network::slice_ports),
    of("Endpoints", network::slice_endpoints),
    AGE,
];

const INGRESSES: &[Column] = &[
    NAME,
    text_or("Class", &["spec", "ingressClassName"], "<none>"),
    of("Hosts", network::hosts),
    of("Address", network::balancer),
    of("Ports", network::ingress_ports),
    AGE,
];

const INGRESS_CLASSES: &[Column] = &[
    column("Name", Form::Name, Cell::Of(network::class_name)),
    text("Controller", &["spec", "controller"]),
    of("Parameters", network::class_parameters),
    AGE,
];

const POLICIES: &[Column] = &[NAME, of("Pod-Selector", network::pod_selector), AGE];

const NODES: &[Column] = &[
    NAME,
    of("Status", cluster::node_status),
    of("Roles", cluster::node_roles),
    AGE,
    text("Version", &["status", "nodeInfo", "kubeletVersion"]),
    of("Internal-IP", cluster::internal_address).wide(),
    of("External-IP", cluster::external_address).wide(),
    text_or("OS-Image", &["status", "nodeInfo", "osImage"], "<unknown>").wide(),
    of("Kernel-Version", cluster::kernel).wide(),
    text_or("Container-Runtime", &["status", "nodeInfo", "containerRuntimeVersion"], "<unknown>")
        .wide(),
];

const NAMESPACES: &[Column] = &[NAME, text("Status", &["status", "phase"]), AGE];
const LEASES: &[Column] = &[NAME, text("Holder", &["spec", "holderIdentity"]), AGE];
const AGED: &[Column] = &[NAME, AGE];

const PRIORITIES: &[Column] = &[
    NAME,
    int("Value", &["value"]),
    bool("Global-Default", &["globalDefault"]),
    AGE,
    text("PreemptionPolicy", &["preemptionPolicy"]),
];

const BINDINGS: &[Column] = &[
    NAME,
    of("Role", cluster::role),
    AGE,
    of("Users", cluster::users).wide(),
    of("Groups", cluster::groups).wide(),
    of("ServiceAccounts", cluster::accounts).wide(),
];

const EVENTS: &[Column] = &[
    of("Last Seen", events::last_seen),
    text("Type", &["type"]),
    text("Reason", &["reason"]),
    of("Object", events::object),
    of("Subobject", events::part).wide(),
    of("Source", events::source).wide(),
    of("Message", events::message),
    of("First Seen", events::first_seen).wide(),
    column("Count", Form::Text, Cell::Count(events::count)).wide(),
    column("Name", Form::Name, Cell::Text(&["metadata", "name"], "")).wide(),
];

const MAPS: &[Column] = &[NAME, count("Data", config::map_size).of_text(), AGE];

const SECRETS: &[Column] =
    &[NAME, text("Type", &["type"]), count("Data", config::secret_size).of_text(), AGE];

const QUOTAS: &[Column] =
    &[NAME, of("Request", config::quota_requests), of("Limit", config::quota_limits), AGE];

const CLAIMS: &[Column] = &[
    NAME,
    of("Status", storage::phase),
    text("Volume", &["spec", "volumeName"]),
    of("Capacity", storage::claim_capacity),
    of("Access Modes", storage::claim_modes),
    of("StorageClass", storage::class),
    text_or("VolumeAttributesClass", &["spec", "volumeAttributesClassName"], "<unset>"),
    AGE,
    text_or("VolumeMode", &["spec", "volumeMode"], "<unset>").wide(),
];

const VOLUMES: &[Column] = &[
    NAME,
    text_or("Capacity", &["spec", "capacity", "storage"], "0"),
    of("Access Modes", storage::volume_modes),
    text("Reclaim Policy", &["spec", "persistentVolumeReclaimPolicy"]),
    of("Status", storage::phase),
    of("Claim", storage::claim),
    of("StorageClass", storage::class),
    text_or("VolumeAttributesClass", &["spec", "volumeAttributesClassName"], "<unset>"),
    text("Reason", &["status", "reason"]),
    AGE,
    text_or("VolumeMode", &["spec", "volumeMode"], "<unset>").wide(),
];

const CLASSES: &[Column] = &[
    column("Name", Form::Name, Cell::Of(storage::class_name)),
    text("Provisioner", &["provisioner"]),
    text_or("ReclaimPolicy", &["reclaimPolicy"], "Delete"),
    text_or("VolumeBindingMode", &["volumeBindingMode"], "Immediate"),
    bool("AllowVolumeExpansion", &["allowVolumeExpansion"]).of_text(),
    AGE,
];

const AUTOSCALERS: &[Column] = &[
    NAME,
    of("Reference", scaling::reference),
    of("Targets", scaling::targets),
    of("MinPods", scaling::least),
    int("MaxPods", &["spec", "maxReplicas"]).of_text(),
    int("Replicas", &["status", "currentReplicas"]).of_text(),
    AGE,
];

const BUDGETS: &[Column] = &[
    NAME,
    of("Min Available", scaling::min_available),
    of("Max Unavailable", scaling::max_unavailable),
    int("Allowed Disruptions", &["status", "disruptionsAllowed"]),
    AGE,
];

pub(super) fn columns(resource: &Resource) -> &'static [Column] {
    match (resource.kind.group.as_str(), resource.plural.as_str()) {
        ("", "pods") => PODS,
        ("apps", "deployments") => DEPLOYMENTS,
        ("apps", "replicasets") | ("", "replicationcontrollers") => REPLICAS,
        ("apps", "statefulsets") => STATEFUL_SETS,
        ("apps", "daemonsets") => DAEMON_SETS,
        ("apps", "controllerrevisions") => REVISIONS,
        ("batch", "jobs") => JOBS,
        ("batch", "cronjobs") => CRON_JOBS,
        ("", "services") => SERVICES,
        ("", "endpoints") => ENDPOINTS,
        ("discovery.k8s.io", "endpointslices") => SLICES,
        ("networking.k8s.io", "ingresses") => INGRESSES,
        ("networking.k8s.io", "ingressclasses") => INGRESS_CLASSES,
        ("networking.k8s.io", "networkpolicies") => POLICIES,
        ("", "nodes") => NODES,
        ("", "namespaces") => NAMESPACES,
        ("coordination.k8s.io", "leases") => LEASES,
        ("", "serviceaccounts") => AGED,
        ("scheduling.k8s.io", "priorityclasses") => PRIORITIES,
        ("rbac.authorization.k8s.io", "rolebindings" | "clusterrolebindings") => BINDINGS,
        ("" | "events.k8s.io", "events") => EVENTS,
        ("", "configmaps") => MAPS,
        ("", "secrets") => SECRETS,
        ("", "resourcequotas") => QUOTAS,
        ("", "persistentvolumeclaims") => CLAIMS,
        ("", "persistentvolumes") => VOLUMES,
        ("storage.k8s.io", "storageclasses") => CLASSES,
        ("autoscaling", "horizontalpodautoscalers") => AUTOSCALERS,
        ("policy", "poddisruptionbudgets") => BUDGETS,
        _ if resource.custom.is_some() => AGED,
        _ => OTHERS,
    }
}

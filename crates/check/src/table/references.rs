//! References between objects.

table! {
SELECTOR_MISMATCH "MU4001" "selector-mismatch" Error []
    "a workload's selector does not match its own template";
    "The API server refuses the object.";
MISSING_CONFIG_MAP "MU4002" "missing-config-map" Warning []
    "a ConfigMap that is not in the files";
    "If it is not in the cluster either, the container waits in CreateContainerConfigError.";
MISSING_CONFIG_KEY "MU4003" "missing-config-map-key" Error []
    "a key that the ConfigMap does not have";
    "The container waits in CreateContainerConfigError.";
MISSING_SECRET "MU4004" "missing-secret" Warning []
    "a Secret that is not in the files";
    "If it is not in the cluster either, the container waits in CreateContainerConfigError.";
MISSING_SECRET_KEY "MU4005" "missing-secret-key" Error []
    "a key that the Secret does not have";
    "The container waits in CreateContainerConfigError.";
MISSING_CLAIM "MU4006" "missing-claim" Warning []
    "a PersistentVolumeClaim that is not in the files";
    "If it is not in the cluster either, the pod stays Pending.";
MISSING_VOLUME "MU4007" "missing-volume" Error []
    "a mount of a volume that the pod does not have";
    "The API server refuses the object.";
MISSING_ACCOUNT "MU4008" "missing-service-account" Warning []
    "a ServiceAccount that is not in the files";
    "If it is not in the cluster either, no pod is created.";
UNUSED_CONFIG "MU4009" "unused-config" Warning []
    "a ConfigMap or Secret that no workload uses";
    "Nothing reads it. Often the workload is missing, or names something else.";
DEAD_HOST "MU4010" "config-names-dead-service" Warning []
    "configuration names a Service that has no pods";
    "The name resolves, and every connection is refused.";
UNKNOWN_HOST "MU4011" "config-names-unknown-host" Warning []
    "configuration names a host that is no Service of the files";
    "A bare name only resolves to a Service of the same namespace.";
DUPLICATE "MU4012" "duplicate-object" Error []
    "two objects of one kind and name";
    "The later one silently replaces the earlier.";
UNUSED_VOLUME "MU4013" "unused-volume" Info []
    "a volume that no container mounts";
    "The data the application writes goes elsewhere.";
ROLE_MISSING "MU4014" "missing-role" Warning []
    "a binding to a role that is not in the files";
    "If it is not in the cluster either, the subjects get nothing.";
UNUSED_CLAIM "MU4015" "unused-claim" Warning []
    "a PersistentVolumeClaim that no pod mounts";
    "It holds storage that nobody writes to. Often the workload is missing, or names another claim.";
}

//! Where objects lie in the store.

use twin_core::store::TableName;
use twin_core::tree::Text;

macro_rules! tables {
    ($($name:ident = $path:literal),* $(,)?) => {
        $(#[doc = concat!("`", $path, "`")]
        pub const $name: TableName = TableName(Text::new_static($path));)*

        /// All of them.
        pub const ALL: &[TableName] = &[$($name),*];
    };
}

tables! {
    CLUSTER_ROLES = "rbac.authorization.k8s.io/clusterroles",
    CLUSTER_ROLE_BINDINGS = "rbac.authorization.k8s.io/clusterrolebindings",
    COMPONENT_STATUSES = "/componentstatuses",
    CONFIG_MAPS = "/configmaps",
    CLAIMS = "/persistentvolumeclaims",
    CRON_JOBS = "batch/cronjobs",
    DAEMON_SETS = "apps/daemonsets",
    DEPLOYMENTS = "apps/deployments",
    ENDPOINTS = "/endpoints",
    ENDPOINT_SLICES = "discovery.k8s.io/endpointslices",
    EVENTS = "/events",
    JOBS = "batch/jobs",
    LEASES = "coordination.k8s.io/leases",
    NAMESPACES = "/namespaces",
    NODES = "/nodes",
    PODS = "/pods",
    POD_DISRUPTION_BUDGETS = "policy/poddisruptionbudgets",
    POD_SCALERS = "autoscaling/horizontalpodautoscalers",
    PRIORITY_CLASSES = "scheduling.k8s.io/priorityclasses",
    LIMIT_RANGES = "/limitranges",
    REPLICATION_CONTROLLERS = "/replicationcontrollers",
    REPLICA_SETS = "apps/replicasets",
    RESOURCE_QUOTAS = "/resourcequotas",
    REVISIONS = "apps/controllerrevisions",
    SECRETS = "/secrets",
    SERVICES = "/services",
    SERVICE_CIDRS = "networking.k8s.io/servicecidrs",
    SERVICE_ACCOUNTS = "/serviceaccounts",
    STATEFUL_SETS = "apps/statefulsets",
    STORAGE_CLASSES = "storage.k8s.io/storageclasses",
    VOLUMES = "/persistentvolumes",
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_table_is_served() {
        let api = twin_core::api::Api::default();
        for table in super::ALL {
            assert!(api.registry().stored(table).is_some(), "{table:?}");
        }
    }
}

//! The named rules of the planner. A decision that no line of the file asks for names one of these.

use model::reason::Rule;

macro_rules! rules {
    ($($ident:ident = $name:literal: $why:literal;)*) => {
        $(#[doc = concat!("`", $name, "`")] pub(crate) const $ident: Rule = Rule { name: $name, why: $why };)*
        /// Every rule, by name.
        pub(crate) const RULES: &[Rule] = &[$($ident),*];
    };
}

rules! {
    // Names and objects.
    DNS_NAMES = "dns-names": "Kubernetes names are DNS labels: capitals, dots and underscores of Compose names are replaced, and the old name stays resolvable where Kubernetes allows it.";
    OWN_NAMESPACE = "own-namespace": "Each product lives in a namespace of its own: quotas, policies and Pod Security are set per namespace, and nothing lands in `default`.";
    COMMON_LABELS = "common-labels": "The recommended labels app.kubernetes.io/* are on every object; selectors use only name and instance, because selectors can never be changed.";
    NO_SERVICE_LINKS = "no-service-links": "enableServiceLinks is off: a Service named `redis` would otherwise inject REDIS_PORT=tcp://…, which applications read as a number.";
    NO_API_TOKEN = "no-api-token": "No pod gets a Kubernetes API token: nothing in a Compose product needs one.";

    // Kinds.
    STATELESS_IS_DEPLOYMENT = "stateless-is-deployment": "A service that keeps nothing on disk is a Deployment: its pods can be replaced in any order.";
    DATA_IS_STATEFULSET = "data-is-statefulset": "A database, a broker or anything that owns a volume is a StatefulSet: stable name, its own claim, never two pods on one directory.";
    ONE_SHOT_IS_JOB = "one-shot-is-job": "A service that others wait for to complete, or that says restart: \"no\", ends by itself: it is a Job.";
    GLOBAL_IS_DAEMONSET = "global-is-daemonset": "deploy.mode: global and node agents run once on each node: a DaemonSet.";
    SCHEDULE_IS_CRONJOB = "schedule-is-cronjob": "A schedule makes a CronJob that never overlaps itself.";
    GANG_STARTS_TOGETHER = "gang-starts-together": "A replicated job starts as a whole or not at all: an Indexed Job in a PodGroup, so that half a training run never holds GPUs.";
    OPERATOR_RUNS_CLUSTER = "operator-runs-cluster": "A replicated database needs somebody who decides about bootstrap, failover and recovery: an operator, described by one object.";

    // Scaling.
    MULTIPLY_STATELESS = "multiply-stateless": "A stateless service runs at least twice, so that a node or a rollout never takes it away; it scales to 10 on 50 % CPU.";
    DATABASE_NEVER_HPA = "database-never-hpa": "A database never gets an autoscaler: a second pod is a second, empty database.";
    ONE_WRITER = "one-writer": "What writes to its own volume, to SQLite or to a fixed resource runs once: a second replica would corrupt or split its data.";
    HPA_OWNS_REPLICAS = "hpa-owns-replicas": "Where an autoscaler owns the number, the manifest has no replicas, or each apply would fight it.";
    SERVE_WITHIN_PROMISE = "serve-within-promise": "What serves a model is planned from x-muster.inference: as many replicas as its users need within the promise, one to spare, on the cheapest GPUs that keep it. What the file states (replicas, devices, a kind of GPU) wins. A scheduler of batches is simulated over modelled step times; the figures carry their error.";
    DEVICES_NOT_BY_CPU = "devices-not-by-cpu": "What computes on reserved devices is not scaled by CPU: each copy takes devices of its own, and the CPU does not show their load.";
    BUDGET_AGREES = "budget-agrees": "Two or more replicas get a disruption budget of one at a time and are spread over nodes and zones; on one replica a budget would only block drains.";
    ROLL_WITHOUT_GAP = "roll-without-gap": "Rollouts add a new pod before an old one goes (maxSurge 1, maxUnavailable 0), and each pod waits until its endpoint is gone before it stops.";
    ROLL_ON_OWN_DEVICES = "roll-on-own-devices": "Replicas of a model with one to spare are replaced on their own devices (maxSurge 0, maxUnavailable 1): a rollout takes no GPU more than was planned, and the others keep the promise meanwhile.";
    RECREATE_SINGLE_WRITER = "recreate-single-writer": "A single writer is replaced, not rolled: two pods would hold the same volume.";

    // Network.
    EVERY_NAME_RESOLVES = "every-name-resolves": "Every name that resolves in Compose (service, container_name, hostname, alias) is a Service on the container's port, because that is what peers dial.";
    HEADLESS_NAME = "headless-name": "A service without any known port still gets a headless Service, so that its name resolves.";
    GOVERNING_SERVICE = "governing-service": "A StatefulSet needs a headless Service that names its pods; clients keep the Compose name on a ClusterIP.";
    ROUTE_PUBLISHED_HTTP = "route-published-http": "A published HTTP port becomes a route at the edge; published on 127.0.0.1, databases and debuggers stay inside.";
    LOAD_BALANCER_TCP = "load-balancer-tcp": "A published TCP or UDP port that is no HTTP needs an address of its own: a LoadBalancer.";
    POLICY_FROM_NETWORKS = "policy-from-networks": "Services that share a Compose network may talk, others may not; the edge, metrics and DNS are let through.";
    INTERNAL_NO_EGRESS = "internal-no-egress": "A service that is only on internal networks cannot leave them; DNS stays open.";

    // Configuration and secrets.
    SECRETS_ARE_LIFTED = "secrets-are-lifted": "Passwords, tokens and DSNs with a password become Secret entries; equal values share one, so that a database and its clients cannot drift. They are never printed.";
    SECRET_AS_FILE = "secret-as-file": "Where the image reads KEY_FILE, the secret is mounted as a file: it stays out of the environment and of crash dumps.";
    CONFIG_ROLLS = "config-rolls": "A ConfigMap's name ends in a hash of its content, so that a change rolls the pods.";
    BIND_CONFIG = "bind-config": "A bind mount of configuration files becomes a ConfigMap, read-only.";
    BIND_DATA = "bind-data": "A bind mount of data becomes a claim; the data must be copied once.";
    BIND_SOURCE_CODE = "bind-source-code": "A bind mount of source code is for development: the image already holds it, so the mount is dropped.";
    BIND_HOST = "bind-host": "A path of the host means nothing on another node: it is refused, or replaced by what Kubernetes offers for it.";
    NO_DOCKER_SOCKET = "no-docker-socket": "There is no Docker on a Kubernetes node, and its socket is root on the machine: the mount is refused.";

    // Storage.
    CLAIM_SIZE = "claim-size": "A claim has a real size: from x-muster, else from the image table, else 10Gi for databases and 5Gi for the rest.";
    CLAIM_RETAINED = "claim-retained": "Claims outlive their StatefulSet: deleting or scaling a workload never deletes data.";
    SHARED_NEEDS_RWX = "shared-needs-rwx": "A volume that several pods write needs ReadWriteMany storage such as CephFS or NFS.";
    DATABASE_LOCAL_DISK = "database-local-disk": "A database belongs on block or local storage; NFS loses its locks.";
    EPHEMERAL_SCRATCH = "ephemeral-scratch": "tmpfs, caches and anonymous volumes are emptyDirs: they live as long as the pod.";

    // Databases.
    CONNECTION_BUDGET = "connection-budget": "All replicas of all clients at their maximum must fit into max_connections, less what administration, backup and exporter need.";
    BACKUP_DAILY = "backup-daily": "A database whose engine is known is dumped every night to a claim of its own; seven dumps are kept.";
    PROBES_SPARE_RECOVERY = "probes-spare-recovery": "A database's probes never kill a start or a recovery: long startup, readiness by the engine's own tool, a patient liveness.";

    // Order.
    ORDER_BY_READINESS = "order-by-readiness": "depends_on is kept by readiness and by the order of applying, not by init containers: those would hold back every later restart too.";
    GATE_ON_JOB = "gate-on-job": "What waits for service_completed_successfully is applied when the Job has completed.";

    // Probes and resources.
    PROBE_FROM_HEALTHCHECK = "probe-from-healthcheck": "A health check becomes startup and readiness; Compose never restarts on it, so liveness is a plain look at the port.";
    PROBE_FROM_IMAGE = "probe-from-image": "The image table knows how this image tells its health.";
    PROBE_FROM_PORT = "probe-from-port": "Nothing better is known than that the port must accept connections.";
    COUNTS_WHEN_SETTLED = "counts-when-settled": "A pod counts when it has been ready for a while: five seconds where no probe looks inside, ten before the next replica of a set is replaced.";
    NO_PROBE_WITHOUT_PORT = "no-probe-without-port": "Nothing to probe is known: Kubernetes then only sees whether the process lives.";
    DEFAULT_RESOURCES = "default-resources": "Every container has requests and limits: from the file, else from the image table, else a small start that measurement should correct.";
    CPU_LIMIT_ROOMY = "cpu-limit-roomy": "The CPU limit is several times the request: it stops a runaway without throttling a burst.";

    // Security.
    RESTRICTED = "restricted": "Pods meet Pod Security \"restricted\": no root, no escalation, no capabilities, seccomp RuntimeDefault.";
    ASSUMED_UID = "assumed-uid": "An unknown image runs as user 10001: most work so; x-muster.security.run_as says otherwise.";
    READ_ONLY_ROOT = "read-only-root": "The root file system is read-only; what the image must write is an emptyDir.";
    LOW_PORT_SYSCTL = "low-port-sysctl": "A process without root may listen below port 1024 with the safe sysctl net.ipv4.ip_unprivileged_port_start=0.";
    AS_SMALL_AS_CAN_BE = "as-small-as-can-be": "An image that cannot run restricted keeps every restriction that it can live with.";

    WAIVERS_ARE_EXPLAINED = "waivers-are-explained": "What linters would complain about and the plan keeps is waived by an annotation that says why, so that what they still report is new.";

    // Devices.
    GPU_RESOURCE = "gpu-resource": "A reserved GPU is the extended resource that the device plugin offers, with the toleration that GPU nodes ask for.";
    SHARED_MEMORY = "shared-memory": "shm_size, databases and GPU frameworks get /dev/shm as an emptyDir in memory; 64 MiB is the default of a container.";

    // Observability.
    METRICS_WHEN_ASKED = "metrics-when-asked": "Monitors, rules and dashboards are written only when asked for or when the cluster has their API.";
    LOGS_WHEN_ASKED = "logs-when-asked": "Log shipping is written only when asked for; containers log to standard output either way.";

    // Coverage.
    DOCKER_ONLY = "docker-only": "An attribute that only means something to Docker has no counterpart and needs none.";
    NOT_CARRIED_OVER = "not-carried-over": "The attribute has no counterpart in this plan; it is named so that nobody finds out later.";
}

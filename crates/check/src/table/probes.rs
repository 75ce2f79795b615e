//! Probes.

table! {
NO_LIVENESS "MU3001" "no-liveness-probe" Warning ["CKV_K8S_8"]
    "no liveness probe";
    "A process that hangs stays there until somebody notices.";
NO_READINESS "MU3002" "no-readiness-probe" Warning ["CKV_K8S_9"]
    "no readiness probe";
    "Requests arrive before the application can answer, at every rollout.";
IDENTICAL_PROBES "MU3003" "identical-probes" Warning []
    "liveness and readiness are the same probe";
    "Whatever makes a pod unready for a moment, such as a slow dependency, restarts it too: overload becomes an outage.";
DATABASE_LIVENESS "MU3004" "database-liveness" Warning []
    "an impatient liveness probe on a database";
    "Crash recovery and replica transfers take minutes; a kill in the middle starts them over, for ever.";
PROBE_PORT "MU3005" "probe-port-missing" Error []
    "a probe asks a named port that the container does not have";
    "The probe can never succeed: the pod is restarted or never becomes ready.";
PROBE_PORT_UNDECLARED "MU3006" "probe-port-undeclared" Info []
    "a probe asks a port that the container does not declare";
    "It works if the process listens there; more often the number is a slip.";
PROBE_TIMEOUT "MU3007" "probe-timeout-default" Info []
    "an exec probe with the default timeout of one second";
    "Starting a shell and a client takes longer than that on a busy node, and the pod counts as failed.";
SLOW_START "MU3008" "no-startup-probe" Warning []
    "a slow starter without a startup probe";
    "The liveness probe kills it before it is up, or has to be so patient that it is useless later.";
PROBE_HOST "MU3009" "probe-host" Warning []
    "a probe names a host";
    "It probes something other than this container; Pod Security refuses it from 1.34 on.";
PROBE_SHAPE "MU3010" "probe-shape" Error []
    "a probe without exactly one way to probe, or with a threshold that is not allowed";
    "The API server refuses the object.";
PROBE_ON_INIT "MU3011" "probe-on-init-container" Error []
    "a probe on an init container";
    "The API server refuses the object, unless restartPolicy: Always makes it a sidecar.";
}

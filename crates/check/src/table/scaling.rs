//! Scaling, disruption, jobs.

table! {
HPA_TARGET "MU6001" "hpa-target-missing" Warning []
    "an HPA scales something that is not in the files";
    "The HPA reports FailedGetScale and does nothing.";
HPA_NO_REQUEST "MU6002" "hpa-without-request" Error []
    "an HPA on utilization of a resource that a container does not request";
    "Utilization is a share of the request: without one the HPA never scales.";
HPA_REPLICAS "MU6003" "replicas-and-hpa" Warning []
    "`replicas` is written while an HPA owns it";
    "Every apply puts the number back, in the middle of a load peak too.";
HPA_DATABASE "MU6004" "hpa-on-database" Error []
    "an HPA scales a database";
    "Another replica is another empty database, or a second server on the same files; scaling in loses members.";
HPA_MINIMUM "MU6005" "hpa-minimum" Warning []
    "an HPA may go down to one pod";
    "One pod is no redundancy: a node drain is an outage.";
HPA_OLD_FIELD "MU6006" "hpa-v1-field" Error []
    "an HPA mixes autoscaling/v2 with a field of v1 or v2beta1";
    "The API server refuses the object with strict validation, otherwise drops the field: the HPA has no target.";
HPA_NEW_FIELD "MU6007" "hpa-v2-field" Error []
    "an autoscaling/v1 HPA with fields of v2";
    "The API server refuses the object, or drops the fields.";
HPA_BOUNDS "MU6008" "hpa-bounds" Error []
    "an HPA's bounds cannot be met";
    "The API server refuses the object.";
HPA_METRICS "MU6009" "hpa-metrics" Error []
    "an HPA metric without a target";
    "The API server refuses the object.";
HPA_TWICE "MU6010" "two-hpas" Error []
    "two HPAs scale one workload";
    "They undo each other's work, or stop with AmbiguousSelector.";
HPA_FLAPPING "MU6011" "hpa-stabilization" Info []
    "an HPA without a scale-down window of its own";
    "The default is five minutes; write it down where sessions or caches are costly.";
PDB_SELECTS_NOTHING "MU6101" "pdb-selects-nothing" Warning []
    "a PodDisruptionBudget selects no pod";
    "The pods it was meant for are not protected.";
PDB_BLOCKS "MU6102" "pdb-blocks-drains" Error []
    "a PodDisruptionBudget never allows an eviction";
    "Nodes cannot be drained: upgrades of the cluster hang.";
NO_PDB "MU6103" "no-pdb" Info []
    "several replicas without a PodDisruptionBudget";
    "A drain may evict all of them at once.";
NO_SPREAD "MU6104" "no-spread" Info []
    "several replicas that may share a node";
    "When that node goes, all go.";
DATABASE_GRACE "MU6105" "database-grace" Info []
    "a database with the default 30 seconds to stop";
    "It is killed in the middle of its flush and starts with crash recovery.";
STATEFUL_SERVICE "MU6106" "statefulset-service" Warning []
    "a StatefulSet without its headless Service";
    "The pods have no stable names, which is what a StatefulSet is for.";
PDB_SHAPE "MU6107" "pdb-shape" Error []
    "a PodDisruptionBudget with both or neither of its limits";
    "The API server refuses both; with neither it limits nothing.";
PDB_UNHEALTHY "MU6108" "pdb-protects-broken-pods" Info []
    "a PodDisruptionBudget that keeps broken pods on their node";
    "By default a pod that is not ready cannot be evicted while the budget is not met: a crash loop stops the drain.";
JOB_TTL "MU6201" "job-without-ttl" Warning []
    "a Job that stays for ever";
    "Finished Jobs and their pods pile up until someone deletes them.";
JOB_RESTART "MU6202" "job-restart-policy" Error []
    "a Job whose pods restart always";
    "The API server refuses the object.";
CRON_CONCURRENCY "MU6203" "cronjob-concurrency" Warning []
    "a CronJob whose runs may overlap";
    "The default is Allow: a run that takes longer than its interval meets the next one.";
BARE_POD "MU6204" "bare-pod" Warning []
    "a pod without a controller";
    "When its node goes, nothing creates it again.";
CRON_SCHEDULE "MU6205" "cronjob-schedule" Error []
    "a schedule that cannot be read";
    "The API server refuses the object.";
RESTART_POLICY "MU6206" "controller-restart-policy" Error []
    "a controller whose pods do not restart always";
    "The API server refuses the object.";
SINGLE_REPLICA "MU6207" "single-replica" Info []
    "a Deployment behind a Service with one replica";
    "Every drain and every crash is an outage.";
CRON_DEADLINE "MU6208" "cronjob-deadline" Info []
    "a CronJob without startingDeadlineSeconds";
    "A run that was missed, by minutes or by days, is started late or, after a hundred of them, never again.";
}

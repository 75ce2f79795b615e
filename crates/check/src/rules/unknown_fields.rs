//! Fields that do not exist, at the places where people mistype them.

use crate::cursor::At;
use crate::finding::Findings;
use crate::rules::Context;
use crate::set::Object;
use crate::table::schema as t;

const CONTAINER: &str = "args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe resizePolicy resources restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir";
const POD: &str = "activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy enableServiceLinks ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride imagePullSecrets initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName readinessGates resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates schedulingGroup securityContext serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds tolerations topologySpreadConstraints volumes workloadRef";
const POD_SECURITY: &str = "appArmorProfile fsGroup fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser seLinuxChangePolicy seLinuxOptions seccompProfile supplementalGroups supplementalGroupsPolicy sysctls windowsOptions";
const CONTAINER_SECURITY: &str = "allowPrivilegeEscalation appArmorProfile capabilities privileged procMount readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser seLinuxOptions seccompProfile windowsOptions";
const PROBE: &str = "exec failureThreshold grpc httpGet initialDelaySeconds periodSeconds successThreshold tcpSocket terminationGracePeriodSeconds timeoutSeconds";
const VOLUME: &str = "awsElasticBlockStore azureDisk azureFile cephfs cinder configMap csi downwardAPI emptyDir ephemeral fc flexVolume flocker gcePersistentDisk gitRepo glusterfs hostPath image iscsi name nfs persistentVolumeClaim photonPersistentDisk portworxVolume projected quobyte rbd scaleIO secret storageos vsphereVolume";
const JOB: &str = "activeDeadlineSeconds backoffLimit backoffLimitPerIndex completionMode completions managedBy manualSelector maxFailedIndexes parallelism podFailurePolicy podReplacementPolicy selector successPolicy suspend template ttlSecondsAfterFinished";
const CLAIM: &str = "accessModes dataSource dataSourceRef resources selector storageClassName volumeAttributesClassName volumeMode volumeName";
const METADATA: &str = "annotations creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers generateName generation labels managedFields name namespace ownerReferences resourceVersion selfLink uid";

/// Known fields by kind and path, a path being a plain one through mappings.
const KNOWN: &[(&str, &str, &str)] = &[
    ("Deployment", "", "apiVersion kind metadata spec status"),
    (
        "Deployment",
        "spec",
        "minReadySeconds paused progressDeadlineSeconds replicas revisionHistoryLimit selector strategy template",
    ),
    ("Deployment", "spec.strategy", "rollingUpdate type"),
    ("Deployment", "spec.strategy.rollingUpdate", "maxSurge maxUnavailable"),
    ("StatefulSet", "", "apiVersion kind metadata spec status"),
    (
        "StatefulSet",
        "spec",
        "minReadySeconds ordinals persistentVolumeClaimRetentionPolicy podManagementPolicy replicas revisionHistoryLimit selector serviceName template updateStrategy volumeClaimTemplates",
    ),
    ("DaemonSet", "", "apiVersion kind metadata spec status"),
    ("DaemonSet", "spec", "minReadySeconds revisionHistoryLimit selector template updateStrategy"),
    ("Job", "spec", JOB),
    (
        "CronJob",
        "spec",
        "concurrencyPolicy failedJobsHistoryLimit jobTemplate schedule startingDeadlineSeconds successfulJobsHistoryLimit suspend timeZone",
    ),
    ("CronJob", "spec.jobTemplate", "metadata spec"),
    ("CronJob", "spec.jobTemplate.spec", JOB),
    ("Service", "", "apiVersion kind metadata spec status"),
    (
        "Service",
        "spec",
        "allocateLoadBalancerNodePorts clusterIP clusterIPs externalIPs externalName externalTrafficPolicy healthCheckNodePort internalTrafficPolicy ipFamilies ipFamilyPolicy loadBalancerClass loadBalancerIP loadBalancerSourceRanges ports publishNotReadyAddresses selector sessionAffinity sessionAffinityConfig trafficDistribution type",
    ),
    ("ConfigMap", "", "apiVersion binaryData data immutable kind metadata"),
    ("Secret", "", "apiVersion data immutable kind metadata stringData type"),
    ("PersistentVolumeClaim", "spec", CLAIM),
    (
        "HorizontalPodAutoscaler",
        "spec",
        "behavior maxReplicas metrics minReplicas scaleTargetRef targetCPUUtilizationPercentage",
    ),
    ("HorizontalPodAutoscaler", "spec.scaleTargetRef", "apiVersion kind name"),
    (
        "PodDisruptionBudget",
        "spec",
        "maxUnavailable minAvailable selector unhealthyPodEvictionPolicy",
    ),
    ("NetworkPolicy", "spec", "egress ingress podSelector policyTypes"),
    (
        "ServiceAccount",
        "",
        "apiVersion automountServiceAccountToken imagePullSecrets kind metadata secrets",
    ),
];

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for object in &cx.set.objects {
        if super::versions::is_custom(object) {
            continue;
        }
        for (kind, path, known) in KNOWN {
            if *kind == object.kind {
                let at = if path.is_empty() { object.root.clone() } else { object.root.dig(path) };
                fields(object, &at, known, out);
            }
        }
        fields(object, &object.root.at("metadata"), METADATA, out);
        if object.kind == "Service" {
            for port in object.spec().at("ports").items() {
                fields(object, &port, "appProtocol name nodePort port protocol targetPort", out);
            }
        }
    }
    for pod in &cx.set.pods {
        fields(&pod.owner, &pod.spec, POD, out);
        fields(&pod.owner, &pod.spec.at("securityContext"), POD_SECURITY, out);
        for volume in pod.spec.at("volumes").items() {
            fields(&pod.owner, &volume, VOLUME, out);
        }
        for container in &pod.containers {
            of_container(&pod.owner, &container.at, out);
        }
    }
}

fn of_container(owner: &Object<'_>, container: &At<'_>, out: &mut Findings) {
    fields(owner, container, CONTAINER, out);
    fields(owner, &container.at("securityContext"), CONTAINER_SECURITY, out);
    fields(owner, &container.at("resources"), "claims limits requests", out);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        fields(owner, &container.at(probe), PROBE, out);
    }
    let lists = [
        ("ports", "containerPort hostIP hostPort name protocol"),
        ("env", "name value valueFrom"),
        ("envFrom", "configMapRef prefix secretRef"),
        (
            "volumeMounts",
            "mountPath mountPropagation name readOnly recursiveReadOnly subPath subPathExpr",
        ),
    ];
    for (list, known) in lists {
        for item in container.at(list).items() {
            fields(owner, &item, known, out);
        }
    }
}

fn fields(object: &Object<'_>, at: &At<'_>, known: &str, out: &mut Findings) {
    for (key, value) in at.entries() {
        // JSON of some clients carries the field for the API server's own bookkeeping.
        if key == "status" || known.split(' ').any(|k| k == key) {
            continue;
        }
        let message = format!(
            "there is no field `{key}` here: kubectl refuses the object, and tools that do not check drop the setting"
        );
        let fix = match nearest(key, known) {
            Some(near) => format!("write `{near}`"),
            None => format!(
                "remove it, or move it to where it belongs; here may stand: {}",
                known.replace(' ', ", ")
            ),
        };
        out.add(&t::UNKNOWN_FIELD, object, &value, message, fix);
    }
}

/// The known field that somebody probably meant.
fn nearest<'k>(key: &str, known: &'k str) -> Option<&'k str> {
    let allowed = if key.len() < 5 { 1 } else { 2 };
    let lower = key.to_ascii_lowercase();
    let scored = known.split(' ').map(|k| (distance(&lower, &k.to_ascii_lowercase()), k));
    scored.min().filter(|(d, _)| *d <= allowed).map(|(_, k)| k)
}

/// Letters to insert, remove or replace.
fn distance(a: &str, b: &str) -> usize {
    // Nobody means a field name by a text of this length, and the table would be large.
    if a.len() > 64 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn finds_what_was_meant() {
        assert_eq!(distance("replica", "replicas"), 1);
        assert_eq!(nearest("replica", "paused replicas template"), Some("replicas"));
        assert_eq!(nearest("colour", "paused replicas"), None);
    }
}

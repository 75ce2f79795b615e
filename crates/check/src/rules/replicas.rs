//! Workloads with several pods, or with one that should not be alone.

use crate::cursor::At;
use crate::finding::Findings;
use crate::known::store_in;
use crate::rules::Context;
use crate::set::{Object, Pod, Set};
use crate::table::{scaling as t, storage};

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for pod in &cx.set.pods {
        match pod.owner.kind {
            "Deployment" => {
                shared_claims(pod, cx.set, out);
                alone(pod, cx.set, out);
            }
            "StatefulSet" => {
                shared_claims(pod, cx.set, out);
                governing_service(&pod.owner, cx.set, out);
            }
            "Pod" => bare(pod, out),
            _ => {}
        }
        if pod.owner.replicas().is_some() && cx.set.pods_max(&pod.owner) > 1 {
            several(pod, cx.set, out);
        }
    }
}

fn several(pod: &Pod<'_>, set: &Set<'_>, out: &mut Findings) {
    let spread = pod.spec.at("topologySpreadConstraints").truthy();
    let apart = pod.spec.dig("affinity.podAntiAffinity").is_set();
    if !spread && !apart {
        let at = pod.spec.at("topologySpreadConstraints");
        let labels = pod.labels.iter().next();
        let label = labels.map_or("app: …".to_owned(), |(k, v)| format!("{k}: {v}"));
        let message = "all replicas may land on one node: when it goes, all go";
        let fix = format!(
            "topologySpreadConstraints:\n  - maxSkew: 1\n    topologyKey: kubernetes.io/hostname\n    whenUnsatisfiable: ScheduleAnyway\n    labelSelector:\n      matchLabels:\n        {label}"
        );
        out.add(&t::NO_SPREAD, &pod.owner, &at, message, fix);
    }
    if set.selecting("PodDisruptionBudget", &pod.owner.namespace, &pod.labels).next().is_none() {
        let message = "a drain may evict all replicas at once";
        let fix = format!(
            "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: {}\nspec:\n  maxUnavailable: 1\n  unhealthyPodEvictionPolicy: AlwaysAllow\n  selector:\n    matchLabels: …",
            pod.owner.name
        );
        out.add(&t::NO_PDB, &pod.owner, &pod.owner.name_at(), message, fix);
    }
}

/// Claims that all pods of a workload mount together.
fn shared_claims(pod: &Pod<'_>, set: &Set<'_>, out: &mut Findings) {
    for volume in pod.spec.at("volumes").items() {
        let at = volume.dig("persistentVolumeClaim.claimName");
        let Some(name) = at.text() else { continue };
        let claim = set.find("PersistentVolumeClaim", &pod.owner.namespace, &name);
        let modes = claim.map(|c| c.spec().at("accessModes").strings()).unwrap_or_default();
        let single = modes.iter().all(|m| m.starts_with("ReadWriteOnce")) && !modes.is_empty();
        if !single {
            continue;
        }
        let most = set.pods_max(&pod.owner);
        if most > 1 {
            let message = format!(
                "up to {most} pods mount claim `{name}`, which attaches to one node: those on other nodes wait in ContainerCreating (Multi-Attach error)"
            );
            let fix = "one replica and `strategy: {type: Recreate}`; or a class with ReadWriteMany; or object storage; or a StatefulSet with volumeClaimTemplates";
            out.add(&storage::RWO_SHARED, &pod.owner, &at, message, fix);
        } else if pod.owner.kind == "Deployment" {
            rolling(pod, &name, out);
        }
    }
}

fn rolling(pod: &Pod<'_>, claim: &str, out: &mut Findings) {
    let strategy = pod.owner.spec().at("strategy");
    let surge = strategy.dig("rollingUpdate.maxSurge").text();
    let no_surge = surge.is_some_and(|s| s == "0" || s == "0%");
    if !strategy.at("type").is("Recreate") && !no_surge {
        let message = format!(
            "at a rollout the new pod starts before the old one ends, and claim `{claim}` attaches to one node: on another node the new pod waits for the volume and the old one for the new pod, for ever"
        );
        out.add(
            &storage::RWO_ROLLING,
            &pod.owner,
            &strategy,
            message,
            "strategy:\n  type: Recreate",
        );
    }
}

fn alone(pod: &Pod<'_>, set: &Set<'_>, out: &mut Findings) {
    let one = set.pods_max(&pod.owner) == 1 && set.hpa_of(&pod.owner).is_none();
    let served = set.selecting("Service", &pod.owner.namespace, &pod.labels).next().is_some();
    let claims =
        pod.spec.at("volumes").items().iter().any(|v| v.at("persistentVolumeClaim").is_set());
    if one && served && !claims && store_in(pod).is_none() {
        let at = pod.owner.spec().at("replicas");
        let message = "one pod serves all requests: every drain, crash and slow start is an outage";
        let fix = "replicas: 2\n# or waive this where the application cannot run twice";
        out.add(&t::SINGLE_REPLICA, &pod.owner, &at, message, fix);
    }
}

fn governing_service(owner: &Object<'_>, set: &Set<'_>, out: &mut Findings) {
    let at = owner.spec().at("serviceName");
    let fix = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  clusterIP: None\n  selector: …\n  ports: …"
        )
    };
    let Some(name) = at.text().filter(|n| !n.is_empty()) else {
        let message =
            "no serviceName: the pods get no stable DNS names, so members cannot find each other";
        let fix = format!("serviceName: {}\n# and\n{}", owner.name, fix(&owner.name));
        return out.add(&t::STATEFUL_SERVICE, owner, &at, message, fix);
    };
    let message = match set.find("Service", &owner.namespace, &name) {
        None => format!(
            "Service `{name}` is not in these files: without it the pods have no stable DNS names"
        ),
        Some(service) if !service.spec().at("clusterIP").is("None") => {
            format!(
                "Service `{name}` is not headless: it gives one address for all pods, and the pods no names"
            )
        }
        Some(_) => return,
    };
    out.add(&t::STATEFUL_SERVICE, owner, &at, message, fix(&name));
}

fn bare(pod: &Pod<'_>, out: &mut Findings) {
    if !pod.owner.root.dig("metadata.ownerReferences").is_set() {
        let at: At<'_> = pod.owner.root.at("kind");
        let message = "nothing creates the pod again when its node goes or it is evicted";
        let fix =
            "# or a Job, if it runs to completion; the pod becomes spec.template\nkind: Deployment";
        out.add(&t::BARE_POD, &pod.owner, &at, message, fix);
    }
}

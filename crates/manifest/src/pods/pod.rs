//! The pod template.

use super::{Owner, container, placement, security, volume};
use crate::kinds::gang;
use crate::labels::{Scope, some};
use k8s_openapi::api::core::v1::{
    HostAlias, PodDNSConfig, PodOS, PodSpec, PodTemplateSpec, Toleration,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use model::plan::{self, Pod, RestartPolicy, Workload};

/// The template of a workload's pods.
pub(crate) fn template(scope: &Scope<'_>, workload: &Workload, owner: Owner) -> PodTemplateSpec {
    let mut labels = scope.workload_labels(workload);
    labels.extend(workload.pod.labels.clone());
    labels.extend(gang::member(scope, workload));
    let metadata = ObjectMeta {
        labels: Some(labels),
        annotations: some(workload.pod.annotations.clone()),
        ..ObjectMeta::default()
    };
    PodTemplateSpec { metadata: Some(metadata), spec: Some(spec(scope, workload, owner)) }
}

fn spec(scope: &Scope<'_>, workload: &Workload, owner: Owner) -> PodSpec {
    let pod = &workload.pod;
    PodSpec {
        // No token and no variables for each Service: an application that reads `REDIS_PORT` would
        // find an address there.
        service_account_name: Some(scope.plan.app.clone()),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        init_containers: container::containers(&pod.init),
        containers: container::containers(&pod.containers).unwrap_or_default(),
        volumes: volume::volumes(&pod.volumes),
        security_context: Some(security::pod(&pod.security)),
        host_users: pod.security.user_namespace.then_some(false),
        restart_policy: Some(restart(pod.restart).to_owned()),
        termination_grace_period_seconds: Some(i64::from(pod.grace.0)),
        hostname: pod.hostname.clone(),
        host_aliases: host_aliases(pod),
        dns_config: dns(pod),
        node_selector: some(pod.node_selector.clone()),
        tolerations: some(pod.tolerations.iter().map(toleration).collect::<Vec<_>>()),
        topology_spread_constraints: placement::spread(scope, workload, owner),
        affinity: placement::affinity(scope, workload),
        runtime_class_name: pod.runtime_class.clone(),
        host_network: pod.host_network.then_some(true),
        host_pid: pod.host_pid.then_some(true),
        host_ipc: pod.host_ipc.then_some(true),
        share_process_namespace: pod.share_processes.then_some(true),
        os: os(pod),
        ..PodSpec::default()
    }
}

/// A stop signal is only accepted where the pod names its operating system.
fn os(pod: &Pod) -> Option<PodOS> {
    let mut containers = pod.containers.iter().chain(&pod.init);
    containers
        .any(|container| container.lifecycle.stop_signal.is_some())
        .then(|| PodOS { name: "linux".to_owned() })
}

const fn restart(policy: RestartPolicy) -> &'static str {
    match policy {
        RestartPolicy::Always => "Always",
        RestartPolicy::OnFailure => "OnFailure",
        RestartPolicy::Never => "Never",
    }
}

fn host_aliases(pod: &Pod) -> Option<Vec<HostAlias>> {
    let alias = |(ip, names): (&String, &Vec<String>)| HostAlias {
        ip: ip.clone(),
        hostnames: Some(names.clone()),
    };
    some(pod.host_aliases.iter().map(alias).collect())
}

fn dns(pod: &Pod) -> Option<PodDNSConfig> {
    let (servers, searches) = pod.dns.clone()?;
    Some(PodDNSConfig { nameservers: some(servers), searches: some(searches), options: None })
}

fn toleration(toleration: &plan::Toleration) -> Toleration {
    Toleration {
        key: toleration.key.clone(),
        operator: Some("Exists".to_owned()),
        effect: toleration.effect.clone(),
        ..Toleration::default()
    }
}

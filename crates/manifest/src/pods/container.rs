//! Containers.

use super::{probe, protocol, security};
use crate::labels::some;
use k8s_openapi::api::core::v1::{
    self as core, ConfigMapKeySelector, EnvVarSource, ExecAction, LifecycleHandler,
    ObjectFieldSelector, ResourceRequirements, SecretKeySelector, SleepAction, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use model::plan::{
    Container, EnvSource, EnvVar, Lifecycle, Mounted, PreStop, PullPolicy, ResourceList, Resources,
};
use std::collections::BTreeMap;

/// Containers in their order; `None` if there are none.
pub(super) fn containers(containers: &[Container]) -> Option<Vec<core::Container>> {
    some(containers.iter().map(container).collect())
}

fn container(container: &Container) -> core::Container {
    let pull = match container.pull {
        PullPolicy::IfNotPresent => "IfNotPresent",
        PullPolicy::Always => "Always",
        PullPolicy::Never => "Never",
    };
    core::Container {
        name: container.name.clone(),
        image: Some(container.image.clone()),
        image_pull_policy: Some(pull.to_owned()),
        command: container.command.clone(),
        args: container.args.clone(),
        working_dir: container.working_dir.clone(),
        env: some(container.env.iter().map(env).collect::<Vec<_>>()),
        ports: some(container.ports.iter().map(port).collect::<Vec<_>>()),
        volume_mounts: some(container.mounts.iter().map(mount).collect::<Vec<_>>()),
        startup_probe: container.probes.startup.as_ref().map(probe::probe),
        readiness_probe: container.probes.readiness.as_ref().map(probe::probe),
        liveness_probe: container.probes.liveness.as_ref().map(probe::probe),
        lifecycle: some(lifecycle(&container.lifecycle)),
        resources: resources(&container.resources),
        security_context: Some(security::container(&container.security)),
        // The end of the log says why a container died, where nobody wrote a message.
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        restart_policy: container.sidecar.then(|| "Always".to_owned()),
        tty: container.tty.then_some(true),
        stdin: container.stdin.then_some(true),
        ..core::Container::default()
    }
}

fn port(port: &model::plan::ContainerPort) -> core::ContainerPort {
    core::ContainerPort {
        container_port: i32::from(port.port),
        name: Some(port.name.clone()),
        protocol: Some(protocol(port.protocol)),
        ..core::ContainerPort::default()
    }
}

fn mount(mount: &Mounted) -> VolumeMount {
    VolumeMount {
        name: mount.volume.clone(),
        mount_path: mount.path.clone(),
        sub_path: mount.sub_path.clone(),
        read_only: mount.read_only.then_some(true),
        ..VolumeMount::default()
    }
}

fn env(variable: &EnvVar) -> core::EnvVar {
    let mut from = EnvVarSource::default();
    match &variable.source {
        EnvSource::Value(value) => {
            let (name, value) = (variable.name.clone(), Some(value.clone()));
            return core::EnvVar { name, value, value_from: None };
        }
        EnvSource::Secret { name, key } => {
            from.secret_key_ref =
                Some(SecretKeySelector { name: name.clone(), key: key.clone(), optional: None });
        }
        EnvSource::Config { name, key } => {
            from.config_map_key_ref =
                Some(ConfigMapKeySelector { name: name.clone(), key: key.clone(), optional: None });
        }
        EnvSource::Field(path) => {
            from.field_ref =
                Some(ObjectFieldSelector { field_path: path.clone(), api_version: None });
        }
    }
    core::EnvVar { name: variable.name.clone(), value: None, value_from: Some(from) }
}

fn lifecycle(lifecycle: &Lifecycle) -> core::Lifecycle {
    let exec = |command: &Vec<String>| LifecycleHandler {
        exec: Some(ExecAction { command: Some(command.clone()) }),
        ..LifecycleHandler::default()
    };
    let before = |hook: &PreStop| match hook {
        PreStop::Exec(command) => exec(command),
        PreStop::Sleep(time) => LifecycleHandler {
            sleep: Some(SleepAction { seconds: i64::from(time.0) }),
            ..LifecycleHandler::default()
        },
    };
    core::Lifecycle {
        post_start: lifecycle.post_start.as_ref().map(exec),
        pre_stop: lifecycle.pre_stop.as_ref().map(before),
        stop_signal: lifecycle.stop_signal.clone(),
    }
}

/// Requests and limits; `None` if there are none.
pub(crate) fn resources(resources: &Resources) -> Option<ResourceRequirements> {
    let requirements = ResourceRequirements {
        requests: some(amounts(&resources.requests)),
        limits: some(amounts(&resources.limits)),
        claims: None,
    };
    some(requirements)
}

fn amounts(list: &ResourceList) -> BTreeMap<String, Quantity> {
    use crate::kinds::quantity;
    let known = [
        ("cpu", list.cpu.as_ref().map(quantity)),
        ("memory", list.memory.as_ref().map(quantity)),
        ("ephemeral-storage", list.ephemeral.as_ref().map(quantity)),
    ];
    known
        .into_iter()
        .filter_map(|(name, amount)| Some((name.to_owned(), amount?)))
        .chain(list.extended.iter().map(|(name, amount)| (name.clone(), quantity(amount))))
        .collect()
}

//! `deploy`, and the older attributes for the same things.

use crate::context::Context;
use crate::restart;
use model::project::{Deploy, DeployMode, Device, Limits};
use yaml::{Node, Spanned, Value};

/// Reads `deploy` into what the older attributes may have said already; `deploy` wins.
pub(crate) fn deploy(node: &Node, out: &mut Deploy, context: &mut Context<'_>) {
    for (key, value) in context.entries(node, "deploy") {
        match key.value.as_str() {
            "mode" => out.mode = mode(value, context),
            "replicas" => {
                out.replicas = context.whole(value, "deploy.replicas").or(out.replicas.take());
            }
            "resources" => resources(value, out, context),
            "restart_policy" => out.restart = restart::policy(value, context),
            "placement" => placement(value, out, context),
            "update_config" => update(value, out, context),
            "endpoint_mode" => out.endpoint_mode = context.text(value, "deploy.endpoint_mode"),
            // `labels` are read with the service's own.
            _ => {}
        }
    }
}

fn mode(node: &Node, context: &mut Context<'_>) -> Option<Spanned<DeployMode>> {
    let expected = "`replicated`, `global`, `replicated-job` or `global-job`";
    context.parsed(node, "deploy.mode", expected, |text| match text {
        "replicated" => Some(DeployMode::Replicated),
        "global" => Some(DeployMode::Global),
        "replicated-job" => Some(DeployMode::ReplicatedJob),
        "global-job" => Some(DeployMode::GlobalJob),
        _ => None,
    })
}

fn resources(node: &Node, out: &mut Deploy, context: &mut Context<'_>) {
    for (key, value) in context.entries(node, "deploy.resources") {
        let limits = match key.value.as_str() {
            "limits" => &mut out.limits,
            "reservations" => &mut out.reservations,
            _ => continue,
        };
        let path = format!("deploy.resources.{}", key.value);
        for (key, value) in context.entries(value, &path) {
            bound(&key.value, value, limits, &path, context);
            if key.value == "devices" {
                out.devices.extend(devices(value, context));
            }
        }
    }
}

fn bound(key: &str, value: &Node, limits: &mut Limits, path: &str, context: &mut Context<'_>) {
    let what = format!("{path}.{key}");
    match key {
        "cpus" => {
            limits.cpu =
                context.cpu(value, &what).filter(|cpu| cpu.as_millis() > 0).or(limits.cpu.take());
        }
        "memory" => {
            limits.memory =
                context.bytes(value, &what).filter(|b| b.get() > 0).or(limits.memory.take());
        }
        "pids" => limits.pids = context.whole(value, &what).or(limits.pids.take()),
        _ => {}
    }
}

/// `cpus`, `mem_limit`, `mem_reservation`, `pids_limit`, `scale`. 0 means "no limit".
pub(crate) fn older(key: &str, value: &Node, out: &mut Deploy, context: &mut Context<'_>) -> bool {
    // -1 is the old word for "no limit".
    if matches!(value.scalar_text().as_deref(), Some("-1" | "0")) && key != "scale" {
        return matches!(key, "cpus" | "mem_limit" | "mem_reservation" | "pids_limit");
    }
    match key {
        "cpus" => out.limits.cpu = context.cpu(value, key),
        "mem_limit" => out.limits.memory = context.bytes(value, key),
        "pids_limit" => out.limits.pids = context.whole(value, key),
        "mem_reservation" => out.reservations.memory = context.bytes(value, key),
        "scale" => out.replicas = context.whole(value, key),
        _ => return false,
    }
    true
}

/// `devices` below `reservations`, and `gpus`.
fn devices(node: &Node, context: &mut Context<'_>) -> Vec<Device> {
    let items = context.items(node, "deploy.resources.reservations.devices");
    items.iter().map(|item| device(item, context)).collect()
}

/// `gpus`: `all`, a number, or a list of devices.
pub(crate) fn gpus(node: &Node, context: &mut Context<'_>) -> Vec<Device> {
    let gpu = |count| Device {
        span: node.span,
        capabilities: vec!["gpu".to_owned()],
        count,
        ..Device::default()
    };
    match &node.value {
        Value::Null => Vec::new(),
        Value::Str(text) if text == "all" => vec![gpu(None)],
        Value::Seq(items) => items
            .iter()
            .map(|item| {
                let mut device = device(item, context);
                if !device.capabilities.iter().any(|c| c == "gpu") {
                    device.capabilities.push("gpu".to_owned());
                }
                device
            })
            .collect(),
        _ => context.whole(node, "gpus").map(|count| gpu(Some(count.value))).into_iter().collect(),
    }
}

fn device(node: &Node, context: &mut Context<'_>) -> Device {
    let mut out = Device { span: node.span, ..Device::default() };
    for (key, value) in context.entries(node, "devices") {
        let what = format!("devices.{}", key.value);
        match key.value.as_str() {
            "capabilities" => out.capabilities = capabilities(value, context),
            "driver" => out.driver = context.text(value, &what).map(|t| t.value),
            // `all` and -1 are the absence of a number.
            "count" if !matches!(value.scalar_text().as_deref(), Some("all" | "-1" | "")) => {
                out.count = context.whole(value, &what).map(|n| n.value);
            }
            "device_ids" => {
                out.ids = context.texts(value, &what).into_iter().map(|t| t.value).collect();
            }
            "options" => {
                let options = context.dictionary(value, &what);
                out.options = options.into_iter().map(|(key, value)| (key, value.value)).collect();
            }
            _ => {}
        }
    }
    out
}

/// A list, in which some write lists as `docker run --gpus` wants them.
fn capabilities(node: &Node, context: &mut Context<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for item in context.items(node, "devices.capabilities") {
        out.extend(context.texts(item, "devices.capabilities").into_iter().map(|t| t.value));
    }
    out
}

fn placement(node: &Node, out: &mut Deploy, context: &mut Context<'_>) {
    for (key, value) in context.entries(node, "deploy.placement") {
        match key.value.as_str() {
            "constraints" => out.constraints = context.texts(value, "deploy.placement.constraints"),
            "max_replicas_per_node" => {
                out.max_replicas_per_node =
                    context.whole(value, "deploy.placement.max_replicas_per_node");
            }
            "preferences" => {
                for item in context.items(value, "deploy.placement.preferences") {
                    let spread = item.as_map().and_then(|map| map.get("spread"));
                    out.preferences.extend(
                        spread.and_then(|s| context.text(s, "deploy.placement.preferences")),
                    );
                }
            }
            _ => {}
        }
    }
}

fn update(node: &Node, out: &mut Deploy, context: &mut Context<'_>) {
    for (key, value) in context.entries(node, "deploy.update_config") {
        match key.value.as_str() {
            "parallelism" => {
                out.update_parallelism = context.whole(value, "deploy.update_config.parallelism");
            }
            "order" => {
                let expected = "`start-first` or `stop-first`";
                out.update_start_first = context.parsed(
                    value,
                    "deploy.update_config.order",
                    expected,
                    |text| match text {
                        "start-first" => Some(true),
                        "stop-first" => Some(false),
                        _ => None,
                    },
                );
            }
            _ => {}
        }
    }
}

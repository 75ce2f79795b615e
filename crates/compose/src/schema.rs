//! Every attribute that Compose knows, so that the others can be named.

use crate::context::{Context, quote};
use crate::suggest;
use yaml::{Node, Span, Value};

/// What may stand at a place, as far as keys go.
pub(crate) enum Shape {
    /// Anything: it has no keys, or they are free.
    Any,
    /// These keys.
    Keys(&'static [(&'static str, &'static Shape)]),
    /// Free keys, each with this below.
    Each(&'static Shape),
    /// A list of these.
    Items(&'static Shape),
}
use Shape::{Any, Each, Items, Keys};

/// The whole file.
pub(crate) const PROJECT: Shape = Keys(&[
    ("version", &Any),
    ("name", &Any),
    ("include", &Any),
    ("services", &Each(&SERVICE)),
    ("networks", &Each(&NETWORK)),
    ("volumes", &Each(&VOLUME)),
    ("configs", &Each(&OBJECT)),
    ("secrets", &Each(&OBJECT)),
    (
        "models",
        &Each(&Keys(&[
            ("name", &Any),
            ("model", &Any),
            ("context_size", &Any),
            ("runtime_flags", &Any),
            ("x-muster", &Any),
        ])),
    ),
]);

const NETWORK: Shape = Keys(&[
    ("name", &Any),
    ("driver", &Any),
    ("driver_opts", &Any),
    ("ipam", &Keys(&[("driver", &Any), ("config", &Any), ("options", &Any)])),
    ("external", &Any),
    ("internal", &Any),
    ("enable_ipv4", &Any),
    ("enable_ipv6", &Any),
    ("attachable", &Any),
    ("labels", &Any),
]);

const VOLUME: Shape = Keys(&[
    ("name", &Any),
    ("driver", &Any),
    ("driver_opts", &Any),
    ("external", &Any),
    ("labels", &Any),
    ("x-muster", &Any),
]);

const OBJECT: Shape = Keys(&[
    ("name", &Any),
    ("file", &Any),
    ("content", &Any),
    ("environment", &Any),
    ("external", &Any),
    ("labels", &Any),
    ("driver", &Any),
    ("driver_opts", &Any),
    ("template_driver", &Any),
]);

const SERVICE: Shape = Keys(&[
    ("annotations", &Any),
    ("attach", &Any),
    ("blkio_config", &Any),
    ("build", &BUILD),
    ("cap_add", &Any),
    ("cap_drop", &Any),
    ("cgroup", &Any),
    ("cgroup_parent", &Any),
    ("command", &Any),
    ("configs", &Items(&GRANT)),
    ("container_name", &Any),
    ("cpu_count", &Any),
    ("cpu_percent", &Any),
    ("cpu_period", &Any),
    ("cpu_quota", &Any),
    ("cpu_rt_period", &Any),
    ("cpu_rt_runtime", &Any),
    ("cpu_shares", &Any),
    ("cpus", &Any),
    ("cpuset", &Any),
    ("credential_spec", &Any),
    ("depends_on", &Each(&Keys(&[("condition", &Any), ("restart", &Any), ("required", &Any)]))),
    ("deploy", &DEPLOY),
    ("develop", &Any),
    ("device_cgroup_rules", &Any),
    ("devices", &Items(&Keys(&[("source", &Any), ("target", &Any), ("permissions", &Any)]))),
    ("dns", &Any),
    ("dns_opt", &Any),
    ("dns_search", &Any),
    ("domainname", &Any),
    ("entrypoint", &Any),
    ("env_file", &Items(&Keys(&[("path", &Any), ("required", &Any), ("format", &Any)]))),
    ("environment", &Any),
    ("expose", &Any),
    ("extends", &Keys(&[("service", &Any), ("file", &Any)])),
    ("external_links", &Any),
    ("extra_hosts", &Any),
    ("gpus", &Items(&DEVICE)),
    ("group_add", &Any),
    ("healthcheck", &HEALTHCHECK),
    ("hostname", &Any),
    ("image", &Any),
    ("init", &Any),
    ("ipc", &Any),
    ("isolation", &Any),
    ("label_file", &Any),
    ("labels", &Any),
    ("links", &Any),
    ("logging", &Keys(&[("driver", &Any), ("options", &Any)])),
    // Before `logging`, Compose v1 had these two.
    ("log_driver", &Any),
    ("log_opt", &Any),
    ("mac_address", &Any),
    ("mem_limit", &Any),
    ("mem_reservation", &Any),
    ("mem_swappiness", &Any),
    ("memswap_limit", &Any),
    ("models", &Each(&Keys(&[("endpoint_var", &Any), ("model_var", &Any)]))),
    ("net", &Any),
    ("network_mode", &Any),
    ("networks", &Each(&ATTACHMENT)),
    ("oom_kill_disable", &Any),
    ("oom_score_adj", &Any),
    ("pid", &Any),
    ("pids_limit", &Any),
    ("platform", &Any),
    ("ports", &Items(&PORT)),
    ("post_start", &Items(&HOOK)),
    ("pre_start", &Items(&HOOK)),
    ("pre_stop", &Items(&HOOK)),
    ("privileged", &Any),
    ("profiles", &Any),
    ("provider", &Keys(&[("type", &Any), ("options", &Any)])),
    ("pull_policy", &Any),
    ("pull_refresh_after", &Any),
    ("read_only", &Any),
    ("restart", &Any),
    ("runtime", &Any),
    ("scale", &Any),
    ("secrets", &Items(&GRANT)),
    ("security_opt", &Any),
    ("shm_size", &Any),
    ("stdin_open", &Any),
    ("stop_grace_period", &Any),
    ("stop_signal", &Any),
    ("storage_opt", &Any),
    ("sysctls", &Any),
    ("tmpfs", &Any),
    ("tty", &Any),
    ("ulimits", &Any),
    ("use_api_socket", &Any),
    ("user", &Any),
    ("userns_mode", &Any),
    ("uts", &Any),
    ("volume_driver", &Any),
    ("volumes", &Items(&MOUNT)),
    ("volumes_from", &Any),
    ("working_dir", &Any),
    ("x-muster", &Any),
]);

const BUILD: Shape = Keys(&[
    ("additional_contexts", &Any),
    ("args", &Any),
    ("cache_from", &Any),
    ("cache_to", &Any),
    ("context", &Any),
    ("dockerfile", &Any),
    ("dockerfile_inline", &Any),
    ("entitlements", &Any),
    ("extra_hosts", &Any),
    ("isolation", &Any),
    ("labels", &Any),
    ("network", &Any),
    ("no_cache", &Any),
    ("no_cache_filter", &Any),
    ("platforms", &Any),
    ("privileged", &Any),
    ("provenance", &Any),
    ("pull", &Any),
    ("sbom", &Any),
    ("secrets", &Any),
    ("shm_size", &Any),
    ("ssh", &Any),
    ("tags", &Any),
    ("target", &Any),
    ("ulimits", &Any),
]);

const GRANT: Shape = Keys(&[
    ("source", &Any),
    ("target", &Any),
    ("uid", &Any),
    ("gid", &Any),
    ("mode", &Any),
    ("file", &Any),
]);

const DEPLOY: Shape = Keys(&[
    ("endpoint_mode", &Any),
    ("labels", &Any),
    ("mode", &Any),
    (
        "placement",
        &Keys(&[
            ("constraints", &Any),
            ("preferences", &Items(&Keys(&[("spread", &Any)]))),
            ("max_replicas_per_node", &Any),
        ]),
    ),
    ("replicas", &Any),
    ("resources", &Keys(&[("limits", &RESOURCES), ("reservations", &RESOURCES)])),
    (
        "restart_policy",
        &Keys(&[("condition", &Any), ("delay", &Any), ("max_attempts", &Any), ("window", &Any)]),
    ),
    ("rollback_config", &ROLLOUT),
    ("update_config", &ROLLOUT),
]);

const ROLLOUT: Shape = Keys(&[
    ("parallelism", &Any),
    ("delay", &Any),
    ("failure_action", &Any),
    ("monitor", &Any),
    ("max_failure_ratio", &Any),
    ("order", &Any),
]);

const RESOURCES: Shape = Keys(&[
    ("cpus", &Any),
    ("memory", &Any),
    ("pids", &Any),
    ("devices", &Items(&DEVICE)),
    ("generic_resources", &Any),
]);

const DEVICE: Shape = Keys(&[
    ("capabilities", &Any),
    ("count", &Any),
    ("device_ids", &Any),
    ("driver", &Any),
    ("options", &Any),
]);

const HEALTHCHECK: Shape = Keys(&[
    ("disable", &Any),
    ("interval", &Any),
    ("retries", &Any),
    ("start_interval", &Any),
    ("start_period", &Any),
    ("test", &Any),
    ("timeout", &Any),
]);

const ATTACHMENT: Shape = Keys(&[
    ("aliases", &Any),
    ("driver_opts", &Any),
    ("gw_priority", &Any),
    ("interface_name", &Any),
    ("ipv4_address", &Any),
    ("ipv6_address", &Any),
    ("link_local_ips", &Any),
    ("mac_address", &Any),
    ("priority", &Any),
]);

const PORT: Shape = Keys(&[
    ("app_protocol", &Any),
    ("host_ip", &Any),
    ("mode", &Any),
    ("name", &Any),
    ("protocol", &Any),
    ("published", &Any),
    ("target", &Any),
]);

const HOOK: Shape = Keys(&[
    ("command", &Any),
    ("environment", &Any),
    ("image", &Any),
    ("per_replica", &Any),
    ("privileged", &Any),
    ("user", &Any),
    ("working_dir", &Any),
]);

const MOUNT: Shape = Keys(&[
    (
        "bind",
        &Keys(&[
            ("create_host_path", &Any),
            ("propagation", &Any),
            ("recursive", &Any),
            ("selinux", &Any),
        ]),
    ),
    ("consistency", &Any),
    ("image", &Keys(&[("subpath", &Any)])),
    ("read_only", &Any),
    ("source", &Any),
    ("target", &Any),
    ("tmpfs", &Keys(&[("mode", &Any), ("size", &Any)])),
    ("type", &Any),
    ("volume", &Keys(&[("labels", &Any), ("nocopy", &Any), ("subpath", &Any)])),
]);

/// Says which keys are unknown below a node.
pub(crate) fn check(node: &Node, shape: &Shape, context: &mut Context<'_>) {
    match (&node.value, shape) {
        (Value::Map(map), Keys(known)) => {
            for (key, value) in &map.entries {
                match known.iter().find(|(name, _)| *name == key.value) {
                    Some((_, below)) => check(value, below, context),
                    None => {
                        unknown(&key.value, key.span, known.iter().map(|(name, _)| *name), context);
                    }
                }
            }
        }
        (Value::Map(map), Each(below)) => {
            for (key, value) in &map.entries {
                if !key.value.starts_with("x-") {
                    check(value, below, context);
                }
            }
        }
        (Value::Seq(items), Items(below)) => {
            for item in items {
                check(item, below, context);
            }
        }
        _ => {}
    }
}

fn unknown(
    key: &str,
    span: Span,
    known: impl Iterator<Item = &'static str>,
    context: &mut Context<'_>,
) {
    if context.crowded() {
        return;
    }
    if let Some(extension) = key.strip_prefix("x-") {
        return misplaced(extension, span, context);
    }
    let hint = match suggest::nearest(key, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "remove it, or call it `x-…` if another tool reads it".to_owned(),
    };
    context.warn("unknown-field", format!("Compose knows no {} here", quote(key)), span, hint);
}

/// `x-muster` where nobody reads it, and what was probably meant to be it.
fn misplaced(extension: &str, span: Span, context: &mut Context<'_>) {
    if extension == "muster" {
        let message = "`x-muster` is not read here";
        let hint = "it stands at a service, a volume or a model";
        context.warn("misplaced-intent", message, span, hint);
    } else if suggest::close(extension, "muster") {
        let message = format!("`x-{extension}` is read by nobody here");
        context.warn("unknown-field", message, span, "did you mean `x-muster`?");
    }
}

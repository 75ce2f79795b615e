//! One service: its tree as the model's type.

use crate::context::Context;
use crate::interpolate::Variables;
use crate::{
    build, deploy, environment, grants, health, hooks, intent, mounts, ports, relations, restart,
};
use model::project::Service;
use units::Seconds;
use yaml::{Mapping, Node, Span, Spanned};

/// Reads a service. A Dockerfile that stands in the file itself comes with it.
pub(crate) fn service(
    name: &str,
    span: Span,
    map: &Mapping,
    variables: &Variables,
    context: &mut Context<'_>,
) -> (Service, Option<String>) {
    let mut out = Service { name: name.to_owned(), span, ..Service::default() };
    let mut dockerfile = None;
    for (key, node) in &map.entries {
        let key = key.value.as_str();
        if key == "build"
            && let Some((build, inline)) = build::build(node, variables, context)
        {
            out.build = Some(build);
            dockerfile = inline;
        }
        let _read = texts(&mut out, key, node, context)
            || lists(&mut out, key, node, context)
            || structures(&mut out, key, node, context)
            || deploy::older(key, node, &mut out.deploy, context);
    }
    // These join several attributes, so their order in the file must not matter.
    if let Some(node) = map.get("deploy") {
        deploy::deploy(node, &mut out.deploy, context);
    }
    if let Some(node) = map.get("gpus") {
        out.deploy.devices.extend(deploy::gpus(node, context));
    }
    environment(&mut out, map, variables, context);
    labels(&mut out, map, variables, context);
    (out, dockerfile)
}

fn texts(out: &mut Service, key: &str, node: &Node, context: &mut Context<'_>) -> bool {
    let place = match key {
        "image" => &mut out.image,
        "container_name" => &mut out.container_name,
        "hostname" => &mut out.hostname,
        "domainname" => &mut out.domainname,
        "network_mode" | "net" => &mut out.network_mode,
        "user" => &mut out.user,
        "working_dir" => &mut out.working_dir,
        "stop_signal" => &mut out.stop_signal,
        "platform" => &mut out.platform,
        "runtime" => &mut out.runtime,
        "pid" => &mut out.pid,
        "ipc" => &mut out.ipc,
        "userns_mode" => &mut out.userns_mode,
        "pull_policy" => &mut out.pull_policy,
        _ => return flags(out, key, node, context),
    };
    *place = context.text(node, key).filter(|text| !text.value.is_empty());
    if key == "stop_signal"
        && let Some(signal) = &mut out.stop_signal
    {
        signal.value = signal_name(&signal.value);
    }
    true
}

/// `SIGTERM`, whether it was written so, as `TERM` or as 15.
pub(crate) fn signal_name(text: &str) -> String {
    let upper = text.trim().to_ascii_uppercase();
    let name = match upper.as_str() {
        "1" => "HUP",
        "2" => "INT",
        "3" => "QUIT",
        "9" => "KILL",
        "10" => "USR1",
        "12" => "USR2",
        "15" => "TERM",
        "28" => "WINCH",
        other => other.strip_prefix("SIG").unwrap_or(other),
    };
    format!("SIG{name}")
}

fn flags(out: &mut Service, key: &str, node: &Node, context: &mut Context<'_>) -> bool {
    let place = match key {
        "read_only" => &mut out.read_only,
        "privileged" => &mut out.privileged,
        "init" => &mut out.init,
        "tty" => &mut out.tty,
        "stdin_open" => &mut out.stdin_open,
        _ => return false,
    };
    *place = context.flag(node, key);
    true
}

fn lists(out: &mut Service, key: &str, node: &Node, context: &mut Context<'_>) -> bool {
    let place = match key {
        "external_links" => &mut out.external_links,
        "volumes_from" => &mut out.volumes_from,
        "group_add" => &mut out.group_add,
        "cap_add" => &mut out.cap_add,
        "cap_drop" => &mut out.cap_drop,
        "security_opt" => &mut out.security_opt,
        "dns" => &mut out.dns,
        "dns_search" => &mut out.dns_search,
        "profiles" => &mut out.profiles,
        _ => return false,
    };
    *place = context.texts(node, key);
    true
}

fn structures(out: &mut Service, key: &str, node: &Node, context: &mut Context<'_>) -> bool {
    match key {
        "provider" => out.provider = build::provider(node, context),
        "command" => out.command = context.words(node, key),
        "entrypoint" => out.entrypoint = context.words(node, key),
        "ports" => out.ports = ports::ports(node, context),
        "expose" => out.expose = ports::expose(node, context),
        "volumes" => out.mounts = mounts::mounts(node, context),
        "tmpfs" => out.tmpfs = mounts::tmpfs(node, context),
        "depends_on" => out.depends_on = relations::depends_on(node, context),
        "links" => out.links = relations::links(node, context),
        "networks" => out.networks = relations::networks(node, context),
        "models" => out.models = relations::models(node, context),
        "extra_hosts" => out.extra_hosts = relations::extra_hosts(node, context),
        "healthcheck" => out.healthcheck = health::healthcheck(node, context),
        "annotations" => out.annotations = context.dictionary(node, key),
        "sysctls" => out.sysctls = context.dictionary(node, key),
        "restart" => out.restart = restart::restart(node, context),
        "secrets" => out.secrets = grants::grants(node, key, context),
        "configs" => out.configs = grants::grants(node, key, context),
        "stop_grace_period" => out.stop_grace_period = grace(node, context),
        "devices" => out.devices = devices(node, context),
        "shm_size" => out.shm_size = context.bytes(node, key),
        "pre_start" | "post_start" | "pre_stop" => {
            out.hooks.extend(hooks::hooks(node, key, context));
        }
        "x-muster" => out.intent = intent::service(node, context),
        _ => return false,
    }
    true
}

fn grace(node: &Node, context: &mut Context<'_>) -> Option<Spanned<Seconds>> {
    context.seconds(node, "stop_grace_period")
}

/// `source[:target[:permissions]]`; the long form is written as the short one.
fn devices(node: &Node, context: &mut Context<'_>) -> Vec<Spanned<String>> {
    let mut out = Vec::new();
    for item in context.items(node, "devices") {
        let Some(map) = item.as_map() else {
            out.extend(context.text(item, "devices"));
            continue;
        };
        let text =
            |key: &str| map.get(key).and_then(Node::scalar_text).filter(|text| !text.is_empty());
        let Some(source) = text("source") else {
            context.misfit(item, "devices", "a device, or a mapping with `source`");
            continue;
        };
        let parts = [Some(source.clone()), text("target"), text("permissions")];
        // Permissions are the third part: the target must be there to make them so.
        let filled = match parts {
            [Some(a), None, Some(c)] => vec![a.clone(), a, c],
            parts => parts.into_iter().flatten().collect(),
        };
        out.push(Spanned::new(filled.join(":"), item.span));
    }
    out
}

fn environment(out: &mut Service, map: &Mapping, variables: &Variables, context: &mut Context<'_>) {
    if let Some(node) = map.get("env_file") {
        (out.env_files, out.environment) = environment::files(node, variables, context);
    }
    if let Some(node) = map.get("environment") {
        out.environment.extend(environment::inline(node, variables, context));
    }
}

fn labels(out: &mut Service, map: &Mapping, variables: &Variables, context: &mut Context<'_>) {
    if let Some(node) = map.get("label_file") {
        out.labels = environment::label_files(node, variables, context);
    }
    let deployed = map.get("deploy").and_then(Node::as_map).and_then(|deploy| deploy.get("labels"));
    for node in [deployed, map.get("labels")].into_iter().flatten() {
        out.labels.extend(context.dictionary(node, "labels"));
    }
}

//! References between the parts of a project.

use crate::context::{Context, quote};
use crate::suggest;
use model::project::{MountKind, Project, Service};
use std::collections::{BTreeMap, BTreeSet};
use yaml::Span;

/// Checks that everything that is named exists, and that services do not wait in a circle.
pub(crate) fn project(
    project: &Project,
    inactive: &BTreeMap<String, Vec<String>>,
    context: &mut Context<'_>,
) {
    for service in project.services.values() {
        runs_something(service, context);
        let check = Check { project, inactive, service };
        check.services(context);
        check.sections(context);
        check.contradictions(context);
    }
    circle(project, context);
}

fn runs_something(service: &Service, context: &mut Context<'_>) {
    if service.image.is_none() && service.build.is_none() && service.provider.is_none() {
        let message =
            format!("the service {} has neither an image nor a build", quote(&service.name));
        context.error("no-image", message, service.span, "add `image:` or `build:`");
    }
}

struct Check<'p> {
    project: &'p Project,
    inactive: &'p BTreeMap<String, Vec<String>>,
    service: &'p Service,
}

impl Check<'_> {
    /// Services that the service names.
    fn services(&self, context: &mut Context<'_>) {
        let service = self.service;
        for (name, dependency) in &service.depends_on {
            if dependency.required {
                self.defined(name, "depends on", dependency.span, context);
            } else if !self.project.services.contains_key(name) && !self.inactive.contains_key(name)
            {
                let message =
                    format!("nothing defines {}, which is waited for if present", quote(name));
                context.warn("undefined-service", message, dependency.span, "remove the entry");
            }
        }
        for link in &service.links {
            self.defined(&link.value.0, "links to", link.span, context);
        }
        for from in &service.volumes_from {
            let name = from.value.split(':').next().unwrap_or_default();
            if name != "container" {
                self.defined(name, "takes volumes from", from.span, context);
            }
        }
        for shared in [&service.network_mode, &service.ipc, &service.pid].into_iter().flatten() {
            if let Some(name) = shared.value.strip_prefix("service:") {
                self.defined(name, "shares a namespace with", shared.span, context);
            }
        }
    }

    fn defined(&self, name: &str, how: &str, span: Span, context: &mut Context<'_>) {
        let services = &self.project.services;
        if services.contains_key(name) || context.full() {
            return;
        }
        if let Some(profiles) = self.inactive.get(name) {
            let message = format!("the service {how} {}, whose profile is not active", quote(name));
            let profile = profiles.first().map_or("*", String::as_str);
            let hint = format!("activate the profile `{profile}`, or write `required: false`");
            context.error("inactive-service", message, span, hint);
            return;
        }
        let hint = match suggest::nearest(name, services.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("define it below `services:`; there are {}", listed(services.keys())),
        };
        let message = format!("the service {how} {}, which is not defined", quote(name));
        context.error("undefined-service", message, span, hint);
    }

    /// Networks, volumes, secrets, configs and models that the service names.
    fn sections(&self, context: &mut Context<'_>) {
        let (project, service) = (self.project, self.service);
        for (name, attachment) in &service.networks {
            let span = attachment.span.unwrap_or(service.span);
            if name != "default" {
                declared(name, "networks", &project.networks, span, context);
            }
        }
        for mount in &service.mounts {
            if let MountKind::Named(name) = &mount.kind {
                declared(name, "volumes", &project.volumes, mount.span, context);
            }
        }
        for grant in &service.secrets {
            declared(&grant.source, "secrets", &project.secrets, grant.span, context);
        }
        for grant in &service.configs {
            declared(&grant.source, "configs", &project.configs, grant.span, context);
        }
        for (name, used) in &service.models {
            declared(name, "models", &project.models, used.span, context);
        }
    }

    /// What Compose refuses although what is meant is clear enough to plan.
    fn contradictions(&self, context: &mut Context<'_>) {
        let service = self.service;
        if let Some(mode) = &service.network_mode
            && !service.networks.is_empty()
        {
            let message = "`network_mode` and `networks` exclude each other";
            context.warn("contradiction", message, mode.span, "remove one of them");
        }
        let several = service.deploy.replicas.as_ref().is_some_and(|replicas| replicas.value > 1);
        if let (true, Some(name)) = (several, &service.container_name) {
            let message = "several replicas cannot share a `container_name`";
            context.warn(
                "contradiction",
                message,
                name.span,
                "remove it; the service's own name resolves",
            );
        }
        let targets: BTreeSet<&str> = service.mounts.iter().map(|m| m.target.as_str()).collect();
        for tmpfs in &service.tmpfs {
            if targets.contains(tmpfs.value.0.as_str()) {
                let message = format!("{} is also in `volumes`", quote(&tmpfs.value.0));
                context.warn("duplicate-mount", message, tmpfs.span, "remove one of them");
            }
        }
    }
}

fn declared<T>(
    name: &str,
    section: &str,
    known: &BTreeMap<String, T>,
    span: Span,
    context: &mut Context<'_>,
) {
    if known.contains_key(name) || context.full() {
        return;
    }
    let one = section.trim_end_matches('s');
    let hint = match suggest::nearest(name, known.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if section == "volumes" => {
            format!(
                "declare it at the end of the file: `volumes: {{{name}: {{}}}}`; a directory starts with `./`"
            )
        }
        None => format!("declare it below `{section}:` at the top level"),
    };
    let message = format!("the {one} {} is not declared", quote(name));
    context.error("undefined-reference", message, span, hint);
}

fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let shown: Vec<String> = names.take(8).map(quote).collect();
    shown.join(", ")
}

/// What a service waits for.
fn waits_for(service: &Service) -> BTreeMap<&str, Span> {
    let mut out: BTreeMap<&str, Span> = BTreeMap::new();
    for (name, dependency) in &service.depends_on {
        out.insert(name, dependency.span);
    }
    for link in &service.links {
        out.entry(&link.value.0).or_insert(link.span);
    }
    for from in &service.volumes_from {
        out.entry(from.value.split(':').next().unwrap_or_default()).or_insert(from.span);
    }
    for shared in [&service.network_mode, &service.ipc, &service.pid].into_iter().flatten() {
        if let Some(name) = shared.value.strip_prefix("service:") {
            out.entry(name).or_insert(shared.span);
        }
    }
    out
}

/// Services that wait for each other. Services without open dependencies are taken away until
/// none is left, or a circle.
fn circle(project: &Project, context: &mut Context<'_>) {
    let waits: BTreeMap<&str, BTreeMap<&str, Span>> = project
        .services
        .values()
        .map(|service| (service.name.as_str(), waits_for(service)))
        .collect();
    let mut waiting: BTreeMap<&str, usize> = BTreeMap::new();
    let mut waited: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, targets) in &waits {
        let known = targets.keys().filter(|target| waits.contains_key(*target));
        let mut count = 0;
        for target in known {
            waited.entry(target).or_default().push(name);
            count += 1;
        }
        waiting.insert(name, count);
    }
    let mut free: Vec<&str> =
        waiting.iter().filter(|(_, n)| **n == 0).map(|(name, _)| *name).collect();
    while let Some(name) = free.pop() {
        waiting.remove(name);
        for dependent in waited.get(name).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(dependent) {
                *count -= 1;
                if *count == 0 {
                    free.push(dependent);
                }
            }
        }
    }
    if let Some(start) = waiting.keys().next() {
        report(start, &waiting, &waits, context);
    }
}

/// Every service that is left waits for another that is left: following them meets a circle.
fn report(
    start: &str,
    left: &BTreeMap<&str, usize>,
    waits: &BTreeMap<&str, BTreeMap<&str, Span>>,
    context: &mut Context<'_>,
) {
    let mut path: Vec<(&str, Span)> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut name = start;
    while seen.insert(name) {
        let Some(next) =
            waits.get(name).and_then(|t| t.iter().find(|(to, _)| left.contains_key(*to)))
        else {
            return;
        };
        path.push((name, *next.1));
        name = next.0;
    }
    let at = path.iter().position(|(link, _)| *link == name).unwrap_or(0);
    let names: Vec<&str> =
        path[at..].iter().map(|(link, _)| *link).chain([name]).take(20).collect();
    let message = format!("services wait for each other in a circle: {}", names.join(" → "));
    context.error(
        "dependency-cycle",
        message,
        path[at].1,
        "one of them must start without the next",
    );
}

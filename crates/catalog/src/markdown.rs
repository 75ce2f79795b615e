//! The table as a reference document.

use std::fmt::Display;

use crate::container::{DataPath, KnownPort, Protocol, RootFilesystem, User};
use crate::family::Family;
use crate::probe::{Check, Probe};
use crate::service::Replicas;
use crate::table::families;

const HEAD: &str = "# Images Muster knows

Generated from `crates/catalog/images/*.toml` by `cargo xtask gen`; do not edit.

Sizes, requests and limits are starting points for a small installation. *Certainty* says where
the facts come from: *documented* in the image's documentation or build file, *measured* by
running it, or *general* knowledge to confirm before depending on it.
";

/// The whole table as Markdown, for `docs/images.md`.
pub fn markdown() -> String {
    let mut lines = vec![HEAD.to_owned()];
    let mut section = "";
    for family in families() {
        if family.section != section {
            section = family.section;
            lines.push(format!("## {section}\n"));
        }
        lines.push(describe(family));
    }
    lines.join("\n")
}

/// One family: a heading, a table of facts, and its notes.
fn describe(family: &Family) -> String {
    let mut lines = vec![format!("### {}\n\n{}\n", family.title, repositories(family))];
    if let Some(why) = &family.replaced_by {
        lines.push(format!("**Not needed on Kubernetes.** {why}\n"));
    }
    lines.push("| | |\n| --- | --- |".to_owned());
    let known = rows(family).into_iter().filter(|(_, value)| !value.is_empty());
    // A bar would end the cell.
    lines.extend(known.map(|(name, text)| format!("| {name} | {} |", text.replace('|', "\\|"))));
    lines.push(String::new());
    let by_tag = family.variants.iter().filter_map(|variant| {
        let tags = join(&variant.tags, |tag| format!("`{tag}`"));
        Some(format!("- Tags {tags}: {}.", variant.note.as_ref()?))
    });
    let notes: Vec<_> =
        family.notes.iter().map(|n| format!("- {}", n.text)).chain(by_tag).collect();
    if !notes.is_empty() {
        lines.extend(notes);
        lines.push(String::new());
    }
    lines.join("\n")
}

fn repositories(family: &Family) -> String {
    if family.repositories.is_empty() {
        return "No image by name; other families build on it.".to_owned();
    }
    join(&family.repositories, |name| format!("`{name}`"))
}

fn rows(family: &Family) -> Vec<(&'static str, String)> {
    vec![
        ("Role", role(family)),
        ("Ports", join(&family.ports, port)),
        ("Data", join(&family.data, data)),
        ("User", user(&family.user)),
        ("By tag", join(&family.variants, variant)),
        ("Root filesystem", root_filesystem(family)),
        ("Capabilities", join(&family.capabilities, |(name, why)| format!("{name}: {why}"))),
        ("Probes", join(family.probes.each(), |(name, p)| format!("{name} {}", probe(p)))),
        ("Resources", resources(family)),
        ("Replicas", replicas(&family.replicas)),
        ("Connections", connections(family)),
        ("Secrets", join(&family.env.secrets, |key| format!("`{key}`"))),
        ("Metrics", metrics(family)),
        ("Backup", family.backup.as_ref().map(|b| format!("`{}`", b.dump)).unwrap_or_default()),
        ("Source", source(family)),
    ]
}

fn join<T, D: Display>(items: impl IntoIterator<Item = T>, text: impl Fn(T) -> D) -> String {
    let texts: Vec<String> = items.into_iter().map(|item| text(item).to_string()).collect();
    texts.join(", ")
}

fn role(family: &Family) -> String {
    match family.engine {
        Some(engine) => format!("{} ({engine:?})", words(&format!("{:?}", family.role))),
        None => words(&format!("{:?}", family.role)),
    }
}

/// `SearchEngine` as `search engine`; `GpuServer` as `gpu server`.
fn words(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn port(port: &KnownPort) -> String {
    let protocol = if port.protocol == Protocol::Udp { "/udp" } else { "" };
    let usage = words(&format!("{:?}", port.usage));
    format!("{}{protocol} {} ({usage})", port.port, port.name)
}

fn data(data: &DataPath) -> String {
    let versions = match (data.since, data.until) {
        (Some(since), Some(until)) if since == until => format!(", version {since}"),
        (Some(since), _) => format!(", from version {since}"),
        (None, Some(until)) => format!(", up to version {until}"),
        (None, None) => String::new(),
    };
    let kind = words(&format!("{:?}", data.kind));
    format!("`{}` {} Gi, {kind}: {}{versions}", data.path, data.size_gi, data.what)
}

fn user(user: &User) -> String {
    match (user.uid, user.gid, &user.root) {
        (Some(uid), gid, _) => format!("{uid}:{}", gid.unwrap_or(uid)),
        (None, _, Some(why)) => format!("root: {why}"),
        (None, _, None) => String::new(),
    }
}

fn variant(variant: &crate::family::Variant) -> String {
    let tags = join(&variant.tags, |tag| format!("`{tag}`"));
    match &variant.user {
        Some(other) => format!("{tags} as {}", user(other)),
        None => format!("{tags} differ"),
    }
}

fn root_filesystem(family: &Family) -> String {
    let paths = join(&family.writable, |(path, why)| format!("`{path}` ({why})"));
    match &family.root_filesystem {
        RootFilesystem::Writable(why) => format!("writable: {why}"),
        RootFilesystem::ReadOnly if paths.is_empty() => "read-only".to_owned(),
        RootFilesystem::ReadOnly => format!("read-only, with {paths}"),
    }
}

fn probe(probe: &Probe) -> String {
    let check = match &probe.check {
        Check::Exec(words) => format!("`{}`", words.join(" ")),
        Check::Http(http) => format!("GET :{}{}", http.port, http.path),
        Check::Tcp(port) => format!("TCP {port}"),
        Check::Grpc(port) => format!("gRPC {port}"),
    };
    format!("{check} for {} s", probe.patience())
}

fn resources(family: &Family) -> String {
    let r = &family.resources;
    let gpus = if r.gpus > 0 { format!(", {} GPU", r.gpus) } else { String::new() };
    let why = r.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{}m CPU, {} to {} Mi{gpus}{why}", r.cpu_m, r.memory_mi, r.memory_limit_mi)
}

fn replicas(replicas: &Replicas) -> String {
    match replicas {
        Replicas::Stateless => "any number".to_owned(),
        Replicas::SingleWriter(why) => format!("one writer: {why}"),
        Replicas::Clustered(how) => format!("one, or a cluster: {how}"),
        Replicas::Singleton(why) => format!("one: {why}"),
        Replicas::PerNode(why) => format!("one on every node: {why}"),
        Replicas::Unknown => "only the code tells".to_owned(),
    }
}

fn connections(family: &Family) -> String {
    let admits = family.connections.as_ref().map(|c| format!("admits {}", c.max));
    let opens = family
        .client_pool
        .as_ref()
        .map(|pool| format!("opens up to {} ({})", pool.per_process * pool.processes, pool.why));
    join(admits.into_iter().chain(opens), |text| text)
}

fn source(family: &Family) -> String {
    format!("{} ({})", family.source, words(&format!("{:?}", family.certainty)))
}

fn metrics(family: &Family) -> String {
    let Some(metrics) = &family.metrics else { return String::new() };
    let by = metrics.exporter.as_ref().map(|image| format!(" by `{image}`")).unwrap_or_default();
    let when = metrics.condition.as_ref().map(|c| format!(", given {c}")).unwrap_or_default();
    format!(":{}{}{by}{when}", metrics.port, metrics.path)
}

//! Names and labels: are they allowed, and does each stand once?

use std::collections::{BTreeMap, BTreeSet};

use crate::cursor::At;
use crate::finding::Findings;
use crate::rules::Context;
use crate::set::{Object, Pod};
use crate::table::{references, schema as t};

/// Kinds whose names become DNS labels: no dots, 63 characters at most.
const LABEL_KINDS: &[&str] = &["Service", "Namespace"];
/// Kinds whose names are path segments: almost everything goes.
const PATH_KINDS: &[&str] = &["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    let mut seen: BTreeMap<(&str, &str, &str, &str), &Object<'_>> = BTreeMap::new();
    for object in &cx.set.objects {
        object_name(object, out);
        labels(object, &object.root.dig("metadata.labels"), out);
        let group = object.api.split_once('/').map_or("", |(group, _)| group);
        let key = (group, object.kind, object.namespace.as_str(), object.name.as_str());
        if object.name.is_empty() || object.kind.is_empty() {
            continue;
        }
        if seen.insert(key, object).is_some() {
            let message = format!(
                "{} stands twice in these files: the later one silently replaces the earlier",
                object.id()
            );
            out.add(
                &references::DUPLICATE,
                object,
                &object.name_at(),
                message,
                "merge the two, or rename one",
            );
        }
    }
    for pod in &cx.set.pods {
        labels(&pod.owner, &pod.metadata.at("labels"), out);
        for container in &pod.containers {
            dns_label(&pod.owner, &container.at.at("name"), "a container", out);
        }
        for volume in pod.spec.at("volumes").items() {
            dns_label(&pod.owner, &volume.at("name"), "a volume", out);
        }
        for port in pod.containers.iter().flat_map(|c| c.at.at("ports").items()) {
            port_name(&pod.owner, &port.at("name"), out);
        }
        duplicates(pod, out);
    }
}

fn object_name(object: &Object<'_>, out: &mut Findings) {
    let at = object.name_at();
    let name = &object.name;
    if name.is_empty() || PATH_KINDS.contains(&object.kind) {
        return;
    }
    let (fine, form) = if LABEL_KINDS.contains(&object.kind) {
        (is_dns_label(name), "up to 63 lower-case letters, digits and `-`")
    } else {
        let parts = name.split('.').all(is_subdomain_part);
        (parts && name.len() <= 253, "lower-case letters, digits, `-` and `.`")
    };
    if !fine {
        let message =
            format!("`{name}` is no name for a {}: the API server refuses the object", object.kind);
        let fix = format!("name: {}  # {form}", suggestion(name));
        out.add(&t::BAD_NAME, object, &at, message, fix);
    }
}

fn dns_label(object: &Object<'_>, at: &At<'_>, what: &str, out: &mut Findings) {
    let Some(name) = at.text() else {
        let message = format!("{what} without a name: the API server refuses the object");
        return out.add(&t::MISSING_FIELD, object, at, message, "name: app");
    };
    if !is_dns_label(&name) {
        let message = format!("`{name}` is no name for {what}: the API server refuses the object");
        let fix =
            format!("name: {}  # up to 63 lower-case letters, digits and `-`", suggestion(&name));
        out.add(&t::BAD_NAME, object, at, message, fix);
    }
}

fn port_name(object: &Object<'_>, at: &At<'_>, out: &mut Findings) {
    let Some(name) = at.text() else { return };
    let letter = name.chars().any(|c| c.is_ascii_lowercase());
    if name.len() > 15 || !letter || !is_subdomain_part(&name) || name.contains("--") {
        let message = format!("`{name}` is no name for a port: the API server refuses the object");
        let fix =
            "# up to 15 lower-case letters, digits and `-`, with one letter at least\nname: http";
        out.add(&t::PORT_NAME, object, at, message, fix);
    }
}

fn is_subdomain_part(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(allowed) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_subdomain_part(text)
}

fn suggestion(name: &str) -> String {
    let plain = name.to_ascii_lowercase();
    let plain: String =
        plain.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(63).collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { "app".to_owned() } else { plain.to_owned() }
}

fn labels(object: &Object<'_>, labels: &At<'_>, out: &mut Findings) {
    for (key, at) in labels.entries() {
        let name = key.rsplit_once('/').map_or(key, |(_, name)| name);
        let value = at.text().unwrap_or_default();
        let bad = if name.is_empty() || !is_label_text(name) {
            format!("`{key}` is no key of a label")
        } else if is_label_text(&value) {
            continue;
        } else {
            format!("`{value}` is no value of a label")
        };
        let message = format!("{bad}: the API server refuses the object");
        let fix = "up to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends; longer texts go into annotations";
        out.add(&t::BAD_LABEL, object, &at, message, fix);
    }
}

fn is_label_text(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(inner)
        && edge(text.chars().next())
        && edge(text.chars().next_back())
}

/// Lists of a container in which each name stands once.
const LISTS: &[(&str, &str, &str)] = &[
    ("env", "name", "variable"),
    ("ports", "name", "port"),
    ("volumeMounts", "mountPath", "mount"),
];

fn duplicates(pod: &Pod<'_>, out: &mut Findings) {
    let containers: Vec<At<'_>> = pod.containers.iter().map(|c| c.at.at("name")).collect();
    once(pod, containers, "container", out);
    let volumes = pod.spec.at("volumes").items();
    once(pod, volumes.iter().map(|v| v.at("name")), "volume", out);
    for container in &pod.containers {
        for (field, key, what) in LISTS {
            once(pod, container.at.at(field).items().iter().map(|i| i.at(key)), what, out);
        }
        ports(pod, &container.at, out);
    }
}

fn ports(pod: &Pod<'_>, container: &At<'_>, out: &mut Findings) {
    let mut seen = BTreeSet::new();
    for port in container.at("ports").items() {
        let at = port.at("containerPort");
        let protocol = port.at("protocol").text().unwrap_or_else(|| "TCP".to_owned());
        let Some(number) = at.int() else { continue };
        if !seen.insert((number, protocol.clone())) {
            let message = format!(
                "port {number}/{protocol} stands twice: Services that name the second one get no endpoints"
            );
            out.add(&t::DUPLICATE_NAME, &pod.owner, &at, message, "remove one of them");
        }
    }
}

fn once<'a>(
    pod: &Pod<'a>,
    names: impl IntoIterator<Item = At<'a>>,
    what: &str,
    out: &mut Findings,
) {
    let mut seen = BTreeSet::new();
    for at in names {
        let Some(name) = at.text().filter(|n| !n.is_empty()) else { continue };
        if seen.contains(&name) {
            let effect = if what == "variable" {
                "the later one silently wins"
            } else {
                "the API server refuses the object"
            };
            let message = format!("the {what} `{name}` stands twice: {effect}");
            out.add(&t::DUPLICATE_NAME, &pod.owner, &at, message, "remove or rename one of them");
        }
        seen.insert(name);
    }
}

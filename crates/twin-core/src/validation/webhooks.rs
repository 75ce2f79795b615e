//! Configurations of admission webhooks.

use super::{Walk, items, number, part, repeats, text};
use crate::names;
use crate::tree::{Map, Value};
use std::collections::BTreeSet;

pub(super) fn webhook(walk: &mut Walk<'_>, map: &Map) {
    walk.below("name", |walk| full_name(walk, text(map, "name")));
    let empty = Map::default();
    let config = part(map, "clientConfig").unwrap_or(&empty);
    walk.below("clientConfig", |walk| client(walk, config));
    walk.below("admissionReviewVersions", |walk| {
        versions(walk, items(map, "admissionReviewVersions"));
    });
    let seconds = number(map, "timeoutSeconds");
    if map.get("timeoutSeconds").is_some() && !(1..=30).contains(&seconds) {
        let sentence = "the timeout value must be between 1 and 30 seconds";
        walk.below("timeoutSeconds", |walk| walk.invalid(&seconds.into(), sentence));
    }
}

fn full_name(walk: &mut Walk<'_>, name: &str) {
    if name.is_empty() {
        return;
    }
    let faults = names::subdomain(name);
    walk.invalid_text(name, &faults);
    if faults.is_empty() && name.split('.').count() < 3 {
        let sentence = "should be a domain with at least three segments separated by dots";
        walk.invalid(&Value::text(name), sentence);
    }
}

fn client(walk: &mut Walk<'_>, config: &Map) {
    match (config.get("url").and_then(Value::as_str), part(config, "service")) {
        (Some(url), None) => walk.below("url", |walk| address(walk, url)),
        (None, Some(service)) => walk.below("service", |walk| reference(walk, service)),
        _ => walk.required("exactly one of url or service is required"),
    }
}

const FORMAT: &str = "desired format: https://host[/path]";

fn address(walk: &mut Walk<'_>, url: &str) {
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = rest.split_once("://").unwrap_or(("", rest));
    let authority = rest.split('/').next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if scheme != "https" {
        let sentence = format!("'https' is the only allowed URL scheme; {FORMAT}");
        walk.invalid(&scheme.into(), &sentence);
    }
    if host.is_empty() {
        walk.invalid(&host.into(), &format!("host must be specified; {FORMAT}"));
    }
    for (value, what) in [
        (user, "user information is not permitted in the URL"),
        (fragment, "fragments are not permitted in the URL"),
        (query, "query parameters are not permitted in the URL"),
    ] {
        if !value.is_empty() {
            walk.invalid(&value.into(), what);
        }
    }
}

fn reference(walk: &mut Walk<'_>, service: &Map) {
    let port = number(service, "port");
    if service.get("port").is_some() && !(1..=65_535).contains(&port) {
        let sentence = "port is not valid: must be between 1 and 65535, inclusive";
        walk.below("port", |walk| walk.invalid(&port.into(), sentence));
    }
    let path = text(service, "path");
    if !matches!(path, "" | "/") {
        walk.below("path", |walk| steps(walk, path));
    }
}

fn steps(walk: &mut Walk<'_>, path: &str) {
    let value = Value::text(path);
    if !path.starts_with('/') {
        walk.invalid(&value, "must start with a '/'");
    }
    let mut rest = path.chars();
    rest.next();
    let rest = rest.as_str();
    for (at, step) in rest.strip_suffix('/').unwrap_or(rest).split('/').enumerate() {
        if step.is_empty() {
            walk.invalid(&value, &format!("segment[{at}] may not be empty"));
        } else {
            for fault in names::subdomain(step) {
                walk.invalid(&value, &format!("segment[{at}]: {fault}"));
            }
        }
    }
}

fn versions(walk: &mut Walk<'_>, versions: &[Value]) {
    if versions.is_empty() {
        return walk.required("must specify one of v1, v1beta1");
    }
    walk.each(versions, |walk, version| {
        let version = version.as_str().unwrap_or_default();
        walk.invalid_text(version, &names::dns_1035_label(version));
    });
    for at in repeats(versions.iter().map(Value::as_str)) {
        walk.below(&format!("[{at}]"), |walk| walk.invalid(&versions[at], "duplicate version"));
    }
    if !versions.iter().any(|version| matches!(version.as_str(), Some("v1" | "v1beta1"))) {
        let all = Value::from(versions.to_vec());
        walk.invalid(&all, "must include at least one of v1, v1beta1");
    }
}

const OPERATIONS: [&str; 5] = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];

/// Which requests a webhook means.
pub(super) fn rule(walk: &mut Walk<'_>, map: &Map) {
    for (field, what) in
        [("operations", "operations"), ("apiGroups", "API groups"), ("apiVersions", "API versions")]
    {
        let list = items(map, field);
        if list.len() > 1 && list.iter().any(|it| it.as_str() == Some("*")) {
            let sentence = format!("if '*' is present, must not specify other {what}");
            walk.below(field, |walk| walk.invalid(&list.to_vec().into(), &sentence));
        }
    }
    walk.below("operations", |walk| {
        walk.each(items(map, "operations"), |walk, operation| {
            if !operation.as_str().is_some_and(|it| OPERATIONS.contains(&it)) {
                walk.unsupported(operation, &OPERATIONS);
            }
        });
    });
    walk.below("apiVersions", |walk| {
        walk.each(items(map, "apiVersions"), |walk, version| {
            if version.as_str() == Some("") {
                walk.required("");
            }
        });
    });
    walk.below("resources", |walk| resources(walk, items(map, "resources")));
}

fn resources(walk: &mut Walk<'_>, list: &[Value]) {
    let (mut whole, mut parts) = (BTreeSet::new(), BTreeSet::new());
    let names = list.iter().filter_map(Value::as_str);
    walk.each(list, |walk, name| match name.as_str().map(|text| (text, text.split_once('/'))) {
        Some(("", _)) => walk.required(""),
        Some((text, Some((resource, part)))) => {
            let mut covers = |by: String| {
                let sentence = format!("if '{by}' is present, must not specify {text}");
                walk.invalid(name, &sentence);
            };
            if whole.contains(resource) {
                covers(format!("{resource}/*"));
            }
            if parts.contains(part) {
                covers(format!("*/{part}"));
            }
            whole.extend((part == "*").then_some(resource));
            parts.extend((resource == "*").then_some(part));
        }
        _ => {}
    });
    if list.len() > 1 && names.clone().any(|name| name == "*/*") {
        let sentence = "if '*/*' is present, must not specify other resources";
        walk.invalid(&list.to_vec().into(), sentence);
    }
    let other = names.clone().any(|name| !name.is_empty() && name != "*" && !name.contains('/'));
    if other && names.clone().any(|name| name == "*") {
        let sentence = "if '*' is present, must not specify other resources without subresources";
        walk.invalid(&list.to_vec().into(), sentence);
    }
}

//! Host names in configuration: do they lead anywhere?

use crate::cursor::At;
use crate::finding::Findings;
use crate::rules::Context;
use crate::rules::config::is_switch;
use crate::set::{Object, Set};
use crate::table::references as t;

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for map in cx.set.of_kind("ConfigMap") {
        for (key, value) in map.root.at("data").entries() {
            host(map, key, &value, cx.set, out);
        }
    }
    for pod in &cx.set.pods {
        for env in pod.containers.iter().flat_map(|c| c.at.at("env").items()) {
            let key = env.at("name").text().unwrap_or_default();
            host(&pod.owner, &key, &env.at("value"), cx.set, out);
        }
    }
}

fn host(object: &Object<'_>, key: &str, value: &At<'_>, set: &Set<'_>, out: &mut Findings) {
    let Some(text) = value.str() else { return };
    let Some(host) = host_of(text) else { return };
    let mut parts = host.split('.');
    let name = parts.next().unwrap_or_default();
    let namespace = parts.next().unwrap_or(&object.namespace);
    if let Some(service) = set.find("Service", namespace, name) {
        if super::services::selects_nothing(set, service) {
            let message = format!(
                "`{key}` names Service `{name}`, whose selector matches no pod of these files: every connection is refused"
            );
            let fix = format!("add the workload behind Service `{name}`, or correct its selector");
            out.add(&t::DEAD_HOST, object, value, message, fix);
        }
    } else if speaks_of_host(key) && host == name && is_label(name) && name != "localhost" {
        let message = format!(
            "`{key}` names the host `{name}`, and no Service of these files has that name in namespace `{namespace}`: the name does not resolve"
        );
        let fix = format!("add a Service `{name}`, or write the name of the one that is meant");
        out.add(&t::UNKNOWN_HOST, object, value, message, fix);
    }
}

/// The host of `db`, `db:3306`, `http://db:80/x` or `mysql://user:pw@db/app`.
fn host_of(text: &str) -> Option<&str> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let (host, port) = rest.split_once(':').unwrap_or((rest, ""));
    // More colons are an IPv6 address, or a list that is no host.
    let fits = host.len() < 254 && host.split('.').all(is_label) && !port.contains(':');
    (fits && !is_switch(host) && !is_amount(host)).then_some(host)
}

/// `30s`, `512mb`: a number with its unit.
fn is_amount(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < text.len() && unit.len() < 3 && !text.contains('-')
}

fn speaks_of_host(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    let ends = ["_HOST", "_HOSTNAME", "_SERVER", "_ADDR", "_ADDRESS"];
    ends.iter().any(|e| key.ends_with(e)) || matches!(key.as_str(), "HOST_DB" | "PGHOST")
}

fn is_label(text: &str) -> bool {
    let letters = text.chars().any(|c| c.is_ascii_lowercase());
    let allowed = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    letters && allowed && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn finds_the_host() {
        for text in ["db", "db:3306", "http://db:80/x", "mysql://u:p@db/app?x=1", "tcp://db"] {
            assert_eq!(host_of(text), Some("db"), "{text}");
        }
        assert_eq!(host_of("db.prod.svc"), Some("db.prod.svc"));
        assert_eq!(host_of("hello world"), None);
        assert_eq!(host_of("10.0.0.1"), None);
    }

    #[test]
    fn values_that_are_no_hosts() {
        for text in
            ["null", "true", "yes", "30s", "512mb", "0", "fd00::1", "fe80:db::2", "[::1]:80"]
        {
            assert_eq!(host_of(text), None, "{text}");
        }
        assert_eq!(host_of("db2"), Some("db2"));
    }
}

//! Addresses in a text.

use super::texts::Text;
use super::{Hosts, Reference};
use model::project::Service;
use std::collections::BTreeMap;

/// Looks for addresses of other services in the texts of one.
pub(super) struct Scan<'a> {
    pub(super) service: &'a Service,
    pub(super) hosts: &'a Hosts,
    /// `DB_PORT` and its kin.
    pub(super) ports: &'a BTreeMap<String, u16>,
}

impl Scan<'_> {
    pub(super) fn run(&self, text: &Text<'_>, found: &mut Vec<Reference>) {
        let bytes = text.content.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if !is_host_byte(bytes[at]) {
                at += 1;
                continue;
            }
            let start = at;
            while at < bytes.len() && is_host_byte(bytes[at]) {
                at += 1;
            }
            // Every host byte is ASCII, so these are character boundaries.
            let token = text.content[start..at].trim_end_matches('.');
            if let Some(to) = self.hosts.resolve(token) {
                self.reference(text, start, start + token.len(), to, found);
            }
        }
    }

    fn reference(
        &self,
        text: &Text<'_>,
        start: usize,
        end: usize,
        to: &str,
        found: &mut Vec<Reference>,
    ) {
        let before = &text.content[..start];
        let scheme = url_scheme(before);
        let explicit = port_after(&text.content[end..]);
        if explicit.is_none() && names_upstream(text.content, &text.content[start..end]) {
            return;
        }
        let alone =
            text.key.is_some_and(is_host_key) && text.content.trim() == &text.content[start..end];
        let listed = text.key.is_some_and(is_host_key) && (before.ends_with(',') || start == 0);
        if explicit.is_none() && scheme.is_none() && !alone && !listed {
            return;
        }
        let sibling = || {
            let key = text.key?.to_ascii_uppercase();
            let prefix = HOST_KEYS.iter().find_map(|suffix| key.strip_suffix(suffix))?;
            self.ports.get(prefix.trim_end_matches('_')).copied()
        };
        let port = explicit
            .or_else(|| scheme.as_deref().and_then(default_port))
            .or_else(|| if alone { sibling() } else { None });
        found.push(Reference {
            from: self.service.name.clone(),
            to: to.to_owned(),
            host: text.content[start..end].to_owned(),
            port,
            scheme,
            evidence: text.evidence.clone(),
            because: text.because.clone(),
        });
    }
}

/// Whether a web server's configuration calls a group of servers so: `http://app` then means the
/// group, whose servers carry their ports.
fn names_upstream(text: &str, name: &str) -> bool {
    text.match_indices("upstream").any(|(at, word)| {
        let mut rest = text[at + word.len()..].split_whitespace();
        rest.next().is_some_and(|next| next.trim_end_matches('{') == name)
    })
}

const fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// Endings of keys whose value is an address.
const HOST_KEYS: &[&str] = &[
    "HOSTNAME", "HOSTS", "HOST", "SERVERS", "SERVER", "ADDRESS", "ADDR", "ENDPOINT", "URL", "URI",
    "BROKERS", "BROKER", "NODES", "CONNECT", "PEERS",
];

fn is_host_key(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    HOST_KEYS.iter().any(|suffix| key.ends_with(suffix))
}

/// The scheme of the URL that a host stands in, if `before` ends in `scheme://` or
/// `scheme://user:password@`, or in another host of the same list (`mongodb://a:1,b:2`).
fn url_scheme(before: &str) -> Option<String> {
    let at = before.rfind("://")?;
    let between = &before[at + 3..];
    let user_info =
        between.is_empty() || (between.ends_with('@') && !between.contains(['/', ' ', '\n', '"']));
    let list = between.ends_with(',') && !between.contains(['/', ' ', '\n', '"']);
    if !user_info && !list {
        return None;
    }
    let scheme: String = before[..at]
        .chars()
        .rev()
        .take_while(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c))
        .collect();
    let scheme: String = scheme.chars().rev().collect();
    (!scheme.is_empty()).then(|| scheme.to_ascii_lowercase())
}

/// `:8000` right behind the host, if it is a port and not part of something longer.
fn port_after(after: &str) -> Option<u16> {
    let rest = after.strip_prefix(':')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let next = rest[digits..].chars().next();
    if next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.') {
        return None;
    }
    rest[..digits].parse().ok().filter(|port| *port > 0)
}

/// The port that a scheme means where none is written.
fn default_port(scheme: &str) -> Option<u16> {
    let scheme = scheme.split('+').next().unwrap_or(scheme);
    Some(match scheme {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        "mysql" | "mariadb" | "mysql2" => 3306,
        "postgres" | "postgresql" | "postgis" | "psql" => 5432,
        "redis" | "rediss" => 6379,
        "amqp" => 5672,
        "amqps" => 5671,
        "mongodb" => 27017,
        "nats" => 4222,
        "mqtt" => 1883,
        "memcached" => 11211,
        "ldap" => 389,
        "smtp" => 25,
        "clickhouse" => 9000,
        _ => return None,
    })
}

//! Addresses in a text.

use super::texts::Text;
use super::{Hosts, Reference};
use model::project::Service;
use std::collections::{BTreeMap, BTreeSet};

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
        let upstreams = upstreams(text.content);
        let mut seen = BTreeSet::new();
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
            let Some(to) = self.hosts.resolve(token) else { continue };
            let end = start + token.len();
            let Some(reference) = self.reference(text, start, end) else { continue };
            if reference.explicit || !upstreams.contains(token) {
                let Address { port, scheme, .. } = &reference;
                if seen.insert((token, *port, scheme.clone())) {
                    found.push(self.filed(text, token, to, reference));
                }
            }
        }
    }

    /// The address at a name, if it is one and not just a word.
    fn reference(&self, text: &Text<'_>, start: usize, end: usize) -> Option<Address> {
        let before = nearby(&text.content[..start]);
        let scheme = url_scheme(before);
        let explicit = port_after(&text.content[end..]);
        let host_key = text.key.is_some_and(is_host_key);
        let alone = host_key && text.content.trim() == &text.content[start..end];
        let listed = host_key && (before.ends_with(',') || start == 0);
        if explicit.is_none() && scheme.is_none() && !alone && !listed {
            return None;
        }
        let port = explicit
            .or_else(|| scheme.as_deref().and_then(default_port))
            .or_else(|| if alone { self.sibling(text) } else { None });
        Some(Address { port, scheme, explicit: explicit.is_some() })
    }

    /// `DB_PORT` beside `DB_HOST`.
    fn sibling(&self, text: &Text<'_>) -> Option<u16> {
        let key = text.key?.to_ascii_uppercase();
        let prefix = HOST_KEYS.iter().find_map(|suffix| key.strip_suffix(suffix))?;
        self.ports.get(prefix.trim_end_matches('_')).copied()
    }

    fn filed(&self, text: &Text<'_>, host: &str, to: &str, address: Address) -> Reference {
        Reference {
            from: self.service.name.clone(),
            to: to.to_owned(),
            host: host.to_owned(),
            port: address.port,
            scheme: address.scheme,
            evidence: text.evidence.clone(),
            because: text.because.clone(),
        }
    }
}

/// What stands around a name.
struct Address {
    port: Option<u16>,
    scheme: Option<String>,
    /// Whether the port is written out.
    explicit: bool,
}

/// No user and password before a host are longer; long texts stay linear.
const NEARBY: usize = 512;

/// The end of a text.
fn nearby(text: &str) -> &str {
    let mut from = text.len().saturating_sub(NEARBY);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

/// The groups of servers that a web server's configuration names: `http://app` then means the group,
/// whose servers carry their ports.
fn upstreams(text: &str) -> BTreeSet<&str> {
    let after =
        text.match_indices("upstream").map(|(at, word)| nearby_start(&text[at + word.len()..]));
    after
        .filter_map(|rest| rest.split_whitespace().next())
        .map(|name| name.trim_end_matches('{'))
        .collect()
}

/// The beginning of a text.
fn nearby_start(text: &str) -> &str {
    let mut to = text.len().min(NEARBY);
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    &text[..to]
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

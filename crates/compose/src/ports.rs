//! `ports` and `expose`.

use crate::context::{Context, quote};
use model::project::{Port, PortRange, Protocol};
use std::collections::HashSet;
use yaml::{Node, Span, Spanned, Value};

/// One entry, ranges not expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    host_ip: Option<String>,
    published: Option<PortRange>,
    target: PortRange,
    protocol: Protocol,
}

/// `ports`, ranges expanded.
pub(crate) fn ports(node: &Node, context: &mut Context<'_>) -> Vec<Port> {
    let lone = std::slice::from_ref(node);
    let items = match &node.value {
        Value::Str(_) | Value::Int(_) => lone,
        _ => context.items(node, "ports"),
    };
    let mut out = Vec::new();
    let mut seen = HashSet::new();
    for (index, item) in items.iter().enumerate() {
        match entry(item, context) {
            Ok(Some((entry, rest))) => {
                let from = out.len();
                expand(&entry, &Port { index, ..rest }, context, &mut out);
                // What is written twice is published once.
                let fresh = out.split_off(from).into_iter().filter(|port| seen.insert(what(port)));
                out.extend(fresh);
            }
            Ok(None) => {}
            Err(why) => invalid(item, &why, context),
        }
    }
    out
}

type What = (Option<String>, Option<(u16, u16)>, u16, Protocol);

/// What a port publishes.
fn what(port: &Port) -> What {
    let published = port.published.map(|range| (range.0, range.1));
    (port.host_ip.clone(), published, port.target, port.protocol)
}

fn invalid(item: &Node, why: &str, context: &mut Context<'_>) {
    let shown = item.scalar_text().map_or_else(|| "this".to_owned(), quote);
    let message = format!("{shown} is no port: {why}");
    let hint = if context.interpolated.contains(&item.span) {
        "this is what is left of it after variables were filled in; set them, or give defaults"
    } else {
        "write `80`, `8080:80`, `127.0.0.1:8080:80/udp` or `3000-3005:3000-3005`"
    };
    context.error("invalid-port", message, item.span, hint);
}

/// An entry and everything about it that does not depend on the range.
fn entry(item: &Node, context: &mut Context<'_>) -> Result<Option<(Entry, Port)>, String> {
    let blank = Port {
        span: item.span,
        index: 0,
        target: 0,
        published: None,
        host_ip: None,
        protocol: Protocol::Tcp,
        app_protocol: None,
        name: None,
        host_mode: false,
    };
    match &item.value {
        Value::Null => Ok(None),
        Value::Map(_) => long(item, blank, context).map(Some),
        Value::Seq(_) => Err("it is a list".to_owned()),
        _ => short(&item.scalar_text().unwrap_or_default()).map(|entry| Some((entry, blank))),
    }
}

fn long(item: &Node, mut port: Port, context: &mut Context<'_>) -> Result<(Entry, Port), String> {
    let mut entry =
        Entry { host_ip: None, published: None, target: PortRange(0, 0), protocol: Protocol::Tcp };
    for (key, node) in context.entries(item, "ports") {
        let text = || node.scalar_text().unwrap_or_default();
        match key.value.as_str() {
            "target" => entry.target = range(&text())?,
            "published" if !text().is_empty() => entry.published = Some(range(&text())?),
            "protocol" if !text().is_empty() => entry.protocol = protocol(&text())?,
            "host_ip" => entry.host_ip = Some(text()).filter(|ip| !ip.is_empty()),
            "app_protocol" => port.app_protocol = Some(text()),
            "name" => port.name = Some(text()),
            "mode" => port.host_mode = text() == "host",
            _ => {}
        }
    }
    if entry.target.0 == 0 {
        return Err("`target` is missing".to_owned());
    }
    Ok((entry, port))
}

/// `[ip:][published:]target[/protocol]`.
fn short(text: &str) -> Result<Entry, String> {
    let (body, proto) = match text.trim().split_once('/') {
        Some((body, name)) => (body, protocol(name)?),
        None => (text.trim(), Protocol::Tcp),
    };
    if body.is_empty() {
        return Err("it is empty".to_owned());
    }
    let (front, target) =
        body.rsplit_once(':').map_or((None, body), |(front, target)| (Some(front), target));
    let target = range(target)?;
    let Some(front) = front else {
        return Ok(Entry { host_ip: None, published: None, target, protocol: proto });
    };
    let (ip, published) = match front.rsplit_once(':') {
        Some((ip, published)) => (Some(address(ip)?), published),
        // `127.0.0.1::80` lets Docker pick the port; `127.0.0.1:80` is no valid form.
        None if front.contains('.') || front.starts_with('[') => {
            return Err(
                "between address and port stands the published port, or nothing: `127.0.0.1::80`"
                    .to_owned(),
            );
        }
        None => (None, front),
    };
    let published = if published.is_empty() { None } else { Some(range(published)?) };
    Ok(Entry { host_ip: ip.filter(|ip| !ip.is_empty()), published, target, protocol: proto })
}

fn address(text: &str) -> Result<String, String> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    // A host name is wrong for Docker, but what it binds to does not matter here.
    let fits = bare
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '%' | '*' | '-' | '_'));
    if fits { Ok(bare.to_owned()) } else { Err(format!("{} is no address", quote(text))) }
}

fn range(text: &str) -> Result<PortRange, String> {
    let number = |text: &str| {
        let text = text.trim();
        match text.parse::<u32>() {
            Ok(0) => Err("0 is no port".to_owned()),
            Ok(number) => {
                u16::try_from(number).map_err(|_| format!("{number} is larger than 65535"))
            }
            Err(_) if text.is_empty() => Err("the number is missing".to_owned()),
            Err(_) => Err(format!("{} is no number", quote(text))),
        }
    };
    match text.split_once('-') {
        Some((first, last)) => {
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                Err("the range ends before it starts".to_owned())
            } else {
                Ok(PortRange(first, last))
            }
        }
        None => number(text).map(|n| PortRange(n, n)),
    }
}

fn protocol(text: &str) -> Result<Protocol, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "tcp" => Ok(Protocol::Tcp),
        "udp" => Ok(Protocol::Udp),
        "sctp" => Ok(Protocol::Sctp),
        _ => Err(format!("{} is no protocol; there are tcp, udp and sctp", quote(text))),
    }
}

const fn width(range: PortRange) -> usize {
    (range.1 - range.0) as usize + 1
}

fn expand(entry: &Entry, rest: &Port, context: &mut Context<'_>, out: &mut Vec<Port>) {
    let count = width(entry.target);
    let parallel = entry.published.is_some_and(|p| width(p) == count);
    if let Some(published) = entry.published
        && !parallel
        && count > 1
    {
        let message = format!("{} published ports cannot lead to {count} ports", width(published));
        context.error("invalid-port", message, rest.span, "both ranges must have the same length");
        return;
    }
    let Some(left) = context.budget.ports.checked_sub(count) else {
        context.error(
            "too-large",
            "the ranges expand to more ports than any project needs",
            rest.span,
            "publish fewer",
        );
        return;
    };
    context.budget.ports = left;
    for (target, offset) in (entry.target.0..=entry.target.1).zip(0_u16..) {
        let published = match entry.published {
            Some(first) if parallel && count > 1 => {
                let at = first.0.saturating_add(offset);
                Some(PortRange(at, at))
            }
            other => other,
        };
        out.push(Port {
            target,
            published,
            host_ip: entry.host_ip.clone(),
            protocol: entry.protocol,
            ..rest.clone()
        });
    }
}

/// What makes two entries of `ports` the same when files are merged.
pub(crate) fn identity(item: &Node) -> Option<String> {
    if let Some(text) = item.scalar_text() {
        let entry = short(&text).ok()?;
        return Some(key(&entry));
    }
    let map = item.as_map()?;
    let text =
        |name: &str| map.get(name).and_then(Node::scalar_text).filter(|text| !text.is_empty());
    let entry = Entry {
        host_ip: text("host_ip"),
        published: text("published").and_then(|p| range(&p).ok()),
        target: range(&text("target")?).ok()?,
        protocol: text("protocol").and_then(|p| protocol(&p).ok()).unwrap_or_default(),
    };
    Some(key(&entry))
}

fn key(entry: &Entry) -> String {
    format!("{:?} {:?} {:?} {}", entry.host_ip, entry.published, entry.target, entry.protocol)
}

/// `expose`, ranges expanded.
pub(crate) fn expose(node: &Node, context: &mut Context<'_>) -> Vec<Spanned<(u16, Protocol)>> {
    let mut out = Vec::new();
    for item in context.texts(node, "expose") {
        match exposed(&item.value) {
            Ok((ports, protocol)) => expand_exposed(ports, protocol, item.span, context, &mut out),
            Err(why) => {
                let message = format!("{} is no port: {why}", quote(&item.value));
                context.warn(
                    "invalid-value",
                    message,
                    item.span,
                    "write `80`, `80/udp` or `3000-3005`",
                );
            }
        }
    }
    out
}

fn exposed(text: &str) -> Result<(PortRange, Protocol), String> {
    let (ports, name) = text.split_once('/').unwrap_or((text, "tcp"));
    // `8080:80` is wrong here, yet what it means is clear.
    let ports = ports.rsplit(':').next().unwrap_or(ports);
    Ok((range(ports)?, protocol(name)?))
}

fn expand_exposed(
    ports: PortRange,
    protocol: Protocol,
    span: Span,
    context: &mut Context<'_>,
    out: &mut Vec<Spanned<(u16, Protocol)>>,
) {
    match context.budget.ports.checked_sub(width(ports)) {
        Some(left) => {
            context.budget.ports = left;
            out.extend((ports.0..=ports.1).map(|port| Spanned::new((port, protocol), span)));
        }
        None => {
            context.error(
                "too-large",
                "the ranges expand to more ports than any project needs",
                span,
                "expose fewer",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Protocol::{Tcp, Udp};

    #[test]
    fn short_forms() {
        let entry =
            |ip: Option<&str>, published: Option<(u16, u16)>, target: (u16, u16), protocol| Entry {
                host_ip: ip.map(str::to_owned),
                published: published.map(|(a, b)| PortRange(a, b)),
                target: PortRange(target.0, target.1),
                protocol,
            };
        for (text, want) in [
            ("80", entry(None, None, (80, 80), Tcp)),
            ("8080:80", entry(None, Some((8080, 8080)), (80, 80), Tcp)),
            (":80", entry(None, None, (80, 80), Tcp)),
            ("53:53/udp", entry(None, Some((53, 53)), (53, 53), Udp)),
            ("127.0.0.1:8080:80", entry(Some("127.0.0.1"), Some((8080, 8080)), (80, 80), Tcp)),
            ("127.0.0.1::80", entry(Some("127.0.0.1"), None, (80, 80), Tcp)),
            ("[::1]:80:80", entry(Some("::1"), Some((80, 80)), (80, 80), Tcp)),
            ("::1:80:80", entry(Some("::1"), Some((80, 80)), (80, 80), Tcp)),
            ("3000-3005:4000-4005", entry(None, Some((3000, 3005)), (4000, 4005), Tcp)),
            ("8000-9000:80", entry(None, Some((8000, 9000)), (80, 80), Tcp)),
        ] {
            assert_eq!(short(text), Ok(want), "{text}");
        }
        for text in [
            "",
            "x",
            "0",
            "65536",
            "80/http",
            "90-80",
            "127.0.0.1:80",
            "a b:80:80",
            "80:",
            "-",
            "80-",
        ] {
            assert!(short(text).is_err(), "{text}");
        }
    }
}

//! Reading health checks: which of them only ask an address of their own container.

use crate::world::Subject;
use model::project::HealthTest;

/// A check that the kubelet can do itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Recognised {
    /// GET; 2xx and 3xx are healthy.
    Http { port: u16, path: String, https: bool, host: Option<String> },
    /// A connection; the text says why no more than that.
    Tcp { port: u16, why: &'static str },
    /// gRPC health protocol.
    Grpc { port: u16 },
}

/// Reads the test. Anything that is not understood completely is not recognised at all.
pub(super) fn recognise(subject: &Subject<'_>, test: &HealthTest) -> Option<Recognised> {
    let words = match test {
        HealthTest::Disabled => return None,
        HealthTest::Command(words) => match nested(words) {
            Some(script) => {
                return devtcp(subject, script)
                    .or_else(|| simple(subject, &split(strip(script)?)?));
            }
            None => words.clone(),
        },
        HealthTest::Shell(text) => {
            if let Some(found) = devtcp(subject, text) {
                return Some(found);
            }
            let words = split(strip(text)?)?;
            match nested(&words) {
                Some(script) => {
                    return devtcp(subject, script)
                        .or_else(|| simple(subject, &split(strip(script)?)?));
                }
                None => words,
            }
        }
    };
    simple(subject, &words)
}

/// The script of `sh -c SCRIPT`.
fn nested(words: &[String]) -> Option<&str> {
    let [shell, flag, script] = words else { return None };
    let shell = shell.rsplit('/').next().unwrap_or(shell);
    (matches!(shell, "sh" | "bash" | "ash" | "dash") && flag == "-c").then_some(script.as_str())
}

/// Removes what changes nothing about the result: `|| exit 1` and redirections to nowhere.
/// `None` where the shell does more than run one program.
fn strip(text: &str) -> Option<&str> {
    let mut text = text.trim().trim_end_matches(';').trim_end();
    for tail in [
        "|| exit 1",
        "|| false",
        "||exit 1",
        "|| exit 2",
        "|| bash -c 'kill -s 15 -1 && (sleep 10; kill -s 9 -1)'",
    ] {
        text = text.strip_suffix(tail).unwrap_or(text).trim_end();
    }
    loop {
        let shorter = [
            "2>&1",
            "> /dev/null",
            ">/dev/null",
            "&> /dev/null",
            "&>/dev/null",
            "2>/dev/null",
            "2> /dev/null",
            "1>/dev/null",
        ]
        .iter()
        .find_map(|tail| text.strip_suffix(tail));
        match shorter {
            Some(shorter) => text = shorter.trim_end(),
            None => break,
        }
    }
    let text = text.trim_end_matches(['&']).trim_end();
    (!text.contains(['|', ';', '&', '<', '>', '`', '\n']) || only_in_quotes(text)).then_some(text)
}

/// Whether every character that the shell would act upon stands in quotes.
fn only_in_quotes(text: &str) -> bool {
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(open) if open == c => quote = None,
            // Backquotes run a program even in double quotes.
            Some('"') if c == '`' => return false,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if "|;&<>`\n".contains(c) => return false,
            _ => {}
        }
    }
    true
}

/// Splits words as a shell does; `None` for what is unbalanced.
fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().push(chars.next()?),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// One program with its arguments.
fn simple(subject: &Subject<'_>, words: &[String]) -> Option<Recognised> {
    let (program, rest) = words.split_first()?;
    match program.rsplit('/').next()? {
        "curl" => curl(subject, rest),
        "wget" => wget(subject, rest),
        "nc" | "ncat" | "netcat" => netcat(subject, rest),
        "grpc_health_probe" | "grpc-health-probe" => grpc(subject, rest),
        "timeout" => simple(subject, rest.get(1..)?),
        _ => None,
    }
}

/// `curl`, if it sends nothing but a plain request. Without `-f` it is content with any answer.
fn curl(subject: &Subject<'_>, words: &[String]) -> Option<Recognised> {
    let (mut fails, mut url) = (false, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--fail" | "--fail-with-body" => fails = true,
            "--silent"
            | "--show-error"
            | "--location"
            | "--insecure"
            | "--head"
            | "--verbose"
            | "--retry-connrefused"
            | "--ipv4"
            | "--ipv6"
            | "--compressed"
            | "--no-progress-meter"
            | "--http1.1" => {}
            "-o" | "--output" | "-m" | "--max-time" | "--connect-timeout" | "--retry"
            | "--retry-delay" | "--retry-max-time" | "-A" | "--user-agent" => {
                words.next()?;
            }
            "-X" | "--request" => match words.next()?.as_str() {
                "GET" | "HEAD" => {}
                _ => return None,
            },
            short if short.starts_with('-') => {
                let flags = short.strip_prefix('-')?;
                if flags.is_empty() || !flags.chars().all(|c| "fsSLkIivq46".contains(c)) {
                    return None;
                }
                fails |= flags.contains('f');
            }
            text if url.is_none() => url = Some(address(subject, text)?),
            _ => return None,
        }
    }
    Some(asked(url?, fails))
}

/// `wget`, if it sends nothing but a plain request.
fn wget(subject: &Subject<'_>, words: &[String]) -> Option<Recognised> {
    let mut url = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-O" | "-t" | "-T" | "--tries" | "--timeout" | "--output-document" => {
                words.next()?;
            }
            "--spider"
            | "--quiet"
            | "--no-verbose"
            | "--no-check-certificate"
            | "--server-response" => {}
            long if [
                "--tries=",
                "--timeout=",
                "--output-document=",
                "--user-agent=",
                "--max-redirect=",
            ]
            .iter()
            .any(|flag| long.starts_with(flag)) => {}
            "-nv" | "-q" | "-S" | "-qO-" | "-O-" | "-qS" | "-nvO-" | "-qO" | "-Y"
            | "-O/dev/null" | "-qO/dev/null" => {
                if matches!(word.as_str(), "-qO" | "-Y") {
                    words.next()?;
                }
            }
            short
                if short
                    .strip_prefix("-t")
                    .or(short.strip_prefix("-T"))
                    .is_some_and(|n| n.parse::<u32>().is_ok()) => {}
            flag if flag.starts_with('-') => return None,
            text if url.is_none() => url = Some(address(subject, text)?),
            _ => return None,
        }
    }
    Some(asked(url?, true))
}

/// What a request to the address means, if the tool `fails` on an error or not.
fn asked(address: Address, fails: bool) -> Recognised {
    let Address { port, path, https, host } = address;
    if fails {
        Recognised::Http { port, path, https, host }
    } else {
        Recognised::Tcp {
            port,
            why: "curl without -f is content with any answer, so the port is what counts",
        }
    }
}

/// `nc -z HOST PORT`.
fn netcat(subject: &Subject<'_>, words: &[String]) -> Option<Recognised> {
    let mut plain = Vec::new();
    let mut scans = false;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.strip_prefix('-') {
            Some("w") => {
                words.next()?;
            }
            Some(flags) if flags.chars().all(|c| "zvnw0123456789".contains(c)) => {
                scans |= flags.contains('z');
            }
            Some(_) => return None,
            None => plain.push(word.as_str()),
        }
    }
    let [host, port] = plain.as_slice() else { return None };
    let port = number(subject, port)?;
    (scans && is_own(subject, host))
        .then_some(Recognised::Tcp { port, why: "the check only opens a port" })
}

/// `grpc_health_probe -addr=:PORT` without TLS or a service name.
fn grpc(subject: &Subject<'_>, words: &[String]) -> Option<Recognised> {
    let [word] = words else { return None };
    let text = word.trim_start_matches('-').strip_prefix("addr=")?;
    let (host, port) = text.rsplit_once(':')?;
    let port = number(subject, port)?;
    (host.is_empty() || is_own(subject, host)).then_some(Recognised::Grpc { port })
}

/// `</dev/tcp/HOST/PORT` of bash.
fn devtcp(subject: &Subject<'_>, text: &str) -> Option<Recognised> {
    let (before, rest) = text.split_once("/dev/tcp/")?;
    let quiet = |part: &str| {
        !part.contains("echo")
            && !part.contains("cat")
            && !part.contains("grep")
            && !part.contains("printf")
    };
    let (host, rest) = rest.split_once('/')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (port, after) = rest.split_at(end);
    let port = number(subject, port)?;
    (is_own(subject, host) && quiet(before) && quiet(after))
        .then_some(Recognised::Tcp { port, why: "the check only opens a port" })
}

/// An address of the container itself.
struct Address {
    port: u16,
    path: String,
    https: bool,
    /// The name in it: applications that check the Host header know this one, not the pod's address.
    host: Option<String>,
}

fn address(subject: &Subject<'_>, text: &str) -> Option<Address> {
    let (https, rest) = match text.split_once("://") {
        Some(("http", rest)) => (false, rest),
        Some(("https", rest)) => (true, rest),
        Some(_) => return None,
        None => (false, text),
    };
    let cut = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(cut);
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of a bare IPv6 address are no port.
        Some((host, port)) if !port.ends_with(']') => (host, number(subject, port)?),
        _ => (authority, if https { 443 } else { 80 }),
    };
    let path = match path.strip_prefix('?') {
        Some(query) => format!("/?{query}"),
        None if path.is_empty() => "/".to_owned(),
        None => path.split('#').next().unwrap_or(path).to_owned(),
    };
    let plain = host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
    let named = (plain && host != "0.0.0.0").then(|| host.to_owned());
    (is_own(subject, host) && !path.contains('$')).then_some(Address {
        port,
        path,
        https,
        host: named,
    })
}

/// Whether a host name means the container itself.
fn is_own(subject: &Subject<'_>, host: &str) -> bool {
    let service = subject.service;
    matches!(
        host,
        "localhost"
            | "127.0.0.1"
            | "0.0.0.0"
            | "[::1]"
            | "::1"
            | "[::]"
            | "$HOSTNAME"
            | "${HOSTNAME}"
            | "$(hostname)"
    ) || host == service.name
        || service.container_name.as_ref().is_some_and(|name| name.value == host)
        || service.hostname.as_ref().is_some_and(|name| name.value == host)
}

/// A port number, or a variable of the container that holds one.
fn number(subject: &Subject<'_>, text: &str) -> Option<u16> {
    let Some(variable) = text.strip_prefix('$') else {
        return text.parse().ok().filter(|port| *port > 0);
    };
    let name = variable.trim_start_matches('{').trim_end_matches('}');
    let (name, default) = match name.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (name, None),
    };
    let value = subject.service.environment.get(name).and_then(|value| value.value.as_deref());
    value.or(default)?.trim().parse().ok().filter(|port| *port > 0)
}

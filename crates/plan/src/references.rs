//! Who talks to whom, as far as the files say: addresses in environment, commands, health checks,
//! labels, configuration files and build contexts.

use model::plan::Link;
use model::project::{BindSource, Content, HealthTest, MountKind, Project, Service};
use model::reason::Because;
use std::collections::{BTreeMap, BTreeSet};

/// An address of one service that stands in the files of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) from: String,
    pub(crate) to: String,
    /// The name that was used: the service, an alias, its `container_name` or `hostname`.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// `http`, `postgres`, …, if it stood in a URL.
    pub(crate) scheme: Option<String>,
    /// Where it stands, in few words.
    pub(crate) evidence: String,
    pub(crate) because: Because,
}

/// Every name that resolves inside the project, and the services that answer to it.
#[derive(Debug, Default)]
pub(crate) struct Hosts(BTreeMap<String, BTreeSet<String>>);

impl Hosts {
    pub(crate) fn of(project: &Project) -> Self {
        let mut hosts = Self::default();
        for service in project.services.values() {
            for name in service_names(service) {
                hosts.0.entry(name.to_ascii_lowercase()).or_default().insert(service.name.clone());
            }
        }
        for service in project.services.values() {
            for link in &service.links {
                let (target, alias) = &link.value;
                hosts.0.entry(alias.to_ascii_lowercase()).or_default().insert(target.clone());
            }
        }
        hosts
    }

    /// The service that a host name means; its own name beats everybody's alias.
    pub(crate) fn resolve(&self, host: &str) -> Option<&str> {
        let services = self.0.get(host.to_ascii_lowercase().as_str())?;
        services
            .iter()
            .find(|s| s.eq_ignore_ascii_case(host))
            .or_else(|| services.first())
            .map(String::as_str)
    }
}

/// The names that a service answers to.
pub(crate) fn service_names(service: &Service) -> BTreeSet<&str> {
    let aliases =
        service.networks.values().flat_map(|a| a.aliases.iter().map(|alias| alias.value.as_str()));
    [Some(service.name.as_str())]
        .into_iter()
        .chain([
            service.container_name.as_ref().map(|n| n.value.as_str()),
            // A full name is for the outside: `mail.example.com` stays what public DNS says.
            service.hostname.as_ref().map(|n| n.value.as_str()).filter(|n| !n.contains('.')),
        ])
        .flatten()
        .chain(aliases)
        .collect()
}

/// A piece of text that may hold addresses.
struct Text<'a> {
    text: &'a str,
    /// The environment variable's key, where it is one.
    key: Option<&'a str>,
    evidence: String,
    because: Because,
}

/// Every reference between services, ordered by service and place.
pub(crate) fn references(project: &Project) -> Vec<Reference> {
    let hosts = Hosts::of(project);
    let mut found = Vec::new();
    for service in project.services.values() {
        let ports = port_variables(service);
        for text in texts(project, service) {
            let scan = Scan { service, hosts: &hosts, ports: &ports };
            scan.run(&text, &mut found);
        }
    }
    found
}

/// The links that references and `depends_on` make, without duplicates.
pub(crate) fn links(project: &Project, references: &[Reference]) -> Vec<Link> {
    let mut links: BTreeMap<(String, String, Option<u16>), String> = BTreeMap::new();
    for r in references.iter().filter(|r| r.from != r.to) {
        links.entry((r.from.clone(), r.to.clone(), r.port)).or_insert_with(|| r.evidence.clone());
    }
    for service in project.services.values() {
        for target in service.depends_on.keys().chain(service.links.iter().map(|l| &l.value.0)) {
            let known = links.keys().any(|(from, to, _)| *from == service.name && to == target);
            if !known && project.services.contains_key(target) {
                links.insert((service.name.clone(), target.clone(), None), "depends_on".to_owned());
            }
        }
    }
    links
        .into_iter()
        .map(|((from, to, port), evidence)| Link { from: Some(from), to, port, evidence })
        .collect()
}

/// `DB_PORT: 5433` beside `DB_HOST: db`: key prefix → port.
fn port_variables(service: &Service) -> BTreeMap<String, u16> {
    service
        .environment
        .iter()
        .filter_map(|(key, value)| {
            let prefix =
                key.to_ascii_uppercase().strip_suffix("PORT")?.trim_end_matches('_').to_owned();
            Some((prefix, value.value.as_deref()?.trim().parse().ok()?))
        })
        .collect()
}

fn texts<'a>(project: &'a Project, service: &'a Service) -> Vec<Text<'a>> {
    let line = |path: String, span| Because::Line {
        field: format!("services.{}.{path}", service.name),
        span,
    };
    let mut out = Vec::new();
    for (key, value) in &service.environment {
        let Some(text) = value.value.as_deref() else { continue };
        let because = line(format!("environment.{key}"), value.span);
        out.push(Text { text, key: Some(key), evidence: key.clone(), because });
    }
    for (name, words) in [("command", &service.command), ("entrypoint", &service.entrypoint)] {
        for (index, word) in
            words.iter().flat_map(|w| w.value.iter().map(move |text| (w.span, text))).enumerate()
        {
            let because = line(format!("{name}.{index}"), word.0);
            out.push(Text { text: word.1, key: None, evidence: name.to_owned(), because });
        }
    }
    for (key, value) in &service.labels {
        let because = line(format!("labels.{key}"), value.span);
        out.push(Text { text: &value.value, key: None, evidence: format!("label {key}"), because });
    }
    if let Some(test) = service.healthcheck.as_ref().and_then(|h| h.test.as_ref()) {
        let words: Vec<&str> = match &test.value {
            HealthTest::Disabled => Vec::new(),
            HealthTest::Command(words) => words.iter().map(String::as_str).collect(),
            HealthTest::Shell(text) => vec![text],
        };
        for text in words {
            let because = line("healthcheck.test".to_owned(), test.span);
            out.push(Text { text, key: None, evidence: "healthcheck".to_owned(), because });
        }
    }
    file_texts(project, service, &mut out);
    out
}

fn file_texts<'a>(project: &'a Project, service: &'a Service, out: &mut Vec<Text<'a>>) {
    let mut push = |path: &str, text: &'a str| {
        let because = Because::File { path: path.to_owned() };
        out.push(Text { text, key: None, evidence: path.to_owned(), because });
    };
    for mount in &service.mounts {
        let MountKind::Bind { source, facts } = &mount.kind else { continue };
        match facts {
            BindSource::File(file) => {
                if let Content::Text(text) = &file.content {
                    push(source, text);
                }
            }
            BindSource::Directory { files, .. } => {
                for (name, file) in files {
                    if let (Content::Text(text), true) = (&file.content, is_configuration(name)) {
                        push(&format!("{}/{name}", source.trim_end_matches('/')), text);
                    }
                }
            }
            BindSource::Host | BindSource::Missing => {}
        }
    }
    for grant in &service.configs {
        if let Some(config) = project.configs.get(&grant.source).and_then(|c| c.content.as_ref()) {
            push(&format!("config {}", grant.source), config.expose());
        }
    }
    for (path, text) in service.build.iter().flat_map(|b| &b.texts) {
        push(path, text);
    }
}

/// Whether a file of a mounted directory is configuration rather than source code: code is full of
/// words that happen to be service names.
fn is_configuration(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    [
        "conf",
        "cfg",
        "ini",
        "yml",
        "yaml",
        "toml",
        "json",
        "properties",
        "env",
        "config",
        "xml",
        "hcl",
        "vcl",
    ]
    .contains(&ending)
        || name
            .rsplit('/')
            .next()
            .is_some_and(|file| ["Caddyfile", ".env", "nginx.conf"].contains(&file))
}

struct Scan<'a> {
    service: &'a Service,
    hosts: &'a Hosts,
    ports: &'a BTreeMap<String, u16>,
}

impl Scan<'_> {
    fn run(&self, text: &Text<'_>, found: &mut Vec<Reference>) {
        let bytes = text.text.as_bytes();
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
            let token = text.text[start..at].trim_end_matches('.');
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
        let before = &text.text[..start];
        let scheme = url_scheme(before);
        let explicit = port_after(&text.text[end..]);
        let alone = text.key.is_some_and(is_host_key) && text.text.trim() == &text.text[start..end];
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
            host: text.text[start..end].to_owned(),
            port,
            scheme,
            evidence: text.evidence.clone(),
            because: text.because.clone(),
        });
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use model::project::{EnvOrigin, EnvValue};

    fn check(key: &str, value: &str, want: &[(&str, Option<u16>)]) {
        let mut project = Project::default();
        for name in ["web", "db", "api"] {
            let service = Service { name: name.to_owned(), ..Service::default() };
            project.services.insert(name.to_owned(), service);
        }
        let value = EnvValue {
            value: Some(value.to_owned()),
            span: yaml::Span::default(),
            origin: EnvOrigin::Inline,
            interpolated: false,
        };
        let web = project.services.get_mut("web").unwrap();
        web.environment.insert(key.to_owned(), value.clone());
        let got: Vec<_> = references(&project).into_iter().map(|r| (r.to, r.port)).collect();
        let want: Vec<_> = want.iter().map(|(to, port)| ((*to).to_owned(), *port)).collect();
        assert_eq!(got, want, "{key}={value:?}");
    }

    #[test]
    fn addresses_are_found_where_they_are_meant() {
        check("API", "http://api:8000/v1", &[("api", Some(8000))]);
        check("DATABASE_URL", "mysql://root:secret@db/app", &[("db", Some(3306))]);
        check("DATABASE_URL", "postgresql+asyncpg://u:p@db:5433/app", &[("db", Some(5433))]);
        check("DB_HOST", "db", &[("db", None)]);
        check("DB_HOST", "db:5432", &[("db", Some(5432))]);
        check("BROKERS", "api:9092,db:9093", &[("api", Some(9092)), ("db", Some(9093))]);
        check("MONGO", "mongodb://api:1,db:2/x", &[("api", Some(1)), ("db", Some(2))]);
        check("CACHE_DRIVER", "db", &[]);
        check("TITLE", "our db is an api for the web", &[]);
        check("JDBC", "jdbc:mysql://db:3306/x?useSSL=false", &[("db", Some(3306))]);
        check("X", "http://example.com/db:80x", &[]);
        check("X", "http://db.example.com:80/", &[]);
    }
}

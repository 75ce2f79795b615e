//! Who talks to whom, as far as the files say: addresses in environment, commands, health checks,
//! labels, configuration files and build contexts.

mod scan;
mod texts;

use model::plan::Link;
use model::project::{Project, Service};
use model::reason::Because;
use scan::Scan;
use std::collections::{BTreeMap, BTreeSet};
use texts::texts;

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

//! What is generally known about images: which are databases, which start slowly.

use crate::cursor::At;
use crate::set::{Container, Pod};

/// An image reference, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image<'a> {
    /// The last path segment: `mariadb` of `docker.io/library/mariadb:11`.
    pub(crate) base: &'a str,
    /// The tag; empty if there is none.
    pub(crate) tag: &'a str,
    /// Whether it has a digest.
    pub(crate) digest: bool,
}

impl<'a> Image<'a> {
    /// Takes a reference apart. Any text is accepted.
    pub(crate) fn parse(text: &'a str) -> Self {
        let (name, digest) = match text.split_once('@') {
            Some((name, _)) => (name, true),
            None => (text, false),
        };
        let last = name.rsplit('/').next().unwrap_or(name);
        let (base, tag) = last.split_once(':').unwrap_or((last, ""));
        Self { base, tag, digest }
    }

    /// The first number of the tag.
    pub(crate) fn major(&self) -> Option<u32> {
        let end = self.tag.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.tag.len());
        self.tag.get(..end)?.parse().ok()
    }
}

/// A database or broker family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Store {
    /// What people call it.
    pub(crate) name: &'static str,
    /// Words of the image name.
    words: &'static [&'static str],
    /// Where it keeps its data.
    pub(crate) data: &'static str,
    /// The port it serves.
    pub(crate) port: i64,
}

/// The families. MySQL-compatible ones first, as they are asked for most.
pub(crate) const STORES: &[Store] = &[
    store("MariaDB", &["mariadb"], "/var/lib/mysql", 3306),
    store("MySQL", &["mysql", "percona", "mysqld"], "/var/lib/mysql", 3306),
    store(
        "PostgreSQL",
        &["postgres", "postgresql", "postgis", "timescaledb", "pgvector"],
        "/var/lib/postgresql",
        5432,
    ),
    store("MongoDB", &["mongo", "mongodb"], "/data/db", 27017),
    store("Redis", &["redis", "valkey", "keydb"], "/data", 6379),
    store("Elasticsearch", &["elasticsearch", "opensearch"], "/usr/share/elasticsearch/data", 9200),
    store("Cassandra", &["cassandra", "scylla"], "/var/lib/cassandra", 9042),
    store("SQL Server", &["mssql"], "/var/opt/mssql", 1433),
    store("RabbitMQ", &["rabbitmq"], "/var/lib/rabbitmq", 5672),
    store("ClickHouse", &["clickhouse"], "/var/lib/clickhouse", 9000),
    store("etcd", &["etcd"], "/var/lib/etcd", 2379),
    store("CouchDB", &["couchdb"], "/opt/couchdb/data", 5984),
    store("Neo4j", &["neo4j"], "/data", 7687),
    store("InfluxDB", &["influxdb"], "/var/lib/influxdb", 8086),
];

const fn store(
    name: &'static str,
    words: &'static [&'static str],
    data: &'static str,
    port: i64,
) -> Store {
    Store { name, words, data, port }
}

/// Words that make an image something that only talks to a database.
const CLIENTS: &[&str] = &[
    "exporter",
    "backup",
    "admin",
    "commander",
    "express",
    "client",
    "proxy",
    "bouncer",
    "operator",
    "insight",
    "ui",
    "router",
    "pgadmin4",
    "phpmyadmin",
];

impl Store {
    /// Whether losing its files is losing somebody's data, rather than a cache.
    pub(crate) fn is_relational(&self) -> bool {
        matches!(self.port, 3306 | 5432 | 1433)
    }
}

/// Words that follow the name of a database in the name of its own image: `mysql-server`.
const SERVERS: &[&str] = &[
    "server",
    "db",
    "database",
    "ha",
    "repmgr",
    "cluster",
    "sharded",
    "community",
    "enterprise",
    "oss",
    "stack",
    "sentinel",
    "alpine",
    "debian",
    "slim",
    "galera",
    "xtradb",
    "replica",
    "node",
    "single",
    "standalone",
    "management",
    "data",
];

/// The family of an image. What a product is named after is no evidence: `react-mysql-backend`
/// talks to a database.
pub(crate) fn store_of_image(image: &str) -> Option<&'static Store> {
    let words = words(Image::parse(image).base);
    if words.iter().any(|w| CLIENTS.contains(&w.as_str())) {
        return None;
    }
    let store = |word: &String| STORES.iter().find(|s| s.words.contains(&word.as_str()));
    let own = |word: &String| {
        SERVERS.contains(&word.as_str())
            || word.starts_with(|c: char| c.is_ascii_digit())
            || store(word).is_some()
    };
    let at = words.iter().position(|word| store(word).is_some())?;
    words[at..].iter().all(own).then(|| store(&words[at])).flatten()
}

/// The family of a container.
pub(crate) fn store_of(container: &Container<'_>) -> Option<&'static Store> {
    container.at.at("image").str().and_then(store_of_image)
}

/// The first database of a pod, and its container.
pub(crate) fn store_in<'p, 'a>(pod: &'p Pod<'a>) -> Option<(&'static Store, &'p Container<'a>)> {
    pod.running().find_map(|c| store_of(c).map(|s| (s, c)))
}

/// The family that serves a port.
pub(crate) fn store_of_port(port: i64) -> Option<&'static Store> {
    STORES.iter().find(|s| s.port == port && port != 9000)
}

/// Whether a name or path speaks of a database: `database-pv`, `/srv/mysql`.
pub(crate) fn sounds_like_database(text: &str) -> bool {
    const MORE: &[&str] = &["db", "database", "databases", "pgdata", "sql"];
    let words = words(text);
    words
        .iter()
        .any(|w| MORE.contains(&w.as_str()) || STORES.iter().any(|s| s.words.contains(&w.as_str())))
}

/// Images whose process needs more than half a minute before it answers.
pub(crate) fn starts_slowly(container: &Container<'_>) -> bool {
    const SLOW: &[&str] = &[
        "elasticsearch",
        "opensearch",
        "kibana",
        "keycloak",
        "jenkins",
        "sonarqube",
        "nexus3",
        "gitlab",
        "tomcat",
        "wildfly",
        "jboss",
        "neo4j",
        "cassandra",
        "kafka",
        "logstash",
        "confluence",
        "jira",
        "mssql",
        "metabase",
    ];
    let image = container.at.at("image").str().unwrap_or_default();
    words(Image::parse(image).base).iter().any(|w| SLOW.contains(&w.as_str()))
}

/// The lower-case words of a name, split at everything that is no letter or digit.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}

/// Where a container mounts things: path and the mount.
pub(crate) fn mounts<'a>(container: &Container<'a>) -> Vec<(String, At<'a>)> {
    let mounts = container.at.at("volumeMounts").items();
    mounts.into_iter().filter_map(|m| Some((m.at("mountPath").text()?, m))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Image, store_of_image};

    #[test]
    fn takes_references_apart() {
        let image = Image::parse("localhost:5000/team/mariadb:11.4@sha256:abc");
        assert_eq!((image.base, image.tag, image.digest), ("mariadb", "11.4", true));
        assert_eq!(image.major(), Some(11));
        assert_eq!(Image::parse("localhost:5000/app").tag, "");
    }

    #[test]
    fn tells_databases_from_their_clients() {
        assert_eq!(store_of_image("bitnami/postgresql:16").map(|s| s.name), Some("PostgreSQL"));
        assert_eq!(store_of_image("prom/mysqld-exporter"), None);
        assert_eq!(store_of_image("acme/shop-mysql-backend:dev"), None);
        assert_eq!(store_of_image("mysql/mysql-server:8").map(|s| s.name), Some("MySQL"));
        assert_eq!(store_of_image("nginx"), None);
    }
}

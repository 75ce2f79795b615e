//! Images and services people write, and the family they belong to.

use catalog::{DataKind, Evidence, Family, ImageRef, Strength, family, guess, lookup};

fn found(text: &str) -> Option<&'static Family> {
    lookup(&ImageRef::parse(text).expect(text))
}

/// What people write, and the family it belongs to.
const IMAGES: &[(&str, &str)] = &[
    ("postgres", "postgres"),
    ("postgres:16-alpine", "postgres"),
    ("library/postgres:16", "postgres"),
    ("docker.io/postgres", "postgres"),
    (
        "docker.io/library/postgres:17@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "postgres",
    ),
    ("index.docker.io/library/postgres", "postgres"),
    ("mirror.gcr.io/library/postgres:16", "postgres"),
    ("public.ecr.aws/docker/library/postgres:16", "postgres"),
    ("postgis/postgis:16-3.4", "postgres"),
    ("pgvector/pgvector:pg17", "postgres"),
    ("timescale/timescaledb:latest-pg16", "postgres"),
    ("bitnami/postgresql:16", "bitnami-postgresql"),
    ("bitnamilegacy/postgresql", "bitnami-postgresql"),
    ("mariadb:11", "mariadb"),
    ("mysql:8.4", "mysql"),
    ("percona:8.0", "percona"),
    ("mongo:7", "mongo"),
    ("redis:7-alpine", "redis"),
    ("valkey/valkey:8", "redis"),
    ("eqalpha/keydb", "keydb"),
    ("memcached:1.6-alpine", "memcached"),
    ("rabbitmq:4-management", "rabbitmq"),
    ("apache/kafka:3.9.0", "kafka"),
    ("confluentinc/cp-kafka:7.6.0", "confluent-kafka"),
    ("zookeeper:3.9", "zookeeper"),
    ("nats:2-alpine", "nats"),
    ("eclipse-mosquitto:2", "mosquitto"),
    ("quay.io/minio/minio", "minio"),
    ("minio/mc", "minio-client"),
    ("clickhouse/clickhouse-server:24", "clickhouse"),
    ("docker.elastic.co/elasticsearch/elasticsearch:8.15.0", "elasticsearch"),
    ("docker.elastic.co/beats/filebeat:8.15.0", "beats"),
    ("opensearchproject/opensearch:2", "opensearch"),
    ("getmeili/meilisearch:v1.10", "meilisearch"),
    ("qdrant/qdrant", "qdrant"),
    ("nginx:1.27", "nginx"),
    ("nginxinc/nginx-unprivileged", "nginx-unprivileged"),
    ("httpd:2.4", "httpd"),
    ("caddy:2-alpine", "caddy"),
    ("traefik:v3.1", "traefik"),
    ("jwilder/nginx-proxy", "nginx-proxy"),
    ("jc21/nginx-proxy-manager:latest", "nginx-proxy-manager"),
    ("wordpress:6-fpm", "wordpress"),
    ("nextcloud:29-apache", "nextcloud"),
    ("lscr.io/linuxserver/nextcloud:latest", "linuxserver-nextcloud"),
    ("ghcr.io/linuxserver/sonarr", "linuxserver-sonarr"),
    ("linuxserver/never-heard-of", "linuxserver"),
    ("gitea/gitea:1.22-rootless", "gitea"),
    ("quay.io/keycloak/keycloak:25.0", "keycloak"),
    ("ghcr.io/goauthentik/server:2025.2", "authentik"),
    ("grafana/grafana-oss:11.1.0", "grafana"),
    ("prom/prometheus", "prometheus"),
    ("prom/node-exporter", "node-exporter"),
    ("acme/some-exporter:1", "exporter"),
    ("portainer/portainer-ce", "portainer"),
    ("containrrr/watchtower", "watchtower"),
    ("tecnativa/docker-socket-proxy", "socket-proxy"),
    ("vllm/vllm-openai:v0.6.4", "vllm"),
    ("ollama/ollama", "ollama"),
    ("nvidia/cuda:12.4.1-runtime-ubuntu22.04", "machine-learning-base"),
    ("node:22-alpine", "node"),
    ("python:3.12-slim", "python"),
    ("mcr.microsoft.com/dotnet/aspnet:8.0", "dotnet"),
    ("gcr.io/distroless/static:nonroot", "distroless"),
    ("gcr.io/distroless/java21-debian12", "java"),
    ("scratch", "distroless"),
];

#[test]
fn images_are_looked_up_by_repository() {
    for (text, id) in IMAGES {
        assert_eq!(found(text).map(|family| family.id.as_str()), Some(*id), "{text}");
    }
}

#[test]
fn other_registries_do_not_pass_for_docker_hub() {
    for text in
        ["registry.example.com/postgres", "ghcr.io/acme/postgres", "acme/postgres", "my/app"]
    {
        assert!(found(text).is_none(), "{text}");
    }
}

#[test]
fn tags_choose_the_user() {
    for (text, uid, gid) in [
        ("postgres:16", 999, 999),
        ("postgres:16-alpine3.20", 70, 70),
        ("timescale/timescaledb:latest-pg16", 70, 70),
        ("redis:7-alpine", 999, 1000),
        ("rabbitmq:4-management-alpine", 100, 101),
        ("rabbitmq:4-management", 999, 999),
        ("wordpress:6", 33, 33),
        ("wordpress:6-fpm-alpine", 82, 82),
        ("httpd:alpine", 82, 82),
        ("gitea/gitea:1-rootless", 1000, 1000),
        ("influxdb:2.7", 1000, 1000),
        ("influxdb:3-core", 1500, 1500),
    ] {
        let image = ImageRef::parse(text).expect(text);
        let user = lookup(&image).expect(text).user_for(&image);
        assert_eq!((user.uid, user.gid), (Some(uid), Some(gid)), "{text}");
    }
}

#[test]
fn versions_choose_the_data_path() {
    for (text, path) in [
        ("postgres:17", "/var/lib/postgresql/data"),
        ("postgres:9.6", "/var/lib/postgresql/data"),
        ("postgres:18", "/var/lib/postgresql"),
        ("postgres", "/var/lib/postgresql"),
        ("postgres:alpine", "/var/lib/postgresql"),
        ("pgvector/pgvector:pg16", "/var/lib/postgresql/data"),
        ("influxdb:1.8", "/var/lib/influxdb"),
        ("influxdb:2.7-alpine", "/var/lib/influxdb2"),
    ] {
        let image = ImageRef::parse(text).expect(text);
        let data: Vec<_> = lookup(&image).expect(text).data_for(&image).collect();
        let own: Vec<_> = data.iter().filter(|data| data.kind == DataKind::Exclusive).collect();
        assert_eq!(own.iter().map(|data| data.path.as_str()).collect::<Vec<_>>(), [path], "{text}");
    }
}

#[test]
fn old_mariadb_has_no_healthcheck_script() {
    let probe = |text: &str| {
        let image = ImageRef::parse(text).expect(text);
        let probes = lookup(&image).expect(text).probes_for(&image);
        format!("{:?}", probes.readiness)
    };
    assert!(probe("mariadb:10.11").contains("healthcheck.sh"));
    assert!(probe("mariadb:10.1.48").contains("mysqladmin"));
    assert!(probe("mongo:4.4").contains("\"mongo\""));
    assert!(probe("mongo:7").contains("mongosh"));
}

/// What a guess says, and how strongly.
fn guessed(image: &str, keys: &[&str], mounts: &[&str]) -> Option<(&'static str, Strength)> {
    let image = ImageRef::parse(image).ok();
    let evidence = Evidence {
        image: image.as_ref(),
        env_keys: keys,
        mount_targets: mounts,
        ..Evidence::default()
    };
    let (family, because) = guess(&evidence)?;
    assert!(!because.text.is_empty());
    Some((family.id.as_str(), because.strength))
}

#[test]
fn unknown_images_are_guessed_from_evidence() {
    use Strength::{Strong, Weak};
    for (image, keys, mounts, expected) in [
        ("acme/postgres:16", &[][..], &[][..], Some(("postgres", Strong))),
        ("registry.example.com/mirror/postgres", &[], &[], Some(("postgres", Strong))),
        ("acme/my-redis", &[], &[], Some(("redis", Weak))),
        ("foo/postgres-ext:2", &[], &[], Some(("postgres", Weak))),
        ("acme/db", &[], &["/var/lib/mysql"], Some(("mysql", Strong))),
        ("acme/db", &["POSTGRES_PASSWORD"], &[], Some(("postgres", Weak))),
        ("acme/app", &["POSTGRES_PASSWORD", "POSTGRES_HOST"], &[], None),
        ("acme/etl-kafka", &["KAFKA_URL"], &[], None),
        ("acme/postgres-backup", &["POSTGRES_PASSWORD", "POSTGRES_HOST"], &[], None),
        ("acme/redis-ui", &[], &[], None),
        ("acme/db", &[], &["/var/lib/mysqlish"], None),
        ("", &[], &["/var/lib/postgresql/data"], Some(("postgres", Strong))),
    ] {
        assert_eq!(guessed(image, keys, mounts), expected, "{image} {keys:?} {mounts:?}");
    }
}

#[test]
fn commands_tell_what_an_unknown_or_base_image_runs() {
    for (image, command, id) in [
        ("acme/thing", "/usr/bin/redis-server", "redis"),
        ("debian:12", "nginx", "nginx"),
        ("python:3.12", "celery", "celery"),
        ("node:22", "npm", "node"),
        ("ruby:3", "./start", "ruby"),
        ("postgres:16", "redis-server", "postgres"),
    ] {
        let image = ImageRef::parse(image).expect(image);
        let words = [command, "--option"];
        let evidence = Evidence { image: Some(&image), command: &words, ..Evidence::default() };
        let (family, _) = guess(&evidence).expect(command);
        assert_eq!(family.id, id, "{image} {command}");
    }
}

#[test]
fn helpers_answer_the_planner() {
    let mariadb = family("mariadb").expect("in the table");
    assert_eq!(mariadb.main_port().map(|port| port.port), Some(3306));
    assert!(mariadb.is_secret("MYSQL_ROOT_PASSWORD"));
    assert_eq!(mariadb.file_key("MYSQL_PASSWORD").as_deref(), Some("MYSQL_PASSWORD_FILE"));
    assert_eq!(mariadb.file_key("MARIADB_AUTO_UPGRADE"), None);
    let rabbitmq = family("rabbitmq").expect("in the table");
    assert_eq!(rabbitmq.main_port().map(|port| port.port), Some(5672));
    let elastic = family("elasticsearch").expect("in the table");
    assert_eq!((elastic.user.gid, elastic.user.fs_group()), (Some(0), Some(1000)));
}

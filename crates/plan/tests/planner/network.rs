//! Every name resolves as it did in Compose.

use crate::common::{codes, container, env, finds, names, plan_of, plan_with, ports, service};
use model::plan::ServiceKind;
use model::project::Protocol;

#[test]
fn services_listen_on_container_ports() {
    let plan = plan_with("web: { image: 'acme/web:1', ports: ['8080:80', '9443:443'] }");
    assert_eq!(ports(&plan, "web"), [(80, 80), (443, 443)]);
    assert_eq!(service(&plan, "web").kind, ServiceKind::ClusterIp);
}

#[test]
fn ports_come_from_the_best_evidence() {
    for (services, want) in [
        ("x: { image: 'acme/x:1', expose: ['8000'] }", 8000),
        ("x: { image: 'postgres:17' }", 5432),
        ("x: { image: 'redis:8' }", 6379),
        ("x: { image: 'acme/x:1', environment: { PORT: '3000' } }", 3000),
        ("x: { image: 'acme/x:1', healthcheck: { test: curl -f http://localhost:4000/ } }", 4000),
        (
            "x: { image: 'acme/x:1' }\ny: { image: 'acme/y:1', environment: { X_URL: 'http://x:7000' } }",
            7000,
        ),
        (
            "x: { image: 'acme/x:1' }\ny: { image: 'acme/y:1', environment: { X_HOST: x, X_PORT: '7001' } }",
            7001,
        ),
        ("x: { image: 'acme/x:1' }\ny: { image: 'acme/y:1', command: ['--api', 'x:7002'] }", 7002),
    ] {
        let plan = plan_with(services);
        assert_eq!(ports(&plan, "x"), [(want, want)], "{services}");
    }
}

#[test]
fn files_beside_the_file_tell_ports() {
    let given = crate::common::given(
        "services:\n  x: { build: ./x }\n  edge: { image: 'nginx:1.29', volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro'] }\n  back: { image: 'acme/b:1' }\n",
    )
    .file("x/Dockerfile", "FROM scratch\nEXPOSE 8123\n")
    .file("nginx.conf", "http { server { location / { proxy_pass http://back:5000; } } }\n");
    let plan = given.plan();
    assert_eq!(ports(&plan, "x"), [(8123, 8123)]);
    assert_eq!(ports(&plan, "back"), [(5000, 5000)]);
}

#[test]
fn long_texts_are_read_in_linear_time() {
    let start = std::time::Instant::now();
    for word in ["db ", "http://db ", "upstream ", "db:1 ", "db@"] {
        let plan = crate::common::given(
            "services:\n  app: { image: 'nginx:1.29', volumes: ['./x.conf:/etc/nginx/x.conf:ro'] }\n  db: { image: 'acme/b:1' }\n",
        )
        .file("x.conf", &word.repeat(1_000_000 / word.len()))
        .plan();
        assert!(plan.links.len() <= 1);
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn an_upstream_is_no_address() {
    let given = crate::common::given(
        "services:\n  edge: { image: 'nginx:1.29', volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro'] }\n  app: { image: 'acme/b:1' }\n",
    )
    .file("nginx.conf", "upstream app { server app:5000; }\nserver { location / { proxy_pass http://app; } }\n");
    assert_eq!(ports(&given.plan(), "app"), [(5000, 5000)]);
}

#[test]
fn a_worker_does_not_listen_where_its_sibling_does() {
    let file = |build: &str, environment: &str| {
        format!(
            "services:\n  web: {{ {build}, command: [serve], ports: ['80:8000'], {environment} }}\n  worker: {{ {build}, command: [work], {environment} }}\n"
        )
    };
    let health = "FROM python:3.13\nEXPOSE 8000\nUSER 1234\nHEALTHCHECK CMD curl -f http://localhost:8000/\n";
    for (build, environment) in [
        ("build: .", "restart: always"),
        ("image: 'acme/app:1'", "environment: { PORT: '8000' }"),
        ("image: 'n8nio/n8n:1.70.0'", "restart: always"),
    ] {
        let plan =
            crate::common::given(&file(build, environment)).file("Dockerfile", health).plan();
        let worker = container(&plan, "worker");
        assert!(worker.ports.is_empty(), "{build}");
        assert_eq!(worker.probes, model::plan::Probes::default(), "{build}");
        assert_eq!(ports(&plan, "web"), [(8000, 8000)]);
    }
}

#[test]
fn an_image_that_a_sibling_builds_is_known() {
    let plan = crate::common::given(
        "services:\n  web: { build: ., image: 'acme/app:1', ports: ['80:8000'] }\n  job: { image: 'acme/app:1', restart: 'no' }\n",
    )
    .file("Dockerfile", "FROM python:3.13\nUSER 1234\n")
    .plan();
    for name in ["web", "job"] {
        assert_eq!(crate::common::workload(&plan, name).pod.security.user, Some(1234), "{name}");
    }
}

#[test]
fn members_of_a_cluster_all_listen() {
    let plan = plan_with(
        "one: { image: 'mongo:8', command: ['--replSet', 'rs'], ports: ['27017:27017'] }\ntwo: { image: 'mongo:8', command: ['--replSet', 'rs', '--quiet'] }",
    );
    assert_eq!(ports(&plan, "two"), [(27017, 27017)]);
}

#[test]
fn a_service_without_ports_still_resolves() {
    let plan = plan_with("x: { image: 'acme/x:1' }");
    let found = service(&plan, "x");
    assert_eq!((&found.kind, found.ports.len()), (&ServiceKind::Headless, 0));
    assert!(codes(&plan, "x").contains(&"no-port-known"));
}

#[test]
fn every_name_of_compose_resolves() {
    let plan = plan_of(
        "services:\n  elasticsearch:\n    image: acme/es:1\n    expose: ['9200']\n    container_name: es\n    hostname: search\n    networks: { back: { aliases: [finder] } }\n  app: { image: 'acme/a:1', links: ['elasticsearch:index'], networks: [back] }\nnetworks: { back: {} }\n",
    );
    for name in ["elasticsearch", "es", "search", "finder", "index"] {
        assert_eq!(ports(&plan, name), [(9200, 9200)], "{name}");
        assert_eq!(service(&plan, name).workload, "elasticsearch");
    }
}

#[test]
fn a_service_beats_an_alias_of_its_name() {
    let plan = plan_with(
        "a: { image: 'acme/a:1', expose: ['1'], container_name: b }\nb: { image: 'acme/b:1', expose: ['2'] }",
    );
    assert_eq!((service(&plan, "b").workload.as_str(), ports(&plan, "b")), ("b", vec![(2, 2)]));
}

#[test]
fn a_stateful_set_has_two_services() {
    let plan = plan_with("db: { image: 'postgres:17' }");
    assert_eq!(service(&plan, "db").kind, ServiceKind::ClusterIp);
    let pods = service(&plan, "db-pods");
    assert_eq!(pods.kind, ServiceKind::Headless);
    assert!(pods.publish_not_ready);
}

#[test]
fn the_hosts_port_answers_where_peers_dial_it() {
    let plan = plan_with(
        "db: { image: 'postgres:17', ports: ['5433:5432'] }\napp: { image: 'acme/a:1', environment: { DATABASE_URL: 'postgres://u@db:5433/x' } }",
    );
    assert_eq!(ports(&plan, "db"), [(5432, 5432), (5433, 5432)]);
    assert!(finds(&plan, "host-port-dialed"));
}

#[test]
fn names_that_kubernetes_cannot_have_are_rewritten() {
    let plan = plan_with(
        "my_db: { image: 'postgres:17' }\napp: { image: 'acme/a:1', environment: { DB_HOST: my_db, API: 'tcp://my_db:5432/x' } }",
    );
    assert!(names(&plan).contains(&"my-db"));
    let app = container(&plan, "app");
    assert_eq!(env(app, "DB_HOST"), Some("my-db"));
    assert_eq!(env(app, "API"), Some("tcp://my-db:5432/x"));
    assert!(finds(&plan, "name-rewritten"));
}

#[test]
fn a_public_host_name_is_nobodys_alias() {
    let plan = plan_with(
        "app: { image: 'acme/a:1', hostname: app.example.com, expose: ['80'], environment: { BASE_URL: 'https://app.example.com' } }",
    );
    assert_eq!(env(container(&plan, "app"), "BASE_URL"), Some("https://app.example.com"));
}

#[test]
fn links_resolve() {
    let plan = plan_with(
        "web: { image: 'acme/w:1', expose: ['80'], environment: { API: 'http://api:8000', CACHE: 'redis://cache' } }\napi: { image: 'acme/a:1', expose: ['8000'] }\ncache: { image: 'redis:8' }",
    );
    let found: Vec<_> = plan.links.iter().map(|l| (l.to.as_str(), l.port)).collect();
    assert_eq!(found, [("api", Some(8000)), ("cache", Some(6379))]);
}

#[test]
fn udp_and_tcp_may_share_a_number() {
    let plan = plan_with("dns: { image: 'acme/dns:1', ports: ['53:53/udp', '53:53/tcp'] }");
    let found = service(&plan, "dns");
    let names: std::collections::BTreeSet<&str> =
        found.ports.iter().map(|p| p.name.as_str()).collect();
    assert_eq!((found.ports.len(), names.len()), (2, 2));
}

#[test]
fn https_is_not_called_http() {
    let plan = plan_with("x: { image: 'portainer/portainer-ce:2.27.0' }");
    let found = service(&plan, "x").ports.iter().find(|p| p.port == 9443);
    assert!(found.is_none_or(|p| p.app_protocol.as_deref() != Some("http")));
}

#[test]
fn models_are_endpoints() {
    let plan = plan_of(
        "services:\n  app: { image: 'acme/a:1', models: { llm: { endpoint_var: AI_URL, model_var: AI_MODEL } } }\nmodels: { llm: { model: ai/smollm2 } }\n",
    );
    let app = container(&plan, "app");
    assert_eq!(env(app, "AI_URL"), Some("http://model-llm:8000/v1/"));
    assert_eq!(env(app, "AI_MODEL"), Some("ai/smollm2"));
    assert!(finds(&plan, "model-has-no-server"));
}

#[test]
fn what_is_exposed_beside_udp_is_udp() {
    let plan = plan_with(
        "vpn: { image: 'linuxserver/wireguard', ports: ['51820:51820/udp'], expose: ['51820'] }\nx: { image: 'acme/x:1', ports: ['5000:5000/udp'], expose: ['5000'] }",
    );
    for name in ["vpn", "x"] {
        let udp = service(&plan, name).ports.iter().all(|p| p.protocol == Protocol::Udp);
        assert!(udp && service(&plan, name).ports.len() == 1, "{:?}", service(&plan, name));
        assert_eq!(container(&plan, name).probes, model::plan::Probes::default(), "{name}");
        assert!(!codes(&plan, name).contains(&"not-carried-over"), "{name}");
    }
}

#[test]
fn a_store_that_publishes_its_console_keeps_its_main_port() {
    for (image, published, main) in [
        ("minio/minio:1", 9001, 9000),
        ("rabbitmq:4-management", 15672, 5672),
        ("elasticsearch:8.1.0", 9300, 9200),
    ] {
        let plan =
            plan_with(&format!("x: {{ image: '{image}', ports: ['{published}:{published}'] }}"));
        assert!(ports(&plan, "x").contains(&(main, main)), "{image}: {:?}", ports(&plan, "x"));
    }
    let moved = plan_with(
        "x: { image: 'redis:8', ports: ['7000:7000'], command: redis-server --port 7000 }",
    );
    assert_eq!(ports(&moved, "x"), [(7000, 7000)], "a port of its own is another main port");
}

#[test]
fn a_known_port_needs_no_declaration() {
    let plan = plan_with(
        "q: { image: 'rabbitmq:4-management', ports: ['127.0.0.1:15672:15672'] }\nw: { image: 'acme/w:1', environment: { BROKER: 'amqp://q:5672' } }",
    );
    assert!(!finds(&plan, "port-only-in-reference"), "{:?}", plan.report.findings);
}

#[test]
fn names_of_ports_say_their_protocol() {
    let plan = plan_with("d: { image: 'pihole/pihole', ports: ['53:53/tcp', '53:53/udp'] }");
    let name = |protocol| {
        let mut all = service(&plan, "d").ports.iter();
        all.find(|p| p.protocol == protocol && p.port == 53).map(|p| p.name.as_str())
    };
    assert_eq!((name(Protocol::Tcp), name(Protocol::Udp)), (Some("dns-tcp"), Some("dns-udp")));
}

#[test]
fn what_peers_dial_beats_the_habit_of_a_runtime() {
    for (rest, want) in [("", 8000), (", environment: { ASPNETCORE_URLS: 'http://+:8000' }", 8000)]
    {
        let plan = plan_with(&format!(
            "x: {{ image: 'mcr.microsoft.com/dotnet/aspnet:8.0'{rest} }}\ny: {{ image: 'acme/y:1', environment: {{ X: 'http://x:8000' }} }}"
        ));
        assert_eq!(ports(&plan, "x"), [(want, want)], "{rest}");
    }
}

#[test]
fn a_database_keeps_its_name_when_its_service_is_renamed() {
    let plan = plan_with(
        "app_db: { image: 'postgres:16', environment: { POSTGRES_DB: app_db, POSTGRES_PASSWORD: s3cret-1 } }\n\
         app: { image: 'acme/app:1', environment: { DB_HOST: app_db, DB_NAME: app_db } }",
    );
    assert_eq!(env(container(&plan, "app-db"), "POSTGRES_DB"), Some("app_db"));
    assert_eq!(env(container(&plan, "app"), "DB_NAME"), Some("app_db"));
    assert_eq!(env(container(&plan, "app"), "DB_HOST"), Some("app-db"));
}

//! A hand-made plan with every kind of object, and a way to read YAML back.

#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use model::SecretText;
use model::plan::{
    AccessMode, Autoscaler, Budget, Check, Claim, Completions, ConfigFiles, Container,
    ContainerPort, DatabaseCluster, DatabaseKind, EnvSource, EnvVar, Gang, Kind, Lifecycle,
    Monitor, Mounted, Peer, Plan, Pod, PodSecurity, PodVolume, Policy, PolicyPort, PolicyRule,
    PreStop, Probe, Probes, Raw, ResourceList, Resources, RestartPolicy, Route, RouteKind,
    RoutePort, Secret, SecretEntry, Service, ServiceKind, ServicePort, Spread, Strategy,
    Toleration, VolumeSource, Workload,
};
use model::project::Protocol;
use std::collections::BTreeMap;
use units::{Bytes, Cpu, Seconds};

/// Text that no template and no YAML reader must take for its own.
pub const NASTY: &str = "{{ .Values.x }} {{{yes}}} \"quoted\" 'single' \\ back\ttab é 🦀 #no: -";

/// Strings that are easily misread.
#[rustfmt::skip]
pub const WORDS: &[&str] = &[
        "",
        " ",
        "yes",
        "NO",
        "on",
        "~",
        "null",
        "true",
        "0123",
        "0o17",
        "0x1f",
        "1e3",
        "1_000",
        "12:30:45",
        "2026-01-01",
        "+1",
        "-",
        "- a",
        "?",
        ": a",
        "a: b",
        "a #b",
        "#",
        "*a",
        "&a",
        "!!str",
        "|",
        ">-",
        "%YAML",
        "@",
        "`",
        "{}",
        "[]",
        "---",
        "...",
        "--- a",
        "=",
        "<<",
        ".inf",
        "\u{feff}x",
        "a\u{85}b",
        "a\u{2028}b",
        "\u{7f}",
        "\u{0}",
        "\t",
        "a\tb",
        "\r\n",
        "a\r\nb\n",
        "\n",
        "\n\n",
        "a\n",
        "a\n\n",
        "\na",
        " a\n b",
        "a\n  \n",
        "a\n\u{1}b",
        "---\na\n...\n",
        "a\n# not a comment\n",
        "\ta\nb",
        "a \nb ",
        "{{ x }}",
        "🦀",
        "\u{fffe}",
        "'",
        "\"",
        "\\",
        NASTY,
    ];

pub fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The documents of a YAML text, as JSON.
pub fn read(text: &str) -> Vec<serde_json::Value> {
    let nodes = yaml::parse_all(text, yaml::FileId(0), yaml::Limits::default());
    nodes.unwrap_or_else(|error| panic!("{error:?}\n{text}")).iter().map(json).collect()
}

fn json(node: &yaml::Node) -> serde_json::Value {
    match &node.value {
        yaml::Value::Null => serde_json::Value::Null,
        yaml::Value::Bool(value) => (*value).into(),
        yaml::Value::Int(value) => (*value).into(),
        yaml::Value::Float(value, _) => (*value).into(),
        yaml::Value::Str(value) => value.clone().into(),
        yaml::Value::Seq(items) => items.iter().map(json).collect(),
        yaml::Value::Map(map) => {
            map.entries.iter().map(|(key, value)| (key.value.clone(), json(value))).collect()
        }
    }
}

/// The plan.
pub fn plan() -> Plan {
    Plan {
        app: "shop".to_owned(),
        namespace: "shop".to_owned(),
        workloads: workloads(),
        services: services(),
        routes: routes(),
        policies: policies(),
        config_maps: vec![ConfigFiles {
            name: "web-config-1a2b3c4d".to_owned(),
            owner: "web".to_owned(),
            data: map([
                ("app.conf", "server {\n  listen 8080;  \n\n\tx {{ y }}\n}\n"),
                ("flag", "yes"),
            ]),
            binary: map([("logo.png", "iVBORw0KGgo=")]),
        }],
        secrets: secrets(),
        claims: vec![claim("uploads", "web", AccessMode::ReadWriteMany, Some("nfs-csi"))],
        autoscalers: vec![Autoscaler {
            workload: "web".to_owned(),
            service: "web".to_owned(),
            min: 2,
            max: 6,
            cpu_percent: 70,
        }],
        budgets: vec![Budget { workload: "web".to_owned(), service: "web".to_owned() }],
        databases: databases(),
        gangs: vec![Gang {
            name: "train".to_owned(),
            service: "train".to_owned(),
            members: 4,
            require: Some("block".to_owned()),
            prefer: None,
            team: Some("research".to_owned()),
        }],
        monitors: monitors(),
        extras: vec![Raw {
            api_version: "monitoring.coreos.com/v1".to_owned(),
            kind: "PrometheusRule".to_owned(),
            name: "db-alerts".to_owned(),
            labels: map([("release", "kube-prometheus-stack")]),
            body: serde_json::json!({ "spec": { "groups": [{
                "name": "db",
                "rules": [{
                    "alert": "Down",
                    "expr": "up == 0",
                    "annotations": { "summary": "{{ $labels.pod }} is down" },
                }],
            }] } }),
        }],
        ..Plan::default()
    }
}

fn workload(name: &str, component: &str, kind: Kind, pod: Pod) -> Workload {
    Workload {
        name: name.to_owned(),
        service: name.to_owned(),
        component: component.to_owned(),
        version: Some("1.4".to_owned()),
        min_ready: Seconds(if matches!(kind, Kind::StatefulSet { .. }) { 10 } else { 0 }),
        kind,
        pod,
        after: Vec::new(),
    }
}

fn workloads() -> Vec<Workload> {
    let completions =
        Completions { count: 1, indexed: false, backoff_limit: 2, ttl_seconds: Some(3600) };
    let gang = Completions { count: 4, indexed: true, backoff_limit: 0, ttl_seconds: None };
    let scaled = Kind::Deployment { replicas: None, strategy: Strategy::Rolling };
    let mut web = workload("web", "web", scaled, web());
    web.after = vec!["migrate".to_owned(), "database".to_owned()];
    let mut migrate = workload("migrate", "job", Kind::Job(completions), task("migrate"));
    migrate.after = vec!["db".to_owned()];
    let nightly = Kind::CronJob { schedule: "15 3 * * *".to_owned(), job: completions };
    vec![
        web,
        migrate,
        workload("db", "database", database_set(), database_pod()),
        workload("agent", "agent", Kind::DaemonSet, agent()),
        workload("nightly", "job", nightly, task("nightly")),
        workload("train", "training", Kind::Job(gang), train()),
        workload(
            "legacy",
            "web",
            Kind::Deployment { replicas: Some(1), strategy: Strategy::Recreate },
            Pod { restart: RestartPolicy::Always, ..task("legacy") },
        ),
    ]
}

fn database_set() -> Kind {
    Kind::StatefulSet {
        replicas: 1,
        governing: "db-pods".to_owned(),
        claims: vec![claim("data", "db", AccessMode::ReadWriteOncePod, None)],
        parallel: false,
    }
}

fn claim(name: &str, service: &str, access: AccessMode, class: Option<&str>) -> Claim {
    Claim {
        name: name.to_owned(),
        service: service.to_owned(),
        size: Bytes::gib(10),
        access,
        class: class.map(str::to_owned),
        external: false,
    }
}

fn resources() -> Resources {
    let list = |cpu, memory| ResourceList {
        cpu: Some(Cpu::millis(cpu)),
        memory: Some(Bytes::mib(memory)),
        ephemeral: Some(Bytes::mib(512)),
        extended: BTreeMap::new(),
    };
    Resources { requests: list(100, 128), limits: list(1000, 256) }
}

fn container(name: &str, image: &str) -> Container {
    Container {
        name: name.to_owned(),
        image: image.to_owned(),
        resources: resources(),
        ..Container::default()
    }
}

fn env(name: &str, source: EnvSource) -> EnvVar {
    EnvVar { name: name.to_owned(), source }
}

fn secret_env(name: &str, secret: &str, key: &str) -> EnvVar {
    env(name, EnvSource::Secret { name: secret.to_owned(), key: key.to_owned() })
}

fn port(port: u16, name: &str) -> ContainerPort {
    ContainerPort { port, protocol: Protocol::Tcp, name: name.to_owned() }
}

fn probe(check: Check) -> Probe {
    Probe { check, period: Seconds(10), timeout: Seconds(5), failures: 3 }
}

fn security(user: u32) -> PodSecurity {
    PodSecurity {
        user: Some(user),
        group: Some(user),
        fs_group: Some(user),
        ..PodSecurity::default()
    }
}

fn volume(name: &str, source: VolumeSource) -> PodVolume {
    PodVolume { name: name.to_owned(), source }
}

fn mount(path: &str, volume: &str, sub_path: Option<&str>) -> Mounted {
    Mounted {
        path: path.to_owned(),
        volume: volume.to_owned(),
        sub_path: sub_path.map(str::to_owned),
        read_only: sub_path.is_some(),
    }
}

fn web_container() -> Container {
    let http = |p: &str| Check::Http { path: p.into(), port: 8080, https: false, host: None };
    Container {
        args: Some(vec![
            "serve".to_owned(),
            "--motd".to_owned(),
            "line one\nline two\n".to_owned(),
        ]),
        env: vec![
            env("DEBUG", EnvSource::Value("off".to_owned())),
            env("EMPTY", EnvSource::Value(String::new())),
            env(
                "FLAG",
                EnvSource::Config {
                    name: "web-config-1a2b3c4d".to_owned(),
                    key: "flag".to_owned(),
                },
            ),
            env("MOTD", EnvSource::Value("first\nsecond\n\n".to_owned())),
            env("NASTY", EnvSource::Value(NASTY.to_owned())),
            env("NUMBER", EnvSource::Value("0123".to_owned())),
            secret_env("PASSWORD", "db-credentials", "password"),
            env("POD", EnvSource::Field("metadata.name".to_owned())),
        ],
        ports: vec![port(8080, "http"), port(9090, "metrics")],
        mounts: vec![
            mount("/etc/app/app.conf", "config", Some("app.conf")),
            mount("/tmp", "tmp", None),
            mount("/var/uploads", "uploads", None),
        ],
        probes: Probes {
            startup: Some(probe(http("/healthz"))),
            readiness: Some(probe(http("/ready"))),
            liveness: Some(probe(Check::Tcp(8080))),
        },
        lifecycle: Lifecycle {
            post_start: None,
            pre_stop: Some(PreStop::Sleep(Seconds(5))),
            stop_signal: Some("SIGQUIT".to_owned()),
        },
        ..container("web", "registry.example:5000/acme/web:1.4")
    }
}

fn web() -> Pod {
    let sidecar = Container { sidecar: true, ..container("proxy", "envoyproxy/envoy:v1.36.0") };
    let init = Container {
        command: Some(vec!["sh".to_owned(), "-c".to_owned(), "cp -a /data/. /mnt".to_owned()]),
        ..container("seed", "registry.example:5000/acme/web:1.4")
    };
    Pod {
        labels: map([("network.muster.dev/front", "true")]),
        annotations: map([
            ("checkov.io/skip1", "CKV_K8S_43=tags are pinned by `muster lock`"),
            ("checksum/config", "abc"),
        ]),
        init: vec![init, sidecar],
        containers: vec![web_container()],
        volumes: vec![
            volume(
                "config",
                VolumeSource::ConfigMap {
                    name: "web-config-1a2b3c4d".to_owned(),
                    items: map([("app.conf", "app.conf")]),
                    mode: Some(0o444),
                },
            ),
            volume("tmp", VolumeSource::Empty { memory: true, limit: Some(Bytes::mib(64)) }),
            volume("uploads", VolumeSource::Claim { name: "uploads".to_owned(), read_only: false }),
        ],
        security: security(10001),
        grace: Seconds(30),
        spread: Spread::Soft,
        host_aliases: BTreeMap::from([("10.0.0.9".to_owned(), vec!["old.example".to_owned()])]),
        ..Pod::default()
    }
}

fn database_pod() -> Pod {
    let command = || vec!["healthcheck.sh".to_owned(), "--connect".to_owned()];
    let main = Container {
        env: vec![secret_env("MARIADB_ROOT_PASSWORD", "db-credentials", "root-password")],
        ports: vec![port(3306, "mysql")],
        mounts: vec![mount("/var/lib/mysql", "data", None)],
        probes: Probes {
            startup: Some(probe(Check::Exec(command()))),
            readiness: Some(probe(Check::Exec(command()))),
            liveness: Some(probe(Check::Tcp(3306))),
        },
        ..container(
            "db",
            "mariadb:11.4@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        )
    };
    Pod {
        containers: vec![main],
        volumes: vec![volume(
            "credentials",
            VolumeSource::Secret {
                name: "db-credentials".to_owned(),
                items: map([("password", "db/password")]),
                mode: Some(0o444),
            },
        )],
        security: PodSecurity {
            sysctls: map([("net.ipv4.ip_unprivileged_port_start", "0")]),
            groups: vec![2000],
            ..security(999)
        },
        grace: Seconds(120),
        spread: Spread::Hosts,
        ..Pod::default()
    }
}

fn task(name: &str) -> Pod {
    Pod {
        containers: vec![container(name, "acme/tasks:7")],
        security: security(10002),
        restart: RestartPolicy::OnFailure,
        grace: Seconds(10),
        ..Pod::default()
    }
}

fn agent() -> Pod {
    Pod {
        containers: vec![container("agent", "acme/agent")],
        volumes: vec![volume("logs", VolumeSource::Host("/var/log".to_owned()))],
        security: PodSecurity { user_namespace: true, non_root: false, ..PodSecurity::default() },
        tolerations: vec![Toleration { key: None, effect: None }],
        grace: Seconds(30),
        node_selector: map([("kubernetes.io/os", "linux")]),
        dns: Some((vec!["1.1.1.1".to_owned()], Vec::new())),
        ..Pod::default()
    }
}

fn train() -> Pod {
    let mut train = container("train", "acme/train:7");
    for list in [&mut train.resources.requests, &mut train.resources.limits] {
        list.extended.insert("nvidia.com/gpu".to_owned(), 8);
    }
    Pod {
        containers: vec![train],
        volumes: vec![volume("model", VolumeSource::Image("acme/model:3".to_owned()))],
        restart: RestartPolicy::Never,
        ..task("train")
    }
}

fn services() -> Vec<Service> {
    let service = |name: &str, workload: &str, kind, ports| Service {
        name: name.to_owned(),
        service: workload.to_owned(),
        workload: workload.to_owned(),
        kind,
        ports,
        publish_not_ready: false,
        sticky: false,
        labels: BTreeMap::new(),
    };
    let port = |port, target, name: &str| ServicePort {
        port,
        target,
        protocol: Protocol::Tcp,
        name: name.to_owned(),
        app_protocol: None,
    };
    let http = ServicePort { app_protocol: Some("http".to_owned()), ..port(80, 8080, "http") };
    let mut pods = service("db-pods", "db", ServiceKind::Headless, vec![port(3306, 3306, "mysql")]);
    pods.publish_not_ready = true;
    let mut web =
        service("web", "web", ServiceKind::ClusterIp, vec![http, port(9090, 9090, "telemetry")]);
    web.sticky = true;
    vec![
        web,
        pods,
        service("database", "db", ServiceKind::ClusterIp, vec![port(3306, 3306, "mysql")]),
        service("legacy-out", "legacy", ServiceKind::LoadBalancer, vec![port(25, 25, "smtp")]),
        service(
            "old-name",
            "db",
            ServiceKind::External("db.shop.svc.cluster.local".to_owned()),
            vec![],
        ),
    ]
}

fn routes() -> Vec<Route> {
    let route = |name: &str, edge, hosts: &[&str], parent: Option<&str>| Route {
        name: name.to_owned(),
        service: "web".to_owned(),
        backend: "web".to_owned(),
        edge,
        hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
        rules: vec![RoutePort { path: "/".to_owned(), port: 80 }],
        parent: parent.map(str::to_owned),
    };
    vec![
        route("web", RouteKind::HttpRoute, &["shop.example"], Some("infra/public")),
        route("web-any", RouteKind::HttpRoute, &[], None),
        route("web-old", RouteKind::Ingress, &["a.example", "b.example"], Some("traefik")),
        route("web-bare", RouteKind::Ingress, &[], None),
    ]
}

fn policies() -> Vec<Policy> {
    let network = map([("network.muster.dev/front", "true")]);
    let rule = |peers, ports| PolicyRule { peers, ports };
    let tcp = |port| PolicyPort { port, protocol: Protocol::Tcp };
    let dns = PolicyPort { port: 53, protocol: Protocol::Udp };
    vec![
        Policy {
            name: "default-deny".to_owned(),
            pods: BTreeMap::new(),
            ingress: Some(Vec::new()),
            egress: None,
        },
        Policy {
            name: "front".to_owned(),
            pods: network.clone(),
            ingress: Some(vec![
                rule(vec![Peer::Pods(network)], vec![tcp(8080)]),
                rule(
                    vec![Peer::PodsIn {
                        namespace: map([("kubernetes.io/metadata.name", "monitoring")]),
                        pods: map([("app.kubernetes.io/name", "prometheus")]),
                    }],
                    vec![tcp(9090)],
                ),
            ]),
            egress: Some(vec![
                rule(vec![Peer::Namespaces(BTreeMap::new())], vec![dns, tcp(53)]),
                rule(
                    vec![Peer::Cidr {
                        block: "0.0.0.0/0".to_owned(),
                        except: vec!["169.254.169.254/32".to_owned()],
                    }],
                    Vec::new(),
                ),
            ]),
        },
    ]
}

fn secrets() -> Vec<Secret> {
    let value = |text: &str| SecretEntry::Value(SecretText::new(text));
    let entries = BTreeMap::from([
        ("password".to_owned(), value("pa$$: {{word}} yes\"")),
        ("empty".to_owned(), value("")),
        ("pem".to_owned(), value("-----BEGIN-----\nMIIB\n-----END-----\n")),
        ("keystore".to_owned(), SecretEntry::Binary(SecretText::new("AAECAw=="))),
        ("root-password".to_owned(), SecretEntry::Missing),
    ]);
    vec![
        Secret {
            name: "db-credentials".to_owned(),
            users: vec!["db".to_owned(), "web".to_owned()],
            entries,
            external: false,
        },
        Secret {
            name: "elsewhere".to_owned(),
            users: vec!["web".to_owned()],
            entries: BTreeMap::new(),
            external: true,
        },
    ]
}

fn databases() -> Vec<DatabaseCluster> {
    let cluster = |name: &str, kind, image: &str, class: Option<&str>| DatabaseCluster {
        name: name.to_owned(),
        service: name.to_owned(),
        kind,
        image: image.to_owned(),
        replicas: 3,
        size: Bytes::gib(50),
        class: class.map(str::to_owned),
        secret: Some("db-credentials".to_owned()),
        database: Some("shop".to_owned()),
        owner: Some("shop".to_owned()),
        settings: map([("max_connections", "200")]),
        resources: resources(),
        backup: Some(("0 2 * * *".to_owned(), 7)),
    };
    vec![
        cluster("orders", DatabaseKind::Galera, "mariadb:11.4", Some("rook-ceph-block")),
        cluster("stock", DatabaseKind::Replication, "mariadb:11.4", None),
        cluster(
            "users",
            DatabaseKind::CloudNativePg,
            "ghcr.io/cloudnative-pg/postgresql:17.5",
            None,
        ),
    ]
}

fn monitors() -> Vec<Monitor> {
    let monitor = |name: &str, port: &str, through_service| Monitor {
        name: name.to_owned(),
        service: name.to_owned(),
        workload: name.to_owned(),
        port: port.to_owned(),
        path: "/metrics".to_owned(),
        through_service,
    };
    vec![monitor("web", "metrics", true), monitor("agent", "metrics", false)]
}

//! What holds for every plan: random small projects, and what may not matter.

use crate::common::given;
use crate::coverage::{reasoned, silent};
use model::plan::{Kind, Plan, Spread};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const IMAGES: &[&str] = &[
    "nginx:1.29",
    "acme/web:1",
    "acme/worker:2",
    "postgres:17",
    "mariadb:11.4",
    "mysql:8.4",
    "redis:8",
    "mongo:8",
    "rabbitmq:4",
    "traefik:v3.3",
    "node:24",
    "wordpress:6.7",
    "vllm/vllm-openai:v0.9.0",
    "busybox:1.37",
    "prom/prometheus:v3.1.0",
    "grafana/grafana:11.4.0",
];

const NAMES: &[&str] = &[
    "web",
    "api",
    "db",
    "cache",
    "worker",
    "db-pods",
    "web-public",
    "My_App",
    "my-app",
    "1st",
    "a.b",
    "db-backup",
    "x",
];

/// Single attributes, each a line; `{peer}` is another service.
const ATTRIBUTES: &[&str] = &[
    "ports: ['8080:80']",
    "ports: ['127.0.0.1:5432:5432', '9000-9002:9000-9002', '53:53/udp']",
    "expose: ['3000', '9229']",
    "restart: 'no'",
    "restart: always",
    "restart: on-failure:3",
    "deploy: { replicas: 3 }",
    "deploy: { mode: global }",
    "deploy: { mode: replicated-job, replicas: 4 }",
    "deploy: { resources: { limits: { cpus: '2', memory: 1G } } }",
    "deploy: { resources: { reservations: { devices: [{ capabilities: [gpu], count: 1 }] } } }",
    "healthcheck: { test: curl -f http://localhost:80/ }",
    "healthcheck: { test: ['CMD-SHELL', 'ok | grep yes'], interval: 5s, start_period: 1m }",
    "environment: { API_URL: 'http://{peer}:8000', DATABASE_URL: 'postgres://u:sesame99@{peer}/x' }",
    "environment: { DB_HOST: '{peer}', DB_PORT: '5432', DB_PASSWORD: sesame99 }",
    "environment: { PORT: '3000', DB: 'sqlite:///x.db' }",
    "command: ['sh', '-c', 'migrate && serve']",
    "command: celery -A app worker",
    "volumes: ['data:/data']",
    "volumes: ['data:/var/lib/postgresql/data', 'files:/files:ro']",
    "volumes: ['/var/run/docker.sock:/var/run/docker.sock', './src:/app', '/etc/localtime:/etc/localtime']",
    "networks: [front]",
    "networks: { back: { aliases: [alias, db] } }",
    "network_mode: host",
    "network_mode: none",
    "network_mode: service:{peer}",
    "container_name: named",
    "hostname: named",
    "user: '1000:1000'",
    "user: root",
    "privileged: true",
    "read_only: true",
    "shm_size: 256m",
    "tmpfs: [/run, /tmp]",
    "stop_grace_period: 90s",
    "labels: { traefik.http.routers.x.rule: 'Host(`x.example.com`)', traefik.http.services.x.loadbalancer.server.port: '8000' }",
    "labels: { swarm.cronjob.schedule: '0 3 * * *' }",
    "x-muster: { scale: { min: 3, max: 6 } }",
    "x-muster: { inference: { model: llama-3.2-1b, users: 40, gpu: l4 } }",
    "x-muster: { inference: { model: llama-3.1-70b, users: 40, gpu: l4 } }",
    "x-muster: { inference: { users: 40 } }",
    "x-muster: { replicable: false }",
    "x-muster: { replicable: true }",
    "x-muster: { metrics: { port: 9100 } }",
    "x-muster: { database: { topology: replication } }",
    "x-muster: { database: { topology: galera } }",
    "x-muster: { kind: statefulset }",
    "secrets: [token]",
    "configs: [conf]",
];

const CONDITIONS: &[&str] =
    &["service_started", "service_healthy", "service_completed_successfully"];

#[derive(Clone, Debug)]
struct Drawn {
    image: usize,
    attributes: Vec<(usize, usize)>,
    depends: Option<(usize, usize)>,
}

/// A project: each service's lines by its name.
type Drawing = BTreeMap<String, Vec<String>>;

fn project() -> impl Strategy<Value = Drawing> {
    let drawn = (
        0..IMAGES.len(),
        prop::collection::vec((0..ATTRIBUTES.len(), 0..NAMES.len()), 0..5),
        prop::option::of((0..NAMES.len(), 0..CONDITIONS.len())),
    )
        .prop_map(|(image, attributes, depends)| Drawn { image, attributes, depends });
    let names = prop::sample::subsequence((0..NAMES.len()).collect::<Vec<_>>(), 1..6);
    (names, prop::collection::vec(drawn, 6)).prop_map(|(names, drawn)| {
        let names: Vec<&str> = names.into_iter().map(|index| NAMES[index]).collect();
        let services = names.iter().zip(drawn).enumerate();
        services
            .map(|(place, (name, drawn))| ((*name).to_owned(), lines(&names, place, &drawn)))
            .collect()
    })
}

fn lines(names: &[&str], place: usize, drawn: &Drawn) -> Vec<String> {
    let mut out = vec![format!("image: '{}'", IMAGES[drawn.image])];
    let mut keys = BTreeSet::new();
    // Only earlier services, so that there is no cycle.
    let earlier = &names[..place];
    for (attribute, peer) in &drawn.attributes {
        let text = ATTRIBUTES[*attribute];
        let key = text.split(':').next().unwrap_or(text);
        let network = key.starts_with("network");
        if text.contains("{peer}") && earlier.is_empty()
            || !keys.insert(if network { "n" } else { key })
        {
            continue;
        }
        let peer = earlier.get(peer % earlier.len().max(1)).copied().unwrap_or_default();
        out.push(text.replace("{peer}", peer));
    }
    if let Some((peer, condition)) = drawn.depends
        && let Some(peer) = earlier.get(peer % earlier.len().max(1))
    {
        out.push(format!("depends_on: {{ {peer}: {{ condition: {} }} }}", CONDITIONS[condition]));
    }
    out
}

const TAIL: &[&str] = &[
    "networks: { front: {}, far: {}, back: { internal: true } }",
    "volumes: { data: {}, files: {} }",
    "secrets: { token: { file: ./token.txt } }",
    "configs: { conf: { content: 'a=b' } }",
];

enum Arranged {
    Forwards,
    Backwards,
}

fn text(drawing: &Drawing, arranged: &Arranged) -> String {
    let mut services: Vec<String> = drawing
        .iter()
        .map(|(name, lines)| {
            let mut lines: Vec<String> = lines.iter().map(|l| format!("    {l}\n")).collect();
            if matches!(arranged, Arranged::Backwards) {
                lines.reverse();
            }
            format!("  {name}:\n{}", lines.concat())
        })
        .collect();
    let mut tail: Vec<String> = TAIL.iter().map(|line| format!("{line}\n")).collect();
    if matches!(arranged, Arranged::Backwards) {
        services.reverse();
        tail.reverse();
        return format!("{}services:\n{}name: shop\n", tail.concat(), services.concat());
    }
    format!("name: shop\nservices:\n{}{}", services.concat(), tail.concat())
}

fn planned(yaml: &str) -> Option<(model::project::Project, Plan)> {
    let mut given = given(yaml).file("token.txt", "sesame77").file("src/main.py", "print(1)");
    given.options.with = [model::facts::Extra::Prometheus, model::facts::Extra::Loki].into();
    let project = given.try_project()?;
    let plan = plan::plan(&project, &given.cluster, &given.options);
    Some((project, plan))
}

/// The plan without the places that decisions name: those move with the lines.
fn compared(plan: &Plan) -> (String, Vec<manifest::OutFile>) {
    let mut value = serde_json::to_value(plan).unwrap();
    without_spans(&mut value);
    (value.to_string(), manifest::plain(plan))
}

fn without_spans(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            map.remove("span");
            map.values_mut().for_each(without_spans);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(without_spans),
        _ => {}
    }
}

fn is_label(name: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.len() <= 63
        && edge(name.chars().next())
        && edge(name.chars().next_back())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Every name is a DNS label, and no two objects of a kind share one.
pub fn named(plan: &Plan) {
    let kinds: Vec<Vec<&str>> = vec![
        plan.workloads.iter().map(|w| w.name.as_str()).collect(),
        plan.services.iter().map(|s| s.name.as_str()).collect(),
        plan.routes.iter().map(|r| r.name.as_str()).collect(),
        plan.policies.iter().map(|p| p.name.as_str()).collect(),
        plan.config_maps.iter().map(|c| c.name.as_str()).collect(),
        plan.secrets.iter().map(|s| s.name.as_str()).collect(),
        plan.claims.iter().map(|c| c.name.as_str()).collect(),
        plan.monitors.iter().map(|m| m.name.as_str()).collect(),
        plan.databases.iter().map(|d| d.name.as_str()).collect(),
        plan.gangs.iter().map(|g| g.name.as_str()).collect(),
        plan.autoscalers.iter().map(|a| a.workload.as_str()).collect(),
        plan.budgets.iter().map(|b| b.workload.as_str()).collect(),
    ];
    for names in kinds {
        let unique: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(unique.len(), names.len(), "{names:?}");
        assert!(names.iter().all(|name| is_label(name)), "{names:?}");
    }
    for workload in &plan.workloads {
        let mut containers: Vec<&str> = workload
            .pod
            .containers
            .iter()
            .chain(&workload.pod.init)
            .map(|c| c.name.as_str())
            .collect();
        let all = containers.len();
        containers.sort_unstable();
        containers.dedup();
        assert_eq!(all, containers.len(), "{containers:?}");
        assert!(containers.iter().all(|name| is_label(name)), "{containers:?}");
    }
}

/// Every container port has a Service that leads to it, and every Service leads somewhere.
pub fn reachable(plan: &Plan) {
    for workload in &plan.workloads {
        for port in workload.pod.containers.iter().flat_map(|c| &c.ports) {
            let led = plan.services.iter().any(|s| {
                s.workload == workload.name
                    && s.ports.iter().any(|p| p.target == port.port && p.protocol == port.protocol)
            });
            assert!(led, "{}:{}", workload.name, port.port);
        }
        let ports: Vec<_> = workload.pod.containers.iter().flat_map(|c| &c.ports).collect();
        let names: BTreeSet<&str> = ports.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names.len(), ports.len(), "{ports:?}");
    }
    for service in &plan.services {
        let exists = plan.workloads.iter().any(|w| w.name == service.workload)
            || plan.databases.iter().any(|d| d.name == service.workload);
        assert!(exists, "{service:?}");
        let names: BTreeSet<&str> = service.ports.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names.len(), service.ports.len(), "{service:?}");
        let numbers: BTreeSet<_> = service.ports.iter().map(|p| (p.port, p.protocol)).collect();
        assert_eq!(numbers.len(), service.ports.len(), "{service:?}");
    }
    for link in &plan.links {
        let Some(port) = link.port else { continue };
        let answers = plan
            .services
            .iter()
            .filter(|s| s.service == link.to)
            .any(|s| s.ports.iter().any(|p| p.port == port));
        assert!(answers, "{link:?}");
    }
    for route in &plan.routes {
        let backend = plan.services.iter().find(|s| s.name == route.backend);
        let answers = |port| backend.is_some_and(|s| s.ports.iter().any(|p| p.port == port));
        assert!(route.rules.iter().all(|rule| answers(rule.port)), "{route:?}");
    }
}

/// Autoscalers, budgets and spread agree with the workloads.
pub fn scaled(plan: &Plan) {
    for autoscaler in &plan.autoscalers {
        let workload = plan.workloads.iter().find(|w| w.name == autoscaler.workload).unwrap();
        assert!(
            matches!(workload.kind, Kind::Deployment { replicas: None, .. }),
            "{autoscaler:?} {:?}",
            workload.kind
        );
        assert!(autoscaler.min <= autoscaler.max);
        assert!(workload.pod.containers.iter().all(|c| c.resources.requests.cpu.is_some()));
    }
    for workload in &plan.workloads {
        let autoscaler = plan.autoscalers.iter().find(|a| a.workload == workload.name);
        let least = match (&workload.kind, autoscaler) {
            (_, Some(autoscaler)) => autoscaler.min,
            (
                Kind::Deployment { replicas: Some(n), .. } | Kind::StatefulSet { replicas: n, .. },
                _,
            ) => *n,
            _ => 0,
        };
        let budget = plan.budgets.iter().any(|b| b.workload == workload.name);
        assert_eq!(budget, least >= 2, "{}", workload.name);
        assert_eq!(workload.pod.spread != Spread::None, least >= 2, "{}", workload.name);
        if let Kind::Deployment { replicas: None, .. } = workload.kind {
            assert!(autoscaler.is_some(), "nobody owns the number of {}", workload.name);
        }
    }
}

/// What a pod names is there.
pub fn closed(plan: &Plan) {
    use model::plan::{EnvSource, VolumeSource};
    let secrets: BTreeSet<&str> = plan.secrets.iter().map(|s| s.name.as_str()).collect();
    let maps: BTreeSet<&str> = plan.config_maps.iter().map(|c| c.name.as_str()).collect();
    let claims: BTreeSet<&str> = plan.claims.iter().map(|c| c.name.as_str()).collect();
    for workload in &plan.workloads {
        let templates: BTreeSet<&str> = match &workload.kind {
            Kind::StatefulSet { claims, governing, .. } => {
                assert!(plan.services.iter().any(|s| s.name == *governing), "{governing}");
                claims.iter().map(|c| c.name.as_str()).collect()
            }
            _ => BTreeSet::new(),
        };
        let pod = &workload.pod;
        let volumes: BTreeSet<&str> = pod.volumes.iter().map(|v| v.name.as_str()).collect();
        assert_eq!(volumes.len(), pod.volumes.len(), "{}", workload.name);
        for volume in &pod.volumes {
            match &volume.source {
                VolumeSource::Secret { name, .. } => {
                    assert!(secrets.contains(name.as_str()), "{name}");
                }
                VolumeSource::ConfigMap { name, .. } => {
                    let external = plan.report.findings.iter().any(|f| f.code == "external-object");
                    assert!(maps.contains(name.as_str()) || external, "{name}");
                }
                VolumeSource::Claim { name, .. } => {
                    assert!(claims.contains(name.as_str()), "{name}");
                }
                _ => {}
            }
        }
        for container in pod.containers.iter().chain(&pod.init) {
            let paths: BTreeSet<&str> = container.mounts.iter().map(|m| m.path.as_str()).collect();
            assert_eq!(paths.len(), container.mounts.len(), "{:?}", container.mounts);
            for mount in &container.mounts {
                let known = volumes.contains(mount.volume.as_str())
                    || templates.contains(mount.volume.as_str());
                assert!(known, "{}: {mount:?}", workload.name);
            }
            for variable in &container.env {
                if let EnvSource::Secret { name, key } = &variable.source {
                    let secret = plan.secrets.iter().find(|s| s.name == *name).unwrap();
                    assert!(secret.external || secret.entries.contains_key(key), "{name}/{key}");
                }
            }
        }
        assert!(plan.policies.iter().any(|p| p.name == workload.name), "{}", workload.name);
        for after in &workload.after {
            let known = plan.workloads.iter().any(|w| w.name == *after)
                || plan.databases.iter().any(|d| d.name == *after);
            assert!(known && *after != workload.name, "{after}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_is_sound(drawing in project()) {
        let yaml = text(&drawing, &Arranged::Forwards);
        if let Some((project, plan)) = planned(&yaml) {
            named(&plan);
            reachable(&plan);
            scaled(&plan);
            closed(&plan);
            reasoned(&plan);
            prop_assert_eq!(silent(&project, &plan), Vec::<String>::new());
            let shown = serde_json::to_string(&plan).unwrap();
            prop_assert!(!shown.contains("sesame"), "a secret is shown");
        }
    }

    #[test]
    fn order_does_not_matter(drawing in project()) {
        let forwards = planned(&text(&drawing, &Arranged::Forwards));
        let again = planned(&text(&drawing, &Arranged::Forwards));
        let backwards = planned(&text(&drawing, &Arranged::Backwards));
        prop_assert_eq!(forwards.is_some(), backwards.is_some());
        if let (Some((_, one)), Some((_, two)), Some((_, three))) = (forwards, again, backwards) {
            prop_assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&two).unwrap());
            prop_assert_eq!(compared(&one), compared(&three));
        }
    }

    #[test]
    fn a_stranger_changes_nothing(drawing in project()) {
        let mut more = drawing.clone();
        more.insert("stranger".to_owned(), vec!["image: acme/stranger:1".to_owned(), "networks: [far]".to_owned()]);
        let before = planned(&text(&drawing, &Arranged::Forwards));
        let after = planned(&text(&more, &Arranged::Forwards));
        if let (Some((_, before)), Some((_, mut after))) = (before, after) {
            after.workloads.retain(|w| w.service != "stranger");
            after.services.retain(|s| s.service != "stranger");
            after.policies.retain(|p| p.name != "stranger");
            prop_assert_eq!(&before.workloads, &after.workloads);
            prop_assert_eq!(&before.services, &after.services);
            prop_assert_eq!(&before.policies, &after.policies);
            prop_assert_eq!(&before.routes, &after.routes);
            prop_assert_eq!(&before.secrets, &after.secrets);
            prop_assert_eq!(&before.config_maps, &after.config_maps);
            prop_assert_eq!(&before.claims, &after.claims);
            prop_assert_eq!(&before.links, &after.links);
            prop_assert_eq!(&before.connections, &after.connections);
        }
    }
}

#[test]
fn most_drawings_are_projects() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let drawn = (0..100).map(|_| project().new_tree(&mut runner).unwrap().current());
    let loaded = drawn.filter(|d| planned(&text(d, &Arranged::Forwards)).is_some()).count();
    assert!(loaded >= 60, "the properties would speak of too little: {loaded}");
}

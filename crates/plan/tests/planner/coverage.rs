//! Nothing is dropped in silence, and everything has a reason.

use crate::common::{Given, given, plan_with};
use model::plan::Plan;
use model::project::Project;
use model::reason::Because;

/// Every attribute that no decision and no finding names.
pub fn silent(project: &Project, plan: &Plan) -> Vec<String> {
    let decisions = plan.report.decisions.iter().flat_map(|d| &d.because);
    let findings = plan.report.findings.iter().flat_map(|f| &f.because);
    let cited: Vec<&str> = decisions
        .chain(findings)
        .filter_map(|b| match b {
            Because::Line { field, .. } => Some(field.as_str()),
            _ => None,
        })
        .collect();
    let below = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let services = project.services.iter().flat_map(|(name, service)| {
        let head = format!("services.{name}");
        service.fields.iter().map(move |f| (head.clone(), format!("{head}.{}", f.path)))
    });
    let top = project.fields.iter().map(|f| (String::new(), f.path.clone()));
    services
        .chain(top)
        .filter(|(head, path)| {
            // The line of a service as a whole stands for none of its attributes.
            !cited.iter().any(|c| below(c, path) || (below(path, c) && *c != head))
        })
        .map(|(_, path)| path)
        .collect()
}

/// Every decision and finding rests on something and says something.
pub fn reasoned(plan: &Plan) {
    for decision in &plan.report.decisions {
        assert!(!decision.because.is_empty(), "{decision:?}");
        assert!(!decision.why.is_empty() && !decision.chosen.is_empty(), "{decision:?}");
    }
    for finding in &plan.report.findings {
        assert!(!finding.because.is_empty(), "{finding:?}");
        assert!(!finding.message.is_empty(), "{finding:?}");
        // What the image table has to tell asks for nothing by itself.
        assert!(!finding.fix.is_empty() || finding.code == "image-note", "{finding:?}");
    }
}

fn check(given: &Given) {
    let plan = given.plan();
    assert_eq!(silent(&given.project(), &plan), Vec::<String>::new());
    reasoned(&plan);
}

const EVERYTHING: &str = r#"
name: all
services:
  web:
    image: acme/web:1
    build: { context: ., args: { A: b }, target: x, ssh: [default] }
    annotations: { a/b: c }
    attach: false
    blkio_config: { weight: 300 }
    cap_add: [NET_ADMIN]
    cap_drop: [ALL]
    cgroup: private
    cgroup_parent: x
    command: [serve]
    configs: [conf]
    container_name: w
    cpu_count: 2
    cpu_percent: 50
    cpu_period: 100000
    cpu_quota: 50000
    cpu_rt_period: 400ms
    cpu_shares: 73
    cpus: 0.5
    cpuset: "0-1"
    depends_on: { db: { condition: service_healthy, restart: true } }
    deploy:
      mode: replicated
      replicas: 2
      endpoint_mode: vip
      labels: { x: y }
      placement: { constraints: ["node.labels.disk == ssd"], preferences: [{ spread: node.labels.zone }], max_replicas_per_node: 1 }
      resources: { limits: { cpus: "0.5", memory: 50M, pids: 10 }, reservations: { cpus: "0.2", memory: 20M, devices: [{ driver: nvidia, count: 1, capabilities: [gpu] }] } }
      restart_policy: { condition: any, delay: 5s, max_attempts: 3, window: 10s }
      rollback_config: { parallelism: 1 }
      update_config: { parallelism: 2, delay: 10s, order: start-first, failure_action: rollback, monitor: 3s, max_failure_ratio: 0.1 }
    device_cgroup_rules: ["c 1:3 mr"]
    devices: ["/dev/x:/dev/x"]
    dns: [8.8.8.8]
    dns_opt: [use-vc]
    dns_search: [example.com]
    domainname: example.com
    entrypoint: ["/entry"]
    environment: { A: b, DB_URL: "postgres://u:secretword@db/x" }
    expose: ["3000"]
    external_links: [legacy]
    extra_hosts: ["h:1.2.3.4"]
    group_add: [mail]
    healthcheck: { test: [CMD, ok], interval: 1s, timeout: 1s, retries: 1, start_period: 1s, start_interval: 1s }
    hostname: ww
    init: true
    ipc: shareable
    labels: { l: m, traefik.enable: "true" }
    links: ["db:dbalias"]
    logging: { driver: json-file, options: { max-size: 1m } }
    mac_address: "02:42:ac:11:65:43"
    mem_reservation: 20m
    mem_swappiness: 10
    memswap_limit: 60m
    networks: { front: { aliases: [x], ipv4_address: 172.16.0.5, priority: 5 } }
    oom_kill_disable: true
    oom_score_adj: 100
    pid: host
    platform: linux/amd64
    ports: ["8080:80", { target: 81, published: "8081", mode: host, app_protocol: http, name: x }]
    post_start: [{ command: ["a"] }]
    pre_stop: [{ command: ["b"], user: root }]
    privileged: false
    pull_policy: always
    read_only: true
    restart: always
    runtime: runc
    secrets: [token]
    security_opt: ["no-new-privileges:true", "label:disable"]
    shm_size: 64m
    stdin_open: true
    stop_grace_period: 5s
    stop_signal: SIGUSR1
    storage_opt: { size: 1G }
    sysctls: { net.core.somaxconn: "1024" }
    tmpfs: [/run]
    tty: true
    ulimits: { nofile: { soft: 1, hard: 2 } }
    user: "1000"
    userns_mode: host
    uts: host
    volumes: ["data:/data", "./src:/app", "/etc/localtime:/etc/localtime:ro"]
    working_dir: /app
  db:
    image: postgres:17
    networks: [front]
networks: { front: { driver: bridge, internal: true, labels: { a: b } } }
volumes: { data: { driver: local, labels: { a: b } }, unused: {} }
secrets: { token: { file: ./token.txt } }
configs: { conf: { content: "a=b" } }
"#;

#[test]
fn every_attribute_is_mentioned() {
    check(&given(EVERYTHING).file("token.txt", "sesame99").file("src/main.py", "print(1)"));
}

#[test]
fn rules_have_names_of_their_own() {
    let mut names: Vec<&str> = plan::rules().iter().map(|rule| rule.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn the_example_is_planned_without_blockers() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/shop/");
    let read = |path: &str| std::fs::read_to_string(format!("{root}{path}")).unwrap();
    let given = given(&read("compose.yaml"))
        .file("edge/nginx.conf", &read("edge/nginx.conf"))
        .file("secrets/db-password.txt", "sesame99")
        .file("secrets/db-root-password.txt", "sesame88");
    check(&given);
    let plan = given.plan();
    let blockers: Vec<_> =
        plan.report.findings.iter().filter(|f| f.level == model::reason::Level::Blocker).collect();
    assert!(blockers.is_empty(), "{blockers:?}");
    let scaled: Vec<&str> = plan.autoscalers.iter().map(|a| a.workload.as_str()).collect();
    assert_eq!(scaled, ["app", "edge", "worker"]);
    let pools: Vec<_> =
        plan.connections[0].clients.iter().map(|c| (c.service.as_str(), c.pool)).collect();
    assert_eq!(pools, [("app", 8), ("migrate", 1), ("worker", 2)]);
}

#[test]
fn notes_are_told_when_they_concern_the_file() {
    let notes = |services: &str| {
        let plan = plan_with(services);
        plan.report.findings.iter().filter(|f| f.code == "image-note").count()
    };
    for (services, want) in [
        ("x: { image: 'mariadb:11.4', volumes: ['./d:/var/lib/mysql'] }", 0),
        ("x: { image: 'mariadb', volumes: ['./d:/var/lib/mysql'] }", 1),
        ("x: { image: 'nginx:1.29' }", 0),
        ("x: { image: 'redis:8' }", 0),
        (
            "x: { image: 'redis:8' }\ny: { image: 'acme/y:1', command: celery worker, environment: { R: 'redis://x' } }",
            1,
        ),
        ("x: { image: 'eclipse-mosquitto:2' }", 1),
        ("x: { image: 'eclipse-mosquitto:2', volumes: ['./c:/mosquitto/config'] }", 0),
    ] {
        assert_eq!(notes(services), want, "{services}");
    }
}

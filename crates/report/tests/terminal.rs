//! The plan as text: a plan that was made by hand, so that only this crate changes what is seen.

mod common;

use common::Planned;
use model::matrix::{Cell, Matrix, State};
use model::plan::{
    AccessMode, Autoscaler, Claim, Completions, ConnectionBudget, ConnectionClient, Container,
    ContainerPort, Kind, Plan, Pod, PodSecurity, PodSecurityLevel, Route, RouteKind, RoutePort,
    Service, ServiceKind, ServicePort, Strategy, Workload,
};
use model::project::Protocol;
use model::reason::{Because, Certainty, Decision, Finding, Level, Question, Report, Rule};
use report::{Color, Layout, View};
use units::{Bytes, Seconds};
use yaml::{Pos, Sources, Span};

const RULE: Rule = Rule { name: "stateless-is-deployment", why: "It keeps nothing on disk." };

fn workload(name: &str, image: &str, port: Option<u16>, kind: Kind, after: &[&str]) -> Workload {
    let ports =
        port.map(|port| ContainerPort { port, protocol: Protocol::Tcp, name: "http".to_owned() });
    let container = Container {
        name: name.to_owned(),
        image: image.to_owned(),
        ports: ports.into_iter().collect(),
        ..Container::default()
    };
    Workload {
        name: name.to_owned(),
        service: name.to_owned(),
        component: "web".to_owned(),
        version: None,
        kind,
        pod: Pod { containers: vec![container], ..Pod::default() },
        min_ready: Seconds(0),
        after: after.iter().map(|it| (*it).to_owned()).collect(),
    }
}

fn workloads() -> Vec<Workload> {
    let scaled = Kind::Deployment { replicas: None, strategy: Strategy::Rolling };
    let claim = Claim {
        name: "data".to_owned(),
        service: "db".to_owned(),
        size: Bytes::gib(20),
        access: AccessMode::ReadWriteOnce,
        class: None,
        external: false,
    };
    let set = Kind::StatefulSet {
        replicas: 1,
        governing: "db-pods".to_owned(),
        claims: vec![claim],
        parallel: false,
    };
    let once = Completions { count: 1, indexed: false, backoff_limit: 0, ttl_seconds: Some(86400) };
    let mut edge = workload("edge", "nginx:1.29", Some(80), scaled.clone(), &["web"]);
    edge.pod.security = PodSecurity { non_root: false, ..PodSecurity::default() };
    vec![
        workload("db", "mariadb:11.4", Some(3306), set, &[]),
        edge,
        workload("migrate", "ghcr.io/acme/web:1.4", None, Kind::Job(once), &["db"]),
        workload("web", "ghcr.io/acme/web:1.4", Some(8080), scaled, &["migrate"]),
    ]
}

fn report(sources: &mut Sources) -> Report {
    let file = sources.add("compose.yaml", "");
    let line = |field: &str, line: u32| {
        let start = Pos { line, column: 3 };
        Because::Line { field: field.to_owned(), span: Span { file, start, end: start } }
    };
    let decision = |service: &str, object: &str, why: &str, at: u32| Decision {
        service: Some(service.to_owned()),
        object: object.to_owned(),
        field: String::new(),
        chosen: String::new(),
        why: why.to_owned(),
        because: vec![Because::Rule(RULE), line(&format!("services.{service}"), at)],
        certainty: Certainty::Inferred,
    };
    let finding = |level, code, service: &str, message: &str| Finding {
        level,
        code,
        service: Some(service.to_owned()),
        message: message.to_owned(),
        fix: "see to it".to_owned(),
        because: vec![line(&format!("services.{service}.image"), 7)],
    };
    let question = |service: &str| Question {
        service: Some(service.to_owned()),
        question: format!("Does `{service}` keep sessions?"),
        assumed: "no: every request may go to another copy".to_owned(),
        answer: format!("services.{service}.x-muster.replicable: false"),
    };
    let notes = ["db", "db", "edge", "web", "web"];
    let mut findings = vec![
        finding(Level::Blocker, "docker-socket", "edge", "the Docker socket is refused"),
        finding(Level::Warning, "connection-budget", "db", "`web` opens too many connections"),
        finding(Level::Note, "image-must-be-built", "web", "`acme/web` must be in a registry"),
    ];
    findings.extend(notes.map(|it| finding(Level::Note, "image-note", it, "It logs to a file.")));
    Report {
        decisions: vec![
            decision("db", "StatefulSet/db", "MariaDB keeps data", 12),
            decision("edge", "Deployment/edge", "it keeps nothing that must outlive a pod", 4),
            decision("web", "Deployment/web", "it keeps nothing that must outlive a pod", 8),
        ],
        findings,
        questions: vec![question("edge"), question("web")],
    }
}

fn service(name: &str, kind: ServiceKind, port: u16, target: u16) -> Service {
    Service {
        name: name.to_owned(),
        service: name.to_owned(),
        workload: name.to_owned(),
        kind,
        ports: vec![ServicePort {
            port,
            target,
            protocol: Protocol::Tcp,
            name: "main".to_owned(),
            app_protocol: None,
        }],
        publish_not_ready: false,
        sticky: false,
        labels: std::collections::BTreeMap::default(),
    }
}

fn shop() -> Planned {
    let mut sources = Sources::default();
    let autoscaler = |name: &str| Autoscaler {
        workload: name.to_owned(),
        service: name.to_owned(),
        min: 2,
        max: 10,
        cpu_percent: 50,
    };
    let client = |service: &str, replicas, pool| ConnectionClient {
        service: service.to_owned(),
        replicas,
        processes: 1,
        pool,
    };
    let plan = Plan {
        app: "shop".to_owned(),
        namespace: "shop".to_owned(),
        pod_security: PodSecurityLevel::Baseline,
        workloads: workloads(),
        services: vec![
            service("db", ServiceKind::LoadBalancer, 3306, 3306),
            service("edge", ServiceKind::ClusterIp, 80, 80),
            service("web", ServiceKind::ClusterIp, 80, 8080),
        ],
        routes: vec![Route {
            name: "edge".to_owned(),
            service: "edge".to_owned(),
            backend: "edge".to_owned(),
            edge: RouteKind::HttpRoute,
            hosts: vec!["shop.example.com".to_owned()],
            rules: vec![RoutePort { path: "/".to_owned(), port: 80 }],
            parent: Some("gateway".to_owned()),
        }],
        autoscalers: vec![autoscaler("edge"), autoscaler("web")],
        connections: vec![ConnectionBudget {
            database: "db".to_owned(),
            max_connections: 151,
            raised_from: None,
            reserved: 5,
            clients: vec![client("migrate", 1, 1), client("web", 11, 20)],
        }],
        report: report(&mut sources),
        ..Plan::default()
    };
    Planned { network: network(), ..common::shown(plan, sources) }
}

/// All that can be said of a pair.
fn network() -> Matrix {
    let cell = |state, ports: &str, amiss: &str, policies: &[&str]| Cell {
        state,
        ports: ports.to_owned(),
        amiss: amiss.to_owned(),
        policies: policies.iter().map(|it| (*it).to_owned()).collect(),
    };
    let entrance = || cell(State::Entrance, "80", "", &["edge"]);
    let closed = || cell(State::Closed, "", "", &["db"]);
    let open = |ports: &str| cell(State::Open, ports, "", &["db", "web"]);
    let names = |words: &str| words.split(' ').map(str::to_owned).collect();
    Matrix {
        sources: names("outside db edge web"),
        targets: names("db edge web outside DNS"),
        rows: vec![
            vec![
                cell(State::Kept, "", "3306", &["db"]),
                entrance(),
                closed(),
                Cell::default(),
                Cell::default(),
            ],
            vec![open("all"), entrance(), closed(), open("all"), open("53, 53/UDP")],
            vec![
                cell(State::Leak, "3306", "3306", &["db"]),
                open("80"),
                cell(State::Cut, "", "8080", &["edge", "web"]),
                open("all"),
                open("all"),
            ],
            vec![
                open("3306"),
                cell(State::Leak, "all", "all", &[]),
                closed(),
                open("all"),
                open("all"),
            ],
        ],
    }
}

fn text(width: usize) -> String {
    report::terminal(&shop().view(), Layout { width, color: Color::Plain })
}

#[test]
fn a_wide_plan() {
    insta::assert_snapshot!(text(110));
}

#[test]
fn a_narrow_plan() {
    insta::assert_snapshot!(text(60));
}

#[test]
fn an_empty_plan_is_said_in_few_words() {
    let empty =
        common::shown(Plan { app: "none".to_owned(), ..Plan::default() }, Sources::default());
    let text = report::terminal(&empty.view(), Layout { width: 80, color: Color::Plain });
    assert!(text.starts_with("none   0 services"), "{text}");
}

#[test]
fn too_many_for_a_table_is_said() {
    let shop = shop();
    let view = View { network: None, ..shop.view() };
    let text = report::terminal(&view, Layout { width: 80, color: Color::Plain });
    assert!(text.contains("Who may talk to whom\n  too many workloads"), "{text}");
}

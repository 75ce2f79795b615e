//! Several files: merge, `extends`, `include`, profiles, interpolation, env files.

mod common;

use common::{codes, load_files, load_with, project};
use compose::{Loaded, Request};
use model::project::{EnvOrigin, MountKind, Project};
use std::collections::BTreeSet;
use std::path::PathBuf;
use yaml::Severity;

/// Two files merged.
fn merged(first: &str, second: &str) -> Project {
    let request = Request {
        files: vec![PathBuf::from("a.yaml"), PathBuf::from("b.yaml")],
        ..Request::default()
    };
    let loaded = load_with(&[("a.yaml", first), ("b.yaml", second)], &request);
    let said = common::rendered(&loaded);
    loaded.project.unwrap_or_else(|| panic!("{said}"))
}

fn service(body: &str) -> String {
    format!("services: {{web: {{image: x, {body}}}}}\nvolumes: {{d: {{}}, e: {{}}}}\n")
}

#[test]
fn later_files_win_by_the_rules_of_each_attribute() {
    let project = merged(
        &service(
            "command: [a, b], environment: [A=1, B=1], ports: ['80:80', '81:81'], volumes: ['d:/x', './y:/y'], labels: {l: '1'}, dns: 1.1.1.1, cap_add: [A], extra_hosts: [h=1.1.1.1], depends_on: [db], entrypoint: e, logging: {driver: a, options: {x: y}}",
        ),
        "services:\n  web: {image: z, command: [c], environment: {B: 2, C: null}, ports: ['80:80', '82:82'], volumes: ['e:/x:ro'], labels: [l=2, m=3], dns: [2.2.2.2], cap_add: [A, B], extra_hosts: {i: 2.2.2.2}, depends_on: {db: {condition: service_healthy}}, entrypoint: null, logging: {driver: b}}\n  db: {image: y}\n",
    );
    let web = &project.services["web"];
    assert_eq!(web.image.as_ref().unwrap().value, "z");
    assert_eq!(web.command.as_ref().unwrap().value, ["c"]);
    assert_eq!(web.entrypoint.as_ref().unwrap().value, ["e"]);
    let env: Vec<_> =
        web.environment.iter().map(|(k, v)| (k.as_str(), v.value.as_deref())).collect();
    assert_eq!(env, [("A", Some("1")), ("B", Some("2")), ("C", None)]);
    assert_eq!(web.ports.iter().map(|p| p.target).collect::<Vec<_>>(), [80, 81, 82]);
    let mounts: Vec<_> = web.mounts.iter().map(|m| (m.target.as_str(), m.read_only)).collect();
    assert_eq!(mounts, [("/x", true), ("/y", false)]);
    assert_eq!(web.labels["l"].value, "2");
    assert_eq!(web.dns.len(), 2);
    assert_eq!(web.cap_add.len(), 2);
    assert_eq!(web.extra_hosts.len(), 2);
    assert_eq!(web.depends_on["db"].condition, model::project::Condition::Healthy);
    assert!(!web.fields.iter().any(|f| f.path == "logging.options.x"));
}

#[test]
fn reset_and_override() {
    let project = merged(
        &service("ports: ['80:80'], environment: {A: 1, B: 2}, command: x, user: root"),
        "services: {web: {ports: !override ['90:90'], environment: {A: !reset null}, command: !reset, user: !reset null}}\n",
    );
    let web = &project.services["web"];
    assert_eq!(web.ports.len(), 1);
    assert_eq!(web.environment.keys().collect::<Vec<_>>(), ["B"]);
    assert!(web.command.is_none() && web.user.is_none());
    assert!(!web.fields.iter().any(|f| f.path.starts_with("command")));
}

#[test]
fn documents_of_one_file_merge() {
    let project = project(&[(
        "compose.yaml",
        "services: {a: {image: x}}\n---\nservices: {a: {command: y}, b: {image: z}}\n",
    )]);
    assert_eq!(project.services.len(), 2);
    assert!(project.services["a"].command.is_some());
}

#[test]
fn extends_takes_the_base_first() {
    let project = project(&[
        (
            "compose.yaml",
            "services:\n  web:\n    extends: {file: common/base.yaml, service: base}\n    ports: ['81:81']\n    environment: {B: 2}\n    build: !reset null\n    image: x\n",
        ),
        (
            "common/base.yaml",
            "services:\n  base:\n    extends: root\n    ports: ['80:80']\n    volumes: ['./data:/data', '/abs:/abs']\n    env_file: base.env\n    build: {context: ..}\n    environment: [A=1, B=1]\n  root: {command: r, labels: {a: b}}\n",
        ),
        ("common/base.env", "E=5\n"),
        ("common/data/x.txt", "hello"),
    ]);
    let web = &project.services["web"];
    assert_eq!(web.ports.iter().map(|p| p.target).collect::<Vec<_>>(), [80, 81]);
    assert_eq!(web.environment["B"].value.as_deref(), Some("2"));
    assert_eq!(web.environment["E"].origin, EnvOrigin::File("./common/base.env".to_owned()));
    assert_eq!(web.command.as_ref().unwrap().value, ["r"]);
    assert!(web.build.is_none());
    assert!(web.fields.iter().any(|f| f.path == "extends.file"));
    let MountKind::Bind { source, facts } = &web.mounts[0].kind else { panic!("a bind") };
    assert_eq!(source, "./common/data");
    assert!(
        matches!(facts, model::project::BindSource::Directory { files, .. } if files.contains_key("x.txt"))
    );
}

#[test]
fn include_keeps_paths_and_variables_apart() {
    let project = project(&[
        (
            "compose.yaml",
            "include:\n  - sub/compose.yaml\n  - {path: [other/a.yaml, other/b.yaml], project_directory: ., env_file: my.env}\nservices:\n  web: {image: 'web:${TAG:-none}', depends_on: [db, cache]}\n",
        ),
        (".env", "OUTER=o\n"),
        ("my.env", "CACHE=redis\n"),
        (
            "sub/compose.yaml",
            "name: sub\nservices:\n  db: {image: 'db:${TAG}-${OUTER}', volumes: ['./d:/d', 'v:/v']}\nvolumes: {v: {}}\nsecrets: {s: {file: s.txt}}\n",
        ),
        ("sub/.env", "TAG=7\nOUTER=never\n"),
        ("sub/s.txt", "x"),
        ("other/a.yaml", "services: {cache: {image: '${CACHE}', volumes: ['./c:/c']}}\n"),
        ("other/b.yaml", "services: {cache: {command: x}}\n"),
    ]);
    assert_eq!(project.services["db"].image.as_ref().unwrap().value, "db:7-o");
    assert_eq!(project.services["web"].image.as_ref().unwrap().value, "web:none");
    assert_eq!(project.services["cache"].image.as_ref().unwrap().value, "redis");
    assert!(project.services["cache"].command.is_some());
    let source = |service: &str| match &project.services[service].mounts[0].kind {
        MountKind::Bind { source, .. } => source.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((source("db").as_str(), source("cache").as_str()), ("./sub/d", "./c"));
    assert_eq!(project.secrets["s"].file.as_ref().unwrap().value, "./sub/s.txt");
    assert!(project.fields.iter().any(|f| f.path == "include"));
}

#[test]
fn what_both_define_is_the_includers() {
    let loaded = load_files(&[
        ("compose.yaml", "include: [b.yaml]\nservices: {web: {image: mine}}\n"),
        ("b.yaml", "services: {web: {image: theirs, user: u}}\n"),
    ]);
    assert_eq!(codes(&loaded, Severity::Warning), ["include-conflict"]);
    let project = loaded.project.unwrap();
    assert_eq!(project.services["web"].image.as_ref().unwrap().value, "mine");
}

fn with_profiles(text: &str, profiles: &[&str]) -> Loaded {
    let profiles = profiles.iter().map(|p| (*p).to_owned()).collect::<BTreeSet<_>>();
    load_with(&[("compose.yaml", text)], &Request { profiles, ..Request::file("compose.yaml") })
}

#[test]
fn profiles_bring_services_in() {
    let text = "services: {a: {image: x}, b: {image: y, profiles: [dev, test]}, c: {image: z, profiles: prod}}\n";
    let names = |profiles: &[&str]| -> Vec<String> {
        with_profiles(text, profiles).project.unwrap().services.into_keys().collect()
    };
    assert_eq!(names(&[]), ["a"]);
    assert_eq!(names(&["test"]), ["a", "b"]);
    assert_eq!(names(&["*"]), ["a", "b", "c"]);
    let optional = "services: {a: {image: x, depends_on: {b: {condition: service_started, required: false}}}, b: {image: y, profiles: [p]}}\n";
    assert!(with_profiles(optional, &[]).project.is_some());
}

#[test]
fn variables_come_from_the_environment_before_env_files() {
    let request = Request {
        environment: [("A".to_owned(), "env".to_owned()), ("BARE".to_owned(), "b".to_owned())]
            .into(),
        project_name: Some("asked".to_owned()),
        ..Request::file("compose.yaml")
    };
    let files = [
        (
            "compose.yaml",
            "name: said\nservices:\n  web:\n    image: $A-$B-$COMPOSE_PROJECT_NAME\n    env_file: [one.env, {path: two.env, required: false}, {path: raw.env, format: raw}, {path: none.env, required: false}]\n    environment: [BARE, NOWHERE, \"D=$$x\", \"E=${B}\"]\n",
        ),
        (".env", "A=file\nB=file\n"),
        ("one.env", "K=1\nL=${B}\nD=never\n"),
        ("two.env", "K='2'\n"),
        ("raw.env", "R=\"$B\"\n"),
    ];
    let loaded = load_with(&files, &request);
    assert!(loaded.diagnostics.is_empty(), "{}", common::rendered(&loaded));
    let project = loaded.project.unwrap();
    assert_eq!(project.name, "asked");
    let web = &project.services["web"];
    assert_eq!(web.image.as_ref().unwrap().value, "env-file-asked");
    let env: Vec<_> = web
        .environment
        .iter()
        .map(|(k, v)| (k.as_str(), v.value.as_deref(), v.interpolated))
        .collect();
    assert_eq!(
        env,
        [
            ("BARE", Some("b"), false),
            ("D", Some("$x"), false),
            ("E", Some("file"), true),
            ("K", Some("2"), false),
            ("L", Some("file"), false),
            ("NOWHERE", None, false),
            ("R", Some("\"$B\""), false),
        ]
    );
    assert_eq!(
        web.env_files.iter().map(|f| (f.found, f.required)).collect::<Vec<_>>(),
        [(true, true), (true, false), (true, true), (false, false)]
    );
}

#[test]
fn the_old_layout_is_read() {
    let loaded = load_files(&[
        (
            "compose.yaml",
            "web:\n  build: .\n  links: [db]\n  net: bridge\n  mem_limit: 128m\ndb:\n  image: mysql\n  volumes: ['data:/var/lib/mysql']\n",
        ),
        ("Dockerfile", "FROM x\nEXPOSE 80\n"),
    ]);
    assert_eq!(codes(&loaded, Severity::Warning), ["compose-v1"]);
    let project = loaded.project.unwrap();
    assert!(project.volumes.contains_key("data"));
    assert_eq!(
        project.services["web"].build.as_ref().unwrap().facts.as_ref().unwrap().expose[0].0,
        80
    );
    assert_eq!(project.services["web"].network_mode.as_ref().unwrap().value, "bridge");
}

#[test]
fn the_order_of_the_file_does_not_matter() {
    let a = "services: {a: {image: x, cpus: 1, deploy: {replicas: 2}, labels: {q: r}}, b: {image: y}}\n";
    let b = "services: {b: {image: y}, a: {labels: {q: r}, deploy: {replicas: 2}, cpus: 1, image: x}}\n";
    let strip = |text: &str| {
        let project = project(&[("compose.yaml", text)]);
        let services = project.services.into_values();
        services
            .map(|s| {
                (
                    s.name,
                    s.image.map(|i| i.value),
                    s.deploy.replicas.map(|r| r.value),
                    s.labels.into_keys().collect::<Vec<_>>(),
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(strip(a), strip(b));
}

#[test]
fn only_the_project_is_read() {
    let loaded = load_with(
        &[
            (
                "p/compose.yaml",
                "services:\n  web:\n    image: x\n    volumes: ['../out:/o', '/etc/passwd:/e', '~/k:/k', './in.txt:/i', './none:/n']\nsecrets: {s: {file: ../secret}}\n",
            ),
            ("out/x", "1"),
            ("secret", "2"),
            ("etc/passwd", "3"),
            ("p/in.txt", "4"),
        ],
        &Request::file("p/compose.yaml"),
    );
    let project = loaded.project.unwrap();
    let facts: Vec<String> = project.services["web"]
        .mounts
        .iter()
        .map(|m| match &m.kind {
            MountKind::Bind { facts, .. } => {
                format!("{facts:?}").split(['(', ' ']).next().unwrap_or_default().to_owned()
            }
            _ => String::new(),
        })
        .collect();
    assert_eq!(facts, ["Host", "Host", "Host", "File", "Missing"]);
    assert!(project.secrets["s"].content.is_none());
    assert_eq!(project.name, "p");
}

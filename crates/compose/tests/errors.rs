//! Typical mistakes, and what the loader says about them.

mod common;

use common::{load_files, rendered};
use std::fmt::Write;

/// Name, and the files from `compose.yaml` on.
const MISTAKES: &[(&str, &[(&str, &str)])] = &[
    (
        "typing error in a key",
        &[("compose.yaml", "services:\n  web:\n    imgae: nginx\n    prots:\n      - 80:80\n")],
    ),
    (
        "undefined dependency",
        &[(
            "compose.yaml",
            "services:\n  web:\n    image: x\n    depends_on:\n      - databse\n  database:\n    image: y\n",
        )],
    ),
    (
        "circle",
        &[(
            "compose.yaml",
            "services:\n  a:\n    image: x\n    depends_on: [b]\n  b:\n    image: x\n    links: [c]\n  c:\n    image: x\n    network_mode: service:a\n",
        )],
    ),
    (
        "undeclared volume",
        &[(
            "compose.yaml",
            "services:\n  db:\n    image: x\n    volumes:\n      - dbdata:/var/lib/mysql\n",
        )],
    ),
    (
        "undeclared network",
        &[(
            "compose.yaml",
            "services:\n  db:\n    image: x\n    networks: [frnt]\nnetworks:\n  front:\n",
        )],
    ),
    (
        "undeclared secret",
        &[("compose.yaml", "services:\n  db:\n    image: x\n    secrets:\n      - source: pw\n")],
    ),
    (
        "bad port",
        &[(
            "compose.yaml",
            "services:\n  web:\n    image: x\n    ports:\n      - \"80:http\"\n      - 70000\n      - \"3000-3002:4000-4005\"\n",
        )],
    ),
    (
        "port without its variable",
        &[("compose.yaml", "services:\n  web:\n    image: x\n    ports:\n      - \"${PORT}\"\n")],
    ),
    (
        "required variable",
        &[("compose.yaml", "services:\n  web:\n    image: x:${TAG:?choose a release}\n")],
    ),
    ("services is a list", &[("compose.yaml", "services:\n  - web\n")]),
    ("no services", &[("compose.yaml", "service:\n  web:\n    image: x\n")]),
    ("empty", &[("compose.yaml", "# nothing\n")]),
    ("not a mapping", &[("compose.yaml", "- a\n")]),
    ("missing file", &[]),
    (
        "extends nothing",
        &[("compose.yaml", "services:\n  web:\n    extends: bse\n  base:\n    image: x\n")],
    ),
    (
        "extends circle",
        &[(
            "compose.yaml",
            "services:\n  a:\n    extends: b\n  b:\n    extends:\n      service: a\n      file: compose.yaml\n",
        )],
    ),
    (
        "include circle",
        &[
            ("compose.yaml", "include: [sub/a.yaml]\n"),
            ("sub/a.yaml", "include:\n  - ../compose.yaml\n"),
        ],
    ),
    ("include of nothing", &[("compose.yaml", "include:\n  - sub/none.yaml\n")]),
    (
        "inactive dependency",
        &[(
            "compose.yaml",
            "services:\n  web:\n    image: x\n    depends_on: [debug]\n  debug:\n    image: y\n    profiles: [dev]\n",
        )],
    ),
    (
        "intent with a typing error",
        &[(
            "compose.yaml",
            "services:\n  web:\n    image: x\n    x-muster:\n      scale: {min: 2, maxx: 5}\n      kind: deploymnt\n",
        )],
    ),
    (
        "intent that contradicts itself",
        &[(
            "compose.yaml",
            "services:\n  web:\n    image: x\n    x-muster:\n      kind: cronjob\n      scale: {min: 5, max: 2}\n",
        )],
    ),
    (
        "wrong types",
        &[(
            "compose.yaml",
            "version: '3'\nservices:\n  web:\n    image: x\n    restart: sometimes\n    mem_limit: lots\n    healthcheck:\n      test: [curl, localhost]\n      interval: soon\n    privileged: [yes]\n",
        )],
    ),
    (
        "env files",
        &[
            (
                "compose.yaml",
                "services:\n  web:\n    image: x\n    env_file:\n      - app.env\n      - bad.env\n",
            ),
            ("bad.env", "A=1\nno line\n"),
        ],
    ),
    (
        "bad mount",
        &[(
            "compose.yaml",
            "services:\n  web:\n    image: x\n    volumes:\n      - a:b:c:d\n      - type: bund\n        target: /x\n",
        )],
    ),
    (
        "not UTF-8 as text",
        &[
            ("compose.yaml", "services: {web: {image: x, build: {context: web, target: prd}}}\n"),
            ("web/Dockerfile", "FROM x AS prod\n"),
        ],
    ),
];

#[test]
fn messages_say_what_to_do() {
    let mut out = String::new();
    for (name, files) in MISTAKES {
        let loaded = load_files(files);
        let verdict = if loaded.project.is_some() { "loads" } else { "is refused" };
        writeln!(out, "# {name}: {verdict}\n\n{}\n", rendered(&loaded)).unwrap();
    }
    insta::assert_snapshot!(out);
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let files = compose::MemoryFiles::new([("compose.yaml", vec![0xff, 0xfe, 0x00])]);
    let loaded = compose::load(&compose::Request::file("compose.yaml"), &files);
    assert!(loaded.project.is_none());
    assert_eq!(loaded.diagnostics[0].code, "unreadable-file");
}

#[test]
fn every_message_has_a_hint_and_a_place() {
    for (name, files) in MISTAKES {
        let loaded = load_files(files);
        assert!(!loaded.diagnostics.is_empty(), "{name}");
        for diagnostic in &loaded.diagnostics {
            assert!(diagnostic.hint.is_some(), "{name}: {diagnostic:?}");
            assert!(diagnostic.span.start.line > 0, "{name}: {diagnostic:?}");
        }
    }
}

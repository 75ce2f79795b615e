//! No input makes the loader panic, hang or eat the machine.

mod common;

use common::load_files;
use compose::{MemoryFiles, Request, load};
use proptest::prelude::*;
use std::fmt::Write;

/// Loads hostile files and gives the code of the first error. How long that takes, and with how much
/// memory, `cargo xtask bench hostile` measures.
fn refused(files: &[(&str, &str)]) -> &'static str {
    let loaded = load_files(files);
    assert!(loaded.project.is_none());
    let error = loaded.diagnostics.iter().find(|d| d.severity == yaml::Severity::Error);
    error.expect("a refused project has an error").code
}

#[test]
fn bombs_are_refused() {
    let mut yaml = "x-a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        writeln!(yaml, "x-a{n}: &a{n} [{}]", vec![format!("*a{}", n - 1); 9].join(", ")).unwrap();
    }
    assert_eq!(refused(&[("compose.yaml", &yaml)]), "yaml-too-large");
    assert_eq!(refused(&[("compose.yaml", &"a: b\n".repeat(2 << 20))]), "unreadable-file");
    let mut env = "A0=xxxxxxxxxx\n".to_owned();
    for n in 1..30 {
        writeln!(env, "A{n}={}", format!("${{A{}}}", n - 1).repeat(10)).unwrap();
    }
    let text =
        format!("services: {{web: {{image: x, command: [{}]}}}}\n", vec!["$A29"; 500].join(", "));
    assert_eq!(refused(&[("compose.yaml", &text), (".env", &env)]), "too-large");
    let ports: Vec<String> = (0..1000).map(|n| format!("'10.0.0.{n}::1-65535'")).collect();
    let ports = format!("services: {{web: {{image: x, ports: [{}]}}}}\n", ports.join(", "));
    assert_eq!(refused(&[("compose.yaml", &ports)]), "too-large");
}

#[test]
fn wide_extends_and_includes_are_refused() {
    let mut text = "services:\n  base: {image: x, environment: {".to_owned();
    for n in 0..5000 {
        write!(text, "K{n}: 1, ").unwrap();
    }
    text.push_str("}}\n");
    for n in 0..5000 {
        writeln!(text, "  s{n}: {{extends: base}}").unwrap();
    }
    assert_eq!(refused(&[("compose.yaml", &text)]), "too-large");
    let mut chain = "services:\n  s0: {image: x}\n".to_owned();
    for n in 1..5000 {
        writeln!(chain, "  s{n}: {{extends: s{}}}", n - 1).unwrap();
    }
    let loaded = load_files(&[("compose.yaml", &chain)]);
    assert!(loaded.diagnostics.iter().all(|d| d.code == "too-large"));
    let files: Vec<(String, String)> = (0..40)
        .map(|n| (format!("f{n}.yaml"), format!("include: [f{}.yaml, f{}.yaml]\n", n + 1, n + 1)))
        .chain([("compose.yaml".to_owned(), "include: [f0.yaml]\n".to_owned())])
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    assert_eq!(refused(&files), "too-large");
}

#[test]
fn long_chains_of_services_are_fine() {
    let mut text = "services:\n  s0: {image: x}\n".to_owned();
    for n in 1..5000 {
        writeln!(text, "  s{n}: {{image: x, depends_on: [s{}]}}", n - 1).unwrap();
    }
    assert!(load_files(&[("compose.yaml", &text)]).project.is_some());
    text.push_str("  t: {image: x, depends_on: [t]}\n");
    assert_eq!(refused(&[("compose.yaml", &text)]), "dependency-cycle");
}

const SEEDS: [&str; 4] = [
    include_str!("../fuzz/seeds/wide.yaml"),
    include_str!("../fuzz/seeds/files.yaml"),
    include_str!("../fuzz/seeds/v1.yaml"),
    include_str!("../fuzz/seeds/cycles.yaml"),
];

const PIECES: [&str; 24] = [
    "null",
    "[]",
    "{}",
    "''",
    "- ",
    ": ",
    "\n",
    "${A",
    "${A:-",
    "$$",
    "&a ",
    "*a",
    "<<: ",
    "!reset ",
    "!override []",
    "-1",
    "999999999999",
    "1e9",
    "é",
    "\t",
    "\"",
    "'",
    "x-muster: {a: b}",
    "extends: web",
];

/// A seed with pieces put in, cut out and swapped.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0..40_usize, 0..PIECES.len());
    (0..SEEDS.len(), prop::collection::vec(edit, 1..8)).prop_map(|(seed, edits)| {
        let mut text: Vec<char> = SEEDS[seed].chars().collect();
        for (at, cut, piece) in edits {
            if text.is_empty() {
                break;
            }
            let at = at.index(text.len());
            let end = (at + cut).min(text.len());
            text.splice(at..end, PIECES[piece].chars());
        }
        text.into_iter().collect()
    })
}

/// The parts of a seed: `compose.yaml`, then files below `%%% name` lines.
fn split(text: &str) -> MemoryFiles {
    let mut parts = text.split("%%% ");
    let first = ("compose.yaml".to_owned(), parts.next().unwrap_or_default().to_owned());
    let others = parts.filter_map(|part| {
        let (name, body) = part.split_once('\n')?;
        Some((name.trim().to_owned(), body.to_owned()))
    });
    MemoryFiles::new([first].into_iter().chain(others))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files_are_loaded_or_refused(text in mutated()) {
        let files = split(&text);
        let loaded = load(&Request::file("compose.yaml"), &files);
        for diagnostic in &loaded.diagnostics {
            prop_assert!(!diagnostic.render(&loaded.sources).is_empty());
        }
        let errors = loaded.diagnostics.iter().any(|d| d.severity == yaml::Severity::Error);
        prop_assert_eq!(loaded.project.is_none(), errors);
        let again = load(&Request::file("compose.yaml"), &files);
        prop_assert_eq!(loaded.project, again.project);
        prop_assert_eq!(loaded.diagnostics, again.diagnostics);
    }
}

#[test]
fn the_seeds_load_as_they_should() {
    let loads = |seed: &str| load(&Request::file("compose.yaml"), &split(seed)).project.is_some();
    assert_eq!(SEEDS.map(loads), [true, true, true, false]);
}

/// What is long must not take quadratic time: everything here is at the limit of nodes.
#[test]
fn long_files_take_linear_time() {
    let many = |item: &dyn Fn(usize) -> String, count: usize| -> String {
        (0..count).map(item).collect::<Vec<_>>().join(", ")
    };
    let service = |body: String| format!("services: {{web: {{image: x, {body}}}}}\n");
    let texts = [
        service(format!("volumes: [{}]", many(&|n| format!("v{n}:/t{n}"), 90_000))),
        service(format!("tmpfs: [{}]", many(&|n| format!("/t{n}"), 90_000))),
        service(format!("depends_on: [{}]", many(&|n| format!("s{n}"), 90_000))),
        service(many(&|n| format!("unknown{n}: 1"), 90_000)),
        service(format!("environment: [{}]", many(&|n| format!("K{n}=1"), 90_000))),
        format!(
            "services: {{base: {{image: x}}, {}}}\n",
            many(&|n| format!("s{n}: {{extends: base}}"), 40_000)
        ),
        format!("services: {{{}}}\n", many(&|n| format!("s{n}: {{extends: none}}"), 60_000)),
        format!("x: [{}]\n", "'${', ".repeat(90_000)),
    ];
    for text in &texts {
        let _ = load_files(&[("compose.yaml", text)]);
    }
}

#[test]
fn shared_files_and_long_texts_are_bounded() {
    let services = |body: &str| -> String {
        (0..5000).map(|n| format!("  s{n}: {{image: x, {body}}}\n")).collect::<Vec<_>>().concat()
    };
    let env: String = (0..20_000).map(|n| format!("K{n}={n}\n")).collect::<Vec<_>>().concat();
    let text = format!("services:\n{}", services("env_file: big.env"));
    assert_eq!(refused(&[("compose.yaml", &text), ("big.env", &env)]), "too-large");
    let long = "x".repeat(1 << 20);
    let text = format!(
        "services:\n  base: {{image: x, command: '{long}'}}\n{}",
        services("extends: base")
    );
    assert_eq!(refused(&[("compose.yaml", &text)]), "too-large");
    let missing = (0..20_000).map(|n| format!("n{n}.yaml")).collect::<Vec<_>>().join(", ");
    let text = format!("include: [{missing}]\n");
    assert_eq!(refused(&[("compose.yaml", &text), (".env", &env)]), "missing-file");
}

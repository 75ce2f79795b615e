//! How soon the release binary refuses files that want to hurt, held to 200 MB of memory.

use crate::shell::{cargo, root, run as execute, say};
use anyhow::{Context, Result, bail};
use std::fmt::Write;
use std::process::Command;
use std::time::Instant;

/// What the process may map, in KiB.
const MEMORY_KIB: u32 = 200 * 1000;

/// The exit code for wrong input.
const REFUSED: i32 = 2;

pub(super) fn run() -> Result<()> {
    execute(cargo().args(["build", "--release", "--package", "cli", "--locked", "--quiet"]))?;
    let folder = root().join("target/hostile");
    std::fs::create_dir_all(&folder)?;
    say(&format!("each file must be refused (exit {REFUSED}) within {MEMORY_KIB} KiB"));
    let mut accepted = Vec::new();
    for (name, text) in cases() {
        let file = folder.join(format!("{name}.yaml"));
        std::fs::write(&file, &text).with_context(|| format!("cannot write {name}"))?;
        let binary = root().join("target/release/muster");
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit -v {MEMORY_KIB}; exec \"$0\" plan \"$1\""));
        let start = Instant::now();
        let output = command.arg(binary).arg(&file).output().context("cannot run sh")?;
        let (took, code) = (start.elapsed(), output.status.code());
        let size = text.len() / 1024;
        println!("{name:<16} {size:>6} KiB  {:>6} ms  exit {code:?}", took.as_millis());
        if code != Some(REFUSED) {
            accepted.push(name);
        }
    }
    if !accepted.is_empty() {
        bail!("not refused: {}", accepted.join(", "));
    }
    Ok(())
}

/// Names and texts.
fn cases() -> Vec<(&'static str, String)> {
    let line = "  web: { image: nginx }\n";
    let many = |count: usize, item: &dyn Fn(usize) -> String| {
        (0..count).map(item).collect::<Vec<_>>().join(", ")
    };
    vec![
        ("ten-megabytes", format!("services:\n{}", line.repeat((10 << 20) / line.len()))),
        ("aliases", aliases()),
        ("nesting", format!("services: {}", "[".repeat(200_000))),
        ("extends-circle", "services: {a: {extends: b, image: x}, b: {extends: a}}\n".to_owned()),
        ("include-circle", "include: [include-circle.yaml]\n".to_owned()),
        ("depends-circle", circle()),
        (
            "unknown-keys",
            format!("services: {{a: {{{}}}}}\n", many(90_000, &|n| format!("k{n}: 1"))),
        ),
        (
            "undeclared",
            format!(
                "services: {{a: {{image: x, volumes: [{}]}}}}\n",
                many(60_000, &|n| format!("v{n}:/t{n}"))
            ),
        ),
        (
            "all-ports",
            format!(
                "services: {{a: {{image: x, ports: [{}]}}}}\n",
                many(900, &|n| format!("'10.0.0.{n}::1-65535'"))
            ),
        ),
    ]
}

/// Ten times as many nodes on each level.
fn aliases() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..9 {
        let last = vec![format!("*a{}", n - 1); 10].join(", ");
        writeln!(text, "a{n}: &a{n} [{last}]").expect("a string takes any text");
    }
    text
}

/// A thousand services, each after the next, the last after the first.
fn circle() -> String {
    let service = |n: usize| format!("  s{n}: {{ image: x, depends_on: [s{}] }}\n", (n + 1) % 1000);
    format!("services:\n{}", (0..1000).map(service).collect::<String>())
}

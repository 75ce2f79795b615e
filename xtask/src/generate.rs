//! `cargo xtask gen`: references that are written from the code, so that they cannot lie.

mod command_line;

use crate::shell::{root, say};
use anyhow::{Context, Result, bail};
use std::fmt::Write;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Write nothing; fail if a file is stale
    #[arg(long)]
    check: bool,
}

/// A generated file.
struct Reference {
    path: &'static str,
    write: fn() -> Result<String>,
}

const REFERENCES: &[Reference] = &[
    Reference { path: "docs/cli.md", write: || Ok(command_line::reference()) },
    Reference { path: "docs/images.md", write: || Ok(catalog::markdown()) },
    Reference { path: "docs/rules.md", write: || Ok(rules()) },
    Reference { path: "docs/images/shop.svg", write: shop },
];

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.check {
        let stale = drift();
        if !stale.is_empty() {
            bail!("{}", stale.join("\n"));
        }
        say("generated files are current");
        return Ok(());
    }
    for reference in REFERENCES {
        let path = root().join(reference.path);
        let folder = path.parent().context("a reference lies in a folder")?;
        std::fs::create_dir_all(folder)?;
        std::fs::write(&path, (reference.write)()?)
            .with_context(|| format!("cannot write {}", reference.path))?;
        say(&format!("wrote {}", reference.path));
    }
    Ok(())
}

/// One complaint for each file that is not what the code says now.
pub(crate) fn drift() -> Vec<String> {
    let mut stale = Vec::new();
    for reference in REFERENCES {
        let there = std::fs::read_to_string(root().join(reference.path)).unwrap_or_default();
        match (reference.write)() {
            Ok(now) if now == there => {}
            Ok(_) => stale.push(format!("{} is stale: run `cargo xtask gen`", reference.path)),
            Err(error) => stale.push(format!("{}: {error:#}", reference.path)),
        }
    }
    stale
}

/// The picture of the example product.
fn shop() -> Result<String> {
    let file = root().join("examples/shop/compose.yaml");
    cli::diagram(&file).context("cannot draw examples/shop")
}

const NOTICE: &str = "<!-- Written by `cargo xtask gen`; edit the code instead. -->\n\n";

fn rules() -> String {
    let rules = check::rules();
    let mut text = format!(
        "{NOTICE}# Rules of `muster check`\n\nAn annotation waives a rule for its object and says why: \
         `muster.dev/waive-RULE: reason`, or\n`checkov.io/skip1: CKV_K8S_8=reason`, which checkov \
         reads too.\n\n\
         | Rule | Name | Severity | What it finds | checkov |\n|---|---|---|---|---|\n"
    );
    for rule in rules {
        let (id, name, severity) = (rule.id, rule.name, severity(rule.severity));
        let (summary, checkov) = (cell(rule.summary), rule.checkov.join(" "));
        writeln!(
            text,
            "| [{id}](#{anchor}) | {name} | {severity} | {summary} | {checkov} |",
            anchor = id.to_lowercase()
        )
        .expect("a string takes any text");
    }
    for rule in rules {
        let (id, rationale) = (rule.id, rule.rationale);
        writeln!(text, "\n### {id}\n\n**{}.** {rationale}", rule.summary.trim_end_matches('.'))
            .expect("a string takes any text");
    }
    text
}

fn severity(severity: check::Severity) -> &'static str {
    match severity {
        check::Severity::Error => "error",
        check::Severity::Warning => "warning",
        check::Severity::Info => "note",
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cells_keep_their_bars() {
        assert_eq!(cell("a | b"), "a \\| b");
    }

    #[test]
    fn every_rule_has_a_section() {
        let text = super::rules();
        for rule in check::rules() {
            assert!(text.contains(&format!("### {}\n", rule.id)), "{}", rule.id);
        }
    }
}

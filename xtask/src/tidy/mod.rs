//! `cargo xtask tidy`: rules of this tree that no compiler checks.
//!
//! Every rule is a function from what lies in the tree to complaints; one complaint is enough to
//! fail. The two that are ratchets (long functions, long files) keep what is there today and refuse
//! more.

mod edges;
mod lengths;
mod links;
mod modules;
mod purity;
mod scan;
mod words;

use crate::generate;
use crate::shell::{files, root, say, shown};
use anyhow::{Context, Result, bail};
use scan::Code;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Accept the lengths of today as the new limits
    #[arg(long)]
    bless: bool,
}

/// A Rust file of the tree.
#[derive(Debug)]
struct Source {
    path: PathBuf,
    /// As messages name it: `crates/yaml/src/lib.rs`.
    name: String,
    code: Code,
}

impl Source {
    /// Tests, benchmarks, examples and fuzz targets have more freedom.
    fn is_test(&self) -> bool {
        let inside = ["/tests/", "/benches/", "/examples/", "/fuzz/"];
        inside.iter().any(|part| self.name.contains(part)) || self.name.ends_with("/tests.rs")
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let sources = sources()?;
    let mut failed = 0;
    let mut judge = |rule: &str, complaints: Vec<String>| {
        let verdict = if complaints.is_empty() { "ok" } else { "FAILED" };
        say(&format!("tidy: {rule}: {verdict}"));
        for complaint in &complaints {
            println!("  {complaint}");
        }
        failed += usize::from(!complaints.is_empty());
    };
    judge("allowed edges between crates", edges::check()?);
    judge("decision crates are pure", purity::check(&sources));
    judge("no dead files", modules::check(&sources));
    judge("long functions", lengths::functions(&sources, arguments.bless)?);
    judge("long files", lengths::files(&sources, arguments.bless)?);
    judge("banned words", words::check(&sources));
    judge("links in documents", links::check()?);
    judge("generated files", generate::drift());
    if failed > 0 {
        bail!("{failed} rules of the tree are broken");
    }
    Ok(())
}

fn sources() -> Result<Vec<Source>> {
    let is_rust = |path: &Path| path.extension().is_some_and(|ending| ending == "rs");
    ["crates", "xtask"]
        .iter()
        .flat_map(|folder| files(&root().join(folder), &is_rust))
        .map(|path| {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            Ok(Source { name: shown(&path), code: Code::new(&text), path })
        })
        .collect()
}

#[cfg(test)]
fn source(name: &str, text: &str) -> Source {
    Source { path: PathBuf::from(name), name: name.to_owned(), code: Code::new(text) }
}

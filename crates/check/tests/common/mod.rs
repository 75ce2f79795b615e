//! Reading YAML for the tests.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};

use check::{Finding, Options};
use yaml::{FileId, Limits, Node, Sources};

/// Files that were read, and what they said.
pub(crate) struct Loaded {
    /// Names and texts.
    pub(crate) sources: Sources,
    /// Trees.
    pub(crate) files: Vec<(FileId, Vec<Node>)>,
}

impl Loaded {
    /// Reads texts under names.
    pub(crate) fn texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut loaded = Self { sources: Sources::default(), files: Vec::new() };
        for (name, text) in texts {
            let id = loaded.sources.add(name, text);
            let nodes = yaml::parse_all(text, id, Limits::default())
                .unwrap_or_else(|e| panic!("{}", e.render(&loaded.sources)));
            loaded.files.push((id, nodes));
        }
        loaded
    }

    /// Reads one file.
    pub(crate) fn file(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("the file can be read");
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        Self::texts([(name.as_str(), text.as_str())])
    }

    /// Judges what was read.
    pub(crate) fn check(&self) -> Vec<Finding> {
        check::check(&self.files, &Options::default())
    }

    /// Judges what was read, as text.
    pub(crate) fn render(&self) -> String {
        self.check().iter().map(|f| render(f, &self.sources)).collect()
    }
}

/// One finding as text.
pub(crate) fn render(finding: &Finding, sources: &Sources) -> String {
    let mut out = format!(
        "{:?} {} {} {} at {}\n  {}: {}\n",
        finding.severity,
        finding.rule.id,
        finding.rule.name,
        finding.object,
        sources.location(finding.span),
        finding.path,
        finding.message,
    );
    for line in finding.fix.lines() {
        out.push_str("    ");
        out.push_str(line);
        out.push('\n');
    }
    if let Some(reason) = &finding.waived {
        out.push_str("  waived: ");
        out.push_str(reason);
        out.push('\n');
    }
    out
}

/// Where the fixtures are.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Every fixture, sorted by name.
pub(crate) fn fixture_paths() -> Vec<PathBuf> {
    let entries = fs::read_dir(fixtures()).expect("the fixtures are there");
    let mut paths: Vec<_> = entries.map(|e| e.expect("an entry can be read").path()).collect();
    paths.sort();
    paths
}

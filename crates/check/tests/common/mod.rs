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
        Self::try_texts(texts).unwrap_or_else(|e| panic!("{e}"))
    }

    fn try_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, String> {
        let mut loaded = Self { sources: Sources::default(), files: Vec::new() };
        for (name, text) in texts {
            let id = loaded.sources.add(name, text);
            let nodes = yaml::parse_all(text, id, Limits::default())
                .map_err(|e| e.render(&loaded.sources))?;
            loaded.files.push((id, nodes));
        }
        Ok(loaded)
    }

    /// Reads one file.
    pub(crate) fn file(path: &Path) -> Self {
        Self::try_file(path).unwrap_or_else(|e| panic!("{e}"))
    }

    /// Reads one file, or says why it cannot be read.
    pub(crate) fn try_file(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).expect("the file can be read");
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        Self::try_texts([(name.as_str(), text.as_str())])
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

/// The YAML files of a folder, sorted by name.
pub(crate) fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|e| e.expect("an entry can be read").path());
    let mut paths: Vec<_> = paths.filter(|p| p.extension().is_some_and(|e| e == "yaml")).collect();
    paths.sort();
    paths
}

/// Every fixture, sorted by name.
pub(crate) fn fixture_paths() -> Vec<PathBuf> {
    yaml_files(&fixtures())
}

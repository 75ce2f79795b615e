//! The YAML and JSON files that are to be judged.

use crate::error::Error;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use yaml::{Diagnostic, FileId, Limits, Node, Pos, Sources, Span, Value};

/// Files, read as far as they can be.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    pub(crate) sources: Sources,
    pub(crate) files: Vec<(FileId, Vec<Node>)>,
    /// What is wrong with files that cannot be judged.
    pub(crate) broken: Vec<Diagnostic>,
    /// Files that hold no Kubernetes objects and only happen to lie in a directory.
    pub(crate) skipped: usize,
}

/// More files are no set of manifests but a mistaken path.
const MOST_FILES: usize = 5000;
/// Deeper directories are not looked into.
const DEEPEST: usize = 16;

/// What all files together may cost: repositories of manifests are far below.
const BUDGET: Budget = Budget { bytes: 32 << 20, nodes: 1_000_000 };
/// The largest file: what a large chart renders to, with its custom resource definitions.
const LARGEST: usize = 8 << 20;

#[derive(Clone, Copy, Debug)]
struct Budget {
    bytes: usize,
    nodes: usize,
}

/// A file to be read.
#[derive(Debug)]
struct Found {
    path: PathBuf,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// It was asked for.
    Named,
    /// It lies below a directory that was asked for, beside manifests and other things.
    Met,
}

/// Reads files, and those below directories, in a stable order. Without any, this directory.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Manifests, Error> {
    let mut found = Vec::new();
    for path in paths {
        collect(path, &mut found)?;
    }
    if paths.is_empty() {
        walk(Path::new("."), 0, &mut found)?;
    }
    if found.is_empty() {
        return Err(Error::advised(
            "there is no file that ends in .yaml, .yml or .json",
            "name a file or directory with Kubernetes manifests, or `-` for standard input",
        ));
    }
    let mut manifests = Manifests::default();
    let mut budget = BUDGET;
    for found in &found {
        manifests.add(found, &mut budget)?;
    }
    Ok(manifests)
}

fn collect(path: &Path, found: &mut Vec<Found>) -> Result<(), Error> {
    if path == Path::new("-") {
        found.push(Found { path: path.to_owned(), how: How::Named });
        return Ok(());
    }
    let meta = fs::metadata(path).map_err(Error::disk("read", path))?;
    if meta.is_dir() {
        return walk(path, 0, found);
    }
    if !meta.is_file() {
        return Err(Error::advised(
            format!("{} is not a file", path.display()),
            "for a pipe, write `-` and redirect it to standard input",
        ));
    }
    found.push(Found { path: path.to_owned(), how: How::Named });
    Ok(())
}

/// Hidden directories and links are left out.
fn walk(dir: &Path, depth: usize, found: &mut Vec<Found>) -> Result<(), Error> {
    if dir.join("Chart.yaml").is_file() && dir.join("templates").is_dir() {
        return Err(Error::advised(
            format!("{} is a Helm chart: its templates are no YAML yet", dir.display()),
            format!("render it and judge that: helm template {} | muster check -", dir.display()),
        ));
    }
    let entries = fs::read_dir(dir).map_err(Error::disk("read the directory", dir))?;
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let Ok(kind) = entry.file_type() else { continue };
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let path = if dir == Path::new(".") { entry.file_name().into() } else { entry.path() };
        if kind.is_dir() && !hidden && depth < DEEPEST {
            walk(&path, depth + 1, found)?;
        } else if kind.is_file() && is_manifest(&path) {
            found.push(Found { path, how: How::Met });
        }
        if found.len() > MOST_FILES {
            return Err(Error::advised(
                format!("there are more than {MOST_FILES} files below {}", dir.display()),
                "name the directory that holds the manifests",
            ));
        }
    }
    Ok(())
}

fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["yaml", "yml", "json"].contains(&ending)
}

impl Manifests {
    fn add(&mut self, found: &Found, budget: &mut Budget) -> Result<(), Error> {
        let path = found.path.as_path();
        let limits = Limits { nodes: budget.nodes, bytes: LARGEST, ..Limits::default() };
        let bytes = bytes(path, limits.bytes as u64 + 1)?;
        let Some(left) = budget.bytes.checked_sub(bytes.len()) else { return Err(too_much(path)) };
        budget.bytes = left;
        let name = if path == Path::new("-") { "<stdin>".into() } else { path.to_string_lossy() };
        let Ok(text) = String::from_utf8(bytes) else {
            let file = self.sources.add(name, "");
            self.broken.push(
                Diagnostic::error("not-text", "the file is no UTF-8 text", top(file))
                    .hint("Kubernetes reads UTF-8 only; save it as such"),
            );
            return Ok(());
        };
        let file = self.sources.add(name, text);
        match yaml::parse_all(self.sources.text(file), file, limits) {
            Ok(documents) => {
                budget.nodes = budget.nodes.saturating_sub(documents.iter().map(size).sum());
                self.keep(file, documents, found.how);
            }
            Err(diagnostic) => {
                let template = self.sources.text(file).contains("{{");
                self.broken.push(if template { rendered_first(diagnostic) } else { diagnostic });
            }
        }
        Ok(())
    }

    fn keep(&mut self, file: FileId, documents: Vec<Node>, how: How) {
        let (objects, others): (Vec<_>, Vec<_>) = documents.into_iter().partition(is_object);
        let compose = others.iter().find(|other| has(other, "services"));
        match (how, compose) {
            (How::Named, Some(compose)) => self.broken.push(compose_file(compose.span)),
            (How::Named, None) => {
                let mut documents = [objects, others].concat();
                documents.sort_by_key(|document| document.span);
                self.files.push((file, documents));
            }
            (How::Met, _) if objects.is_empty() => self.skipped += 1,
            (How::Met, _) => self.files.push((file, objects)),
        }
    }
}

/// Whether a document means to be a Kubernetes object, however badly.
fn is_object(document: &Node) -> bool {
    ["kind", "metadata", "spec"].iter().any(|key| has(document, key))
}

fn has(document: &Node, key: &str) -> bool {
    document.as_map().is_some_and(|map| map.get(key).is_some())
}

fn too_much(path: &Path) -> Error {
    Error::advised(
        format!("up to {} there is more than one run judges", path.display()),
        "name fewer files at once",
    )
}

/// How many nodes a tree has, aliases expanded. Its depth is bounded by the parser.
fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::Seq(items) => items.iter().map(size).sum(),
        Value::Map(map) => map.entries.iter().map(|(_, value)| size(value)).sum(),
        _ => 0,
    }
}

fn compose_file(span: Span) -> Diagnostic {
    Diagnostic::error("compose-file", "this is a Compose file, not a manifest", span)
        .hint("plan it, and judge what comes out: muster plan FILE --out k8s/ && muster check k8s/")
}

fn rendered_first(diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.hint("this looks like a template; render it first, for example: helm template . | muster check -")
}

fn top(file: FileId) -> Span {
    Span { file, start: Pos { line: 1, column: 1 }, end: Pos { line: 1, column: 2 } }
}

/// At most `limit` bytes, so that nothing that is read can exhaust the machine.
fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(Error::disk("read", path))?;
    Ok(bytes)
}

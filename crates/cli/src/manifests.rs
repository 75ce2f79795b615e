//! The YAML and JSON files that are to be judged.

use crate::error::Error;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use yaml::{Diagnostic, FileId, Limits, Node, Pos, Sources, Span};

/// Files, read as far as they can be.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    pub(crate) sources: Sources,
    pub(crate) files: Vec<(FileId, Vec<Node>)>,
    /// What is wrong with files that are no YAML.
    pub(crate) broken: Vec<Diagnostic>,
}

/// More files are no set of manifests but a mistaken path.
const MOST_FILES: usize = 5000;
/// Deeper directories are not looked into.
const DEEPEST: usize = 16;

/// Reads files, and those below directories, in a stable order. Without any, this directory.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Manifests, Error> {
    let mut found = Vec::new();
    for path in paths {
        collect(path, &mut found)?;
    }
    if paths.is_empty() {
        walk(Path::new("."), 0, &mut found)?;
    }
    let mut manifests = Manifests::default();
    for path in &found {
        manifests.add(path)?;
    }
    if found.is_empty() {
        return Err(Error::advised(
            "there is no file that ends in .yaml, .yml or .json",
            "name a file or directory with Kubernetes manifests, or `-` for standard input",
        ));
    }
    Ok(manifests)
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    if path == Path::new("-") {
        found.push(path.to_owned());
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
    found.push(path.to_owned());
    Ok(())
}

/// Hidden directories and links are left out.
fn walk(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let entries = fs::read_dir(dir).map_err(Error::disk("read the directory", dir))?;
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let Ok(kind) = entry.file_type() else { continue };
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let path = match dir == Path::new(".") {
            true => PathBuf::from(entry.file_name()),
            false => entry.path(),
        };
        if kind.is_dir() && !hidden && depth < DEEPEST {
            walk(&path, depth + 1, found)?;
        } else if kind.is_file() && is_manifest(&path) {
            found.push(path);
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
    fn add(&mut self, path: &Path) -> Result<(), Error> {
        let limits = Limits::default();
        let bytes = bytes(path, limits.bytes as u64 + 1)?;
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
            Ok(documents) => self.files.push((file, documents)),
            Err(diagnostic) => {
                let template = self.sources.text(file).contains("{{");
                self.broken.push(if template { rendered_first(diagnostic) } else { diagnostic });
            }
        }
        Ok(())
    }
}

fn rendered_first(diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.hint("this looks like a template; render it first: helm template . | muster check -")
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

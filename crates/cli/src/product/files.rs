//! Which Compose files.

use crate::Variables;
use crate::arguments::ProjectArguments;
use crate::closest::{closest, either};
use crate::error::Error;
use compose::{DiskFiles, FileKind, Files, default_file, override_file};
use std::path::{Path, PathBuf};

/// Those of the command line, else those of `COMPOSE_FILE`, else that of this directory.
pub(super) fn named(
    arguments: &ProjectArguments,
    variables: &Variables,
) -> Result<Vec<PathBuf>, Error> {
    let named = if arguments.files.is_empty() { &arguments.file } else { &arguments.files };
    if !named.is_empty() {
        return each(named);
    }
    match variables.get("COMPOSE_FILE").filter(|files| !files.is_empty()) {
        Some(files) => each(&std::env::split_paths(files).collect::<Vec<_>>()),
        None => in_directory(Path::new("")),
    }
}

fn each(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let found: Result<Vec<_>, _> = paths.iter().map(|path| at(path)).collect();
    Ok(found?.concat())
}

/// A file, or the files of a directory.
pub(super) fn at(path: &Path) -> Result<Vec<PathBuf>, Error> {
    match DiskFiles.kind(path) {
        FileKind::Directory => in_directory(path),
        FileKind::Missing => Err(missing(path)),
        FileKind::File { .. } | FileKind::Other => Ok(vec![path.to_owned()]),
    }
}

fn in_directory(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let Some(file) = default_file(dir, &DiskFiles) else {
        let place = if dir == Path::new("") {
            "this directory".to_owned()
        } else {
            dir.display().to_string()
        };
        let names = "compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml";
        return Err(Error::advised(
            format!("there is no Compose file in {place}; looked for {names}"),
            "name one: muster plan path/to/compose.yaml",
        ));
    };
    Ok(std::iter::once(file).chain(override_file(dir, &DiskFiles)).collect())
}

fn missing(path: &Path) -> Error {
    let message = format!("there is no file {}", path.display());
    let dir = path.parent().unwrap_or(Path::new(""));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let entries = DiskFiles.list(dir);
    let names = entries.iter().filter(|entry| !entry.directory).map(|entry| entry.name.as_str());
    let close: Vec<_> = closest(&name, names)
        .into_iter()
        .map(|name| dir.join(name).display().to_string())
        .collect();
    match either(&close) {
        Some(close) => Error::advised(message, format!("did you mean {close}?")),
        None => Error::input(message),
    }
}

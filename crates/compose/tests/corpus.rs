//! Real files load. The directory is `MUSTER_CORPUS`, or the example applications if they are
//! checked out beside the repository.

use compose::{DiskFiles, Request, load};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use yaml::Severity;

fn compose_files(dir: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            compose_files(&path, found);
        } else if is_compose(&path) {
            found.push(path);
        }
    }
}

/// Overrides make no sense alone.
fn is_compose(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let ending = path.extension().unwrap_or_default();
    (ending == "yml" || ending == "yaml") && name.contains("compose") && !name.contains("override")
}

fn corpus() -> Option<PathBuf> {
    if let Some(dir) = std::env::var_os("MUSTER_CORPUS") {
        return Some(PathBuf::from(dir));
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/compose");
    beside.is_dir().then_some(beside)
}

#[test]
fn real_files_load() {
    let Some(dir) = corpus() else {
        println!("skipped: set MUSTER_CORPUS to a directory of Compose files");
        return;
    };
    let mut files = Vec::new();
    compose_files(&dir, &mut files);
    files.sort();
    let (mut failed, mut codes, mut slowest) = (0, BTreeMap::new(), Duration::ZERO);
    for path in &files {
        let start = Instant::now();
        let loaded = load(&Request::file(path), &DiskFiles);
        slowest = slowest.max(start.elapsed());
        for diagnostic in &loaded.diagnostics {
            *codes.entry((diagnostic.severity, diagnostic.code)).or_insert(0) += 1;
        }
        if loaded.project.is_none() {
            failed += 1;
        }
        let verbose = std::env::var_os("MUSTER_VERBOSE").is_some();
        let shown = loaded.diagnostics.iter().filter(|d| {
            d.severity == Severity::Error || (verbose && d.severity == Severity::Warning)
        });
        shown.for_each(|d| println!("{}\n", d.render(&loaded.sources)));
    }
    println!(
        "{} files, {} loaded, {failed} refused, slowest {slowest:?}",
        files.len(),
        files.len() - failed
    );
    println!("{codes:#?}");
    assert!(!files.is_empty(), "no Compose files below {}", dir.display());
    assert!(failed * 100 <= files.len() * 3, "{failed} of {} files do not load", files.len());
}

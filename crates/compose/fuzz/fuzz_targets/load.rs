//! Any bytes as a Compose file, beside further files: nothing may panic, hang or exhaust memory.
//!
//! The input is split at lines of `%%% name`: the first part is `compose.yaml`, the others are the
//! files that they name.

#![no_main]

use compose::{MemoryFiles, Request, load};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::path::PathBuf;

fuzz_target!(|data: &[u8]| {
    let files = MemoryFiles(split(data));
    let request = Request::file("compose.yaml");
    let loaded = load(&request, &files);
    for diagnostic in &loaded.diagnostics {
        let _ = diagnostic.render(&loaded.sources);
    }
    let errors = loaded.diagnostics.iter().any(|d| d.severity == compose::Severity::Error);
    assert_eq!(loaded.project.is_none(), errors, "a project is absent if and only if there is an error");
    let again = load(&request, &files);
    assert_eq!(loaded.project, again.project, "loading is deterministic");
});


fn split(data: &[u8]) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut name = PathBuf::from("compose.yaml");
    let mut body = Vec::new();
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_prefix(b"%%% ") {
            Some(next) => {
                let next = String::from_utf8_lossy(next).trim().to_owned();
                files.insert(std::mem::replace(&mut name, PathBuf::from(next)), std::mem::take(&mut body));
            }
            None => body.extend_from_slice(line),
        }
    }
    files.insert(name, body);
    files
}

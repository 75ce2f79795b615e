//! Projects in memory.

#![allow(dead_code, reason = "each test uses a part")]

use compose::{Loaded, MemoryFiles, Request, load};
use model::project::{Project, Service};
use yaml::Severity;

/// Loads `compose.yaml` beside other files.
pub(crate) fn load_files(files: &[(&str, &str)]) -> Loaded {
    load_with(files, &Request::file("compose.yaml"))
}

/// Loads by a request.
pub(crate) fn load_with(files: &[(&str, &str)], request: &Request) -> Loaded {
    load(request, &MemoryFiles::new(files.iter().copied()))
}

/// The project of files that load.
pub(crate) fn project(files: &[(&str, &str)]) -> Project {
    let loaded = load_files(files);
    let said = rendered(&loaded);
    loaded.project.unwrap_or_else(|| panic!("{said}"))
}

/// The service `web` with this body.
pub(crate) fn web(body: &str) -> Service {
    let indented: String = body.lines().flat_map(|line| ["    ", line, "\n"]).collect();
    let text = format!(
        "services:\n  web:\n    image: x\n{indented}  db: {{image: y}}\nvolumes: {{data: {{}}}}\n"
    );
    let mut project = project(&[("compose.yaml", &text)]);
    project.services.remove("web").expect("it was just written")
}

/// Every message.
pub(crate) fn rendered(loaded: &Loaded) -> String {
    let messages: Vec<String> =
        loaded.diagnostics.iter().map(|d| d.render(&loaded.sources)).collect();
    messages.join("\n\n")
}

/// The codes of messages of a severity.
pub(crate) fn codes(loaded: &Loaded, severity: Severity) -> Vec<&'static str> {
    loaded.diagnostics.iter().filter(|d| d.severity == severity).map(|d| d.code).collect()
}

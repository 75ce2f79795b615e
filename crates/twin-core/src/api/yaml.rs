//! Bodies in YAML.

use crate::status::Status;
use crate::tree::from_yaml;
use yaml::{Diagnostic, FileId, Limits};

/// The JSON that a text in YAML stands for.
pub(super) fn as_json(body: &[u8]) -> Result<Vec<u8>, Status> {
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error.to_string()))?;
    let read = yaml::parse(text, FileId(0), Limits::default());
    let node = read.map_err(|diagnostic| refused(&diagnostic))?;
    Ok(node.as_ref().map(from_yaml).unwrap_or_default().encoded())
}

/// Why a text is not read. Of a key that stands twice, Go says the line.
fn refused(diagnostic: &Diagnostic) -> Status {
    if diagnostic.code != "yaml-duplicate-key" {
        return malformed(&diagnostic.message);
    }
    let key = diagnostic.message.split('`').nth(1).unwrap_or_default();
    let line = diagnostic.span.start.line;
    malformed(&format!("yaml: unmarshal errors:\n  line {line}: key {key:?} already set in map"))
}

fn malformed(why: &str) -> Status {
    Status::bad_request(format!("error decoding YAML: {why}"))
}

//! Bodies in YAML.

use crate::status::Status;
use crate::tree::from_yaml;
use yaml::{FileId, Limits};

/// The JSON that a text in YAML stands for.
pub(super) fn as_json(body: &[u8]) -> Result<Vec<u8>, Status> {
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error.to_string()))?;
    let read = yaml::parse(text, FileId(0), Limits::default());
    let node = read.map_err(|diagnostic| malformed(&diagnostic.message))?;
    Ok(node.as_ref().map(from_yaml).unwrap_or_default().encoded())
}

fn malformed(why: &str) -> Status {
    Status::bad_request(format!("error decoding YAML: {why}"))
}

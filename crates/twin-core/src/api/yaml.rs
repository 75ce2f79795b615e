//! Bodies in YAML.

use crate::status::Status;
use crate::tree::{Text, Value};
use yaml::{FileId, Limits, Node};

/// The JSON that a text in YAML stands for.
pub(super) fn as_json(body: &[u8]) -> Result<Vec<u8>, Status> {
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error.to_string()))?;
    let read = yaml::parse(text, FileId(0), Limits::default());
    let node = read.map_err(|diagnostic| malformed(&diagnostic.message))?;
    Ok(node.as_ref().map(value).unwrap_or_default().encoded())
}

fn malformed(why: &str) -> Status {
    Status::bad_request(format!("error decoding YAML: {why}"))
}

fn value(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Bool(bool) => Value::Bool(*bool),
        yaml::Value::Int(int) => Value::Int(*int),
        yaml::Value::Float(float, _) => Value::Float(*float),
        yaml::Value::Str(text) => Value::text(text),
        yaml::Value::Seq(items) => items.iter().map(value).collect::<Vec<_>>().into(),
        yaml::Value::Map(map) => {
            let entries =
                map.entries.iter().map(|(key, node)| (Text::new(&key.value), value(node)));
            Value::Map(entries.collect())
        }
    }
}

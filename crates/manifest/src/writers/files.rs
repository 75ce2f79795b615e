//! Names of files.

use crate::object::Object;

/// A name that sorts in the order in which objects are applied: `100-secret-db.yaml`.
pub(crate) fn name(object: &Object) -> String {
    let kind = object.kind.to_ascii_lowercase();
    let name = object.origin.split_once('/').map_or(object.name.as_str(), |(_, name)| name);
    if kind == "namespace" {
        return format!("{:03}-namespace.yaml", object.stage);
    }
    format!("{:03}-{kind}-{name}.yaml", object.stage)
}

//! What values may change about storage.

use super::part::Part;
use super::values::{Setting, quantity, string};
use serde_json::Value;

/// A claim that stands on its own.
pub(super) fn claim(part: &mut Part) {
    let name = part.name.clone();
    spec(part, "/spec", &["storage", &name]);
}

/// The claim templates of a `StatefulSet`.
pub(super) fn templates(part: &mut Part) {
    let name = part.name.clone();
    let list = part.value.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array).cloned();
    for (at, template) in list.unwrap_or_default().iter().enumerate() {
        let claim = template["metadata"]["name"].as_str().unwrap_or_default();
        let pointer = format!("/spec/volumeClaimTemplates/{at}/spec");
        spec(part, &pointer, &["services", &name, "storage", claim]);
    }
}

fn spec(part: &mut Part, pointer: &str, path: &[&str]) {
    let size = format!("{pointer}/resources/requests/storage");
    part.scalar(&size, &super::pod::below(path, &["size"]), quantity(), "Size.");
    class(part, pointer, "storageClassName", "resources", path);
}

/// A storage class, written before its neighbour.
pub(super) fn class(part: &mut Part, parent: &str, key: &str, beside: &str, path: &[&str]) {
    let about = "Storage class; empty is the cluster's default.";
    let path = super::pod::below(path, &["class"]);
    let setting = Setting::new(path, Value::Null, string(), about);
    part.optional(parent, key, beside, setting);
}

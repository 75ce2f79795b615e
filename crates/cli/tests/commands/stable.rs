//! The same product gives the same bytes, however its file is arranged.

use super::Place;
use std::path::Path;
use yaml::{FileId, Limits, Node, Value};

/// The example product as JSON, which is YAML too: aliases expanded, and every mapping in the
/// opposite order.
fn reversed(text: &str) -> String {
    let node = yaml::parse(text, FileId(0), Limits::default()).unwrap().unwrap();
    format!("{:#}", json(&node))
}

fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number, _) => (*number).into(),
        Value::Str(text) => text.as_str().into(),
        Value::Seq(items) => items.iter().map(json).collect(),
        Value::Map(map) => {
            let entries = map.entries.iter().rev();
            let entries = entries.map(|(key, value)| (key.value.clone(), json(value)));
            serde_json::Value::Object(entries.collect())
        }
    }
}

#[test]
fn the_order_of_services_and_keys_never_matters() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop");
    let text = std::fs::read_to_string(shop.join("compose.yaml")).unwrap();
    let other = reversed(&text);
    assert!(other.find("\"services\"") > other.find("\"volumes\""), "{other}");
    let place = Place::new(&[("a/compose.yaml", &text), ("b/compose.yaml", &other)]);
    for file in ["edge/nginx.conf", "secrets/db-password.txt", "secrets/db-root-password.txt"] {
        let content = std::fs::read_to_string(shop.join(file)).unwrap();
        place.write(&format!("a/{file}"), &content);
        place.write(&format!("b/{file}"), &content);
    }
    for folder in ["a", "b"] {
        place.muster(&format!("plan {folder} --out {folder}-out")).says(0, &[]);
    }
    assert_eq!(place.tree("a-out"), place.tree("b-out"));
    let yaml = |folder: &str| place.muster(&format!("plan {folder} --format yaml")).stdout;
    assert_eq!(yaml("a"), yaml("a"));
    assert_eq!(yaml("a"), yaml("b"));
}

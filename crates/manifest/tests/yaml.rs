//! What the YAML writer writes is what a YAML reader reads.

mod common;

use manifest::{objects, value_yaml};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn check(value: &Value) {
    let text = value_yaml(value);
    assert_eq!(common::read(&text), std::slice::from_ref(value), "{text}");
}

#[test]
fn strings_that_are_easily_misread() {
    for &word in common::WORDS {
        check(&json!({ "key": word, "list": [word, [word], { "in": word, "last": 1 }] }));
        // The reader takes even a quoted `<<` for a merge.
        if word != "<<" {
            check(&Value::Object(Map::from_iter([(word.to_owned(), json!(word))])));
        }
    }
}

#[test]
fn every_object_reads_back() {
    for object in objects(&common::plan()) {
        check(&object.value);
    }
}

fn key() -> impl Strategy<Value = String> {
    text().prop_filter("a merge key", |text| text != "<<")
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ \\t\\n#:\\-|>'\"{}\\[\\],&*!%@`?a0.~]{0,12}",
        "[0-9a-fxoE_.:+\\-]{1,8}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn anything_reads_back(value in value()) {
        check(&json!({ "value": value }));
    }
}

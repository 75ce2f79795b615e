//! Any text as a label selector and a field selector, and as labels that they judge.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use twin_core::api::Api;
use twin_core::registry::Resource;
use twin_core::selector::{FieldSelector, LabelSelector};
use twin_core::store::TableName;
use twin_core::tree::{Map, Text, Value};

static PODS: LazyLock<Arc<Resource>> = LazyLock::new(|| {
    let pods = Api::default().registry().stored(&TableName("/pods".into())).cloned();
    pods.expect("pods are served")
});

fuzz_target!(|text: &str| {
    let labels: Map = text
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (Text::new(key.trim()), Value::text(value.trim())))
        .collect();
    if let Ok(selector) = LabelSelector::parse(text) {
        selector.matches(Some(&labels));
        let nothing = selector.matches(None);
        assert!(!selector.is_empty() || nothing, "an empty selector means everything");
    }
    if let Ok(selector) = FieldSelector::parse(text, &PODS) {
        selector.matches(&Value::from([("metadata", Value::Map(labels))]));
    }
});

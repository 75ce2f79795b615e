//! Any bytes as a file of stages: no panic, no hang; what is read can be played for an object.

#![no_main]

use kwok::{PodName, Site};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use twin_core::time::Timestamp;
use twin_core::tree::{Value, decode};

struct Nowhere;

impl Site for Nowhere {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn started(&self) -> Timestamp {
        Timestamp::default()
    }

    fn node_name(&self) -> String {
        "n".to_owned()
    }

    fn node_port(&self) -> i64 {
        0
    }

    fn node_addresses(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn pod_addresses(&mut self, _: &PodName<'_>) -> Vec<String> {
        vec!["10.0.0.1".to_owned()]
    }

    fn chance(&mut self, below: u64) -> u64 {
        below / 2
    }
}

static POD: LazyLock<Value> = LazyLock::new(|| {
    let pod = br#"{"metadata":{"name":"p","labels":{"a":"b"},"annotations":{"d":"3s"}},"spec":{"nodeName":"n","containers":[{"name":"c"}]},"status":{"phase":"Pending","conditions":[{"type":"Ready","status":"False"}]}}"#;
    decode(pod).expect("the pod is JSON")
});

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(stages) = kwok::read(text, yaml::FileId(0)) else { return };
    for stage in &stages {
        let _ = stage.matches(&POD);
        let _ = stage.delay(&POD, &mut Nowhere);
        let _ = stage.deeds(&POD, &mut Nowhere);
    }
    let _ = kwok::next(&stages, &POD, &mut Nowhere);
});

//! A place whose answers can be told apart, and readers for tests.

use kwok::{Network, PodName, Site, Stage};
use twin_core::time::Timestamp;
use twin_core::tree::{Value, from_yaml};
use yaml::{FileId, Limits, Sources};

/// Names what it is asked, as KWOK's own tests do.
pub(crate) struct Named;

/// What [`Named`] says that the time is.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(1_000_000_000_000_000)
}

impl Site for Named {
    fn now(&self) -> Timestamp {
        now()
    }

    fn started(&self) -> Timestamp {
        Timestamp::default()
    }

    fn node_name(&self) -> String {
        "<NodeName>".to_owned()
    }

    fn node_port(&self) -> i64 {
        10_250
    }

    fn node_addresses(&self, node: &str) -> Vec<String> {
        vec![format!("<NodeIP of {node}>")]
    }

    fn pod_addresses(&mut self, pod: &PodName<'_>) -> Vec<String> {
        let host = if pod.network == Network::Host { " as host" } else { "" };
        vec![format!("<PodIP of {} on {}{host}>", pod.name, pod.node)]
    }

    fn chance(&mut self, below: u64) -> u64 {
        below / 2
    }
}

/// The stages of a text, or what people read about it.
pub(crate) fn stages(name: &str, text: &str) -> Result<Vec<Stage>, String> {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    kwok::read(text, file).map_err(|diagnostic| diagnostic.render(&sources))
}

/// A YAML document as a value.
pub(crate) fn value(text: &str) -> Value {
    let node = yaml::parse(text, FileId(0), Limits::default());
    node.expect("the document is YAML").as_ref().map(from_yaml).unwrap_or_default()
}

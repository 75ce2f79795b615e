//! The patterns of a schema, each read once: when the first value is held against it.

use crate::tree::{Text, Value};
use regex::{Regex, RegexBuilder};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A pattern that takes more memory is not asked.
const MEMORY: usize = 1 << 20;

/// What texts of a schema have to match.
#[derive(Debug, Default)]
pub(super) struct Patterns(BTreeMap<Text, OnceLock<Option<Regex>>>);

impl Patterns {
    pub(super) fn of(openapi: &Value) -> Self {
        let mut found = Self::default();
        found.gather(openapi);
        found
    }

    fn gather(&mut self, part: &Value) {
        match part {
            Value::Map(map) => {
                for (key, value) in map {
                    match value {
                        Value::Text(pattern) if key == "pattern" => {
                            self.0.entry(pattern.clone()).or_default();
                        }
                        _ => self.gather(value),
                    }
                }
            }
            Value::List(list) => list.iter().for_each(|item| self.gather(item)),
            _ => {}
        }
    }

    /// Whether a text breaks a pattern; one that is no pattern breaks nothing.
    pub(super) fn breaks(&self, pattern: &str, text: &str) -> bool {
        let Some(known) = self.0.get(pattern) else { return false };
        let read = || RegexBuilder::new(pattern).size_limit(MEMORY).build().ok();
        known.get_or_init(read).as_ref().is_some_and(|regex| !regex.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::Patterns;
    use crate::tree::decode;

    #[test]
    fn each_pattern_is_read_once_and_only_if_asked() {
        let openapi = br#"{"properties":{"a":{"pattern":"^x+$"},"b":{"items":{"pattern":"^x+$"}},
            "c":{"pattern":"("},"d":{"pattern":"\\pL{1000}"},"pattern":{"type":"string"}}}"#;
        let patterns = Patterns::of(&decode(openapi).unwrap());
        assert_eq!(patterns.0.len(), 3);
        assert!(patterns.breaks("^x+$", "y") && !patterns.breaks("^x+$", "xx"));
        let read = patterns.0.values().filter(|known| known.get().is_some());
        assert_eq!(read.count(), 1);
        assert!(!patterns.breaks("(", "y") && !patterns.breaks(r"\pL{1000}", "y"));
        assert!(!patterns.breaks("z", "y"));
    }
}

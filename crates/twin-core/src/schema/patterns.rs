//! The patterns of a schema, each read once: when the first value is held against it.

use crate::go_regex::translated;
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
        let read = || RegexBuilder::new(&translated(pattern)).size_limit(MEMORY).build().ok();
        known.get_or_init(read).as_ref().is_some_and(|regex| !regex.is_match(text))
    }
}

/// Why a text is no pattern, as Go says it.
pub(crate) fn pattern_fault(pattern: &str) -> Option<String> {
    let read = |text: &str| RegexBuilder::new(text).size_limit(MEMORY).build();
    let Err(regex::Error::Syntax(why)) = read(&translated(pattern)) else { return None };
    // Places are those of the pattern as it is written, where that is wrong as it stands.
    let why = match read(pattern) {
        Err(regex::Error::Syntax(own)) => own,
        _ => why,
    };
    let said = why.lines().last().unwrap_or_default();
    let said = said.strip_prefix("error: ").unwrap_or(said);
    let marked = why.lines().find_map(|line| line.find('^')).unwrap_or(0).saturating_sub(4);
    let rest: String = pattern.chars().skip(marked).collect();
    let first: String = rest.chars().take(1).collect();
    let (sentence, part) = match said {
        "unclosed group" => ("missing closing )", pattern),
        "unopened group" => ("unexpected )", pattern),
        "unclosed character class" => ("missing closing ]", rest.as_str()),
        "repetition operator missing expression" => {
            ("missing argument to repetition operator", first.as_str())
        }
        other => (other, pattern),
    };
    Some(format!("error parsing regexp: {sentence}: `{part}`"))
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

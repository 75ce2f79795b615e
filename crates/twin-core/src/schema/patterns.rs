//! The patterns of a schema, each made ready once: when the first value is held against it.

use crate::go_regex::translated;
use crate::tree::{Text, Value};
use regex::{Regex, RegexBuilder};
use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{Ast, ClassSetItem, Visitor, visit};
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

/// Says what is no pattern; nothing is made ready to match, which may take long.
#[derive(Debug, Default)]
pub(crate) struct PatternReader {
    /// Whether there are such classes of letters as `\p{Greek}`.
    classes: BTreeMap<String, bool>,
}

impl PatternReader {
    /// Why a text is no pattern, as Go says it.
    pub(crate) fn fault(&mut self, pattern: &str) -> Option<String> {
        let written = translated(pattern);
        let why = match Parser::new().parse(&written) {
            Ok(ast) => return self.unknown_class(&written, &ast),
            Err(why) => why,
        };
        // Places are those of the pattern as it is written, where that is wrong as it stands.
        let why = Parser::new().parse(pattern).err().unwrap_or(why).to_string();
        Some(said(pattern, &why))
    }

    fn unknown_class(&mut self, written: &str, ast: &Ast) -> Option<String> {
        let reads = Classes { written, reader: self };
        let unknown = visit(ast, reads).err()?;
        Some(format!("error parsing regexp: invalid character class range: `{unknown}`"))
    }

    fn knows(&mut self, class: &str) -> bool {
        if let Some(known) = self.classes.get(class) {
            return *known;
        }
        let known = regex_syntax::parse(class).is_ok();
        self.classes.insert(class.to_owned(), known);
        known
    }
}

/// Goes through a pattern, up to the first class that nobody knows.
struct Classes<'a> {
    written: &'a str,
    reader: &'a mut PatternReader,
}

impl Classes<'_> {
    fn judge(&mut self, span: &regex_syntax::ast::Span) -> Result<(), String> {
        let class = self.written.get(span.start.offset..span.end.offset).unwrap_or_default();
        if self.reader.knows(class) { Ok(()) } else { Err(class.to_owned()) }
    }
}

impl Visitor for Classes<'_> {
    type Output = ();
    type Err = String;

    fn finish(self) -> Result<(), String> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), String> {
        match ast {
            Ast::ClassUnicode(class) => self.judge(&class.span),
            _ => Ok(()),
        }
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), String> {
        match item {
            ClassSetItem::Unicode(class) => self.judge(&class.span),
            _ => Ok(()),
        }
    }
}

/// A fault of the crate `regex` in Go's words.
fn said(pattern: &str, why: &str) -> String {
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
    format!("error parsing regexp: {sentence}: `{part}`")
}

#[cfg(test)]
mod tests {
    use super::{PatternReader, Patterns};
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

    #[test]
    fn what_takes_long_to_match_is_read_at_once() {
        let mut reader = PatternReader::default();
        for at in 0..100_000 {
            assert_eq!(reader.fault(&format!(r"^\pL{{50}}[\p{{Greek}}]{at}$")), None);
        }
        assert_eq!(reader.classes.len(), 2);
        for (pattern, why) in [
            ("(a", "missing closing ): `(a`"),
            ("a)", "unexpected ): `a)`"),
            ("[a", "missing closing ]: `[a`"),
            ("*", "missing argument to repetition operator: `*`"),
            (r"[\p{Elvish}]", r"invalid character class range: `\p{Elvish}`"),
            (r"\pY", r"invalid character class range: `\pY`"),
        ] {
            let why = format!("error parsing regexp: {why}");
            assert_eq!(reader.fault(pattern), Some(why), "{pattern}");
        }
    }
}

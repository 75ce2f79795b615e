//! Commands: a list of words, or a line that is split like a shell does.

use crate::context::Context;
use yaml::{Node, Spanned, Value};

impl Context<'_> {
    /// `command`, `entrypoint` and the like. `Some([])` if it was cleared.
    pub(crate) fn words(&mut self, node: &Node, what: &str) -> Option<Spanned<Vec<String>>> {
        let words = match &node.value {
            Value::Null => return None,
            Value::Seq(items) => items.iter().filter_map(|item| self.word(item, what)).collect(),
            Value::Map(_) => {
                self.misfit(node, what, "a command line or a list of words");
                return None;
            }
            _ => split(&node.scalar_text().unwrap_or_default()),
        };
        Some(Spanned::new(words, node.span))
    }

    fn word(&mut self, node: &Node, what: &str) -> Option<String> {
        // An empty item is an empty word: its place among the others matters.
        if node.value == Value::Null {
            return Some(String::new());
        }
        self.text(node, what).map(|text| text.value)
    }
}

/// Splits a line at spaces; quotes and backslashes keep words together.
pub(crate) fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (Some('"'), '\\') => match chars.next() {
                Some(next @ ('"' | '\\' | '$' | '`')) => word.get_or_insert_default().push(next),
                Some('\n') => {}
                Some(next) => word.get_or_insert_default().extend(['\\', next]),
                None => word.get_or_insert_default().push('\\'),
            },
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '\\') => match chars.next() {
                Some('\n') => {}
                Some(next) => word.get_or_insert_default().push(next),
                None => word.get_or_insert_default().push('\\'),
            },
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_split_like_in_a_shell() {
        for (line, want) in [
            ("a b  c", vec!["a", "b", "c"]),
            ("sh -c 'a \"b\" c'", vec!["sh", "-c", "a \"b\" c"]),
            ("x \"a \\\"b\\\" \\n\"", vec!["x", "a \"b\" \\n"]),
            ("a\\ b ''", vec!["a b", ""]),
            ("--x=\"1 2\"", vec!["--x=1 2"]),
            ("", vec![]),
            ("open 'quote", vec!["open", "quote"]),
            ("a \\\n b", vec!["a", "b"]),
        ] {
            assert_eq!(split(line), want, "{line}");
        }
    }
}

//! Regular expressions as Go reads them, in the words of the crate `regex`.
//!
//! Both are of one family (RE2). They differ in what a bracket means inside a class, in classes that are of ASCII in
//! Go, and in what may be escaped.

use std::iter::Peekable;
use std::str::Chars;

/// The same expression for the crate `regex`; what is none stays none.
pub(crate) fn translated(pattern: &str) -> String {
    let mut reader = Reader { rest: pattern.chars().peekable(), written: String::new() };
    while let Some(letter) = reader.rest.next() {
        match letter {
            '\\' => reader.escape(Place::Outside),
            '[' => reader.class(),
            _ => reader.written.push(letter),
        }
    }
    reader.written
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Outside,
    Class,
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    written: String,
}

impl Reader<'_> {
    fn escape(&mut self, place: Place) {
        let Some(letter) = self.rest.next() else { return self.written.push('\\') };
        match (letter, place) {
            ('d', Place::Outside) => self.written.push_str("[0-9]"),
            ('d', Place::Class) => self.written.push_str("0-9"),
            ('D', _) => self.written.push_str("[^0-9]"),
            ('w', Place::Outside) => self.written.push_str("[0-9A-Za-z_]"),
            ('w', Place::Class) => self.written.push_str("0-9A-Za-z_"),
            ('W', _) => self.written.push_str("[^0-9A-Za-z_]"),
            ('s', Place::Outside) => self.written.push_str("[\\t\\n\\f\\r ]"),
            ('s', Place::Class) => self.written.push_str("\\t\\n\\f\\r "),
            ('S', _) => self.written.push_str("[^\\t\\n\\f\\r ]"),
            ('b', Place::Outside) => self.written.push_str("(?-u:\\b)"),
            ('<' | '>' | '_', _) => self.written.push(letter),
            _ => self.written.extend(['\\', letter]),
        }
    }

    /// What stands between `[` and its `]`.
    fn class(&mut self) {
        self.written.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.written.push('^');
        }
        if self.rest.next_if_eq(&']').is_some() {
            self.written.push_str("\\]");
        }
        while let Some(letter) = self.rest.next() {
            match letter {
                ']' => return self.written.push(']'),
                '\\' => self.escape(Place::Class),
                '[' if self.rest.peek() == Some(&':') => self.named(),
                '[' => self.written.push_str("\\["),
                // Twice they would join classes.
                '&' | '~' | '-' if self.rest.next_if_eq(&letter).is_some() => {
                    self.written.extend([letter, '\\', letter]);
                }
                _ => self.written.push(letter),
            }
        }
    }

    /// `[:alpha:]`; without its end, just a bracket.
    fn named(&mut self) {
        // The longest name is `:^xdigit:`.
        let rest: String = self.rest.clone().take(12).collect();
        let Some(end) = rest.find(":]") else { return self.written.push_str("\\[") };
        self.written.push('[');
        let length = rest[..end + 2].chars().count();
        self.written.extend(self.rest.by_ref().take(length));
    }
}

#[cfg(test)]
mod tests {
    use super::translated;
    use regex::Regex;

    #[test]
    fn expressions_mean_what_they_mean_in_go() {
        for (pattern, yes, no) in [
            (r"^[a[]+$", &["a[", "["][..], &["b", "a]"][..]),
            (r"^[^()[\]?={}]+$", &["abc"], &["[", "a]", "?"]),
            (r"^[]a]+$", &["]a"], &["b"]),
            (r"^[[:alpha:]_]+$", &["ab_"], &["1"]),
            (r"^[a&&b]+$", &["a&b"], &["c"]),
            (r"^[+--]+$", &["+", ",", "-"], &["a"]),
            (r"^\d+$", &["12"], &["\u{661}"]),
            (r"^[\w.]+$", &["a_.1"], &["\u{e9}"]),
            (r"^\s\S$", &["\tx"], &["\u{a0}x", "x "]),
            (r"^a\<b\>$", &["a<b>"], &["ab"]),
            (r"^[^\d]$", &["x"], &["1"]),
            (r"\bx\b", &["x y", "\u{e9}x"], &["xy"]),
        ] {
            let regex = Regex::new(&translated(pattern)).unwrap();
            assert!(yes.iter().all(|text| regex.is_match(text)), "{pattern} {yes:?}");
            assert!(!no.iter().any(|text| regex.is_match(text)), "{pattern} {no:?}");
        }
        for broken in ["[", "[a", "(", "a\\", "[[:alpha:"] {
            assert!(Regex::new(&translated(broken)).is_err(), "{broken}");
        }
    }
}

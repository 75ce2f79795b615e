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
            '\\' => reader.escape(),
            '[' => reader.class(),
            '{' if !reader.counts() => reader.written.push_str("\\{"),
            _ => reader.written.push(letter),
        }
    }
    reader.written
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    written: String,
}

impl Reader<'_> {
    /// Whether a count follows an opened brace: `3}`, `3,}`, `3,5}`.
    fn counts(&self) -> bool {
        let mut rest = self.rest.clone();
        let mut digits = || {
            let mut length = 0;
            while rest.next_if(char::is_ascii_digit).is_some() {
                length += 1;
            }
            (length, rest.next())
        };
        match digits() {
            (0, _) => false,
            (_, Some('}')) => true,
            (_, Some(',')) => matches!(digits(), (_, Some('}'))),
            _ => false,
        }
    }

    /// What follows a backslash outside of classes.
    fn escape(&mut self) {
        let Some(letter) = self.rest.next() else { return self.written.push('\\') };
        match letter {
            'd' | 'w' | 's' => {
                self.written.push('[');
                self.perl(letter);
                self.written.push(']');
            }
            'D' | 'W' | 'S' => self.perl(letter),
            'b' => self.written.push_str("(?-u:\\b)"),
            'B' => self.written.push_str("(?-u:\\B)"),
            'Q' => self.quote(),
            _ => self.letter(letter),
        }
    }

    /// Classes that are of ASCII in Go.
    fn perl(&mut self, letter: char) {
        self.written.push_str(match letter {
            'd' => "0-9",
            'D' => "[^0-9]",
            'w' => "0-9A-Za-z_",
            'W' => "[^0-9A-Za-z_]",
            's' => "\\t\\n\\f\\r ",
            _ => "[^\\t\\n\\f\\r ]",
        });
    }

    /// One letter that had a backslash before it.
    fn letter(&mut self, letter: char) {
        let is_octal = |letter: &char| ('0'..='7').contains(letter);
        match letter {
            '<' | '>' | '_' => self.written.push(letter),
            // One digit alone is no letter, but for zero.
            '0' => self.octal(letter),
            '1'..='7' if self.rest.peek().is_some_and(is_octal) => self.octal(letter),
            _ => self.written.extend(['\\', letter]),
        }
    }

    fn octal(&mut self, first: char) {
        let mut code = u32::from(first) - u32::from('0');
        for _ in 0..2 {
            let Some(digit) = self.rest.next_if(|next| ('0'..='7').contains(next)) else { break };
            code = code * 8 + u32::from(digit) - u32::from('0');
        }
        let code = format!("{code:x}");
        self.written.extend(["\\x{", &code, "}"]);
    }

    /// Everything as it stands, up to `\E`.
    fn quote(&mut self) {
        while let Some(letter) = self.rest.next() {
            if letter == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return;
            }
            self.plain(letter);
        }
    }

    fn plain(&mut self, letter: char) {
        if regex_syntax::is_meta_character(letter) {
            self.written.push('\\');
        }
        self.written.push(letter);
    }

    /// What stands between `[` and its `]`.
    fn class(&mut self) {
        self.written.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.written.push('^');
        }
        if self.rest.next_if_eq(&']').is_some() {
            self.range(']');
        }
        while let Some(letter) = self.rest.next() {
            match (letter, self.rest.peek()) {
                (']', _) => return self.written.push(']'),
                ('[', Some(':')) => self.named(),
                ('\\', Some(&kind @ ('d' | 'D' | 'w' | 'W' | 's' | 'S'))) => {
                    self.rest.next();
                    self.perl(kind);
                }
                ('\\', Some(&kind @ ('p' | 'P'))) => self.unicode(kind),
                _ => self.range(letter),
            }
        }
    }

    /// `\pL` and `\p{Greek}`.
    fn unicode(&mut self, kind: char) {
        self.rest.next();
        self.written.extend(['\\', kind]);
        if self.rest.next_if_eq(&'{').is_none() {
            return self.written.extend(self.rest.next());
        }
        self.written.push('{');
        for letter in self.rest.by_ref() {
            self.written.push(letter);
            if letter == '}' {
                return;
            }
        }
    }

    /// A letter of a class, or all from it to another one.
    fn range(&mut self, first: char) {
        self.member(first);
        let mut rest = self.rest.clone();
        if rest.next() != Some('-') || matches!(rest.next(), None | Some(']')) {
            return;
        }
        self.rest.next();
        self.written.push('-');
        if let Some(last) = self.rest.next() {
            self.member(last);
        }
    }

    fn member(&mut self, letter: char) {
        match letter {
            '\\' => match self.rest.next() {
                Some(letter) => self.letter(letter),
                None => self.written.push('\\'),
            },
            _ => self.plain(letter),
        }
    }

    /// `[:alpha:]`; without its end, just a bracket.
    fn named(&mut self) {
        // The longest name is `:^xdigit:`.
        let rest: String = self.rest.clone().take(12).collect();
        let Some(end) = rest.find(":]") else { return self.range('[') };
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
            (r"^x\By$", &["xy"], &["x y"]),
            (r"x\B", &["xy"], &["x\u{e9}", "x"]),
            (r"^{[a-z]+}$", &["{ab}"], &["ab"]),
            (r"^\${.*}$", &["${}", "${a}"], &["$"]),
            (r"^a{,5}$", &["a{,5}"], &["a", ""]),
            (r"^a{1,2}b{2}c{1,}$", &["aabbcc"], &["ab"]),
            (r"^a{1,b}$", &["a{1,b}"], &["a"]),
            (r"^\Qa.b[\E+$", &["a.b[["], &["axb["]),
            (r"^\Q(", &["("], &["x"]),
            (r"^\012\0[\101-\103]$", &["\n\0B"], &["\n\0D"]),
            (r"^[--a]+$", &["-", "A", "a", "."], &["b", "+"]),
            (r"^[\w-.]+$", &["a-.", "b"], &["+"]),
            (r"^[^-a]$", &["b"], &["-", "a"]),
            (r"^[a-]$", &["-", "a"], &["b"]),
            (r"^[\pL\p{Nd}-]+$", &["\u{e9}1-"], &["."]),
        ] {
            let regex = Regex::new(&translated(pattern)).unwrap();
            assert!(yes.iter().all(|text| regex.is_match(text)), "{pattern} {yes:?}");
            assert!(!no.iter().any(|text| regex.is_match(text)), "{pattern} {no:?}");
        }
        for broken in ["[", "[a", "(", "a\\", "[[:alpha:", "[b-a]", "\\1", "{2}", "[]-", "[a-\\d]"]
        {
            assert!(Regex::new(&translated(broken)).is_err(), "{broken}");
        }
    }
}

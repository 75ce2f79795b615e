//! Rust as text without what only looks like code.
//!
//! No parser: comments and the insides of literals become spaces, so that braces can be counted and
//! words searched. Positions and lines stay as they are.

/// A Rust file, masked.
#[derive(Debug)]
pub(super) struct Code {
    /// Everything but comments and the insides of literals.
    pub(super) text: String,
    /// The same without items under `#[cfg(test)]`.
    pub(super) shipped: String,
    /// The comments alone.
    pub(super) comments: String,
}

impl Code {
    pub(super) fn new(text: &str) -> Self {
        let mut masker = Masker::new(text);
        masker.run();
        let text: String = masker.code.into_iter().collect();
        let shipped = without_tests(&text);
        Self { text, shipped, comments: masker.comments.into_iter().collect() }
    }
}

struct Masker {
    input: Vec<char>,
    at: usize,
    code: Vec<char>,
    comments: Vec<char>,
}

/// Where a character goes.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

impl Masker {
    fn new(text: &str) -> Self {
        Self { input: text.chars().collect(), at: 0, code: Vec::new(), comments: Vec::new() }
    }

    fn run(&mut self) {
        while let Some(next) = self.peek(0) {
            match next {
                '/' if self.peek(1) == Some('/') => self.line_comment(),
                '/' if self.peek(1) == Some('*') => self.block_comment(),
                '"' => self.string(),
                'r' if self.raw_hashes().is_some() => self.raw_string(),
                '\'' if self.is_char() => self.character(),
                _ => self.take(Kind::Code),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.input.get(self.at + ahead).copied()
    }

    fn take(&mut self, kind: Kind) {
        let Some(next) = self.peek(0) else { return };
        let keep = |kept: bool| if kept || next == '\n' { next } else { ' ' };
        self.code.push(keep(kind == Kind::Code));
        self.comments.push(keep(kind == Kind::Comment));
        self.at += 1;
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|next| next != '\n') {
            self.take(Kind::Comment);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.peek(0).is_some() {
            let step = match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => 1,
                (Some('*'), Some('/')) => -1,
                _ => 0,
            };
            depth += step;
            self.take(Kind::Comment);
            if step != 0 {
                self.take(Kind::Comment);
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.take(Kind::Code);
        while let Some(next) = self.peek(0).filter(|next| *next != '"') {
            self.take(Kind::Literal);
            if next == '\\' {
                self.take(Kind::Literal);
            }
        }
        self.take(Kind::Code);
    }

    /// The number of `#` if a raw string starts here: `r"`, `r#"` but neither `r#type` nor the end
    /// of a name such as `for`.
    fn raw_hashes(&self) -> Option<usize> {
        let before = self.at.checked_sub(1).and_then(|at| self.input.get(at));
        if before.is_some_and(|c| is_word(*c) && *c != 'b' && *c != 'c') {
            return None;
        }
        let after = self.input[self.at + 1..].iter();
        let hashes = after.take_while(|next| **next == '#').count();
        (self.peek(1 + hashes) == Some('"')).then_some(hashes)
    }

    fn raw_string(&mut self) {
        let hashes = self.raw_hashes().unwrap_or(0);
        (0..hashes + 2).for_each(|_| self.take(Kind::Code));
        while self.peek(0).is_some() && !self.raw_end(hashes) {
            self.take(Kind::Literal);
        }
        (0..=hashes).for_each(|_| self.take(Kind::Code));
    }

    fn raw_end(&self, hashes: usize) -> bool {
        self.peek(0) == Some('"') && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'))
    }

    /// `'a'` and `'\n'`, but not the lifetime `'a`.
    fn is_char(&self) -> bool {
        self.peek(1) == Some('\\') || self.peek(2) == Some('\'')
    }

    fn character(&mut self) {
        self.take(Kind::Code);
        let escaped = self.peek(0) == Some('\\');
        self.take(Kind::Literal);
        if escaped {
            self.take(Kind::Literal);
        }
        while self.peek(0).is_some_and(|next| next != '\'') {
            self.take(Kind::Literal);
        }
        self.take(Kind::Code);
    }
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The line of a byte position, from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Every place where a word stands by itself.
pub(super) fn word_places(text: &str, word: &str) -> Vec<usize> {
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| !text[..*at].ends_with(is_word))
        .filter(|at| !text[at + word.len()..].starts_with(is_word))
        .collect()
}

/// Where the item that starts at `from` ends: after its block, or after its semicolon.
pub(super) fn item_end(text: &str, from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text[from..].char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && (c == '}' || c == ';') {
            let end = from + at + 1;
            return end + usize::from(text[end..].starts_with(';'));
        }
    }
    text.len()
}

fn without_tests(text: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut rest = text.to_owned();
    while let Some(at) = rest.find(MARK) {
        let end = item_end(&rest, at + MARK.len());
        let blank: String =
            rest[at..end].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
        rest.replace_range(at..end, &blank);
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::{Code, item_end, line_of, word_places};

    fn masked(text: &str) -> String {
        Code::new(text).text
    }

    #[test]
    fn comments_and_literals_are_masked() {
        assert_eq!(masked("a // b {\nc"), "a       \nc");
        assert_eq!(masked("a /* b /* c */ } */ d"), "a                   d");
        assert_eq!(masked(r#"f("}\"{") + g"#), r#"f("    ") + g"#);
        assert_eq!(masked(r##"f(r#"}"{"#)"##), r##"f(r#"   "#)"##);
        assert_eq!(masked(r"('{', '\'', '\u{7d}')"), r"(' ', '  ', '      ')");
    }

    #[test]
    fn lifetimes_and_names_stay() {
        assert_eq!(masked("fn f<'a>(for_r: &'a str)"), "fn f<'a>(for_r: &'a str)");
        assert_eq!(masked("let r#type = 1;"), "let r#type = 1;");
    }

    #[test]
    fn comments_are_kept_apart() {
        assert_eq!(Code::new("a // b\n\"//c\"").comments, "  // b\n     ");
    }

    #[test]
    fn tests_are_not_shipped() {
        let code = Code::new("a\n#[cfg(test)]\nmod tests { fn f() {} }\nb\n#[cfg(test)] use c;\nd");
        let words: Vec<_> = code.shipped.split_whitespace().collect();
        assert_eq!(words, ["a", "b", "d"]);
        assert_eq!(code.shipped.lines().count(), code.text.lines().count());
    }

    #[test]
    fn items_end_with_their_block_or_semicolon() {
        let text = "fn f(a: [u8; 3]) { if b { c; } } fn g();";
        assert_eq!(&text[..item_end(text, 0)], "fn f(a: [u8; 3]) { if b { c; } }");
        assert_eq!(item_end("use a::{b, c};x", 0), 14);
    }

    #[test]
    fn words_stand_alone() {
        assert_eq!(word_places("fn fnord; my_fn fn", "fn"), [0, 16]);
        assert_eq!(line_of("a\nb\nc", 4), 3);
    }
}

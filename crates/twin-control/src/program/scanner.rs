//! The letters of a command line: blanks, words and their quotes.

use super::parse::Parser;
use super::syntax::{Part, Quoting, What, Word, is_name};

/// Letters that mean something to some shell where they are not quoted.
const SPECIAL: &[char] = &['*', '?', '[', '~', '{', '}', '`'];
/// Letters that end a word.
const ENDS: &[char] = &[' ', '\t', '\n', ';', '&', '|', '<', '>', '(', ')'];

impl Parser<'_> {
    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.rest = &self.rest[letter.len_utf8()..];
        Some(letter)
    }

    /// Goes past blanks, comments and lines that go on.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t']);
            if self.rest.starts_with('#') {
                self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
            }
            if !self.eat("\\\n") {
                return;
            }
        }
    }

    pub(super) fn skip_lines(&mut self) {
        self.skip_blanks();
        while self.eat("\n") {
            self.skip_blanks();
        }
    }

    /// The word that begins here.
    pub(super) fn word(&mut self) -> Option<Word> {
        let mut word = Word::new();
        let mut text = String::new();
        let mut has_mere_dollar = false;
        while let Some(letter) = self.peek().filter(|letter| !ENDS.contains(letter)) {
            self.rest = &self.rest[letter.len_utf8()..];
            match letter {
                '\'' => {
                    let (inside, rest) = self.rest.split_once('\'')?;
                    self.rest = rest;
                    keep(&mut word, &mut text, Quoting::Bare);
                    word.push(Part {
                        what: What::Text(inside.to_owned()),
                        quoting: Quoting::Quoted,
                    });
                }
                '"' => {
                    keep(&mut word, &mut text, Quoting::Bare);
                    self.quoted(&mut word)?;
                }
                '\\' => match self.next()? {
                    '\n' => {}
                    letter => {
                        keep(&mut word, &mut text, Quoting::Bare);
                        let what = What::Text(letter.to_string());
                        word.push(Part { what, quoting: Quoting::Quoted });
                    }
                },
                '$' => match self.dollar()? {
                    None if matches!(self.peek(), Some('"' | '\'')) => return None,
                    None => {
                        has_mere_dollar = true;
                        text.push('$');
                    }
                    Some(what) => {
                        keep(&mut word, &mut text, Quoting::Bare);
                        word.push(Part { what, quoting: Quoting::Bare });
                    }
                },
                // The name of a test is a word of its own.
                '[' if word.is_empty() && text.is_empty() && self.at_end_of_word() => {
                    text.push(letter);
                }
                letter if SPECIAL.contains(&letter) || letter.is_control() => return None,
                letter => text.push(letter),
            }
        }
        keep(&mut word, &mut text, Quoting::Bare);
        // Beside a mere dollar some shells do not split what others do.
        let splits = |part: &Part| {
            matches!(part.quoting, Quoting::Bare) && !matches!(part.what, What::Text(_))
        };
        (!has_mere_dollar || !word.iter().any(splits)).then_some(word)
    }

    fn at_end_of_word(&self) -> bool {
        self.peek().is_none_or(|letter| ENDS.contains(&letter))
    }

    /// What lies between double quotes.
    fn quoted(&mut self, word: &mut Word) -> Option<()> {
        let mut text = String::new();
        loop {
            match self.next()? {
                '"' => break,
                '`' => return None,
                '\\' => match self.next()? {
                    '\n' => {}
                    letter @ ('$' | '`' | '"' | '\\') => text.push(letter),
                    letter => text.extend(['\\', letter]),
                },
                '$' => match self.dollar()? {
                    None => text.push('$'),
                    Some(what) => {
                        keep(word, &mut text, Quoting::Quoted);
                        word.push(Part { what, quoting: Quoting::Quoted });
                    }
                },
                letter => text.push(letter),
            }
        }
        // Nothing in quotes is a field too.
        word.push(Part { what: What::Text(text), quoting: Quoting::Quoted });
        Some(())
    }

    /// What follows a dollar sign; nothing, if it stands for itself.
    #[expect(clippy::option_option, reason = "not understood is none, a mere dollar is some none")]
    fn dollar(&mut self) -> Option<Option<What>> {
        if self.eat("?") {
            return Some(Some(What::Status));
        }
        if self.rest.starts_with("((") {
            return None;
        }
        if self.eat("(") {
            return Some(Some(What::Output(self.nested()?)));
        }
        if self.eat("{") {
            let (name, rest) = self.rest.split_once('}')?;
            self.rest = rest;
            return is_name(name).then(|| Some(What::Variable(name.to_owned())));
        }
        let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let end = self.rest.find(|it| !letter(it)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if is_name(name) {
            self.rest = rest;
            return Some(Some(What::Variable(name.to_owned())));
        }
        let plain = matches!(
            self.peek(),
            None | Some(' ' | '\t' | '\n' | ';' | '"' | '\'' | '/' | '.' | ',')
        );
        plain.then_some(None)
    }
}

fn keep(word: &mut Word, text: &mut String, quoting: Quoting) {
    if !text.is_empty() {
        word.push(Part { what: What::Text(std::mem::take(text)), quoting });
    }
}

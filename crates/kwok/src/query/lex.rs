//! From text to the words of a filter.

use crate::fault::Fault;

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    /// `.name`
    Field(String),
    Name(String),
    Text(String),
    Int(i64),
    Float(f64),
    /// Anything else: `.`, `[`, `//`, `==`.
    Sign(&'static str),
}

/// Longest first, so that `==` is not read as `=` twice.
const SIGNS: &[&str] = &[
    "//", "==", "!=", "<=", ">=", "..", ".", "[", "]", "(", ")", "|", ",", ":", "?", "<", ">", "+",
    "-", "*", "/", "%",
];

/// The words of a filter, with their places.
pub(super) fn words(text: &str) -> Result<Vec<(usize, Word)>, Fault> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (word, length) = word(text, at)?;
        words.push((at, word));
        at += length;
    }
    Ok(words)
}

fn word(text: &str, at: usize) -> Result<(Word, usize), Fault> {
    let rest = &text[at..];
    if let Some(after) = rest.strip_prefix('.') {
        let name = name(after);
        if !name.is_empty() {
            return Ok((Word::Field(name.to_owned()), 1 + name.len()));
        }
        if after.starts_with('"') {
            let (text, length) = quoted(after, at + 1)?;
            return Ok((Word::Field(text), 1 + length));
        }
    }
    if rest.starts_with('"') {
        let (text, length) = quoted(rest, at)?;
        return Ok((Word::Text(text), length));
    }
    if rest.starts_with(|first: char| first.is_ascii_digit()) {
        return number(rest, at);
    }
    let name = name(rest);
    if !name.is_empty() {
        return Ok((Word::Name(name.to_owned()), name.len()));
    }
    match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        Some(sign) => Ok((Word::Sign(sign), sign.len())),
        None => Err(Fault::new(at, format!("{:?} means nothing here", first(rest)))),
    }
}

fn first(rest: &str) -> char {
    rest.chars().next().unwrap_or_default()
}

fn name(rest: &str) -> &str {
    let starts = rest.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let end = rest.find(|next: char| !(next.is_ascii_alphanumeric() || next == '_'));
    if starts { &rest[..end.unwrap_or(rest.len())] } else { "" }
}

fn number(rest: &str, at: usize) -> Result<(Word, usize), Fault> {
    let end = rest.find(|next: char| !(next.is_ascii_digit() || matches!(next, '.' | 'e' | 'E')));
    let digits = &rest[..end.unwrap_or(rest.len())];
    let word = match digits.parse() {
        Ok(int) => Word::Int(int),
        Err(_) => match digits.parse() {
            Ok(float) => Word::Float(float),
            Err(_) => return Err(Fault::new(at, format!("{digits:?} is no number"))),
        },
    };
    Ok((word, digits.len()))
}

/// A string as JSON writes it, and how many bytes it takes with its quotes.
fn quoted(rest: &str, at: usize) -> Result<(String, usize), Fault> {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, next)| {
        let ends = *next == '"' && !escaped;
        escaped = *next == '\\' && !escaped;
        ends
    });
    let Some((end, _)) = end else { return Err(Fault::new(at, "the string has no end")) };
    let text = &rest[..=end];
    if text.contains("\\(") {
        return Err(Fault::new(at, "values inside of strings are not known here"));
    }
    match twin_core::tree::decode(text.as_bytes()) {
        Ok(value) => Ok((value.as_str().unwrap_or_default().to_owned(), text.len())),
        Err(error) => Err(Fault::new(at, format!("not a string: {error}"))),
    }
}

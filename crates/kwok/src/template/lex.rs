//! From text to text and actions, and from an action to its words.

use crate::fault::Fault;
use twin_core::tree::decode;

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part<'a> {
    Text(&'a str),
    /// What stands between the braces, and where it starts.
    Action(usize, &'a str),
}

/// A word of an action.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Dot,
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a.b`: the name without its sign.
    Variable(String, Vec<String>),
    Name(String),
    Text(String),
    Int(i64),
    Float(f64),
    Sign(&'static str),
}

/// The parts of a template: text that an action trims is trimmed.
pub(super) fn parts(text: &str) -> Result<Vec<Part<'_>>, Fault> {
    let mut parts = Vec::new();
    let (mut at, mut trim) = (0, false);
    while let Some(open) = text[at..].find("{{").map(|found| at + found) {
        let inside = open + 2;
        let length =
            length(&text[inside..]).ok_or_else(|| Fault::new(open, "the action has no end"))?;
        let mut action = &text[inside..inside + length];
        let left = trims(action.strip_prefix('-'), |rest| rest.starts_with(char::is_whitespace));
        push(&mut parts, &text[at..open], trim, left.is_some());
        let skipped = usize::from(left.is_some());
        action = left.unwrap_or(action);
        let right = trims(action.strip_suffix('-'), |rest| rest.ends_with(char::is_whitespace));
        trim = right.is_some();
        action = right.unwrap_or(action);
        let trimmed = action.trim();
        if !(trimmed.starts_with("/*") && trimmed.ends_with("*/") && trimmed.len() >= 4) {
            parts.push(Part::Action(inside + skipped, action));
        }
        at = inside + length + 2;
    }
    push(&mut parts, &text[at..], trim, false);
    Ok(parts)
}

fn trims(stripped: Option<&str>, spaced: impl Fn(&str) -> bool) -> Option<&str> {
    stripped.filter(|rest| spaced(rest))
}

fn push<'a>(parts: &mut Vec<Part<'a>>, text: &'a str, start: bool, end: bool) {
    let text = if start { text.trim_start() } else { text };
    let text = if end { text.trim_end() } else { text };
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
}

/// How long an action is: braces in strings and comments do not end it.
fn length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("- ").unwrap_or(text).trim_start();
    if inner.starts_with("/*") {
        let comment = text.find("*/")? + 2;
        return text[comment..].find("}}").map(|found| comment + found);
    }
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        if text[at..].starts_with("}}") {
            return Some(at);
        }
        at += match next {
            '"' | '`' | '\'' => string_length(&text[at..], next)?,
            _ => next.len_utf8(),
        };
    }
    None
}

/// How many bytes a string takes with its quotes.
fn string_length(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, next) in text.char_indices().skip(1) {
        if next == quote && !escaped {
            return Some(at + next.len_utf8());
        }
        escaped = next == '\\' && !escaped && quote != '`';
    }
    None
}

const SIGNS: &[&str] = &[":=", "=", "|", "(", ")", ","];

/// The words of an action that starts at a place.
pub(super) fn words(action: &str, start: usize) -> Result<Vec<(usize, Word)>, Fault> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(next) = action[at..].chars().next() {
        if next.is_whitespace() {
            at += next.len_utf8();
            continue;
        }
        let (word, length) = word(&action[at..], start + at)?;
        // `(f x).name`: what follows at once belongs to it, and so the parser has to know.
        words.push((start + at, word));
        at += length;
    }
    Ok(words)
}

fn word(rest: &str, at: usize) -> Result<(Word, usize), Fault> {
    let first = rest.chars().next().unwrap_or_default();
    match first {
        '"' | '`' => return string(rest, first, at),
        '.' => {
            let (fields, length) = fields(rest);
            let word = if fields.is_empty() { Word::Dot } else { Word::Field(fields) };
            return Ok((word, length.max(1)));
        }
        '$' => {
            let name = name(&rest[1..]);
            let (fields, length) = fields(&rest[1 + name.len()..]);
            return Ok((Word::Variable(name.to_owned(), fields), 1 + name.len() + length));
        }
        '0'..='9' | '-' | '+' => return number(rest, at),
        _ => {}
    }
    let name = name(rest);
    if !name.is_empty() {
        return Ok((Word::Name(name.to_owned()), name.len()));
    }
    match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        Some(sign) => Ok((Word::Sign(sign), sign.len())),
        None => Err(Fault::new(at, format!("{first:?} means nothing here"))),
    }
}

fn name(rest: &str) -> &str {
    let starts = rest.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let end = rest.find(|next: char| !(next.is_alphanumeric() || next == '_'));
    if starts { &rest[..end.unwrap_or(rest.len())] } else { "" }
}

/// The fields of `.a.b`, and how many bytes they take.
fn fields(rest: &str) -> (Vec<String>, usize) {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(after) = rest[at..].strip_prefix('.') {
        let name = name(after);
        if name.is_empty() {
            break;
        }
        found.push(name.to_owned());
        at += 1 + name.len();
    }
    (found, at)
}

fn number(rest: &str, at: usize) -> Result<(Word, usize), Fault> {
    let end = rest.find(|next: char| next.is_whitespace() || matches!(next, ')' | '|' | ','));
    let digits = &rest[..end.unwrap_or(rest.len())];
    let word = match (digits.parse(), digits.parse::<f64>()) {
        (Ok(int), _) => Word::Int(int),
        (_, Ok(float)) if float.is_finite() => Word::Float(float),
        _ => return Err(Fault::new(at, format!("{digits:?} is no number"))),
    };
    Ok((word, digits.len()))
}

fn string(rest: &str, quote: char, at: usize) -> Result<(Word, usize), Fault> {
    let Some(length) = string_length(rest, quote) else {
        return Err(Fault::new(at, "the string has no end"));
    };
    let text = &rest[..length];
    if quote == '`' {
        return Ok((Word::Text(text[1..length - 1].to_owned()), length));
    }
    match decode(text.as_bytes()) {
        Ok(value) => Ok((Word::Text(value.as_str().unwrap_or_default().to_owned()), length)),
        Err(error) => Err(Fault::new(at, format!("not a string: {error}"))),
    }
}

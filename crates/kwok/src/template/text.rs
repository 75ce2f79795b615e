//! Functions about text, and how values become text.

use super::functions::{Function, Made, name, number, pure};
use crate::block::block;
use twin_core::tree::Value;

const MANY: usize = usize::MAX;

pub(super) static FUNCTIONS: &[Function] = &[
    pure("Quote", 1..=1, |values| Ok(Value::text(quoted(&values[0])))),
    pure("YAML", 1..=2, |values| {
        let text = block(&values[0]);
        let depth = values.get(1).map_or(0, number);
        Ok(Value::text(match usize::try_from(depth) {
            Ok(depth @ 1..=64) => indented(&format!("\n{text}"), depth * 2),
            _ => text,
        }))
    }),
    pure("print", 0..=MANY, |values| Ok(Value::text(printed(values)))),
    pure("println", 0..=MANY, |values| {
        let parts: Vec<_> = values.iter().map(shown).collect();
        Ok(Value::text(parts.join(" ") + "\n"))
    }),
    pure("printf", 1..=MANY, |values| Ok(Value::text(formatted(name(&values[0])?, &values[1..])))),
    pure("quote", 0..=MANY, |values| {
        let parts: Vec<_> = values.iter().filter(|it| !it.is_null()).map(quoted_text).collect();
        Ok(Value::text(parts.join(" ")))
    }),
    pure("squote", 0..=MANY, |values| {
        let parts = values.iter().filter(|it| !it.is_null()).map(|it| format!("'{}'", shown(it)));
        Ok(Value::text(parts.collect::<Vec<_>>().join(" ")))
    }),
    pure("toString", 1..=1, |values| Ok(Value::text(shown(&values[0])))),
    pure("toJson", 1..=1, |values| Ok(Value::text(values[0].to_string()))),
    pure("upper", 1..=1, |values| Ok(Value::text(name(&values[0])?.to_uppercase()))),
    pure("lower", 1..=1, |values| Ok(Value::text(name(&values[0])?.to_lowercase()))),
    pure("trim", 1..=1, |values| Ok(Value::text(name(&values[0])?.trim()))),
    pure("trimPrefix", 2..=2, |values| {
        let (part, text) = (name(&values[0])?, name(&values[1])?);
        Ok(Value::text(text.strip_prefix(part).unwrap_or(text)))
    }),
    pure("trimSuffix", 2..=2, |values| {
        let (part, text) = (name(&values[0])?, name(&values[1])?);
        Ok(Value::text(text.strip_suffix(part).unwrap_or(text)))
    }),
    pure("trunc", 2..=2, |values| {
        let length = usize::try_from(number(&values[0])).unwrap_or(usize::MAX);
        Ok(Value::text(name(&values[1])?.chars().take(length).collect::<String>()))
    }),
    pure("contains", 2..=2, |values| {
        Ok(Value::Bool(name(&values[1])?.contains(name(&values[0])?)))
    }),
    pure("hasPrefix", 2..=2, |values| {
        Ok(Value::Bool(name(&values[1])?.starts_with(name(&values[0])?)))
    }),
    pure("hasSuffix", 2..=2, |values| {
        Ok(Value::Bool(name(&values[1])?.ends_with(name(&values[0])?)))
    }),
    pure("replace", 3..=3, |values| {
        let (from, to, text) = (name(&values[0])?, name(&values[1])?, name(&values[2])?);
        bounded(text.len().saturating_mul(to.len().max(1)), || text.replace(from, to))
    }),
    pure("splitList", 2..=2, |values| {
        let parts = name(&values[1])?.split(name(&values[0])?);
        Ok(parts.map(Value::text).collect::<Vec<_>>().into())
    }),
    pure("indent", 2..=2, |values| {
        let (width, text) = (width(&values[0])?, name(&values[1])?);
        let lines = text.split('\n').count();
        bounded(lines * width, || " ".repeat(width) + &indented(text, width))
    }),
    pure("nindent", 2..=2, |values| {
        let (width, text) = (width(&values[0])?, name(&values[1])?);
        let lines = text.split('\n').count() + 1;
        bounded(lines * width, || indented(&format!("\n{text}"), width))
    }),
];

/// Text longer than this is not made.
const LONGEST: usize = 1 << 20;

pub(super) fn bounded(length: usize, make: impl FnOnce() -> String) -> Made {
    if length > LONGEST {
        Err("the text gets too long".to_owned())
    } else {
        Ok(Value::text(make()))
    }
}

fn width(value: &Value) -> Result<usize, String> {
    let width = number(value);
    usize::try_from(width)
        .ok()
        .filter(|it| *it <= 256)
        .ok_or_else(|| format!("cannot indent by {width}"))
}

/// The text with so many spaces after each line break.
fn indented(text: &str, width: usize) -> String {
    text.replace('\n', &format!("\n{}", " ".repeat(width)))
}

/// What counts as true: all but what is nothing or empty.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(bool) => *bool,
        Value::Int(int) => *int != 0,
        Value::Float(float) => *float != 0.0,
        Value::Text(text) => !text.is_empty(),
        Value::List(list) => !list.is_empty(),
        Value::Map(map) => map.iter().next().is_some(),
    }
}

/// A value as Go prints it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".to_owned(),
        Value::Text(text) => text.to_string(),
        Value::List(list) => {
            let items: Vec<_> = list.iter().map(shown_inside).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Map(map) => {
            let entries: Vec<_> =
                map.iter().map(|(key, value)| format!("{key}:{}", shown_inside(value))).collect();
            format!("map[{}]", entries.join(" "))
        }
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => value.to_string(),
    }
}

fn shown_inside(value: &Value) -> String {
    if value.is_null() { "<nil>".to_owned() } else { shown(value) }
}

/// A value in quotes: what is no string is written as JSON inside of them.
fn quoted(value: &Value) -> String {
    match value {
        Value::Text(_) => value.to_string(),
        other => Value::text(other.to_string()).to_string(),
    }
}

fn quoted_text(value: &Value) -> String {
    Value::text(shown(value)).to_string()
}

/// Values side by side, with a space where none of two is a string.
fn printed(values: &[Value]) -> String {
    let mut text = String::new();
    for (at, value) in values.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &values[before]);
        if before.is_some_and(|before| before.as_str().is_none() && value.as_str().is_none()) {
            text.push(' ');
        }
        text += &shown(value);
    }
    text
}

/// `printf`: `%s`, `%v`, `%d`, `%q`, `%t`, `%%`; widths and flags are kept for numbers only.
fn formatted(format: &str, values: &[Value]) -> String {
    let (mut text, mut values) = (String::new(), values.iter());
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        text += before;
        let verb_at = after.find(|next: char| {
            !(next.is_ascii_digit() || matches!(next, '-' | '+' | '.' | ' ' | '#'))
        });
        let Some((flags, verb)) = verb_at.map(|at| (&after[..at], &after[at..])) else {
            text += "%!(NOVERB)";
            return text;
        };
        let letter = verb.chars().next().unwrap_or_default();
        rest = &verb[letter.len_utf8()..];
        let part = match (letter, values_for(letter, &mut values)) {
            ('%', _) => "%".to_owned(),
            (letter, None) => format!("%!{letter}(MISSING)"),
            ('s' | 'v' | 't', Some(value)) => shown(value),
            ('q', Some(value)) => quoted_text(value),
            ('d', Some(Value::Int(int))) => padded(*int, flags),
            (letter, Some(value)) => format!("%!{letter}({})", shown(value)),
        };
        text += &part;
    }
    text + rest
}

fn values_for<'a>(letter: char, values: &mut std::slice::Iter<'a, Value>) -> Option<&'a Value> {
    if letter == '%' { None } else { values.next() }
}

fn padded(int: i64, flags: &str) -> String {
    let width = flags.trim_start_matches('0').parse::<usize>().unwrap_or(0).min(64);
    if flags.starts_with('0') { format!("{int:0width$}") } else { format!("{int:width$}") }
}

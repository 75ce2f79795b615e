//! `$NAME`, `${NAME:-default}` and their kin, in values only.

use crate::context::{Context, quote};
use std::collections::BTreeMap;
use yaml::{Node, Span, Value};

/// What variables stand for.
pub(crate) type Variables = BTreeMap<String, String>;

/// A text after substitution.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Substituted {
    pub(crate) text: String,
    /// Whether a variable was referred to.
    pub(crate) touched: bool,
    /// Variables without a value and without a default.
    pub(crate) unset: Vec<String>,
    /// Something that looks like a reference but is none.
    pub(crate) malformed: Option<String>,
}

/// Why there is no text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// `${NAME:?message}` without a value.
    Required { name: String, message: String },
    /// The text grows beyond all bounds.
    TooLarge,
}

/// The longest text that a substitution makes.
const LONGEST: usize = 1 << 20;
/// Defaults within defaults.
const DEEPEST: usize = 16;

/// Replaces the variables in a text.
pub(crate) fn substitute(text: &str, variables: &Variables) -> Result<Substituted, Problem> {
    let mut out = Substituted::default();
    expand(text, variables, &mut out, 0)?;
    Ok(out)
}

fn expand(
    text: &str,
    variables: &Variables,
    out: &mut Substituted,
    depth: usize,
) -> Result<(), Problem> {
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        push(out, &rest[..at])?;
        let after = &rest[at + 1..];
        rest = if let Some(tail) = after.strip_prefix('$') {
            push(out, "$")?;
            tail
        } else if let Some(inner) = after.strip_prefix('{') {
            braced(inner, variables, out, depth)?
        } else {
            let name = name_at(after);
            if name.is_empty() {
                let piece =
                    |text: &str| text.chars().take(12).take_while(|c| !c.is_whitespace()).collect();
                out.malformed.get_or_insert_with(|| piece(after));
                push(out, "$")?;
            } else {
                plain(name, variables, out)?;
            }
            &after[name.len()..]
        };
    }
    push(out, rest)
}

fn push(out: &mut Substituted, text: &str) -> Result<(), Problem> {
    if out.text.len() + text.len() > LONGEST {
        return Err(Problem::TooLarge);
    }
    out.text.push_str(text);
    Ok(())
}

/// The variable's name that a text starts with; empty if it starts with none.
fn name_at(text: &str) -> &str {
    let fits =
        |(i, b): (usize, u8)| b.is_ascii_alphabetic() || b == b'_' || (i > 0 && b.is_ascii_digit());
    let len = text.bytes().enumerate().take_while(|pair| fits(*pair)).count();
    &text[..len]
}

fn plain(name: &str, variables: &Variables, out: &mut Substituted) -> Result<(), Problem> {
    out.touched = true;
    if let Some(value) = variables.get(name) {
        return push(out, value);
    }
    out.unset.push(name.to_owned());
    Ok(())
}

/// `NAME}`, `NAME:-word}` …; gives what follows the brace.
fn braced<'t>(
    inner: &'t str,
    variables: &Variables,
    out: &mut Substituted,
    depth: usize,
) -> Result<&'t str, Problem> {
    let Some(end) = closing(inner) else {
        out.malformed
            .get_or_insert_with(|| format!("{{{}", inner.chars().take(12).collect::<String>()));
        // Everything behind an open brace is as unclear; looking on would take quadratic time.
        push(out, "${")?;
        push(out, inner)?;
        return Ok("");
    };
    let (body, tail) = (&inner[..end], &inner[end + 1..]);
    let name = name_at(body);
    let after = &body[name.len()..];
    if after.is_empty() && !name.is_empty() {
        plain(name, variables, out)?;
        return Ok(tail);
    }
    let (colon, operator) = match after.strip_prefix(':') {
        Some(operator) => (true, operator),
        None => (false, after),
    };
    let word = operator.get(1..).unwrap_or_default();
    let value = variables.get(name).filter(|value| !(colon && value.is_empty()));
    if name.is_empty() || depth >= DEEPEST || !operator.starts_with(['-', '?', '+']) {
        out.malformed
            .get_or_insert_with(|| format!("{{{}}}", body.chars().take(24).collect::<String>()));
        push(out, "${")?;
        push(out, body)?;
        push(out, "}")?;
        return Ok(tail);
    }
    out.touched = true;
    match (operator.as_bytes()[0], value) {
        (b'-' | b'?', Some(value)) => push(out, value)?,
        (b'-', None) | (b'+', Some(_)) => expand(word, variables, out, depth + 1)?,
        (b'?', None) => return Err(required(name, word, variables, depth)),
        _ => {}
    }
    Ok(tail)
}

fn required(name: &str, word: &str, variables: &Variables, depth: usize) -> Problem {
    let mut message = Substituted::default();
    // A message that cannot be made is as good as none.
    let made = expand(word, variables, &mut message, depth + 1).is_ok();
    Problem::Required {
        name: name.to_owned(),
        message: if made { message.text } else { String::new() },
    }
}

/// Where the brace closes that was opened before the text.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

/// Replaces the variables in every value of a tree.
pub(crate) fn tree(node: &mut Node, variables: &Variables, context: &mut Context<'_>) {
    match &mut node.value {
        Value::Seq(items) => items.iter_mut().for_each(|item| tree(item, variables, context)),
        Value::Map(map) => {
            map.entries.iter_mut().for_each(|(_, value)| tree(value, variables, context));
        }
        Value::Str(text) if text.contains('$') => {
            if let Some(replaced) = value(text, variables, node.span, context) {
                *text = replaced;
            }
        }
        _ => {}
    }
}

fn value(
    text: &str,
    variables: &Variables,
    span: Span,
    context: &mut Context<'_>,
) -> Option<String> {
    match substitute(text, variables) {
        Ok(done) => {
            if !context.afford_text(done.text.len(), span) {
                return None;
            }
            if done.touched {
                context.interpolated.insert(span);
            }
            done.unset.iter().for_each(|name| unset(name, span, context));
            if let Some(piece) = &done.malformed {
                let message =
                    format!("{} is no reference to a variable", quote(format!("${piece}")));
                context.warn(
                    "invalid-interpolation",
                    message,
                    span,
                    "write `$$` where a `$` is meant",
                );
            }
            Some(done.text)
        }
        Err(Problem::Required { name, message }) => {
            let why = if message.is_empty() { String::new() } else { format!(": {message}") };
            let hint = format!("set {name} in the environment or in .env");
            context.error("required-variable", format!("`{name}` must be set{why}"), span, hint);
            None
        }
        Err(Problem::TooLarge) => {
            too_large(span, context);
            None
        }
    }
}

fn too_large(span: Span, context: &mut Context<'_>) {
    let message = "variables expand to more text than any file needs";
    context.error("too-large", message, span, "look for variables that hold each other");
}

fn unset(name: &str, span: Span, context: &mut Context<'_>) {
    if context.unset.insert(name.to_owned()) {
        let message = format!("`{name}` is not set, so it is empty here");
        let hint = format!("set it in .env, or give a default: ${{{name}:-…}}");
        context.warn("unset-variable", message, span, hint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        [("A", "a"), ("EMPTY", ""), ("B_1", "b")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    }

    #[test]
    fn every_form_is_read() {
        for (text, want) in [
            ("$A", "a"),
            ("${A}b$B_1", "abb"),
            ("$$A", "$A"),
            ("$${A}", "${A}"),
            ("${X-d}", "d"),
            ("${EMPTY-d}", ""),
            ("${EMPTY:-d}", "d"),
            ("${X:-${Y:-$A}}", "a"),
            ("${X:-{\"k\": 1}}", "{\"k\": 1}"),
            ("${A:+yes}", "yes"),
            ("${EMPTY:+yes}${EMPTY+set}", "set"),
            ("${A?never}", "a"),
            ("${EMPTY?set}", ""),
            ("cost: 5$", "cost: 5$"),
            ("$1", "$1"),
            ("${", "${"),
            ("${A", "${A"),
            ("${A!x}", "${A!x}"),
            ("ü${X:-ö}", "üö"),
        ] {
            assert_eq!(substitute(text, &variables()).unwrap().text, want, "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(substitute("$X ${Y}", &variables()).unwrap().unset, ["X", "Y"]);
        let required = |name: &str, message: &str| {
            Err(Problem::Required { name: name.to_owned(), message: message.to_owned() })
        };
        assert_eq!(substitute("${X:?need $A}", &variables()), required("X", "need a"));
        assert_eq!(substitute("${EMPTY:?no}", &variables()), required("EMPTY", "no"));
        assert_eq!(
            substitute("$(date)", &variables()).unwrap().malformed.as_deref(),
            Some("(date)")
        );
    }

    #[test]
    fn growth_is_bounded() {
        let large = Variables::from([("L".to_owned(), "x".repeat(100_000))]);
        assert_eq!(substitute(&"$L".repeat(100), &large), Err(Problem::TooLarge));
        let deep = "${X:-".repeat(5000) + &"}".repeat(5000);
        assert!(substitute(&deep, &large).is_ok());
    }
}

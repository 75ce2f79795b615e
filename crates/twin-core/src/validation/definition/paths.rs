//! Paths of fields as definitions write them: `.spec.name`, `.labels['a.b']`.

use super::openapi::{Additional, SchemaView};

/// Whether a path may have brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Brackets {
    Allowed,
    Refused,
}

/// Where a path leads.
pub(super) struct Found<'a> {
    /// As field paths are written: `spec.name`, `labels[a.b]`.
    pub(super) path: String,
    pub(super) schema: SchemaView<'a>,
}

const NO_FIELD: &str = "does not refer to a valid field";
const NO_END: &str = "unexpected end of JSON path";

/// Follows a path through a schema.
pub(super) fn find<'a>(
    path: &str,
    schema: SchemaView<'a>,
    brackets: Brackets,
) -> Result<Found<'a>, String> {
    let mut found = Found { path: String::new(), schema };
    let mut tokens = tokens(path).into_iter();
    while let Some(token) = tokens.next() {
        match token {
            "." => {
                let name = tokens.next().ok_or(NO_END)?;
                found.step(name)?;
            }
            "[" if brackets == Brackets::Refused => {
                return Err("array notation is not allowed".to_owned());
            }
            "[" => {
                let name = tokens.next().ok_or(NO_END)?;
                let inner = name.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
                let inner =
                    inner.ok_or_else(|| format!("expected single quoted string but got {name}"))?;
                found.step(&unescaped(inner)?)?;
                match tokens.next() {
                    Some("]") => {}
                    Some(other) => return Err(format!("expected ] but got {other}")),
                    None => return Err(NO_END.to_owned()),
                }
            }
            other => return Err(format!("expected [ or . but got: {other}")),
        }
    }
    Ok(found)
}

impl Found<'_> {
    fn step(&mut self, name: &str) -> Result<(), String> {
        if self.schema.has_properties() {
            let part = self.schema.property(name);
            if !self.path.is_empty() {
                self.path.push('.');
            }
            self.path.push_str(name);
            self.schema = part.ok_or(NO_FIELD)?;
            return Ok(());
        }
        let Some(Additional::Schema(part)) = self.schema.additional() else {
            return Err(NO_FIELD.to_owned());
        };
        self.path.extend(["[", name, "]"]);
        self.schema = part;
        Ok(())
    }
}

/// The three signs one by one, and what stands between them; a quoted text is one.
fn tokens(path: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let end = match rest.as_bytes()[0] {
            b'.' | b'[' | b']' => 1,
            b'\'' => {
                let closes =
                    |at: &usize| rest.as_bytes()[*at] == b'\'' && rest.as_bytes()[at - 1] != b'\\';
                (1..rest.len()).find(closes).map_or(rest.len(), |at| at + 1)
            }
            _ => rest.find(['.', '[', ']']).unwrap_or(rest.len()),
        };
        found.push(&rest[..end]);
        rest = &rest[end..];
    }
    found
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next() {
            Some('a') => '\u{7}',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('v') => '\u{b}',
            Some(c @ ('\'' | '\\')) => c,
            Some(c) => {
                return Err(format!("invalid string literal: invalid escape char \\{c}"));
            }
            None => '\\',
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{Brackets, SchemaView, find};
    use crate::tree::decode;

    #[test]
    fn a_path_leads_somewhere_or_says_why_not() {
        let schema = decode(
            br#"{"properties":{"a":{"properties":{"b.c":{"type":"string"}}},"m":{"additionalProperties":{"type":"integer"}}}}"#,
        )
        .unwrap();
        let path =
            |text: &str| find(text, SchemaView(&schema), Brackets::Allowed).map(|found| found.path);
        assert_eq!(path(".a['b.c']").as_deref(), Ok("a.b.c"));
        assert_eq!(path(".m['x\\'y']").as_deref(), Ok("m[x'y]"));
        for (text, why) in [
            ("a", "expected [ or . but got: a"),
            (".x", "does not refer to a valid field"),
            (".a.", "unexpected end of JSON path"),
            (".m[1]", "expected single quoted string but got 1"),
            (".m['a'", "unexpected end of JSON path"),
        ] {
            assert_eq!(path(text), Err(why.to_owned()), "{text}");
        }
        let refused = find(".m['a']", SchemaView(&schema), Brackets::Refused).err();
        assert_eq!(refused.as_deref(), Some("array notation is not allowed"));
    }
}

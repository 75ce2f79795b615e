//! Scalars that every YAML reader understands the same way, those of YAML 1.1 included.

use std::fmt::Write as _;

/// Words that some reader takes for a boolean or null.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
/// Letters that occur in numbers: exponents, hexadecimal, octal and binary digits.
const NUMBER_LETTERS: &str = "abcdefoxABCDEFOX";
/// Punctuation that is harmless within a plain scalar.
const HARMLESS: &str = "_./@%+=,-()$~;<> ";

/// A string on one line: plain where that is safe, else in double quotes.
pub(super) fn inline(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Whether every reader takes the text for a string if it stands there without quotes.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let starts_well = match first {
        '/' | '_' | '$' => true,
        '0'..='9' => is_plain_after_digit(text),
        _ => first.is_ascii_alphabetic() && !WORDS.contains(&text.to_ascii_lowercase().as_str()),
    };
    starts_well && !text.ends_with([' ', ':']) && !text.contains(": ") && only_harmless(text)
}

fn only_harmless(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == ':' || HARMLESS.contains(c))
}

/// Sizes such as `10Gi` are strings to everybody; `1e3`, `0x1f`, `1_000`, `12:30` and dates are not.
fn is_plain_after_digit(text: &str) -> bool {
    let simple = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    simple && text.chars().any(|c| c.is_ascii_alphabetic() && !NUMBER_LETTERS.contains(c))
}

/// A string in double quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            c => {
                let escape = match u32::from(c) {
                    code @ 0..=0xff => write!(out, "\\x{code:02x}"),
                    code @ 0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    code => write!(out, "\\U{code:08x}"),
                };
                escape.expect("writing to a String cannot fail");
            }
        }
    }
    out.push('"');
    out
}

/// Whether a character may stand in a document and means itself: no control character, no line
/// separator of YAML 1.1, no byte order mark, no non-character.
fn is_printable(c: char) -> bool {
    let code = u32::from(c);
    !c.is_control() && !matches!(code, 0x2028 | 0x2029 | 0xfeff) && code & 0xfffe != 0xfffe
}

/// The lines of a literal block scalar, header first, without indentation; `None` if the text needs
/// quotes.
pub(super) fn block(text: &str) -> Option<Vec<String>> {
    let fits = text.chars().all(|c| c == '\n' || c == '\t' || is_printable(c));
    if !text.contains('\n') || !fits || text.trim().is_empty() {
        return None;
    }
    let indicator = if text.starts_with([' ', '\t', '\n']) { "2" } else { "" };
    let (chomping, body) = match text.strip_suffix('\n') {
        None => ("-", text),
        Some(body) if body.ends_with('\n') => ("+", body),
        Some(body) => ("", body),
    };
    let header = format!("|{indicator}{chomping}");
    Some(std::iter::once(header).chain(body.split('\n').map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_some_reader_would_not_take_for_a_string() {
        for text in ["web", "10Gi", "500m", "/etc/app", "acme/web:1.4", "a b", "$HOME", "nginx"] {
            assert_eq!(inline(text), text);
        }
        let nasty = [
            "",
            "yes",
            "No",
            "ON",
            "off",
            "y",
            "null",
            "Null",
            "~",
            "true",
            "0123",
            "1e3",
            "0x1f",
            "1_000",
            "12:30",
            "1.5",
            "1.2.3",
            "-1",
            "+1",
            ".5",
            ".inf",
            "2026-01-01",
            "a: b",
            "a:",
            " a",
            "a ",
            "#a",
            "a #b",
            "- a",
            "-",
            "---",
            "*a",
            "&a",
            "!a",
            "|",
            ">",
            "'a'",
            "[a]",
            "{a}",
            "%a",
            "@a",
            "`a`",
            "?",
            "é",
            "=",
            "<<",
            "{{ a }}",
        ];
        for text in nasty {
            assert!(inline(text).starts_with('"'), "{text}");
        }
        assert_eq!(inline("\u{7}\u{85}\u{2028}\u{feff}\"\\"), r#""\x07\x85\u2028\ufeff\"\\""#);
    }

    #[test]
    fn blocks_keep_trailing_lines() {
        for (text, header) in
            [("a\nb", "|-"), ("a\n", "|"), ("a\n\n", "|+"), (" a\nb\n", "|2"), ("\na", "|2-")]
        {
            assert_eq!(block(text).unwrap()[0], header, "{text:?}");
        }
        for text in ["a", "\n\n", " \n ", "a\r\nb", "a\n\u{0}"] {
            assert_eq!(block(text), None, "{text:?}");
        }
    }
}

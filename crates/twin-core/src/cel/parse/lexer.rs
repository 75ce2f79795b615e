//! Words of expressions.

use kube_cel::cel::common::ast::LiteralValue;

/// A word, with the place of its first byte.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cel) struct Token<'a> {
    pub(in crate::cel) at: usize,
    pub(in crate::cel) word: Word<'a>,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::cel) enum Word<'a> {
    Sign(&'static str),
    Name(&'a str),
    /// Between backticks.
    Escaped(&'a str),
    Literal(LiteralValue),
    /// Digits, whose sign may stand before them.
    Int(u64),
    Float(f64),
}

/// Longer ones come first.
const SIGNS: [&str; 25] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!",
    "?", ":", "+", "*", "/", "%", "=",
];

/// All words of a text; None, if it has something else.
pub(in crate::cel) fn words(text: &str) -> Option<Vec<Token<'_>>> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at = after_blanks(text, at);
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else { return Some(found) };
        let (word, length) = match first {
            '`' => escaped(rest)?,
            '0'..='9' => number(rest)?,
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => number(rest)?,
            '"' | '\'' => quoted(rest, 0)?,
            'a'..='z' | 'A'..='Z' | '_' => named(rest)?,
            _ => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign))?;
                (Word::Sign(sign), sign.len())
            }
        };
        found.push(Token { at, word });
        at += length;
    }
}

fn after_blanks(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let blanks = rest.len() - rest.trim_start_matches(['\t', ' ', '\r', '\n', '\u{c}']).len();
        at += blanks;
        if !text[at..].starts_with("//") {
            return at;
        }
        at += text[at..].find('\n').unwrap_or(text.len() - at);
    }
}

fn escaped(text: &str) -> Option<(Word<'_>, usize)> {
    let end = text[1..].find('`')? + 1;
    let name = &text[1..end];
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/ ".contains(&byte);
    (!name.is_empty() && name.bytes().all(fits)).then_some((Word::Escaped(name), end + 1))
}

fn named(text: &str) -> Option<(Word<'_>, usize)> {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let length = text.find(|c| !is_inner(c)).unwrap_or(text.len());
    let name = &text[..length];
    let opens = text[length..].starts_with(['"', '\'']);
    if opens && length <= 2 && matches!(name.to_ascii_lowercase().as_str(), "r" | "b" | "br" | "rb")
    {
        return quoted(text, length);
    }
    let word = match name {
        "in" => Word::Sign("in"),
        "true" => Word::Literal(LiteralValue::Boolean(true.into())),
        "false" => Word::Literal(LiteralValue::Boolean(false.into())),
        "null" => Word::Literal(LiteralValue::Null),
        name => Word::Name(name),
    };
    Some((word, length))
}

fn number(text: &str) -> Option<(Word<'_>, usize)> {
    let digits = |from: usize| {
        let rest = &text[from..];
        rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())
    };
    let is_unsigned = |at: usize| text[at..].starts_with(['u', 'U']);
    if let Some(hex) = text.strip_prefix("0x") {
        let length = hex.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(hex.len());
        let value = u64::from_str_radix(&hex[..length], 16).ok()?;
        return Some(whole(value, length + 2, is_unsigned(length + 2)));
    }
    let mut end = digits(0);
    let whole_end = end;
    if text[end..].starts_with('.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let exponent = digits(end + 1 + sign);
        end += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    if end > whole_end {
        return Some((Word::Float(text[..end].parse().ok()?), end));
    }
    Some(whole(text[..end].parse().ok()?, end, is_unsigned(end)))
}

fn whole(value: u64, length: usize, unsigned: bool) -> (Word<'static>, usize) {
    if unsigned {
        (Word::Literal(LiteralValue::UInt(value.into())), length + 1)
    } else {
        (Word::Int(value), length)
    }
}

/// A text or bytes behind a prefix of this length.
fn quoted(text: &str, prefix: usize) -> Option<(Word<'_>, usize)> {
    let marks = text[..prefix].to_ascii_lowercase();
    let (raw, bytes) = (marks.contains('r'), marks.contains('b'));
    let open = &text[prefix..];
    let quote = &open[..1];
    let triple = quote.repeat(3);
    let (quote, long) =
        if open.starts_with(&triple) { (triple.as_str(), true) } else { (quote, false) };
    let start = prefix + quote.len();
    let end = closing(&text[start..], quote, raw)? + start;
    let inner = &text[start..end];
    if !long && inner.contains(['\n', '\r']) {
        return None;
    }
    let literal = match (raw, bytes) {
        (true, false) => LiteralValue::String(inner.to_owned().into()),
        (true, true) => LiteralValue::Bytes(inner.as_bytes().to_vec().into()),
        (false, false) => LiteralValue::String(unescaped(inner)?.into()),
        (false, true) => LiteralValue::Bytes(unescaped_bytes(inner)?.into()),
    };
    Some((Word::Literal(literal), end + quote.len()))
}

fn closing(text: &str, quote: &str, raw: bool) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(quote) {
            return Some(at);
        }
        let mut chars = rest.chars();
        at += chars.next()?.len_utf8();
        if !raw && rest.starts_with('\\') {
            at += chars.next()?.len_utf8();
        }
    }
    None
}

/// What an escape stands for, with its length.
enum Escape {
    Char(char),
    /// As a byte, and as a character.
    Code(u8),
}

fn escape(text: &str) -> Option<(Escape, usize)> {
    let code = |from: usize, length: usize, radix: u32| {
        u32::from_str_radix(text.get(from..from + length)?, radix).ok()
    };
    let first = text.chars().next()?;
    let char = match first {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '"' | '\'' | '\\' | '?' | '`' => first,
        'x' | 'X' => return Some((Escape::Code(u8::try_from(code(1, 2, 16)?).ok()?), 3)),
        '0'..='3' => return Some((Escape::Code(u8::try_from(code(0, 3, 8)?).ok()?), 3)),
        'u' => return Some((Escape::Char(char::from_u32(code(1, 4, 16)?)?), 5)),
        'U' => return Some((Escape::Char(char::from_u32(code(1, 8, 16)?)?), 9)),
        _ => return None,
    };
    Some((Escape::Char(char), 1))
}

fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let (escape, length) = escape(&rest[at + 1..])?;
        out.push(match escape {
            Escape::Char(char) => char,
            Escape::Code(code) => char::from(code),
        });
        rest = &rest[at + 1 + length..];
    }
    out.push_str(rest);
    Some(out)
}

fn unescaped_bytes(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let (escape, length) = escape(&rest[at + 1..])?;
        match escape {
            Escape::Char(char) if char.is_ascii() && length == 1 => {
                out.push(u8::try_from(char).ok()?);
            }
            Escape::Char(_) => return None,
            Escape::Code(code) => out.push(code),
        }
        rest = &rest[at + 1 + length..];
    }
    out.extend_from_slice(rest.as_bytes());
    Some(out)
}

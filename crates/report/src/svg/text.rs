//! Text in markup: escaped, measured without a font, shortened to fit.

use std::fmt::Write as _;

/// Text as it may stand in markup, between tags or in a quoted attribute. Characters that XML
/// forbids, and those that turn the direction of what follows, are replaced.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || is_forbidden(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text as the part of an address or an `id` that follows a prefix: letters and digits stay, the
/// rest becomes its number, so that two texts never meet.
pub(crate) fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '-' {
            out.push(c);
        } else {
            let _ = write!(out, "_{:x}_", u32::from(c));
        }
    }
    out
}

/// How wide a text is at a font size, in pixels, rounded up. Measured for `DejaVu` Sans, which is the
/// widest of the fonts that a browser may take, so that text fits in all of them.
pub(crate) fn width(text: &str, size: i32) -> i32 {
    let hundredths: i32 = text.chars().map(|c| advance(c).saturating_mul(size)).sum();
    (hundredths + 99) / 100
}

/// The same for bold text.
pub(crate) fn bold_width(text: &str, size: i32) -> i32 {
    let plain = width(text, size);
    plain + plain / 8
}

/// Advance of a character in hundredths of the font size.
fn advance(c: char) -> i32 {
    match c {
        '\'' | 'i' | 'j' | 'l' | 'I' | 'J' | ' ' | ',' | '.' | '·' => 32,
        '/' | ':' | ';' | '\\' | '|' | 'f' | '-' | '(' | ')' | '[' | ']' | 't' | '!' | 'r' => 40,
        '"' | '*' | '_' | '`' | 's' | 'z' | '?' | 'c' | 'L' | '–' => 56,
        'F' | 'k' | 'v' | 'x' | 'y' | 'P' | 'T' | 'Y' | 'a' | 'o' | 'e' => 62,
        'E' | 'S' | 'b' | 'd' | 'g' | 'h' | 'n' | 'p' | 'q' | 'u' | '$' | '0'..='9' | '{' | '}' => {
            64
        }
        'K' | 'A' | 'V' | 'B' | 'R' | 'X' | 'Z' | 'C' | 'U' | 'H' | 'N' => 75,
        'D' | 'G' | '&' | 'O' | 'Q' | 'w' | '#' | '+' | '<' | '=' | '>' | '^' | '~' | 'M' => 86,
        '%' | 'm' | 'W' | '@' | '…' => 100,
        c if c.is_ascii() => 64,
        c if (c as u32) < 0x1100 => 86,
        _ => 110,
    }
}

/// The text if it fits, else as much of its start as does, and `…`.
pub(crate) fn shorten(text: &str, size: i32, room: i32) -> String {
    fit(text, room, |t| width(t, size))
}

/// The same for bold text.
pub(crate) fn shorten_bold(text: &str, size: i32, room: i32) -> String {
    fit(text, room, |t| bold_width(t, size))
}

fn fit(text: &str, room: i32, measure: impl Fn(&str) -> i32) -> String {
    // Nothing that fits in a picture is longer; what is hostile must not cost more.
    let start: Vec<char> = text.chars().take(400).collect();
    let whole: String = start.iter().collect();
    if whole.len() == text.len() && measure(text) <= room {
        return text.to_owned();
    }
    let kept = |n: usize| {
        let head: String = start.iter().take(n).collect();
        format!("{}…", head.trim_end())
    };
    let fitting = (1..=start.len()).take_while(|&n| measure(&kept(n)) <= room).last();
    kept(fitting.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped() {
        assert_eq!(escape(r#"<a b="c">'&"#), "&lt;a b=&quot;c&quot;&gt;&#39;&amp;");
        assert_eq!(escape("a\u{0}b\u{202e}c\u{ffff}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
    }

    #[test]
    fn slugs_differ_where_texts_do() {
        assert_eq!(slug("a-1"), "a-1");
        assert_ne!(slug("a_b"), slug("a b"));
        assert!(slug("\"><script>").chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
    }

    #[test]
    fn what_is_shortened_fits() {
        let name = "a-very-long-service-name-that-fits-nowhere";
        let short = shorten(name, 15, 120);
        assert!(short.ends_with('…') && width(&short, 15) <= 120, "{short}");
        assert_eq!(shorten("web", 15, 120), "web");
        assert_eq!(shorten("web", 15, 0), "…");
        assert!(bold_width("web", 15) > width("web", 15));
    }
}

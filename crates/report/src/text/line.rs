//! One line of styled text, whose width is known because the style is not part of the text.

use crate::Color;
use anstyle::{AnsiColor, Style};

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// Text.
    #[default]
    Plain,
    /// A headline.
    Title,
    /// A name or a value.
    Name,
    /// Something that one may skip.
    Faint,
    /// All is well; something is added.
    Good,
    /// Somebody should look; something changes.
    Warning,
    /// It does not work; something is removed.
    Bad,
    /// Something to type.
    Code,
}

impl Role {
    fn style(self) -> Style {
        let color = |color: AnsiColor| color.on_default();
        match self {
            Self::Plain => Style::new(),
            Self::Title => Style::new().bold(),
            Self::Name => color(AnsiColor::Cyan),
            Self::Faint => Style::new().dimmed(),
            Self::Good => color(AnsiColor::Green),
            Self::Warning => color(AnsiColor::Yellow),
            Self::Bad => color(AnsiColor::Red).bold(),
            Self::Code => color(AnsiColor::Blue),
        }
    }
}

/// One line, or a text that is still to be wrapped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pieces: Vec<(Role, String)>,
}

impl Line {
    /// A line of one piece.
    pub(crate) fn of(role: Role, text: impl AsRef<str>) -> Self {
        Self::default().and(role, text)
    }

    /// A sentence: what stands in backticks is code.
    pub(crate) fn prose(text: &str) -> Self {
        Self::default().sentence(text)
    }

    /// The same with one more piece. What would control a terminal is shown, not sent.
    pub(crate) fn and(mut self, role: Role, text: impl AsRef<str>) -> Self {
        let text: String = text.as_ref().chars().map(harmless).collect();
        if !text.is_empty() {
            self.pieces.push((role, text));
        }
        self
    }

    /// The same with one more piece of text.
    pub(crate) fn plain(self, text: impl AsRef<str>) -> Self {
        self.and(Role::Plain, text)
    }

    /// The same with a sentence.
    pub(crate) fn sentence(self, text: &str) -> Self {
        let mut line = self;
        for (at, part) in text.split('`').enumerate() {
            line = if at % 2 == 1 && !part.is_empty() {
                line.and(Role::Name, format!("`{part}`"))
            } else {
                line.plain(part)
            };
        }
        line
    }

    /// The same with all pieces of another line.
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.pieces.extend(other.pieces);
        self
    }

    /// Columns that it takes.
    pub(crate) fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| text.chars().count()).sum()
    }

    /// Whether there is nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// At most `width` columns of it, ending in `…` if something is missing.
    pub(crate) fn clipped(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let mut kept: Vec<_> = self.chars().take(width.saturating_sub(1)).collect();
        if width > 0 {
            kept.push((kept.last().map_or(Role::Plain, |(role, _)| *role), '…'));
        }
        Self::from_chars(&kept)
    }

    /// The same with spaces behind it, up to `width` columns.
    pub(crate) fn padded(self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.plain(" ".repeat(missing))
    }

    /// Lines of at most `width` columns, broken at spaces, inside of words only if need be.
    pub(crate) fn wrapped(self, width: usize) -> Vec<Self> {
        let width = width.max(1);
        let chars: Vec<_> = self.chars().collect();
        let mut lines = Vec::new();
        let mut start = 0;
        while start < chars.len() {
            let end = break_after(&chars[start..], width) + start;
            lines.push(Self::from_chars(trimmed(&chars[start..end])));
            start = end + chars[end..].iter().take_while(|(_, c)| *c == ' ').count();
        }
        lines
    }

    /// Appends the line as text.
    pub(crate) fn render(&self, color: Color, out: &mut String) {
        use std::fmt::Write;
        for (role, text) in &self.pieces {
            let style = role.style();
            let written = match color {
                Color::Plain => write!(out, "{text}"),
                Color::Ansi => write!(out, "{style}{text}{style:#}"),
            };
            written.expect("a string takes any text");
        }
        while out.ends_with(' ') {
            out.pop();
        }
    }

    fn chars(&self) -> impl Iterator<Item = (Role, char)> {
        self.pieces.iter().flat_map(|(role, text)| text.chars().map(|c| (*role, c)))
    }

    fn from_chars(chars: &[(Role, char)]) -> Self {
        let mut pieces: Vec<(Role, String)> = Vec::new();
        for (role, c) in chars {
            match pieces.last_mut() {
                Some((last, text)) if last == role => text.push(*c),
                _ => pieces.push((*role, c.to_string())),
            }
        }
        Self { pieces }
    }
}

/// How many characters stand on the first line.
fn break_after(chars: &[(Role, char)], width: usize) -> usize {
    if chars.len() <= width {
        return chars.len();
    }
    let space = chars[..=width].iter().rposition(|(_, c)| *c == ' ');
    space.filter(|at| *at > 0).unwrap_or(width)
}

fn trimmed(chars: &[(Role, char)]) -> &[(Role, char)] {
    let end = chars.iter().rposition(|(_, c)| *c != ' ').map_or(0, |at| at + 1);
    &chars[..end]
}

/// Line breaks are spaces; other controls and marks that reorder text are shown as a box.
fn harmless(c: char) -> char {
    match c {
        '\n' | '\r' | '\t' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{25a1}',
        c if c.is_control() => '\u{25a1}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Role};
    use crate::Color;

    fn text(line: &Line) -> String {
        let mut out = String::new();
        line.render(Color::Plain, &mut out);
        out
    }

    #[test]
    fn texts_wrap_at_spaces_and_long_words_anywhere() {
        let cases: [(&str, usize, &[&str]); 5] = [
            ("", 5, &[]),
            ("one two", 7, &["one two"]),
            ("one two three", 7, &["one two", "three"]),
            ("abcdefghij kl", 4, &["abcd", "efgh", "ij", "kl"]),
            ("  deep", 6, &["  deep"]),
        ];
        for (given, width, expected) in cases {
            let lines: Vec<_> = Line::prose(given).wrapped(width).iter().map(text).collect();
            assert_eq!(lines, expected, "{given:?} at {width}");
        }
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(text(&Line::prose("abcdef").clipped(4)), "abc…");
        assert_eq!(text(&Line::prose("abcd").clipped(4)), "abcd");
        assert_eq!(text(&Line::prose("abcd").clipped(0)), "");
    }

    #[test]
    fn escapes_of_others_are_not_sent() {
        let hostile = Line::of(Role::Plain, "a\u{1b}[31mb\nc\u{202e}");
        assert_eq!(text(&hostile), "a□[31mb c□");
    }

    #[test]
    fn colour_is_around_the_text() {
        let mut out = String::new();
        Line::of(Role::Good, "yes").render(Color::Ansi, &mut out);
        assert_eq!(out, "\u{1b}[32myes\u{1b}[0m");
    }
}

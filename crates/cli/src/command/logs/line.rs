//! Lines, with who wrote them in front.

use super::source::Source;
use anstyle::{AnsiColor, Style};
use report::Color;
use std::collections::BTreeMap;

/// What stands in front of the lines of each container.
#[derive(Debug)]
pub(super) struct Prefixes {
    color: Color,
    /// Each name, with its color.
    known: BTreeMap<String, Style>,
    width: usize,
}

const COLORS: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::BrightRed,
];

impl Prefixes {
    pub(super) fn new(color: Color) -> Self {
        Self { color, known: BTreeMap::new(), width: 0 }
    }

    /// Names that will come; lines line up with the longest so far.
    pub(super) fn know(&mut self, sources: &[Source]) {
        for name in sources.iter().map(Source::name) {
            let next = COLORS[self.known.len() % COLORS.len()];
            self.width = self.width.max(name.len());
            self.known.entry(name).or_insert_with(|| next.on_default());
        }
    }

    pub(super) fn of(&self, source: &Source) -> String {
        let name = source.name();
        let padded = format!("{name:<width$} |", width = self.width);
        match (self.color, self.known.get(&name)) {
            (Color::Ansi, Some(style)) => format!("{style}{padded}{style:#} "),
            _ => format!("{padded} "),
        }
    }
}

/// The time at which a line begins, and the rest of it. What the kubelet itself says has no time.
pub(super) fn timed(line: &str) -> (Option<&str>, &str) {
    match line.split_once(' ').unwrap_or((line, "")) {
        (stamp, text) if is_time(stamp) => (Some(stamp), text),
        _ => (None, line),
    }
}

fn is_time(word: &str) -> bool {
    word.ends_with('Z')
        && word.get(10..11) == Some("T")
        && word.starts_with(|it: char| it.is_ascii_digit())
}

/// The time at which a line begins, so that times can be compared: zeros at the end of its fraction
/// are not written.
pub(super) fn time(line: &str) -> (&str, String) {
    let stamp = timed(line).0.unwrap_or_default().trim_end_matches('Z');
    let (seconds, fraction) = stamp.split_once('.').unwrap_or((stamp, ""));
    (seconds, format!("{fraction:0<9}"))
}

#[cfg(test)]
mod tests {
    use super::{time, timed};

    #[test]
    fn times_are_compared_as_times() {
        let sorted =
            ["2026-01-01T00:00:05Z a", "2026-01-01T00:00:05.1Z b", "2026-01-01T00:00:05.12Z"];
        assert!(sorted.is_sorted_by_key(|line| time(line)));
        assert!(time(sorted[0]) < time(sorted[1]));
        assert_eq!(timed(sorted[1]), (Some("2026-01-01T00:00:05.1Z"), "b"));
        assert_eq!(timed("2026-01-01T00:00:05Z"), (Some("2026-01-01T00:00:05Z"), ""));
        assert_eq!(timed("unable to retrieve"), (None, "unable to retrieve"));
    }
}

//! Findings for people.

use super::Counts;
use super::json::word;
use crate::printer::style;
use anstyle::Style;
use check::Finding;
use report::{Color, Layout};
use std::fmt::Write;
use yaml::{Diagnostic, Sources};

pub(super) fn write(
    findings: &[&Finding],
    sources: &Sources,
    counts: Counts,
    layout: Layout,
) -> String {
    let mut page = Page { out: String::new(), layout };
    for group in findings.chunk_by(|a, b| a.span.file == b.span.file) {
        page.line(&page.styled(Style::new().bold().underline(), sources.name(group[0].span.file)));
        page.line("");
        for finding in group {
            page.finding(finding, sources);
        }
    }
    let hidden = counts.listed().saturating_sub(findings.len());
    if hidden > 0 {
        page.line(&format!("{hidden} more, none of them worse: --format json has them all"));
    }
    page.summary(counts);
    page.out
}

struct Page {
    out: String,
    layout: Layout,
}

/// How far what belongs to a finding stands in from its headline.
const INDENT: &str = "  ";

impl Page {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn styled(&self, style: Style, text: &str) -> String {
        match self.layout.color {
            Color::Ansi => format!("{style}{text}{style:#}"),
            Color::Plain => text.to_owned(),
        }
    }

    fn word(&self, word: &str) -> String {
        self.styled(style(word).unwrap_or_default(), word)
    }

    fn finding(&mut self, finding: &Finding, sources: &Sources) {
        let severity = self.word(word(finding.severity));
        let (id, name) = (finding.rule.id, finding.rule.name);
        let object = self.styled(Style::new().bold(), &finding.object);
        self.line(&format!("{severity} {id} {name}: {object}"));
        self.wrapped("", &finding.message);
        self.line(&format!("{INDENT}--> {}", place(finding, sources)));
        for line in snippet(finding, sources) {
            self.line(&format!("{INDENT}{line}"));
        }
        let fix = self.word("fix");
        self.wrapped(&format!("{fix}: "), &finding.fix);
        if let Some(reason) = &finding.waived {
            self.wrapped("waived: ", reason);
        }
        self.line("");
    }

    /// A paragraph that is broken where the terminal ends; several lines stay as they are, for they
    /// are YAML that people copy. What follows the lead stands below it.
    fn wrapped(&mut self, lead: &str, text: &str) {
        let width = self.layout.width.saturating_sub(INDENT.len() + 5).max(30);
        let hang = if lead.is_empty() { "" } else { "     " };
        let lines = if text.contains('\n') {
            text.lines().map(str::to_owned).collect()
        } else {
            wrap(text, width)
        };
        for (at, line) in lines.iter().enumerate() {
            let lead = if at == 0 { lead } else { hang };
            self.line(&format!("{INDENT}{lead}{line}"));
        }
    }

    fn summary(&mut self, counts: Counts) {
        let less = [(counts.warnings, "warning"), (counts.notes, "note")];
        let less = less.into_iter().filter(|(count, _)| *count > 0);
        let mut parts = vec![number(counts.errors, "error")];
        parts.extend(less.map(|(count, word)| number(count, word)));
        let found = parts.join(", ");
        let files = number(counts.files, "file");
        let waived = match counts.waived {
            0 => String::new(),
            waived => format!("; {waived} waived (--show-waived shows them)"),
        };
        self.line(&format!("{found} in {files}{waived}"));
    }
}

fn number(count: usize, word: &str) -> String {
    let mut text = format!("{count} {word}");
    if count != 1 {
        text.push('s');
    }
    text
}

fn place(finding: &Finding, sources: &Sources) -> String {
    let mut place = sources.location(finding.span);
    if !finding.path.is_empty() {
        write!(place, "  {}", finding.path).expect("a string takes any text");
    }
    place
}

/// The line with a caret, as diagnostics show it.
fn snippet(finding: &Finding, sources: &Sources) -> Vec<String> {
    let shown = Diagnostic::info(finding.rule.id, "", finding.span).render(sources);
    shown.lines().skip(1).map(str::to_owned).collect()
}

/// Breaks a paragraph between words.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(last) if last.chars().count() + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_break_between_words() {
        assert_eq!(wrap("a bc def", 5), ["a bc", "def"]);
        assert_eq!(wrap("unbreakable", 3), ["unbreakable"]);
    }
}

//! Places in the files: links in words, and the line itself where showing it gives nothing away.

use super::prose;
use crate::svg::text::escape;
use crate::text::phrases;
use model::reason::Because;
use yaml::{Sources, Span};

/// Attributes whose values may hold secrets: of them only the key is shown.
const CLOSED: &[&str] = &[
    "environment",
    "env_file",
    "command",
    "entrypoint",
    "healthcheck",
    "args",
    "labels",
    "annotations",
    "content",
    "post_start",
    "pre_start",
    "pre_stop",
];

/// Words that make a line suspicious whatever attribute it belongs to.
const SUSPICIOUS: &[&str] =
    &["pass", "pwd", "secret", "token", "key", "credential", "auth", "dsn", "://"];

/// Longer lines are cut: a quotation should be read at a glance.
const LONGEST: usize = 160;

/// The first line that a finding rests on, quoted with its place.
pub(super) fn quotation(because: &[Because], sources: &Sources) -> String {
    let line = because.iter().find_map(|b| match b {
        Because::Line { field, span } => Some((field.as_str(), *span)),
        _ => None,
    });
    let Some((field, span)) = line else { return String::new() };
    let place = escape(&sources.location(span));
    let Some(text) = shown(field, span, sources) else {
        return format!("<p class=\"place\">{place} <code>{}</code></p>\n", escape(field));
    };
    format!(
        "<figure><figcaption class=\"place\">{place}</figcaption>\
         <pre tabindex=\"0\"><code>{}</code></pre></figure>\n",
        escape(&text)
    )
}

/// The line as far as it may be shown; `None` if it may not.
fn shown(field: &str, span: Span, sources: &Sources) -> Option<String> {
    let number = usize::try_from(span.start.line).ok()?.checked_sub(1)?;
    let line = sources.text(span.file).lines().nth(number)?.trim();
    if line.is_empty() {
        return None;
    }
    let closed = field.split('.').any(|part| CLOSED.contains(&part));
    let lower = line.to_lowercase();
    if closed || SUSPICIOUS.iter().any(|word| lower.contains(word)) {
        let key: String = line.chars().take_while(|c| !":={[\"'".contains(*c)).collect();
        let whole = key.trim_end().len() == line.trim_end_matches(':').len();
        return (!key.trim().is_empty()
            && (!whole || line.ends_with(':'))
            && !key.trim_start().starts_with('-'))
        .then(|| if whole { line.to_owned() } else { format!("{}: …", key.trim_end()) });
    }
    let mut text: String = line.chars().take(LONGEST).collect();
    if text.len() < line.len() {
        text.push('…');
    }
    Some(text)
}

/// What something rests on, as small print: places, rules that link to the glossary, the rest in
/// words.
pub(super) fn citations(because: &[Because], sources: &Sources) -> String {
    let mut items: Vec<String> = Vec::new();
    for reason in because {
        let item = match reason {
            Because::Rule(rule) => {
                let name = escape(rule.name);
                format!("<li><a href=\"#rule-{name}\">{name}</a></li>")
            }
            Because::Line { field, span } => {
                format!("<li title=\"{}\">{}</li>", escape(field), escape(&sources.location(*span)))
            }
            other => {
                format!(
                    "<li>{}</li>",
                    prose(&phrases(std::slice::from_ref(other), sources).concat())
                )
            }
        };
        if !items.contains(&item) {
            items.push(item);
        }
    }
    if items.is_empty() {
        return String::new();
    }
    format!("<ul class=\"because\">{}</ul>\n", items.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use yaml::Pos;

    fn shown_of(field: &str, line: &str) -> Option<String> {
        let mut sources = Sources::default();
        let file = sources.add("compose.yaml", line);
        let start = Pos { line: 1, column: 1 };
        shown(field, Span { file, start, end: start }, &sources)
    }

    #[test]
    fn plain_lines_are_quoted() {
        let line = "    ports: [\"80:8080\"]";
        assert_eq!(shown_of("services.web.ports.0", line).as_deref(), Some(line.trim()));
    }

    #[test]
    fn secrets_are_not_quoted() {
        let cases = [
            ("services.a.environment.X", "X: hunter2", Some("X: …")),
            ("services.a.environment.X", "- X=hunter2", None),
            ("services.a.command", "command: run --with hunter2", Some("command: …")),
            ("services.a.command", "command:", Some("command:")),
            ("services.a.command.1", "- hunter2", None),
            ("services.a.image", "a: {image: x, environment: {PASSWORD: hunter2}}", Some("a: …")),
            ("services.a.x", "- \"postgres://u:hunter2@db\"", None),
            ("services.a.labels.x", "hunter2", None),
        ];
        for (field, line, expected) in cases {
            assert_eq!(shown_of(field, line).as_deref(), expected, "{line}");
        }
    }
}

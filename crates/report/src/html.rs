//! One self-contained page: diagram, findings, questions, workloads, decisions, objects.
//!
//! It loads nothing, and reads whole without its script, which only filters and prepares printing.
//! All text goes through [`escape`] or [`prose`].

mod connections;
mod decisions;
mod entrances;
mod findings;
mod objects;
mod order;
mod overview;
mod policies;
mod quote;
mod rules;
mod serving;
mod workloads;

use crate::View;
use crate::svg::drawing;
use crate::svg::text::escape;
use std::fmt::Write as _;

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// One part of the page; parts without a body are left out.
struct Section {
    id: &'static str,
    title: &'static str,
    lead: String,
    body: String,
}

/// The page.
pub fn html(view: &View<'_>) -> String {
    let sections = sections(view);
    let mut body = overview::header(view);
    contents(&sections, &mut body);
    body.push_str("<main id=\"main\">\n");
    for part in &sections {
        section(part, &mut body);
    }
    body.push_str("</main>\n<footer><p>Planned by <b>muster</b>. Values of Secrets are masked here.</p></footer>\n");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{} on Kubernetes</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the architecture</a>\n{body}\
         <script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        escape(&view.plan.app)
    )
}

fn sections(view: &View<'_>) -> Vec<Section> {
    let plan = view.plan;
    let mut all = vec![
        Section {
            id: "architecture",
            title: "Architecture",
            lead: String::new(),
            body: diagram(view),
        },
        findings::findings(view),
        findings::questions(view),
        workloads::section(plan),
        entrances::section(plan),
        serving::section(plan),
        connections::section(plan),
        policies::section(view),
        order::section(plan),
        decisions::section(view),
        rules::section(view),
        objects::section(view),
    ];
    all.retain(|part| !part.body.is_empty());
    all
}

/// The diagram scrolls where the screen is too narrow for its text.
fn diagram(view: &View<'_>) -> String {
    let drawing = drawing(view);
    format!(
        "<div class=\"diagram\" style=\"--natural:{}px\" tabindex=\"0\" role=\"group\" \
         aria-label=\"Diagram\">\n{}</div>\n",
        drawing.width, drawing.markup
    )
}

fn contents(sections: &[Section], out: &mut String) {
    out.push_str("<nav aria-label=\"Contents\"><ul>\n");
    for part in sections {
        let _ = writeln!(out, "<li><a href=\"#{}\">{}</a></li>", part.id, part.title);
    }
    out.push_str("</ul></nav>\n");
}

fn section(part: &Section, out: &mut String) {
    let Section { id, title, lead, body } = part;
    let _ = write!(
        out,
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n"
    );
    if !lead.is_empty() {
        let _ = writeln!(out, "<p class=\"lead\">{lead}</p>");
    }
    let _ = writeln!(out, "{body}</section>");
}

/// A sentence: as [`prose`], with a capital first letter where it begins with a plain word.
fn sentence(text: &str) -> String {
    let word = text.split([' ', ',', ':']).next().unwrap_or_default();
    if word.is_empty() || !word.chars().all(|c| c.is_ascii_lowercase()) {
        return prose(text);
    }
    let (first, rest) = text.split_at(1);
    prose(&format!("{}{rest}", first.to_ascii_uppercase()))
}

/// Escaped text in which what stands between backticks is code.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, part) in parts.iter().enumerate() {
        if at % 2 == 1 {
            let _ = write!(out, "<code>{}</code>", escape(part));
        } else {
            out.push_str(&escape(part));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{prose, sentence};

    #[test]
    fn sentences_begin_with_a_capital_unless_with_a_name() {
        let cases = [
            ("which user is it?", "Which user is it?"),
            ("no: every request may go anywhere", "No: every request may go anywhere"),
            ("healthcheck.sh reads it", "healthcheck.sh reads it"),
            ("--host example.com", "--host example.com"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(sentence(text), expected);
        }
    }

    #[test]
    fn backticks_become_code() {
        assert_eq!(prose("set `a<b` to 1"), "set <code>a&lt;b</code> to 1");
        assert_eq!(prose("one ` alone & so"), "one ` alone &amp; so");
    }
}

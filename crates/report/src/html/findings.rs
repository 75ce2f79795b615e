//! What people should know, and what only they can answer.

use super::overview::level_class;
use super::quote::quotation;
use super::{Section, prose, sentence};
use crate::View;
use crate::svg::text::escape;
use crate::text::count;
use model::reason::{Finding, Level, Question};
use std::fmt::Write as _;

/// The findings, worst first.
pub(super) fn findings(view: &View<'_>) -> Section {
    let all = &view.plan.report.findings;
    let mut body = String::new();
    for level in [Level::Blocker, Level::Warning, Level::Note] {
        let found: Vec<&Finding> = all.iter().filter(|f| f.level == level).collect();
        if found.is_empty() {
            continue;
        }
        // Notes are many and can wait.
        let number = found.len();
        let open = if level == Level::Note && number > 4 { "" } else { " open" };
        let _ = writeln!(
            body,
            "<details class=\"group\"{open}>\n<summary><span class=\"tag {}\">{}</span> {}</summary>\n\
             <ul class=\"findings\">",
            level_class(level),
            level_class(level),
            explained(level, number)
        );
        for item in found {
            finding(item, view, &mut body);
        }
        body.push_str("</ul>\n</details>\n");
    }
    if body.is_empty() {
        body.push_str("<p>Nothing: no blocker, no warning, no note.</p>\n");
    }
    Section { id: "findings", title: "Findings", lead: String::new(), body }
}

fn explained(level: Level, found: usize) -> String {
    let number = count(found, level_class(level));
    match level {
        Level::Blocker => {
            format!("{number}: the product will not work as it did until this is dealt with")
        }
        Level::Warning => format!("{number}: somebody should look at this"),
        Level::Note => format!("{number}, worth knowing"),
    }
}

fn finding(finding: &Finding, view: &View<'_>, out: &mut String) {
    let service = finding.service.as_deref().map_or_else(String::new, |service| {
        format!("<span class=\"service\">{}</span> ", escape(service))
    });
    let _ = writeln!(
        out,
        "<li class=\"finding\">\n<div><p class=\"what\">{service}{}</p>\n<p class=\"code\">{}</p></div>\n\
         <div>{}{}</div>\n</li>",
        sentence(&finding.message),
        escape(finding.code),
        to_do(&finding.fix),
        quotation(&finding.because, view.sources)
    );
}

/// What to do about a finding, if anything.
fn to_do(fix: &str) -> String {
    if fix.is_empty() {
        return String::new();
    }
    format!("<p class=\"fix\"><b>To do</b> {}</p>\n", prose(fix))
}

/// The open questions; those that ask the same of several services stand together.
pub(super) fn questions(view: &View<'_>) -> Section {
    let mut groups: Vec<(String, Vec<&Question>)> = Vec::new();
    for question in &view.plan.report.questions {
        let asked = general(question);
        let same = |(key, members): &&mut (String, Vec<&Question>)| {
            *key == asked && members.iter().all(|member| member.assumed == question.assumed)
        };
        match groups.iter_mut().find(same) {
            Some((_, members)) => members.push(question),
            None => groups.push((asked, vec![question])),
        }
    }
    let mut body = String::new();
    for (asked, members) in &groups {
        group(asked, members, &mut body);
    }
    if !body.is_empty() {
        body = format!("<ul class=\"findings\">\n{body}</ul>\n");
    }
    Section {
        id: "questions",
        title: "Open questions",
        lead: "The plan is complete without the answers. Each line below settles one for good."
            .to_owned(),
        body,
    }
}

/// A question without the service that it is about.
fn general(question: &Question) -> String {
    match &question.service {
        Some(service) => question.question.replace(&format!("`{service}`"), "…"),
        None => question.question.clone(),
    }
}

fn group(asked: &str, members: &[&Question], out: &mut String) {
    let Some(first) = members.first() else { return };
    let services: Vec<String> = members
        .iter()
        .filter_map(|member| member.service.as_deref())
        .map(|service| format!("<span class=\"service\">{}</span> ", escape(service)))
        .collect();
    let chips = services.concat();
    let what = if members.len() == 1 {
        format!("<p class=\"what\">{chips}{}</p>", sentence(&first.question))
    } else {
        format!("<p class=\"what\">{}</p>\n<p>{chips}</p>", sentence(asked))
    };
    let mut answers: Vec<&str> = members.iter().map(|member| member.answer.as_str()).collect();
    answers.dedup();
    let _ = writeln!(
        out,
        "<li>\n<div>{what}\n<p class=\"fix\"><b>Assumed</b> {}</p></div>\n\
         <pre tabindex=\"0\" aria-label=\"How to answer\"><code>{}</code></pre>\n</li>",
        prose(&first.assumed),
        escape(&answers.join("\n"))
    );
}

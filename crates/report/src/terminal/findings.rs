//! Findings, worst first; equal ones grouped, notes folded.

use crate::View;
use crate::text::{Line, Page, Role, cited, count, level};
use model::reason::{Finding, Level};
use std::collections::BTreeMap;

/// Groups of notes that are shown; the others are counted.
const NOTES_SHOWN: usize = 5;

/// Findings of one group that are shown one by one; the others are counted.
const LISTED: usize = 4;

/// Findings of one level and code.
struct Group<'f> {
    level: Level,
    code: &'static str,
    findings: Vec<&'f Finding>,
}

pub(super) fn findings(view: &View<'_>, page: &mut Page) {
    let groups = grouped(&view.plan.report.findings);
    if groups.is_empty() {
        return;
    }
    page.heading("What to look at", &totals(&view.plan.report.findings));
    let (notes, urgent): (Vec<_>, Vec<_>) =
        groups.into_iter().partition(|group| group.level == Level::Note);
    for group in &urgent {
        in_full(group, view, page);
    }
    for group in notes.iter().take(NOTES_SHOWN) {
        in_short(group, view, page);
    }
    let rest = &notes[notes.len().min(NOTES_SHOWN)..];
    if !rest.is_empty() {
        let codes: Vec<_> =
            rest.iter().map(|it| format!("{} ({})", it.code, it.findings.len())).collect();
        let text = format!("and {}", codes.join(", "));
        page.hang(lead(Level::Note), Line::of(Role::Faint, text));
    }
    if let Some(folded) = notes.iter().rev().find(|it| it.findings.len() > LISTED) {
        let hint = Line::of(Role::Faint, "all of one kind: ")
            .and(Role::Code, format!("muster explain {}", folded.code));
        page.hang(Line::default().padded(4), hint);
    }
}

/// By level and code: worst first, then what is rarest, since what repeats is seldom urgent.
fn grouped(findings: &[Finding]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        groups.entry((finding.level, finding.code)).or_default().push(finding);
    }
    let mut groups: Vec<_> = groups
        .into_iter()
        .map(|((level, code), findings)| Group { level, code, findings })
        .collect();
    groups.sort_by_key(|it| (std::cmp::Reverse(it.level), it.findings.len(), it.code));
    groups
}

fn totals(findings: &[Finding]) -> String {
    let of = |wanted: Level| findings.iter().filter(|it| it.level == wanted).count();
    [Level::Blocker, Level::Warning, Level::Note]
        .into_iter()
        .filter(|it| of(*it) > 0)
        .map(|it| count(of(it), level(it).1))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Every finding with its message, its place, and what to do.
fn in_full(group: &Group<'_>, view: &View<'_>, page: &mut Page) {
    let title = Line::of(color(group.level), group.code).plain(services(&group.findings));
    page.hang(lead(group.level), title);
    for (at, finding) in group.findings.iter().enumerate() {
        let place = cited(&finding.because, view.sources);
        let place = place.map_or(String::new(), |it| format!("  ({it})"));
        let text = Line::prose(&finding.message).and(Role::Faint, place);
        page.hang(Line::default().padded(4), text);
        // Several findings of a kind often ask for the same.
        let last = group.findings.get(at + 1).is_none_or(|next| next.fix != finding.fix);
        if last && !finding.fix.is_empty() {
            page.hang(Line::of(Role::Good, "    → "), Line::prose(&finding.fix));
        }
    }
}

/// A note, or a count of equal ones.
fn in_short(group: &Group<'_>, view: &View<'_>, page: &mut Page) {
    let title = Line::of(Role::Title, group.code);
    match group.findings.as_slice() {
        [one] => {
            let place = cited(&one.because, view.sources);
            let place = place.map_or(String::new(), |it| format!("  ({it})"));
            let text = title.plain("  ").then(message(one)).and(Role::Faint, place);
            page.hang(lead(group.level), text);
        }
        many if many.len() <= LISTED => {
            page.hang(lead(group.level), title.plain(services(many)));
            for finding in many {
                page.hang(Line::default().padded(4), message(finding));
            }
        }
        many => {
            let text = title
                .and(Role::Faint, format!(" ×{}", many.len()))
                .plain(services(many))
                .plain("  such as: ")
                .then(message(many[0]));
            page.hang(lead(group.level), text);
        }
    }
}

/// The message, with the service that it is about if it does not name it.
fn message(finding: &Finding) -> Line {
    let named = |it: &&String| !finding.message.contains(&format!("`{it}`"));
    match finding.service.as_ref().filter(named) {
        Some(service) => Line::of(Role::Name, service).plain(": ").sentence(&finding.message),
        None => Line::prose(&finding.message),
    }
}

fn lead(of: Level) -> Line {
    Line::of(color(of), format!("  {} ", level(of).0))
}

const fn color(level: Level) -> Role {
    match level {
        Level::Blocker => Role::Bad,
        Level::Warning => Role::Warning,
        Level::Note => Role::Faint,
    }
}

/// `  app (7), db`: who is concerned.
fn services(findings: &[&Finding]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for service in findings.iter().filter_map(|it| it.service.as_deref()) {
        *counts.entry(service).or_default() += 1;
    }
    let words = counts.iter().map(|(service, n)| match n {
        1 => (*service).to_owned(),
        n => format!("{service} ({n})"),
    });
    let words = words.collect::<Vec<_>>().join(", ");
    if words.is_empty() { words } else { format!("  {words}") }
}

//! What only people can answer.

use crate::View;
use crate::text::{Line, Page, Role, count};
use model::reason::Question;

/// Questions that are asked; the others are counted.
const ASKED: usize = 6;

pub(super) fn questions(view: &View<'_>, page: &mut Page) {
    let groups = grouped(&view.plan.report.questions);
    if groups.is_empty() {
        return;
    }
    page.heading("What only you can answer", "a default was taken meanwhile");
    for group in groups.iter().take(ASKED) {
        let also: Vec<_> = group[1..].iter().filter_map(|it| it.service.as_deref()).collect();
        let also = if also.is_empty() {
            String::new()
        } else {
            format!("  (the same of {})", also.join(", "))
        };
        let question = Line::prose(&group[0].question).and(Role::Faint, also);
        page.hang(Line::of(Role::Warning, "  ? "), question);
        let answer = Line::of(Role::Faint, "assumed: ")
            .sentence(&group[0].assumed)
            .and(Role::Faint, " · else: ")
            .and(Role::Code, &group[0].answer);
        page.hang(Line::default().padded(4), answer);
    }
    if groups.len() > ASKED {
        let more =
            format!("and {}: --html shows them", count(groups.len() - ASKED, "more question"));
        page.hang(Line::default().padded(4), Line::of(Role::Faint, more));
    }
}

/// Questions that are the same but for the service, in the order of the report.
fn grouped(questions: &[Question]) -> Vec<Vec<&Question>> {
    let mut groups: Vec<Vec<&Question>> = Vec::new();
    for question in questions {
        match groups.iter_mut().find(|group| pattern(group[0]) == pattern(question)) {
            Some(group) => group.push(question),
            None => groups.push(vec![question]),
        }
    }
    groups
}

/// The question without the name of its service.
fn pattern(question: &Question) -> (String, &str) {
    let named = question.service.as_ref().map(|service| format!("`{service}`"));
    let text = named.map_or(question.question.clone(), |it| question.question.replace(&it, "`…`"));
    (text, &question.assumed)
}

//! Differences as text and as JSON.

use super::Diff;
use super::care::Care;
use super::compare::{Changed, Choice, Field, Named};
use crate::Layout;
use crate::text::{Line, Page, Role, count, field_label, joined};
use serde_json::{Value, json};

pub(super) fn terminal(diff: &Diff, layout: Layout) -> String {
    let mut page = Page::new(layout);
    if diff.is_empty() {
        page.text(Line::of(Role::Title, &diff.app).plain("   nothing changes"));
        return page.render();
    }
    headline(diff, &mut page);
    objects(diff, &mut page);
    choices(diff, &mut page);
    cares("What Kubernetes would refuse", "✗", Role::Bad, &diff.refused, &mut page);
    cares("What needs care", "▲", Role::Warning, &diff.careful, &mut page);
    leftovers(diff, &mut page);
    page.render()
}

fn headline(diff: &Diff, page: &mut Page) {
    let parts = [
        (diff.added.len(), "added", Role::Good),
        (diff.removed.len(), "removed", Role::Bad),
        (diff.changed.len(), "changed", Role::Warning),
        (diff.refused.len(), "refused by Kubernetes", Role::Bad),
    ];
    let mut line = Line::of(Role::Title, &diff.app);
    let mut gap = "   ";
    for (n, word, role) in parts.into_iter().filter(|(n, ..)| *n > 0) {
        line = line.plain(gap).and(role, format!("{n} {word}"));
        gap = ", ";
    }
    page.text(line);
    if let Some(to) = &diff.moved_to {
        let text = format!(
            "The namespace changes from `{}` to `{to}`: everything is made anew there, data \
             included; the old one stays until it is deleted.",
            diff.namespace
        );
        page.text(Line::prose(&text));
    }
}

fn objects(diff: &Diff, page: &mut Page) {
    page.blank();
    for object in &diff.removed {
        page.line(whole("- ", Role::Bad, object));
    }
    for object in &diff.added {
        page.line(whole("+ ", Role::Good, object));
    }
    for object in &diff.changed {
        changed(object, page);
    }
}

fn whole(sign: &str, role: Role, object: &Named) -> Line {
    Line::of(role, sign)
        .and(role, &object.object)
        .and(Role::Faint, format!("  {}", count(object.fields, "field")))
}

fn changed(changed: &Changed, page: &mut Page) {
    let mut line = Line::of(Role::Warning, "~ ").and(Role::Title, &changed.new.object);
    if changed.old.name != changed.new.name {
        let text = format!("  {} → {}", changed.old.name, changed.new.name);
        line = line.and(Role::Faint, text);
    }
    page.text(line);
    for field in changed.fields.iter().filter(|it| it.path != "metadata.name") {
        self::field(field, page);
    }
}

/// `path: old → new`, or old and new below it if they are long.
fn field(field: &Field, page: &mut Page) {
    let path = || Line::of(Role::Name, &field.path).plain(": ");
    let (sign, role, line) = match (&field.old, &field.new) {
        (Some(old), Some(new)) => {
            let both = Line::of(Role::Bad, value(old)).plain(" → ").and(Role::Good, value(new));
            ("~", Role::Warning, both)
        }
        (Some(old), None) => ("-", Role::Bad, Line::of(Role::Bad, value(old))),
        (None, Some(new)) => ("+", Role::Good, Line::of(Role::Good, value(new))),
        (None, None) => return,
    };
    let lead = Line::of(role, format!("    {sign} "));
    if lead.width() + path().width() + line.width() <= page.width() {
        page.hang(lead, path().then(line));
        return;
    }
    page.hang(lead, Line::of(Role::Name, &field.path));
    let text = |it: &Option<Value>| it.as_ref().map(value).unwrap_or_default();
    let (old, new) = (text(&field.old), text(&field.new));
    let (gone, come) = lines_apart(&old, &new);
    for line in gone {
        page.hang(Line::of(Role::Bad, "        - "), Line::of(Role::Bad, line));
    }
    for line in come {
        page.hang(Line::of(Role::Good, "        + "), Line::of(Role::Good, line));
    }
}

/// The lines of two texts without those that they share at the start and at the end.
fn lines_apart<'t>(old: &'t str, new: &'t str) -> (Vec<&'t str>, Vec<&'t str>) {
    let (mut old, mut new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let shared = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    old.drain(..shared);
    new.drain(..shared);
    while old.last().is_some_and(|line| new.last() == Some(line)) {
        old.pop();
        new.pop();
    }
    (old, new)
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn choices(diff: &Diff, page: &mut Page) {
    if diff.choices.is_empty() {
        return;
    }
    page.heading("What was decided differently", "");
    let mut groups: Vec<Vec<&Choice>> = Vec::new();
    for choice in &diff.choices {
        let same =
            |it: &Choice| (&it.old, &it.new, &it.why) == (&choice.old, &choice.new, &choice.why);
        match groups.iter_mut().find(|group| same(group[0])) {
            Some(group) => group.push(choice),
            None => groups.push(vec![choice]),
        }
    }
    for group in groups {
        for choice in &group {
            let line =
                Line::of(Role::Name, &choice.object).plain("  ").plain(field_label(&choice.field));
            page.hang(Line::default().padded(2), line);
        }
        let line = Line::of(Role::Bad, &group[0].old).plain(" → ").and(Role::Good, &group[0].new);
        page.hang(Line::default().padded(6), line);
        page.hang(Line::default().padded(6), Line::prose(&group[0].why));
    }
}

fn cares(title: &str, sign: &str, role: Role, all: &[Care], page: &mut Page) {
    if all.is_empty() {
        return;
    }
    page.heading(title, "");
    for care in all {
        let line =
            Line::of(Role::Title, &care.object).plain("  ").and(Role::Name, joined(&care.fields));
        page.hang(Line::of(role, format!("  {sign} ")), line);
        page.hang(Line::default().padded(4), Line::prose(&care.why));
        for (at, step) in care.steps.iter().enumerate() {
            page.hang(Line::of(Role::Faint, format!("    {}  ", at + 1)), Line::prose(step));
        }
    }
}

/// Objects that an apply leaves behind, but those that need care.
fn leftovers(diff: &Diff, page: &mut Page) {
    let left: Vec<_> = diff
        .removed
        .iter()
        .filter(|it| diff.careful.iter().all(|care| care.object != it.object))
        .map(|it| format!("{}/{}", it.kind.to_lowercase(), it.name))
        .collect();
    if left.is_empty() {
        return;
    }
    page.heading("What an apply leaves behind", "");
    let command = format!("kubectl -n {} delete {}", diff.namespace, left.join(" "));
    page.hang(Line::default().padded(2), Line::of(Role::Code, command));
}

pub(super) fn json(diff: &Diff) -> Value {
    let named = |it: &Named| json!({ "object": it.object, "name": it.name, "service": it.service });
    let field = |it: &Field| json!({ "field": it.path, "old": it.old, "new": it.new });
    let care = |it: &Care| json!({ "object": it.object, "fields": it.fields, "why": it.why, "steps": it.steps });
    json!({
        "apiVersion": "muster.dev/diff/v1",
        "app": diff.app,
        "namespace": diff.namespace,
        "movedTo": diff.moved_to,
        "added": diff.added.iter().map(named).collect::<Vec<_>>(),
        "removed": diff.removed.iter().map(named).collect::<Vec<_>>(),
        "changed": diff.changed.iter().map(|it| json!({
            "object": it.new.object,
            "name": it.new.name,
            "service": it.new.service,
            "fields": it.fields.iter().map(field).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "decisions": diff.choices.iter().map(|it| json!({
            "object": it.object,
            "field": it.field,
            "old": it.old,
            "new": it.new,
            "why": it.why,
        })).collect::<Vec<_>>(),
        "refused": diff.refused.iter().map(care).collect::<Vec<_>>(),
        "careful": diff.careful.iter().map(care).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::lines_apart;

    #[test]
    fn shared_lines_are_left_out() {
        assert_eq!(lines_apart("a\nb\nc", "a\nx\ny\nc"), (vec!["b"], vec!["x", "y"]));
        assert_eq!(lines_apart("a", "a"), (vec![], vec![]));
        assert_eq!(lines_apart("", "a"), (vec![], vec!["a"]));
        assert_eq!(lines_apart("a\na", "a"), (vec!["a"], vec![]));
    }
}

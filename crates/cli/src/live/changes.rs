//! What a decision changes, for people and programs.

use apply::{Action, Change, Decision};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What changes, a line for each object; new objects share a line with those of their service.
pub(crate) fn table(decision: &Decision) -> String {
    let mut text = String::new();
    let mut created: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for change in &decision.changes {
        if change.action == Action::Create {
            let service = change.service.as_deref().unwrap_or("the product");
            created.entry(service).or_default().push(&change.id.kind);
        }
    }
    for (service, mut kinds) in created {
        kinds.sort_unstable();
        line(&mut text, '+', service, &counted(&kinds));
    }
    for change in &decision.changes {
        if let Some((mark, what)) = told(&change.action) {
            line(&mut text, mark, &change.id.to_string(), &what);
        }
    }
    text
}

fn line(text: &mut String, mark: char, name: &str, what: &str) {
    writeln!(text, "  {mark} {name:<28} {what}").expect("a string takes any text");
}

fn counted(kinds: &[&str]) -> String {
    let runs = kinds.chunk_by(|a, b| a == b).map(|run| match run.len() {
        1 => run[0].to_owned(),
        many => format!("{many} {}", run[0]),
    });
    runs.collect::<Vec<_>>().join(", ")
}

fn told(action: &Action) -> Option<(char, String)> {
    Some(match action {
        Action::Create | Action::Keep => return None,
        Action::Update(fields) => {
            let fields: Vec<_> = fields.iter().map(field).collect();
            ('~', fields.join("; "))
        }
        Action::Replace { why, .. } => ('!', format!("replaced: {why}")),
        Action::Prune => ('-', "removed: the files do not name it any more".to_owned()),
        Action::Leave { why } => ('=', format!("stays: {why}")),
        Action::Foreign { managers } if managers.is_empty() => {
            ('x', "is there and was not made by muster".to_owned())
        }
        Action::Foreign { managers } => ('x', format!("belongs to {}", managers.join(", "))),
        Action::Conflict { fields: conflicts, .. } => {
            let shown: Vec<_> = conflicts
                .iter()
                .map(|it| format!("{} belongs to {}", it.field, it.owner))
                .collect();
            ('x', shown.join("; "))
        }
        Action::Blocked { why, fix } => ('x', format!("{why}; {fix}")),
    })
}

fn field(change: &apply::FieldChange) -> String {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{}: {before} → {after}", change.field),
        (None, Some(after)) => format!("{}: {after}", change.field),
        (Some(before), None) => format!("{} ({before})", change.field),
        (None, None) => change.field.clone(),
    }
}

/// The same as events.
pub(crate) fn events(decision: &Decision) -> impl Iterator<Item = Value> {
    decision.changes.iter().filter(|change| change.action != Action::Keep).map(event)
}

fn event(change: &Change) -> Value {
    let (word, fields) = match &change.action {
        Action::Create => ("create", Vec::new()),
        Action::Update(fields) => ("update", fields.iter().map(|it| it.field.clone()).collect()),
        Action::Keep => ("keep", Vec::new()),
        Action::Replace { .. } => ("replace", Vec::new()),
        Action::Prune => ("remove", Vec::new()),
        Action::Leave { .. } => ("leave", Vec::new()),
        Action::Foreign { .. } => ("foreign", Vec::new()),
        Action::Conflict { fields, .. } => {
            ("conflict", fields.iter().map(|it| it.field.clone()).collect())
        }
        Action::Blocked { .. } => ("blocked", Vec::new()),
    };
    let why = told(&change.action).map(|(_, why)| why);
    json!({"event": "change", "object": change.id.to_string(), "service": change.service,
        "action": word, "fields": fields, "why": why})
}

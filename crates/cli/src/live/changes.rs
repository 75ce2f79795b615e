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
        line(&mut text, '+', service, &[counted(&kinds)]);
    }
    for change in &decision.changes {
        if let Some((mark, what)) = told(&change.action) {
            line(&mut text, mark, &change.id.to_string(), &what);
        }
    }
    text
}

fn line(text: &mut String, mark: char, name: &str, what: &[String]) {
    let line = match what {
        [one] => format!("  {mark} {name:<28} {one}"),
        many => format!("  {mark} {name}\n      {}", many.join("\n      ")),
    };
    writeln!(text, "{line}").expect("a string takes any text");
}

fn counted(kinds: &[&str]) -> String {
    let runs = kinds.chunk_by(|a, b| a == b).map(|run| match run.len() {
        1 => run[0].to_owned(),
        many => format!("{many} {}", run[0]),
    });
    runs.collect::<Vec<_>>().join(", ")
}

/// What happens to an object that is there, a text for each part of it.
fn told(action: &Action) -> Option<(char, Vec<String>)> {
    let (mark, text) = match action {
        Action::Create | Action::Keep => return None,
        Action::Update(fields) => return Some(('~', fields.iter().map(field).collect())),
        Action::Conflict { fields, .. } => {
            let whose = |it: &apply::Conflict| format!("{} belongs to {}", it.field, it.owner);
            return Some(('x', fields.iter().map(whose).collect()));
        }
        Action::Replace { why, .. } => ('!', format!("replaced: {why}")),
        Action::Prune => ('-', "removed: it is not wanted any more".to_owned()),
        Action::Leave { why } => ('=', format!("stays: {why}")),
        Action::Foreign { managers } if managers.is_empty() => {
            ('x', "is there and was not made by muster".to_owned())
        }
        Action::Foreign { managers } => ('x', format!("belongs to {}", managers.join(", "))),
        Action::Blocked { why, fix } => ('x', format!("{why}; {fix}")),
    };
    Some((mark, vec![text]))
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
    let why = told(&change.action).map(|(_, why)| why.join("; "));
    json!({"event": "change", "object": change.id.to_string(), "service": change.service,
        "action": word, "fields": fields, "why": why})
}

#[cfg(test)]
mod tests {
    use super::table;
    use apply::{Action, Change, Conflict, Decision, FieldChange, Id, Stage};

    fn change(kind: &str, action: Action) -> Change {
        let id = Id {
            api_version: "v1".into(),
            kind: kind.into(),
            namespace: Some("shop".into()),
            name: "web".into(),
        };
        Change { id, stage: Stage(0), service: Some("web".into()), action }
    }

    fn field(field: &str, before: Option<&str>, after: Option<&str>) -> FieldChange {
        let text = |it: Option<&str>| it.map(str::to_owned);
        FieldChange { field: field.into(), before: text(before), after: text(after) }
    }

    #[test]
    fn a_line_for_each_object_and_one_for_each_field() {
        let update = vec![
            field("spec.replicas", Some("1"), Some("2")),
            field("spec.paused", None, None),
            field("metadata.labels.a", None, Some("b")),
        ];
        let conflict = Conflict { field: "spec.replicas".into(), owner: "kubectl".into() };
        let (fields, taken) = (vec![conflict], Box::new(Action::Keep));
        let changes = vec![
            change("Service", Action::Create),
            change("Deployment", Action::Create),
            change("Deployment", Action::Update(update)),
            change("Secret", Action::Update(vec![field("data.password", None, None)])),
            change("ConfigMap", Action::Prune),
            change("Job", Action::Conflict { fields, taken }),
            change("Role", Action::Keep),
        ];
        let want = "\u{20} + web                          Deployment, Service
  ~ Deployment/web
      spec.replicas: 1 → 2
      spec.paused
      metadata.labels.a: b
  ~ Secret/web                   data.password
  - ConfigMap/web                removed: it is not wanted any more
  x Job/web                      spec.replicas belongs to kubectl
";
        assert_eq!(table(&Decision { changes }), want);
    }
}

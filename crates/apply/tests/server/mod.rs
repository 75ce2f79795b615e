//! As much of server-side apply as decisions rest on: fields, and who owns them.

use apply::{Action, Decision, Desired, Id, MANAGER, Step};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct Server {
    pub(crate) objects: BTreeMap<Id, Value>,
}

impl Server {
    /// Applies an object in the place of what we applied before.
    pub(crate) fn apply(&mut self, desired: &Desired) {
        let mut live = desired.object.clone();
        let fields = fields(&live);
        own(&mut live, MANAGER, &fields);
        self.objects.insert(desired.id.clone(), live);
    }

    /// Does what a decision says.
    pub(crate) fn carry_out(&mut self, decision: &Decision, desired: &[Desired]) {
        for change in &decision.changes {
            let wanted = desired.iter().find(|it| it.id == change.id);
            match &change.action {
                Action::Create | Action::Update(_) => self.apply(wanted.unwrap()),
                Action::Replace { sequence, .. } => {
                    assert_eq!(sequence.last(), Some(&Step::Create));
                    self.apply(wanted.unwrap());
                }
                Action::Prune => drop(self.objects.remove(&change.id)),
                _ => {}
            }
        }
    }
}

/// Adds an owner of fields.
pub(crate) fn own(live: &mut Value, manager: &str, fields: &Value) {
    let entry = json!({"manager": manager, "operation": "Apply", "fieldsV1": fields});
    match live["metadata"]["managedFields"].as_array_mut() {
        Some(entries) => entries.push(entry),
        None => live["metadata"]["managedFields"] = json!([entry]),
    }
}

fn fields(value: &Value) -> Value {
    let Some(object) = value.as_object() else { return json!({}) };
    let mut owned = Map::new();
    for (name, value) in object {
        if ["apiVersion", "kind", "name", "namespace"].contains(&name.as_str()) {
            continue;
        }
        let keyed = matches!(name.as_str(), "containers" | "env");
        let below = match value {
            Value::Array(items) if keyed && items.iter().all(|it| it["name"].is_string()) => {
                let item = |it: &Value| (format!("k:{}", json!({"name": it["name"]})), fields(it));
                Value::Object(items.iter().map(item).collect())
            }
            Value::Array(_) => json!({}),
            _ => fields(value),
        };
        owned.insert(format!("f:{name}"), below);
    }
    owned.into()
}

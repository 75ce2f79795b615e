//! What changes between two plans, and what Kubernetes would refuse.

mod care;
mod compare;
mod document;
mod render;
mod sequence;

use crate::Layout;
use care::Care;
use compare::{Changed, Choice, Named};
use document::Document;
use serde_json::Value;

/// What changes between two plans. Values of Secrets are masked in plans: that one changes cannot
/// be seen here.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    app: String,
    /// The namespace in which the old plan lives.
    namespace: String,
    /// The new plan's, if it is another.
    moved_to: Option<String>,
    added: Vec<Named>,
    removed: Vec<Named>,
    changed: Vec<Changed>,
    choices: Vec<Choice>,
    refused: Vec<Care>,
    careful: Vec<Care>,
}

/// The document is not the JSON of a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the JSON of a plan: {0}")]
pub struct NotAPlan(pub String);

/// Compares two plans, as [`crate::json`] writes them. Objects are the same if their kind and name
/// are, apart from the hash in which some names end.
pub fn diff(old: &Value, new: &Value) -> Result<Diff, NotAPlan> {
    let (old, new) = (Document::read(old)?, Document::read(new)?);
    let found = compare::objects(&old, &new);
    let mut careful = care::kinds_changed(&found, old.namespace);
    careful.extend(care::data_lost(&found));
    Ok(Diff {
        app: new.app.to_owned(),
        namespace: old.namespace.to_owned(),
        moved_to: (old.namespace != new.namespace).then(|| new.namespace.to_owned()),
        refused: found.changed.iter().filter_map(|it| care::refused(it, old.namespace)).collect(),
        careful,
        added: found.added,
        removed: found.removed,
        changed: found.changed,
        choices: compare::choices(&old, &new),
    })
}

impl Diff {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.changed.is_empty()
            && self.choices.is_empty()
            && self.moved_to.is_none()
    }

    /// For people: what is added (`+`), removed (`-`) and changed (`~`), what was decided
    /// differently, and what Kubernetes would refuse, with the steps that lead there.
    pub fn terminal(&self, layout: Layout) -> String {
        render::terminal(self, layout)
    }

    /// For programs:
    ///
    /// ```text
    /// {
    ///   "apiVersion": "muster.dev/diff/v1",
    ///   "app", "namespace", "movedTo",        // movedTo: another namespace, or null
    ///   "added":   [{ "object", "name", "service" }],
    ///   "removed": [{ "object", "name", "service" }],
    ///   "changed": [{ "object", "name", "service",
    ///                 "fields": [{ "field", "old", "new" }] }],   // absent: null
    ///   "decisions": [{ "object", "field", "old", "new", "why" }],
    ///   "refused": [{ "object", "fields", "why", "steps" }],
    ///   "careful": [{ "object", "fields", "why", "steps" }]
    /// }
    /// ```
    pub fn json(&self) -> Value {
        render::json(self)
    }
}

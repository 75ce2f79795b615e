//! What is done with an object.

use crate::compare::Difference;
use crate::id::{Id, Stage};
use crate::shorten::shown;

/// What to do, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// One for each object.
    pub changes: Vec<Change>,
}

/// What to do with one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which one.
    pub id: Id,
    /// When.
    pub stage: Stage,
    /// The Compose service that it belongs to.
    pub service: Option<String>,
    /// What.
    pub action: Action,
}

/// What to do with one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// It is not there.
    Create,
    /// These fields change.
    Update(Vec<FieldChange>),
    /// It is as desired.
    Keep,
    /// Kubernetes forbids the change; this sequence gets there.
    Replace {
        /// What forbids it.
        why: String,
        /// What to do instead.
        sequence: Vec<Step>,
    },
    /// An earlier run applied it, and it is not desired any more.
    Prune,
    /// It is not desired any more and stays.
    Leave {
        /// Why.
        why: String,
    },
    /// It is there and not ours.
    Foreign {
        /// Who manages it, as far as the object says.
        managers: Vec<String>,
    },
    /// Others own fields that would change.
    Conflict {
        /// Which.
        fields: Vec<Conflict>,
        /// What it takes to change them nevertheless.
        taken: Box<Action>,
    },
    /// It cannot be changed to this without a person's decision.
    Blocked {
        /// What forbids it.
        why: String,
        /// What a person can do.
        fix: String,
    },
}

/// A step of a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Wait until it is gone.
    AwaitGone,
    /// Delete it and wait until it is gone.
    Delete,
    /// Delete it after its pods, and wait until all are gone.
    DeleteWithPods,
    /// Delete it and leave its pods running; wait until it is gone.
    DeleteKeepingPods,
    /// Create it.
    Create,
}

/// A field that another manager owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Its path.
    pub field: String,
    /// The field manager that owns it.
    pub owner: String,
}

/// A field that changes. Of secrets, values are never here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Its path.
    pub field: String,
    /// What it was, shortened; `None` if it was not there or must not be shown.
    pub before: Option<String>,
    /// What it becomes, shortened; `None` if it is removed or must not be shown.
    pub after: Option<String>,
}

impl FieldChange {
    /// A change whose values may be seen.
    pub(super) fn plain(change: &Difference) -> Self {
        let (before, after) = shown(change.before.as_ref(), change.after.as_ref());
        Self { field: change.path.to_string(), before, after }
    }

    /// A change of which only the place may be seen.
    pub(super) fn secret(change: &Difference) -> Self {
        Self { field: change.path.to_string(), before: None, after: None }
    }
}

impl Action {
    /// Whether it writes to the cluster.
    pub fn writes(&self) -> bool {
        matches!(self, Self::Create | Self::Update(_) | Self::Replace { .. } | Self::Prune)
    }

    /// Whether it stands in the way of carrying out the decision.
    pub fn refuses(&self) -> bool {
        matches!(self, Self::Foreign { .. } | Self::Conflict { .. } | Self::Blocked { .. })
    }
}

impl Decision {
    /// Whether anything is written.
    pub fn writes(&self) -> bool {
        self.changes.iter().any(|change| change.action.writes())
    }

    /// What stands in the way.
    pub fn refusals(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.action.refuses())
    }

    /// The same, with fields of others taken over where they conflict. What is foreign stays so, and
    /// what Kubernetes forbids stays forbidden.
    #[must_use]
    pub fn taking_over(mut self) -> Self {
        for change in &mut self.changes {
            if let Action::Conflict { taken, .. } = &change.action {
                change.action = taken.as_ref().clone();
            }
        }
        self
    }
}

//! Conditions of pods and nodes.

use twin_core::time::Timestamp;
use twin_core::tree::Value;

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    True,
    False,
    Unknown,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for State {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// What is the case with an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition<'a> {
    pub(super) kind: &'a str,
    pub(super) state: State,
    /// One word; empty if there is nothing to say.
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

impl Condition<'_> {
    /// A list of conditions with this one, at its place. The time of the last transition is that of
    /// another state.
    pub(super) fn among(&self, list: &[Value], now: Timestamp) -> Vec<Value> {
        let place = list.iter().position(|known| known.str_at(&["type"]) == Some(self.kind));
        let old = place.map(|place| &list[place]);
        let same = old.filter(|old| old.str_at(&["status"]) == Some(self.state.name()));
        let since = same.and_then(|old| old.at(&["lastTransitionTime"])).cloned();
        let mut new = old
            .cloned()
            .unwrap_or_default()
            .with(&["type"], self.kind.into())
            .with(&["status"], self.state.name().into())
            .with(&["lastTransitionTime"], since.unwrap_or_else(|| now.value()));
        for (field, text) in [("reason", self.reason), ("message", self.message)] {
            new = if text.is_empty() {
                new.without(&[field])
            } else {
                new.with(&[field], text.into())
            };
        }
        let mut list = list.to_vec();
        match place {
            Some(place) => list[place] = new,
            None => list.push(new),
        }
        list
    }

    /// A pod with this condition, unless it has it already.
    pub(super) fn in_object(&self, object: &Value, now: Timestamp) -> Option<Value> {
        let list = conditions(object);
        let new = self.among(list, now);
        let changed = new.as_slice() != list;
        changed.then(|| object.with(&["status", "conditions"], new.into()))
    }
}

/// The conditions of an object.
pub(super) fn conditions(object: &Value) -> &[Value] {
    object.at(&["status", "conditions"]).and_then(Value::as_list).map_or(&[], |list| list)
}

/// The status of a condition of an object.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a str> {
    conditions(object).iter().find(|it| it.str_at(&["type"]) == Some(kind))?.str_at(&["status"])
}

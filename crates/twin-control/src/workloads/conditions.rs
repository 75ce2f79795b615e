//! Conditions in a status.

use super::read::list;
use twin_core::time::Timestamp;
use twin_core::tree::Value;

/// A condition that should hold.
#[derive(Clone, Debug)]
pub(super) struct Condition<'a> {
    pub(super) kind: &'a str,
    pub(super) status: &'a str,
    pub(super) reason: &'a str,
    pub(super) message: String,
}

impl Condition<'_> {
    /// As an object: since now, or since the known one got its status.
    pub(super) fn since(&self, known: Option<&Value>, now: Timestamp) -> Value {
        let same = known.filter(|known| known.str_at(&["status"]) == Some(self.status));
        let since = same.and_then(|known| known.at(&["lastTransitionTime"]).cloned());
        Value::from([
            ("type", self.kind.into()),
            ("status", self.status.into()),
            ("reason", self.reason.into()),
            ("message", Value::text(&self.message)),
            ("lastTransitionTime", since.unwrap_or_else(|| now.value())),
        ])
    }
}

/// A condition of a status.
pub(super) fn get<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    list(status, &["conditions"]).iter().find(|it| it.str_at(&["type"]) == Some(kind))
}

/// The status without a condition.
pub(super) fn without(status: &Value, kind: &str) -> Value {
    let known = list(status, &["conditions"]);
    let rest: Vec<_> =
        known.iter().filter(|it| it.str_at(&["type"]) != Some(kind)).cloned().collect();
    if rest.len() == known.len() {
        return status.clone();
    }
    if rest.is_empty() {
        status.without(&["conditions"])
    } else {
        status.with(&["conditions"], rest.into())
    }
}

/// The status with this condition object in the place of the one that it had, or behind the others.
pub(super) fn with(status: &Value, condition: Value) -> Value {
    let kind = condition.str_at(&["type"]).map(str::to_owned);
    let mut all = list(status, &["conditions"]).to_vec();
    let same = |it: &&mut Value| it.str_at(&["type"]) == kind.as_deref();
    match all.iter_mut().find(same) {
        Some(place) => *place = condition,
        None => all.push(condition),
    }
    status.with(&["conditions"], all.into())
}

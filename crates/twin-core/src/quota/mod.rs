//! What a namespace may use: quotas and limit ranges.
//!
//! The API asks `charge` and `limits::faults` before it takes an object; a controller adds up
//! [`usage::of`] what is there.

mod amounts;
pub(crate) mod limits;
pub mod scope;
pub mod usage;

pub use amounts::Amounts;

use crate::registry::Resource;
use crate::tree::Value;

/// What a quota says of a new state of an object.
#[derive(Debug, PartialEq)]
pub(crate) enum Charge {
    /// It does not concern it.
    Nothing,
    /// It fits: what is used then.
    Fits(Amounts),
    /// It does not: the rest of the sentence that begins with the object's name.
    Exceeds(String),
}

/// Holds an object, and the state of it that it takes the place of, against a quota.
pub(crate) fn charge(
    quota: &Value,
    resource: &Resource,
    old: Option<&Value>,
    new: &Value,
) -> Charge {
    let hard = Amounts::read(quota.at(&["status", "hard"]));
    let name = quota.str_at(&["metadata", "name"]).unwrap_or_default();
    if !scope::covers(quota, resource, new) {
        return Charge::Nothing;
    }
    let asked = usage::of(resource, new).only(&hard);
    if let Some(silent) = usage::silent(resource, new, &hard).filter(|_| old.is_none()) {
        return Charge::Exceeds(format!("failed quota: {name}: must specify {silent}"));
    }
    let before = old.filter(|old| scope::covers(quota, resource, old));
    let before = before.map(|old| usage::of(resource, old).only(&hard)).unwrap_or_default();
    let more = asked.minus(&before);
    if more.is_nothing() {
        return Charge::Nothing;
    }
    let used = Amounts::read(quota.at(&["status", "used"]));
    let unknown: Vec<_> = more.names().filter(|name| !used.has(name)).collect();
    if !unknown.is_empty() {
        return Charge::Exceeds(format!(
            "status unknown for quota: {name}, resources: {}",
            unknown.join(",")
        ));
    }
    let then = used.plus(&more);
    let over: Vec<_> =
        more.rising().filter(|name| then.get(name) > hard.get(name)).map(str::to_owned).collect();
    if over.is_empty() {
        return Charge::Fits(then);
    }
    Charge::Exceeds(format!(
        "exceeded quota: {name}, requested: {}, used: {}, limited: {}",
        more.shown(&over),
        used.shown(&over),
        hard.shown(&over)
    ))
}

#[cfg(test)]
mod tests;

//! Pods that could not be made, and why: a quota is used up, a limit is broken.

use crate::controller::Outcome;
use crate::tables::PODS;
use crate::workloads::conditions::{self, Condition};
use crate::workloads::telling::warning;
use std::collections::BTreeMap;
use twin_core::api::{Act, Deed};
use twin_core::status::Status;
use twin_core::store::{Key, Object};
use twin_core::time::Timestamp;
use twin_core::tree::Value;

const KIND: &str = "ReplicaFailure";

/// What was refused since a set was looked at.
#[derive(Debug, Default)]
pub(super) struct Failures(BTreeMap<Key, String>);

impl Failures {
    pub(super) fn note(&mut self, key: &Key, act: &Act, why: &Status) {
        // What a namespace that goes refuses is no news.
        let going = why.causes.iter().any(|cause| cause.reason == "NamespaceTerminating");
        if act.table == PODS && matches!(act.deed, Deed::Create(_)) && !going {
            self.0.entry(key.clone()).or_insert_with(|| why.message.clone());
        }
    }

    pub(super) fn take(&mut self, key: &Key) -> Option<String> {
        self.0.remove(key)
    }
}

/// The status with the failure, or without one that is over. It is told once.
pub(super) fn told(
    set: &Object,
    status: &Value,
    failure: Option<String>,
    now: Timestamp,
    outcome: &mut Outcome,
) -> Value {
    let known = conditions::get(status, KIND);
    let Some(message) = failure else { return conditions::without(status, KIND) };
    if known.is_some_and(|known| known.str_at(&["reason"]) == Some("FailedCreate")) {
        return status.clone();
    }
    warning(set, "FailedCreate", format!("Error creating: {message}"), outcome);
    let condition = Condition { kind: KIND, status: "True", reason: "FailedCreate", message };
    conditions::with(status, condition.since(None, now))
}

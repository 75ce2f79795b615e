//! Pods and jobs that could not be made, and why: a quota is used up, a limit is broken.

use super::telling::warning;
use crate::controller::Outcome;
use crate::tables::{CLAIMS, JOBS, PODS};
use std::collections::{BTreeMap, BTreeSet};
use twin_core::api::{Act, Deed};
use twin_core::status::Status;
use twin_core::store::{Key, Object, TableName};

/// What is told of it.
pub(super) const REASON: &str = "FailedCreate";

/// The first thing that was refused in a look.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) table: TableName,
    pub(super) name: String,
    pub(super) message: String,
}

/// What was refused since owners were looked at.
#[derive(Debug, Default)]
pub(super) struct Failures {
    refused: BTreeMap<Key, Refused>,
    told: BTreeSet<Key>,
}

impl Failures {
    pub(super) fn note(&mut self, key: &Key, act: &Act, why: &Status) {
        // What a namespace that goes refuses is no news.
        let going = why.causes.iter().any(|cause| cause.reason == "NamespaceTerminating");
        let makes =
            matches!(act.deed, Deed::Create(_)) && [PODS, CLAIMS, JOBS].contains(&act.table);
        if makes && !going {
            let (table, name) = (act.table.clone(), act.key.name().to_owned());
            let refused = || Refused { table, name, message: why.message.clone() };
            self.refused.entry(key.clone()).or_insert_with(refused);
        }
    }

    pub(super) fn take(&mut self, key: &Key) -> Option<Refused> {
        self.refused.remove(key)
    }

    /// What was refused, unless that was so the last time too.
    pub(super) fn news(&mut self, key: &Key) -> Option<Refused> {
        if let Some(refused) = self.take(key) {
            return self.told.insert(key.clone()).then_some(refused);
        }
        self.told.remove(key);
        None
    }
}

/// Tells of a pod that could not be made.
pub(super) fn tell(about: &Object, refused: Option<&Refused>, outcome: &mut Outcome) {
    if let Some(Refused { message, .. }) = refused {
        warning(about, REASON, format!("Error creating: {message}"), outcome);
    }
}

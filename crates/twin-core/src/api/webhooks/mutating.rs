//! Webhooks that change what is written.

use super::{Consulted, placed, seen, unseen};
use crate::api::convert::as_version;
use crate::api::policies::asked;
use crate::api::{Api, Call};
use crate::hooks::{Again, Hook, Sort};
use crate::patch;
use crate::policy::Operation;
use crate::status::Status;
use crate::tree::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who was asked about one write, by their places, and who has to be asked again.
#[derive(Debug, Default)]
struct Rounds {
    /// Asked, and to be asked again if somebody later changes something.
    asked: BTreeSet<usize>,
    again: BTreeSet<usize>,
    /// What the first round left; none before its end.
    left: Option<Value>,
    /// Whether somebody has changed something.
    is_changed: bool,
}

impl Rounds {
    /// In the second round only those are asked who were asked before, and want it.
    fn wants(&self, place: usize) -> bool {
        self.left.is_none() || self.again.contains(&place)
    }

    fn change(&mut self) {
        self.is_changed = true;
        self.again.append(&mut self.asked);
    }
}

/// What a mutating webhook is asked about.
struct Matter<'a, 'c> {
    call: &'a Call<'c>,
    operation: Operation,
    old: Option<Value>,
    space: Option<Value>,
}

impl Api {
    /// An object as admission wants it: with what the API adds itself, then policies, then webhooks. If
    /// one of these has changed it, the API looks at it again, and so do webhooks that want to.
    pub(in crate::api) fn admit(
        &mut self,
        call: &Call<'_>,
        operation: Operation,
        object: Value,
        old: Option<&Value>,
        own: impl Fn(&mut Self, Value) -> Result<Value, Status>,
    ) -> Result<Value, Status> {
        let object = own(self, object)?;
        let object = self.mutated(call, operation, object, old)?;
        self.changed_by_hooks(call, operation, object, old, own)
    }

    /// An object as webhooks want it; where they change it, `own` is what the API adds then.
    pub(super) fn changed_by_hooks(
        &mut self,
        call: &Call<'_>,
        operation: Operation,
        object: Value,
        old: Option<&Value>,
        own: impl Fn(&mut Self, Value) -> Result<Value, Status>,
    ) -> Result<Value, Status> {
        let hooks = self.hooks_of(call, Sort::Mutating);
        if hooks.is_empty() {
            return Ok(object);
        }
        let object = placed(call, object);
        let space = self.space_of(call, Some(&object));
        let matter = Matter { call, operation, old: old.map(|old| seen(call, old)), space };
        let mut rounds = Rounds::default();
        let first = self.round(&matter, &hooks, object, &mut rounds)?;
        if !rounds.is_changed {
            return Ok(first);
        }
        let object = own(self, first.clone())?;
        if object != first {
            rounds.change();
        }
        rounds.left = Some(first);
        self.round(&matter, &hooks, object, &mut rounds)
    }

    fn round(
        &mut self,
        matter: &Matter<'_, '_>,
        hooks: &[Arc<Hook>],
        mut object: Value,
        rounds: &mut Rounds,
    ) -> Result<Value, Status> {
        let Matter { call, operation, old, space } = matter;
        for (place, hook) in hooks.iter().enumerate() {
            let current = seen(call, &object);
            let asked = asked(call, *operation, Some(&current), old.as_ref(), space.as_ref());
            let Some(consulted) = self.consulted(call, &asked, hook)? else { continue };
            if !rounds.wants(place) {
                continue;
            }
            if let Some(operations) = self.ask_hook(call, &consulted)? {
                let changed = self.with_hook(call, &consulted, &operations)?;
                if changed != current {
                    rounds.change();
                    object = unseen(call, &object, changed);
                }
            }
            if hook.again == Again::IfNeeded {
                rounds.asked.insert(place);
            }
        }
        Ok(object)
    }

    /// What a webhook was asked about, with its patch.
    fn with_hook(
        &self,
        call: &Call<'_>,
        consulted: &Consulted,
        operations: &Value,
    ) -> Result<Value, Status> {
        let failed = |why: &dyn std::fmt::Display| Status::unexpected(&why.to_string());
        let object = consulted.object.as_ref().ok_or_else(|| {
            failed(&format_args!(
                "admission webhook {:?} attempted to modify the object, which is not supported for this operation",
                consulted.hook.name.as_str()
            ))
        })?;
        // This version of Kubernetes' library sets no marks around paths.
        let patched = patch::json(object, operations)
            .map_err(|why| failed(&why.to_string().replace('"', "")))?;
        if !matches!(call.address.subresource.as_str(), "" | "status") {
            return Ok(patched);
        }
        let patched = as_version(&patched, &consulted.resource, &call.address.resource);
        self.pruned(call, &patched).map_err(|status| {
            let why = status.message.split_once(" cannot be handled as a ");
            let why = why.and_then(|(_, rest)| rest.split_once(": ")).map(|(_, why)| why);
            failed(&why.unwrap_or(&status.message))
        })
    }

    /// Asks those webhooks about the end of an object that could change something else.
    pub(in crate::api) fn ending_asked(
        &mut self,
        call: &Call<'_>,
        old: &Value,
    ) -> Result<(), Status> {
        for hook in self.hooks_of(call, Sort::Mutating) {
            let space = self.space_of(call, Some(old));
            let asked = asked(call, Operation::Delete, None, Some(old), space.as_ref());
            let Some(consulted) = self.consulted(call, &asked, &hook)? else { continue };
            if let Some(operations) = self.ask_hook(call, &consulted)? {
                self.with_hook(call, &consulted, &operations)?;
            }
        }
        Ok(())
    }
}

//! Policies that change what is written.

use super::{Invocation, Sort, Unbound, asked, named};
use crate::api::convert::as_version;
use crate::api::webhooks::placed;
use crate::api::{Api, Call};
use crate::apply::laid_over;
use crate::patch::{self, PatchError};
use crate::policy::{Asked, Change, OnFailure, Operation, applies, change};
use crate::schema::TypeId;
use crate::status::{Cause, Reason, Status};
use crate::store::TableName;
use crate::tree::{Text, Value};

const SORT: Sort = Sort {
    policies: &TableName(Text::new_static(
        "admissionregistration.k8s.io/mutatingadmissionpolicies",
    )),
    bindings: &TableName(Text::new_static(
        "admissionregistration.k8s.io/mutatingadmissionpolicybindings",
    )),
};

/// Why a request is refused, in the word for programs and in a sentence.
type Refusal = (Reason, String);

impl Api {
    /// An object as policies would have it.
    pub(in crate::api) fn mutated(
        &mut self,
        call: &Call<'_>,
        operation: Operation,
        object: Value,
        old: Option<&Value>,
    ) -> Result<Value, Status> {
        if !self.read_policies(SORT, &call.address.resource) {
            return Ok(object);
        }
        let object = placed(call, object);
        let space = self.space_of(call, Some(&object));
        let asked = asked(call, operation, Some(&object), old, space.as_ref());
        let mut current = object.clone();
        let mut refusals = Vec::new();
        for invocation in self.invocations(SORT, &asked) {
            self.invoke(call, &asked, &invocation, &mut current, &mut refusals);
        }
        if refusals.is_empty() { Ok(current) } else { Err(refused(&asked, refusals)) }
    }

    fn invoke(
        &self,
        call: &Call<'_>,
        asked: &Asked<'_>,
        invocation: &Invocation<'_>,
        current: &mut Value,
        refusals: &mut Vec<Refusal>,
    ) {
        let named = |why: &str| {
            let (policy, binding) = (&invocation.policy, invocation.binding.key.name());
            format!("policy '{policy}' with binding '{binding}' denied request: {why}")
        };
        let refuses = invocation.compiled.on_failure == OnFailure::Refuse;
        let all = match &invocation.params {
            Ok(all) => all.clone(),
            Err(why) => {
                let sentence = match why {
                    Unbound::Policy(why) => format!(
                        "policy {:?} denied request: failed to configure policy: {why}",
                        invocation.policy.as_str()
                    ),
                    Unbound::Binding(why) => named(&format!("failed to configure binding: {why}")),
                };
                refusals.extend(refuses.then_some((Reason::Forbidden, sentence)));
                return;
            }
        };
        for params in all {
            let failed = self.changed(call, asked, invocation, params, current);
            let failed = failed.into_iter().filter(|_| refuses);
            refusals.extend(failed.map(|why| (Reason::Invalid, named(&why))));
        }
    }

    /// Changes an object as one policy wants it, and says what went wrong.
    fn changed(
        &self,
        call: &Call<'_>,
        asked: &Asked<'_>,
        invocation: &Invocation<'_>,
        params: Option<Value>,
        current: &mut Value,
    ) -> Vec<String> {
        let resource = invocation.resource;
        let surroundings = self.surroundings(call, asked, resource, params);
        let old = asked.old.map(|old| as_version(old, asked.resource, resource));
        let mut failed = Vec::new();
        for at in 0..invocation.compiled.mutations() {
            let object = as_version(current, asked.resource, resource);
            let seen = Asked { object: Some(&object), old: old.as_ref(), ..*asked };
            // Conditions are asked once, of the object as it came to the policy.
            if at == 0 {
                match applies(&invocation.compiled, &seen, &surroundings) {
                    Ok(true) => {}
                    Ok(false) => return failed,
                    Err(why) => return vec![why],
                }
            }
            let changed = change(&invocation.compiled, at, &seen, &surroundings)
                .and_then(|change| self.with_change(resource.ty, &object, &change))
                .and_then(|changed| {
                    let changed = as_version(&changed, resource, asked.resource);
                    self.pruned(call, &changed).map_err(|status| status.message)
                });
            match changed {
                Ok(changed) => *current = changed,
                Err(why) => failed.push(why),
            }
        }
        failed
    }

    fn with_change(&self, ty: TypeId, object: &Value, change: &Change) -> Result<Value, String> {
        match change {
            Change::Apply(config) => laid_over(&self.schema, ty, object, config),
            Change::Json(operations) => match patch::json(object, operations) {
                // Who tests something that does not hold wants nothing then.
                Err(PatchError::Refused(why)) if why.ends_with("test failed") => Ok(object.clone()),
                other => other.map_err(|why| format!("JSON Patch: {why}")),
            },
        }
    }
}

fn refused(asked: &Asked<'_>, refusals: Vec<Refusal>) -> Status {
    let status = Status::forbidden(asked.resource, named(asked), "");
    let (reason, message) = refusals.first().cloned().unwrap_or((Reason::Forbidden, String::new()));
    let cause = |(_, message): Refusal| Cause { reason: "", message, field: String::new() };
    let causes = refusals.into_iter().map(cause).collect();
    Status { reason, message, causes, code: Some(Reason::Forbidden.code()), ..status }
}

//! Policies that refuse.

use super::{Invocation, Sort, Unbound, asked, named};
use crate::api::convert::as_version;
use crate::api::{Api, Call};
use crate::policy::{Asked, Decision, OnFailure, Operation, judge};
use crate::registry::Resource;
use crate::status::{Cause, Reason, Status};
use crate::store::{Object, TableName};
use crate::tree::{Text, Value};

const SORT: Sort = Sort {
    policies: &TableName(Text::new_static(
        "admissionregistration.k8s.io/validatingadmissionpolicies",
    )),
    bindings: &TableName(Text::new_static(
        "admissionregistration.k8s.io/validatingadmissionpolicybindings",
    )),
};

/// What policies say of a request.
#[derive(Default)]
struct Verdict {
    denied: Vec<(String, Reason)>,
    warnings: Vec<String>,
}

impl Api {
    /// Asks the policies that mean a request.
    pub(in crate::api) fn permitted(
        &mut self,
        call: &Call<'_>,
        operation: Operation,
        object: Option<&Value>,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        let resource = &call.address.resource;
        if !self.read_policies(SORT, resource) {
            return Ok(());
        }
        let space = self.space_of(call, object.or(old));
        let asked = asked(call, operation, object, old, space.as_ref());
        let mut verdict = Verdict::default();
        for invocation in self.invocations(SORT, &asked) {
            self.ask(call, &asked, invocation, &mut verdict);
        }
        self.warned.extend(verdict.warnings);
        match verdict.denied.into_iter().next() {
            Some((message, reason)) => Err(denied(resource, named(&asked), message, reason)),
            None => Ok(()),
        }
    }

    fn ask(
        &self,
        call: &Call<'_>,
        asked: &Asked<'_>,
        invocation: Invocation<'_>,
        verdict: &mut Verdict,
    ) {
        let Invocation { policy, binding, compiled, resource, params } = invocation;
        let all = match params {
            Ok(all) => all,
            Err(why) => {
                if compiled.on_failure == OnFailure::Refuse {
                    let message = why.message(&policy, binding.key.name());
                    verdict.denied.push((message, Reason::Invalid));
                }
                return;
            }
        };
        let as_asked = |object: Option<&Value>| {
            object.map(|object| as_version(object, asked.resource, resource))
        };
        let (object, old) = (as_asked(asked.object), as_asked(asked.old));
        for params in all {
            let surroundings = self.surroundings(call, asked, resource, params);
            let asked = Asked { object: object.as_ref(), old: old.as_ref(), ..*asked };
            let decisions = judge(&compiled, &asked, &surroundings);
            verdict.add(&policy, &binding, decisions);
        }
    }
}

impl Unbound {
    fn message(&self, policy: &str, binding: &str) -> String {
        match self {
            Self::Policy(why) => format!(
                "ValidatingAdmissionPolicy '{policy}' denied request: failed to configure policy: {why}"
            ),
            Self::Binding(why) => format!(
                "ValidatingAdmissionPolicy '{policy}' with binding '{binding}' denied request: failed to configure binding: {why}"
            ),
        }
    }
}

impl Verdict {
    fn add(&mut self, policy: &str, binding: &Object, decisions: Vec<Decision>) {
        let name = binding.key.name();
        let actions = binding.tree.at(&["spec", "validationActions"]).and_then(Value::as_list);
        let actions: Vec<_> =
            actions.into_iter().flat_map(|list| list.iter()).filter_map(Value::as_str).collect();
        for decision in decisions {
            let why = &decision.message;
            if actions.contains(&"Warn") {
                self.warnings.push(format!("Validation failed for ValidatingAdmissionPolicy '{policy}' with binding '{name}': {why}"));
            }
            if actions.contains(&"Deny") {
                let message = format!(
                    "ValidatingAdmissionPolicy '{policy}' with binding '{name}' denied request: {why}"
                );
                self.denied.push((message, decision.reason));
            }
        }
    }
}

fn denied(resource: &Resource, name: &str, message: String, reason: Reason) -> Status {
    let status = Status::forbidden(resource, name, &message);
    let cause = Cause { reason: "", message, field: String::new() };
    Status { reason, causes: vec![cause], ..status }
}

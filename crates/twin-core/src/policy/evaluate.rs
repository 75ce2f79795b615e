//! Asks a policy.

use super::compiled::{Compiled, Mutation, OnFailure, Read, Validation};
use super::{Asked, Surroundings};
use crate::cel::{CelValue, Expression, Failure, PER_MATCH, PER_OBJECT, object, plain, tree};
use crate::schema::message;
use crate::status::Reason;
use crate::tree::Value;
use std::collections::BTreeMap;

/// What a policy has against a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) message: String,
    pub(crate) reason: Reason,
}

impl Decision {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { message: message.into(), reason: Reason::Invalid }
    }
}

/// All that a policy has against a request that it means.
pub(crate) fn judge(
    policy: &Compiled,
    asked: &Asked<'_>,
    surroundings: &Surroundings,
) -> Vec<Decision> {
    let failed = |why: String| match policy.on_failure {
        OnFailure::Refuse => vec![Decision::invalid(why)],
        OnFailure::Ignore => Vec::new(),
    };
    let variables = variables(asked, surroundings);
    match holds(policy, &variables) {
        Ok(true) => {}
        Ok(false) => return Vec::new(),
        Err(why) => return failed(why),
    }
    let mut scope = Scope::new(policy, variables, PER_OBJECT);
    let mut decisions = Vec::new();
    for validation in &policy.validations {
        match scope.validation(validation) {
            Ok(Ok(decision)) => decisions.extend(decision),
            Ok(Err(why)) => decisions.extend(failed(why)),
            // Nothing that was said before counts then.
            Err(Spent) => return failed(SPENT.to_owned()),
        }
    }
    decisions
}

const SPENT: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// There is nothing left that expressions may cost.
struct Spent;

type Variables = Vec<(&'static str, CelValue)>;

fn variables(asked: &Asked<'_>, surroundings: &Surroundings) -> Variables {
    let object = |object: Option<&Value>| object.map_or(CelValue::Null, plain);
    let mut variables = vec![
        ("object", object(asked.object)),
        ("oldObject", object(asked.old)),
        ("request", plain(&surroundings.request)),
        ("namespaceObject", plain(&surroundings.namespace)),
    ];
    variables.extend(surroundings.params.as_ref().map(|params| ("params", plain(params))));
    variables
}

/// Whether a policy is asked at all.
pub(crate) fn applies(
    policy: &Compiled,
    asked: &Asked<'_>,
    surroundings: &Surroundings,
) -> Result<bool, String> {
    holds(policy, &variables(asked, surroundings))
}

/// What a policy wants to change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// Laid over the object.
    Apply(Value),
    /// Operations of a JSON patch.
    Json(Value),
}

/// The change of a policy that stands at this place.
pub(crate) fn change(
    policy: &Compiled,
    at: usize,
    asked: &Asked<'_>,
    surroundings: &Surroundings,
) -> Result<Change, String> {
    let mut scope = Scope::new(policy, variables(asked, surroundings), PER_OBJECT);
    let mut value = |read| {
        let value = scope.value(read).map_err(|Spent| SPENT.to_owned())??;
        tree(&value).ok_or_else(|| "type mismatch: this is no JSON".to_owned())
    };
    match &policy.mutations[at] {
        Mutation::Apply(read) => value(read).map(Change::Apply),
        Mutation::Json(read) => value(read).map(Change::Json),
    }
}

/// Whether the conditions hold under which a policy is asked. One that does not hold decides, whatever
/// others fail.
fn holds(policy: &Compiled, variables: &Variables) -> Result<bool, String> {
    // The namespace is not shown to conditions.
    let variables = variables.iter().map(|(name, value)| match *name {
        "namespaceObject" => (*name, CelValue::Null),
        _ => (*name, value.clone()),
    });
    let mut scope = Scope::new(policy, variables.collect(), PER_MATCH);
    let mut failed = Vec::new();
    for condition in &policy.conditions {
        match scope.value(condition).map_err(|Spent| SPENT.to_owned())? {
            Ok(CelValue::Bool(false)) => return Ok(false),
            Ok(_) => {}
            Err(why) => failed.push(why),
        }
    }
    match (&failed[..], policy.on_failure) {
        ([], _) => Ok(true),
        (_, OnFailure::Ignore) => Ok(false),
        ([one], _) => Err(one.clone()),
        (many, _) => Err(format!("[{}]", many.join(", "))),
    }
}

/// What expressions of one policy see in one request.
struct Scope<'a> {
    policy: &'a Compiled,
    variables: Variables,
    /// Variables of the policy: found out when they are asked for.
    composed: BTreeMap<&'a str, Result<CelValue, String>>,
    left: u64,
}

impl<'a> Scope<'a> {
    fn new(policy: &'a Compiled, variables: Variables, left: u64) -> Self {
        Self { policy, variables, composed: BTreeMap::new(), left }
    }

    /// What a validation has against the request; an inner error is a failure of the policy.
    fn validation(
        &mut self,
        validation: &'a Validation,
    ) -> Result<Result<Option<Decision>, String>, Spent> {
        match self.value(&validation.says)? {
            Ok(CelValue::Bool(true)) => Ok(Ok(None)),
            Ok(_) => {
                let message = self.message(validation)?;
                Ok(Ok(Some(Decision { message, reason: validation.reason })))
            }
            Err(why) => Ok(Err(why)),
        }
    }

    fn message(&mut self, validation: &'a Validation) -> Result<String, Spent> {
        let said = match &validation.message_expression {
            Some(expression) => self.value(expression)?.ok().and_then(|text| message(&text)),
            None => None,
        };
        Ok(said.unwrap_or_else(|| match validation.message.as_str() {
            "" => format!("failed expression: {}", validation.says.text.trim()),
            message => message.to_owned(),
        }))
    }

    /// What an expression gives, or why it gives nothing.
    fn value(&mut self, read: &'a Read) -> Result<Result<CelValue, String>, Spent> {
        let expression = match &read.expression {
            Ok(expression) => expression,
            Err(why) => return Ok(Err(format!("compilation error: compilation failed: {why}"))),
        };
        let all = self.policy.variables.len();
        let result = self.run(expression, all)?;
        let why = |why| format!("expression '{}' resulted in error: {why}", read.text);
        Ok(result.map_err(why))
    }

    /// Runs an expression that may read so many of the policy's variables.
    fn run(
        &mut self,
        expression: &'a Expression,
        known: usize,
    ) -> Result<Result<CelValue, String>, Spent> {
        for name in &expression.composed {
            self.compose(name, known)?;
        }
        let mut variables = self.variables.clone();
        let found = self
            .composed
            .iter()
            .filter_map(|(name, value)| Some(((*name).to_owned(), value.as_ref().ok()?.clone())));
        variables.push(("variables", object(found)));
        let ran = expression.run(&variables);
        self.left = self.left.checked_sub(ran.cost).ok_or(Spent)?;
        Ok(ran.result.map_err(|why| self.because(expression, &why)))
    }

    /// A failure because of a variable of the policy is told as that.
    fn because(&self, expression: &Expression, why: &Failure) -> String {
        let text = why.to_string();
        let missing =
            text.strip_prefix("no such key: ").filter(|it| expression.composed.contains(*it));
        match missing.and_then(|name| self.composed.get(name)) {
            Some(Err(because)) => because.clone(),
            _ => text,
        }
    }

    fn compose(&mut self, name: &str, known: usize) -> Result<(), Spent> {
        let policy = self.policy;
        let earlier = policy.variables[..known].iter().rposition(|(known, _)| known == name);
        let Some(at) = earlier else { return Ok(()) };
        let (name, read) = &policy.variables[at];
        if self.composed.contains_key(name.as_str()) {
            return Ok(());
        }
        let value = match &read.expression {
            Ok(expression) => self
                .run(expression, at)?
                .map_err(|why| format!("composited variable {name:?} fails to evaluate: {why}")),
            Err(why) => Err(format!("composited variable {name:?} fails to compile: {why}")),
        };
        self.composed.insert(name, value);
        Ok(())
    }
}

//! A policy whose expressions were read.

use crate::cel::Expression;
use crate::status::Reason;
use crate::tree::Value;

/// What becomes of a request when a policy fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnFailure {
    Refuse,
    Ignore,
}

/// A policy, ready to be asked.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) on_failure: OnFailure,
    pub(super) conditions: Vec<Read>,
    pub(super) variables: Vec<(String, Read)>,
    pub(super) validations: Vec<Validation>,
    pub(super) mutations: Vec<Mutation>,
}

/// How a policy changes an object.
#[derive(Debug)]
pub(super) enum Mutation {
    /// As server-side apply does.
    Apply(Read),
    Json(Read),
}

/// An expression with its text; an error says why it cannot be asked.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) text: String,
    pub(super) expression: Result<Expression, String>,
}

#[derive(Debug)]
pub(super) struct Validation {
    pub(super) says: Read,
    pub(super) message: String,
    pub(super) message_expression: Option<Read>,
    pub(super) reason: Reason,
}

impl Read {
    pub(super) fn of(text: &str) -> Self {
        let expression = Expression::read(text).map_err(|why| why.to_string());
        Self { text: text.to_owned(), expression }
    }
}

impl Compiled {
    pub(crate) fn of(policy: &Value) -> Self {
        let list = |field: &str| {
            let list = policy.at(&["spec", field]).and_then(Value::as_list);
            list.cloned().unwrap_or_default()
        };
        let text = |item: &Value, field: &str| item.str_at(&[field]).unwrap_or_default().to_owned();
        let read = |item: &Value| Read::of(item.str_at(&["expression"]).unwrap_or_default());
        let ignores = policy.str_at(&["spec", "failurePolicy"]) == Some("Ignore");
        let variable = |item: &Value| (text(item, "name"), read(item));
        Self {
            on_failure: if ignores { OnFailure::Ignore } else { OnFailure::Refuse },
            conditions: list("matchConditions").iter().map(read).collect(),
            variables: list("variables").iter().map(variable).collect(),
            validations: list("validations").iter().map(Validation::of).collect(),
            mutations: list("mutations").iter().map(Mutation::of).collect(),
        }
    }

    /// How many changes it wants.
    pub(crate) fn mutations(&self) -> usize {
        self.mutations.len()
    }
}

impl Mutation {
    fn of(item: &Value) -> Self {
        let read = |field: &str| Read::of(item.str_at(&[field, "expression"]).unwrap_or_default());
        match item.str_at(&["patchType"]) {
            Some("JSONPatch") => Self::Json(read("jsonPatch")),
            _ => Self::Apply(read("applyConfiguration")),
        }
    }
}

impl Validation {
    fn of(item: &Value) -> Self {
        let text = |field: &str| item.str_at(&[field]).unwrap_or_default();
        let dynamic = Some(text("messageExpression")).filter(|text| !text.is_empty());
        Self {
            says: Read::of(text("expression")),
            message: text("message").trim().to_owned(),
            message_expression: dynamic.map(Read::of),
            reason: match text("reason") {
                "Unauthorized" => Reason::Unauthorized,
                "Forbidden" => Reason::Forbidden,
                "RequestEntityTooLarge" => Reason::TooLarge,
                _ => Reason::Invalid,
            },
        }
    }
}

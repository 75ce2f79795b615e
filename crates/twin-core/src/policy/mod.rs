//! Admission policies in CEL: which requests they mean, and what they say of them.
//!
//! The API looks up policies, bindings and parameters; what is decided from them is here.

mod compiled;
mod evaluate;
mod matches;
#[cfg(test)]
mod tests;

pub(crate) use compiled::{Compiled, OnFailure};
pub(crate) use evaluate::{Change, Decision, applies, change, judge};
pub(crate) use matches::{hooked, matched};

use crate::registry::Resource;
use crate::tree::{Map, Value};

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Update,
    Delete,
}

impl Operation {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// What policies look at in a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) operation: Operation,
    pub(crate) resource: &'a Resource,
    pub(crate) subresource: &'a str,
    pub(crate) name: &'a str,
    pub(crate) namespace: &'a str,
    /// Nothing, when something is deleted.
    pub(crate) object: Option<&'a Value>,
    /// Nothing, when something is made.
    pub(crate) old: Option<&'a Value>,
    /// Labels of the namespace, if there is one.
    pub(crate) labels: Option<&'a Map>,
}

/// What a policy reads beside the object.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    pub(crate) request: Value,
    /// Null, if the object lies in none.
    pub(crate) namespace: Value,
    /// None, if the policy knows no parameters; null, if the binding gives none.
    pub(crate) params: Option<Value>,
}

//! Which objects a stage is for.

use crate::query::Query;
use crate::rule::Rule;
use std::collections::BTreeMap;
use twin_core::tree::Value;

/// All of it has to fit.
#[derive(Debug, Default)]
pub(crate) struct Selector {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) conditions: Vec<Condition>,
}

#[derive(Debug)]
pub(crate) enum Condition {
    /// What a query finds, and what should be there.
    Query(Query, Operator),
    Rule(Rule),
}

/// What should be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

impl Selector {
    pub(crate) fn matches(&self, object: &Value) -> bool {
        has_all(object, "labels", &self.labels)
            && has_all(object, "annotations", &self.annotations)
            && self.conditions.iter().all(|condition| condition.holds(object))
    }
}

fn has_all(object: &Value, field: &str, wanted: &BTreeMap<String, String>) -> bool {
    wanted
        .iter()
        .all(|(key, value)| object.str_at(&["metadata", field, key]) == Some(value.as_str()))
}

impl Condition {
    fn holds(&self, object: &Value) -> bool {
        match self {
            // A query that does not fit the object finds nothing.
            Self::Query(query, operator) => operator.holds(&query.run(object).unwrap_or_default()),
            Self::Rule(rule) => rule.run(object) == Some(Value::Bool(true)),
        }
    }
}

impl Operator {
    fn holds(&self, found: &[Value]) -> bool {
        let among = |values: &[String]| found.iter().any(|value| is_one_of(value, values));
        match self {
            Self::In(values) => among(values),
            Self::NotIn(values) => !among(values),
            Self::Exists => !found.is_empty(),
            Self::DoesNotExist => found.is_empty(),
        }
    }
}

fn is_one_of(value: &Value, values: &[String]) -> bool {
    match value {
        Value::Text(text) => values.iter().any(|value| text == value.as_str()),
        Value::Bool(_) | Value::Int(_) => values.contains(&value.to_string()),
        _ => false,
    }
}

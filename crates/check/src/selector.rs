//! Label selectors.

use std::collections::BTreeMap;

use crate::cursor::At;

/// Labels of an object or a pod.
pub(crate) type Labels = BTreeMap<String, String>;

/// What a Service, a policy or a workload selects pods by.
#[derive(Clone, Debug)]
pub(crate) struct Selector {
    labels: Labels,
    expressions: Vec<Expression>,
}

#[derive(Clone, Debug)]
struct Expression {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Selector {
    /// A Service's selector: plain labels.
    pub(crate) fn plain(at: &At<'_>) -> Self {
        Self::of_labels(at.text_map())
    }

    /// A `LabelSelector`: `matchLabels` and `matchExpressions`.
    pub(crate) fn label_selector(at: &At<'_>) -> Self {
        let expressions = at.at("matchExpressions").items();
        Self {
            labels: at.at("matchLabels").text_map(),
            expressions: expressions.iter().filter_map(Expression::read).collect(),
        }
    }

    /// Plain labels.
    pub(crate) fn of_labels(labels: Labels) -> Self {
        Self { labels, expressions: Vec::new() }
    }

    /// The labels that it asks for, apart from expressions.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether it asks for nothing, so that it selects every pod.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.expressions.is_empty()
    }

    /// Whether labels satisfy it.
    pub(crate) fn matches(&self, labels: &Labels) -> bool {
        self.labels.iter().all(|(k, v)| labels.get(k) == Some(v))
            && self.expressions.iter().all(|e| e.matches(labels))
    }
}

impl Expression {
    fn read(at: &At<'_>) -> Option<Self> {
        let operator = match at.at("operator").str()? {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            _ => return None,
        };
        let values = at.at("values").items().iter().filter_map(At::text).collect();
        Some(Self { key: at.at("key").text()?, operator, values })
    }

    fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        let listed = value.is_some_and(|v| self.values.contains(v));
        match self.operator {
            Operator::In => listed,
            Operator::NotIn => !listed,
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let labels = self.labels.iter().map(|(k, v)| format!("{k}={v}"));
        let keys = self.expressions.iter().map(|e| format!("{} …", e.key));
        f.write_str(&labels.chain(keys).collect::<Vec<_>>().join(","))
    }
}

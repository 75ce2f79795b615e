//! `app=web,tier in (a, b),!old`

use super::parse::requirements;
use crate::store::terms;
use crate::tree::{Map, Text, Value};
use std::collections::BTreeSet;
use std::fmt;

/// Requirements on labels, all of which hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelSelector {
    requirements: Vec<(Text, Requirement)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Requirement {
    In(BTreeSet<Text>, Spelling),
    NotIn(BTreeSet<Text>, Spelling),
    Exists,
    Absent,
    Above(i64),
    Below(i64),
}

/// How an operator was written: it is printed as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spelling {
    /// `in (a)`
    Word,
    /// `=a`
    Mark,
    /// `==a`
    Double,
}

impl LabelSelector {
    /// Reads a selector; an error is Kubernetes' sentence.
    ///
    /// # Errors
    /// If the text is no selector.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut requirements = requirements(text)?;
        requirements.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self { requirements })
    }

    /// Reads `metav1.LabelSelector`, or the `matchExpressions` of a node selector term. Nothing, if
    /// an operator is unknown or lacks its values: such a selector selects nothing.
    pub fn of_object(object: &Value) -> Option<Self> {
        let labels = object.at(&["matchLabels"]).and_then(Value::as_map);
        let mut requirements = Vec::new();
        for (key, value) in labels.map(Map::iter).into_iter().flatten() {
            let value = Text::new(value.as_str()?);
            requirements.push((key.clone(), Requirement::In([value].into(), Spelling::Mark)));
        }
        let expressions = object.at(&["matchExpressions"]).and_then(Value::as_list);
        for expression in expressions.into_iter().flat_map(|list| list.iter()) {
            requirements.push(expressed(expression)?);
        }
        Some(Self { requirements })
    }

    /// The selector that also wants this label.
    #[must_use]
    pub fn and(mut self, key: &str, value: &str) -> Self {
        self.requirements
            .push((Text::new(key), Requirement::In([Text::new(value)].into(), Spelling::Mark)));
        self
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether an object with these labels is meant.
    pub fn matches(&self, labels: Option<&Map>) -> bool {
        let value = |key: &str| labels.and_then(|labels| labels.get(key)?.as_str());
        self.requirements.iter().all(|(key, requirement)| match (requirement, value(key)) {
            (Requirement::In(values, _), Some(value)) => values.contains(value),
            (Requirement::NotIn(values, _), Some(value)) => !values.contains(value),
            (Requirement::Exists, found) => found.is_some(),
            (Requirement::Absent, found) => found.is_none(),
            (Requirement::Above(bound), Some(value)) => whole(value).is_some_and(|it| it > *bound),
            (Requirement::Below(bound), Some(value)) => whole(value).is_some_and(|it| it < *bound),
            (Requirement::NotIn(..), None) => true,
            (Requirement::In(..) | Requirement::Above(_) | Requirement::Below(_), None) => false,
        })
    }

    /// A term that every object meant has, if there is one.
    pub fn term(&self) -> Option<Text> {
        self.requirements.iter().find_map(|(key, requirement)| match requirement {
            Requirement::In(values, _) if values.len() == 1 => {
                Some(terms::label(key, values.first()?))
            }
            _ => None,
        })
    }
}

fn expressed(expression: &Value) -> Option<(Text, Requirement)> {
    let values = expression.at(&["values"]).and_then(Value::as_list);
    let values = || values.into_iter().flat_map(|list| list.iter().filter_map(Value::as_str));
    let set = || -> BTreeSet<Text> { values().map(Text::new).collect() };
    let some = |set: BTreeSet<Text>| (!set.is_empty()).then_some(set);
    let bound = || values().next().and_then(whole);
    let requirement = match expression.str_at(&["operator"])? {
        "In" => Requirement::In(some(set())?, Spelling::Word),
        "NotIn" => Requirement::NotIn(some(set())?, Spelling::Word),
        "Exists" => Requirement::Exists,
        "DoesNotExist" => Requirement::Absent,
        "Gt" => Requirement::Above(bound()?),
        "Lt" => Requirement::Below(bound()?),
        _ => return None,
    };
    Some((Text::new(expression.str_at(&["key"])?), requirement))
}

/// A number as Go reads it.
pub(super) fn whole(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// As Kubernetes prints it, which reads as the same selector.
impl fmt::Display for LabelSelector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (key, requirement)) in self.requirements.iter().enumerate() {
            if at > 0 {
                formatter.write_str(",")?;
            }
            requirement.write(key, formatter)?;
        }
        Ok(())
    }
}

impl Requirement {
    fn write(&self, key: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined =
            |values: &BTreeSet<Text>| values.iter().map(Text::as_str).collect::<Vec<_>>().join(",");
        match self {
            Self::In(values, Spelling::Word) => write!(formatter, "{key} in ({})", joined(values)),
            Self::In(values, Spelling::Mark) => write!(formatter, "{key}={}", joined(values)),
            Self::In(values, Spelling::Double) => write!(formatter, "{key}=={}", joined(values)),
            Self::NotIn(values, Spelling::Word) => {
                write!(formatter, "{key} notin ({})", joined(values))
            }
            Self::NotIn(values, _) => write!(formatter, "{key}!={}", joined(values)),
            Self::Exists => formatter.write_str(key),
            Self::Absent => write!(formatter, "!{key}"),
            Self::Above(bound) => write!(formatter, "{key}>{bound}"),
            Self::Below(bound) => write!(formatter, "{key}<{bound}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LabelSelector;
    use crate::tree::{Text, Value};
    use proptest::prelude::*;

    #[test]
    fn selectors_mean_what_they_say() {
        let labels = [("app", "web"), ("tier", "a"), ("n", "5")];
        let labels =
            labels.map(|(key, value)| (Text::new(key), Value::text(value))).into_iter().collect();
        for (text, expected) in [
            ("app=web", true),
            ("app==web,tier!=b", true),
            ("app in (web, db),!old", true),
            ("tier notin (a)", false),
            ("missing notin (a)", true),
            ("missing!=a", true),
            ("app", true),
            ("!app", false),
            ("n>4,n<6", true),
            ("n > 5", false),
            ("app=", false),
            ("", true),
        ] {
            let selector = LabelSelector::parse(text).unwrap();
            assert_eq!(selector.matches(Some(&labels)), expected, "{text}");
        }
    }

    #[test]
    fn selectors_of_objects_mean_the_same() {
        let labels = [("app", "web"), ("n", "5")];
        let labels =
            labels.map(|(key, value)| (Text::new(key), Value::text(value))).into_iter().collect();
        for (text, expected) in [
            (r#"{"matchLabels":{"app":"web"}}"#, Some(true)),
            (r#"{"matchExpressions":[{"key":"app","operator":"In","values":["a"]}]}"#, Some(false)),
            (r#"{"matchExpressions":[{"key":"x","operator":"NotIn","values":["a"]}]}"#, Some(true)),
            (r#"{"matchExpressions":[{"key":"n","operator":"Gt","values":["4"]}]}"#, Some(true)),
            (r#"{"matchExpressions":[{"key":"n","operator":"Lt","values":["x"]}]}"#, None),
            (r#"{"matchExpressions":[{"key":"app","operator":"In"}]}"#, None),
            (r#"{"matchExpressions":[{"key":"app","operator":"Is"}]}"#, None),
            ("{}", Some(true)),
        ] {
            let object = crate::tree::decode(text.as_bytes()).unwrap();
            let selector = LabelSelector::of_object(&object);
            assert_eq!(selector.map(|it| it.matches(Some(&labels))), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for text in ["=", "a=b,", "a in b", "a in (b", "a b", "a=$", "!", "a>b", "a in (b))"] {
            assert!(LabelSelector::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,40}") {
            let _ = LabelSelector::parse(&text);
        }
    }
}

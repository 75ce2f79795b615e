//! Whether a policy, a binding or a webhook means a request.

use super::Asked;
use crate::registry::{Registry, Resource};
use crate::selector::LabelSelector;
use crate::tree::{Map, Value};
use std::sync::Arc;

/// The resource, in the version that a policy asks for, by its `matchConstraints` or a binding's
/// `matchResources`. Nothing, if the request is not meant.
pub(crate) fn matched<'a>(
    constraints: &Value,
    asked: &Asked<'a>,
    registry: &'a Registry,
) -> Option<&'a Resource> {
    if !selected(constraints, asked) {
        return None;
    }
    let others = others(constraints, asked, registry);
    if in_rules(constraints, "excludeResourceRules", asked, &others).is_some() {
        return None;
    }
    let rules = constraints.at(&["resourceRules"]).and_then(Value::as_list);
    if rules.is_none_or(|rules| rules.is_empty()) {
        return Some(asked.resource);
    }
    in_rules(constraints, "resourceRules", asked, &others)
}

/// The same for a webhook, which means nothing without rules.
pub(crate) fn hooked<'a>(
    webhook: &Value,
    asked: &Asked<'a>,
    registry: &'a Registry,
) -> Option<&'a Resource> {
    if !selected(webhook, asked) {
        return None;
    }
    in_rules(webhook, "rules", asked, &others(webhook, asked, registry))
}

/// Whether selectors take the namespace, and the object as it is or was.
fn selected(constraints: &Value, asked: &Asked<'_>) -> bool {
    let selects = |field: &str, labels: Option<&Map>| {
        let selector = constraints.at(&[field]).and_then(Value::as_map);
        let Some(selector) = selector.filter(|it| !it.is_empty()) else { return true };
        let selector = LabelSelector::of_object(&Value::Map(selector.clone()));
        selector.is_some_and(|selector| selector.matches(labels))
    };
    let labels =
        |object: &Value| object.at(&["metadata", "labels"]).and_then(Value::as_map).cloned();
    let takes = |object: Option<&Value>| {
        object.is_some_and(|object| selects("objectSelector", labels(object).as_ref()))
    };
    let has_space = !asked.namespace.is_empty() || asked.resource.is("", "namespaces");
    (!has_space || selects("namespaceSelector", asked.labels))
        && (takes(asked.object) || takes(asked.old))
}

/// Other versions of a resource that count as well.
fn others<'a>(
    constraints: &Value,
    asked: &Asked<'a>,
    registry: &'a Registry,
) -> Vec<&'a Arc<Resource>> {
    let exact = constraints.str_at(&["matchPolicy"]) == Some("Exact");
    registry.iter().filter(|it| !exact && is_other_version(it, asked)).collect()
}

fn is_other_version(known: &Resource, asked: &Asked<'_>) -> bool {
    known.table == asked.resource.table && known.kind != asked.resource.kind
}

fn in_rules<'a>(
    constraints: &Value,
    field: &str,
    asked: &Asked<'a>,
    others: &[&'a Arc<Resource>],
) -> Option<&'a Resource> {
    let rules = constraints.at(&[field]).and_then(Value::as_list)?;
    if rules.iter().any(|rule| means(rule, asked, asked.resource)) {
        return Some(asked.resource);
    }
    let mut pairs = rules.iter().flat_map(|rule| others.iter().map(move |it| (rule, &***it)));
    pairs.find(|(rule, other)| means(rule, asked, other)).map(|(_, other)| other)
}

fn means(rule: &Value, asked: &Asked<'_>, resource: &Resource) -> bool {
    let names = rule.at(&["resourceNames"]).and_then(Value::as_list);
    let named = names.is_none_or(|names| {
        names.is_empty() || names.iter().any(|name| name.as_str() == Some(asked.name))
    });
    named
        && in_scope(rule, asked)
        && lists(rule, "operations", |it| it == asked.operation.name())
        && lists(rule, "apiGroups", |it| it == resource.kind.group)
        && lists(rule, "apiVersions", |it| it == resource.kind.version)
        && names_resource(rule, asked, resource)
}

/// Whether a list has `*`, or something that fits.
fn lists(rule: &Value, field: &str, fits: impl Fn(&str) -> bool) -> bool {
    let list = rule.at(&[field]).and_then(Value::as_list);
    let mut texts = list.into_iter().flat_map(|list| list.iter()).filter_map(Value::as_str);
    texts.any(|text| text == "*" || fits(text))
}

fn in_scope(rule: &Value, asked: &Asked<'_>) -> bool {
    let is_cluster = asked.namespace.is_empty() || asked.resource.is("", "namespaces");
    match rule.str_at(&["scope"]) {
        Some("Namespaced") => !is_cluster,
        Some("Cluster") => is_cluster,
        _ => true,
    }
}

fn names_resource(rule: &Value, asked: &Asked<'_>, resource: &Resource) -> bool {
    let list = rule.at(&["resources"]).and_then(Value::as_list);
    let mut texts = list.into_iter().flat_map(|list| list.iter()).filter_map(Value::as_str);
    texts.any(|text| {
        let (name, part) = text.split_once('/').unwrap_or((text, ""));
        (name == "*" || name == resource.plural) && (part == "*" || part == asked.subresource)
    })
}

//! Whether a policy or a binding means a request.

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
    let selects = |field: &str, labels: Option<&Map>| {
        let selector = constraints.at(&[field]).and_then(Value::as_map);
        let Some(selector) = selector.filter(|it| !it.is_empty()) else { return true };
        let selector = LabelSelector::of_object(&Value::Map(selector.clone()));
        selector.is_some_and(|selector| selector.matches(labels))
    };
    let labels = |object: Option<&'a Value>| object?.at(&["metadata", "labels"])?.as_map();
    let has_space = !asked.namespace.is_empty() || asked.resource.is("", "namespaces");
    if has_space && !selects("namespaceSelector", asked.labels) {
        return None;
    }
    let (new, old) = (labels(asked.object), labels(asked.old));
    let is_selected = asked.object.is_some() && selects("objectSelector", new)
        || asked.old.is_some() && selects("objectSelector", old);
    if !is_selected {
        return None;
    }
    let exact = constraints.str_at(&["matchPolicy"]) == Some("Exact");
    let others: Vec<_> =
        registry.iter().filter(|it| !exact && is_other_version(it, asked)).collect();
    if in_rules(constraints, "excludeResourceRules", asked, &others).is_some() {
        return None;
    }
    let rules = constraints.at(&["resourceRules"]).and_then(Value::as_list);
    if rules.is_none_or(|rules| rules.is_empty()) {
        return Some(asked.resource);
    }
    in_rules(constraints, "resourceRules", asked, &others)
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

//! Rules of `x-kubernetes-validations` that an object breaks.

#[cfg(test)]
mod tests;
mod walk;

pub(crate) use walk::message;

use super::VALIDATIONS;
use crate::causes::Causes;
use crate::cel::{Expression, typed};
use crate::tree::{List, Text, Value};
use std::collections::BTreeMap;
use walk::{Side, Walk};

/// The rules of one part of a schema, and of what is below it. Parts without any are left out.
#[derive(Debug, Default)]
pub(super) struct Rules {
    own: Vec<Rule>,
    /// Those of its `allOf`.
    also: Vec<Rules>,
    properties: BTreeMap<Text, Rules>,
    values: Option<Box<Rules>>,
    items: Option<Box<Rules>>,
    /// What tells the items of a list apart.
    keys: Vec<Text>,
    /// What messages call a value of this part.
    ty: Text,
}

#[derive(Debug)]
struct Rule {
    text: String,
    /// Why it cannot be asked is kept: a client is refused such a definition.
    expression: Result<Expression, String>,
    message: String,
    message_expression: Option<Expression>,
    reason: &'static str,
    path: String,
    /// Whether it is asked of new objects too, although it speaks of old ones.
    optional: bool,
}

impl Rules {
    pub(super) fn of(openapi: &Value) -> Option<Self> {
        let list = |field: &str| {
            openapi.at(&[field]).and_then(Value::as_list).cloned().unwrap_or_default()
        };
        let own: Vec<_> = list(VALIDATIONS).iter().map(Rule::of).collect();
        let also: Vec<_> = list("allOf").iter().filter_map(Self::of).collect();
        let properties = openapi.at(&["properties"]).and_then(Value::as_map).cloned();
        let properties: BTreeMap<_, _> = properties
            .unwrap_or_default()
            .iter()
            .filter_map(|(name, part)| Some((name.clone(), Self::of(part)?)))
            .collect();
        let part = |field: &str| openapi.at(&[field]).and_then(Self::of).map(Box::new);
        let (values, items) = (part("additionalProperties"), part("items"));
        let is_empty = own.is_empty() && also.is_empty() && properties.is_empty();
        if is_empty && values.is_none() && items.is_none() {
            return None;
        }
        let is_map = openapi.str_at(&["x-kubernetes-list-type"]) == Some("map");
        let keys = if is_map { list("x-kubernetes-list-map-keys") } else { List::default() };
        let keys = keys.iter().filter_map(Value::as_str).map(Text::new).collect();
        let ty = Text::new(openapi.str_at(&["type"]).unwrap_or_default());
        Some(Self { own, also, properties, values, items, keys, ty })
    }

    /// Says which rules an object breaks; `old` is what it was, for rules about changes.
    pub(super) fn judge(
        &self,
        openapi: &Value,
        object: &Value,
        old: Option<&Value>,
        found: &mut Causes,
    ) {
        let mut walk = Walk::new(found);
        let now = Side { tree: object, cel: typed(openapi, object) };
        let old = old.map(|old| Side { tree: old, cel: typed(openapi, old) });
        // Who stops has said why.
        let _ = walk.part(self, &now, old.as_ref());
    }
}

impl Rule {
    fn of(rule: &Value) -> Self {
        let text = |field: &str| rule.str_at(&[field]).unwrap_or_default();
        let read = |text: &str| Expression::read(text).map_err(|why| why.to_string());
        Self {
            text: text("rule").trim().to_owned(),
            expression: read(text("rule")),
            message: text("message").trim().to_owned(),
            message_expression: rule
                .str_at(&["messageExpression"])
                .and_then(|text| Expression::read(text).ok()),
            reason: match text("reason") {
                "FieldValueForbidden" => "FieldValueForbidden",
                "FieldValueRequired" => "FieldValueRequired",
                "FieldValueDuplicate" => "FieldValueDuplicate",
                _ => "FieldValueInvalid",
            },
            path: text("fieldPath").to_owned(),
            optional: rule.at(&["optionalOldSelf"]).and_then(Value::as_bool) == Some(true),
        }
    }

    /// As messages name it.
    fn name(&self) -> &str {
        if self.message.is_empty() { &self.text } else { &self.message }
    }

    fn speaks_of_old(&self) -> bool {
        self.expression.as_ref().is_ok_and(|it| it.variables.contains("oldSelf"))
    }
}

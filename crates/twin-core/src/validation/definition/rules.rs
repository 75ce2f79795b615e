//! Rules in CEL, when they are written.

use super::Walk;
use super::openapi::SchemaView;
use super::paths::{self, Brackets};
use crate::causes::Causes;
use crate::cel::check::{Type, check, declared};
use crate::schema::VALIDATIONS;
use crate::tree::Value;
use std::cell::OnceCell;

/// A part of a schema, as rules see it from there.
pub(super) struct Reach<'a> {
    schema: SchemaView<'a>,
    is_root: bool,
    ty: OnceCell<Option<Type>>,
    /// Whether rules around this are asked of something that has no type.
    is_untyped: bool,
}

impl<'a> Reach<'a> {
    /// That of a whole schema, if it is sound.
    pub(super) fn root(schema: SchemaView<'a>, sound: bool) -> Option<Self> {
        let ty = OnceCell::new();
        sound.then_some(Self { schema, is_root: true, ty, is_untyped: false })
    }

    pub(super) fn child(&self, schema: SchemaView<'a>) -> Self {
        let asked = !self.schema.list(VALIDATIONS).is_empty();
        let is_untyped = self.is_untyped || (asked && self.ty().is_none());
        Self { schema, is_root: false, ty: OnceCell::new(), is_untyped }
    }

    fn ty(&self) -> Option<&Type> {
        let embedded = self.schema.says("x-kubernetes-embedded-resource");
        let of = || declared(self.schema, self.is_root || embedded);
        self.ty.get_or_init(of).as_ref().filter(|_| !self.is_untyped)
    }
}

const REASONS: &[&str] =
    &["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/// What is wrong with rules before anybody reads them as CEL.
pub(super) fn judge_words(walk: &mut Walk<'_>, schema: SchemaView<'_>) {
    walk.below(VALIDATIONS, |walk| {
        walk.each(schema.list(VALIDATIONS), |walk, rule| words(walk, schema, SchemaView(rule)));
    });
}

fn has_lines(text: &str) -> bool {
    text.contains(['\n', '\r'])
}

fn words(walk: &mut Walk<'_>, schema: SchemaView<'_>, rule: SchemaView<'_>) {
    let (text, message) = (rule.text("rule").trim(), rule.text("message"));
    let invalid = |walk: &mut Walk<'_>, field: &str, why: &str| {
        walk.below(field, |walk| walk.invalid_text(rule.text(field), &[why.to_owned()]));
    };
    if text.is_empty() {
        walk.below("rule", |walk| walk.required("rule is not specified"));
    } else if !message.is_empty() && message.trim().is_empty() {
        invalid(walk, "message", "must be non-empty if specified");
    } else if has_lines(message.trim()) {
        invalid(walk, "message", "must not contain line breaks");
    } else if has_lines(text) && message.trim().is_empty() {
        walk.below("message", |walk| {
            walk.required("message must be specified if rule contains line breaks");
        });
    }
    let expression = rule.text("messageExpression");
    if !expression.is_empty() && expression.trim().is_empty() {
        walk.below("messageExpression", |walk| {
            walk.required("messageExpression must be non-empty if specified");
        });
    }
    if let Some(reason) = rule.at("reason").and_then(Value::as_str)
        && !REASONS.contains(&reason)
    {
        walk.below("reason", |walk| walk.unsupported(&Value::text(reason), REASONS));
    }
    let path = rule.text("fieldPath");
    if !path.is_empty() && path.trim().is_empty() {
        invalid(walk, "fieldPath", "must be non-empty if specified");
    }
    if has_lines(path) {
        invalid(walk, "fieldPath", "must not contain line breaks");
    }
    if !path.is_empty() && paths::find(path, schema, Brackets::Allowed).is_err() {
        invalid(walk, "fieldPath", "must be a valid path");
    }
}

/// What is wrong with rules as CEL.
pub(super) fn judge(
    walk: &mut Walk<'_>,
    schema: SchemaView<'_>,
    reach: &Reach<'_>,
    unmatched: Option<usize>,
    found: &mut Causes,
) {
    let rules = schema.list(VALIDATIONS);
    if rules.is_empty() {
        return;
    }
    let own = std::mem::replace(&mut walk.found, std::mem::take(found));
    walk.below(VALIDATIONS, |walk| {
        match reach.ty() {
            None => walk.say("InternalError", "Internal error: internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations".to_owned()),
            Some(ty) => walk.each(rules, |walk, rule| {
                compiled(walk, SchemaView(rule), ty, unmatched);
            }),
        }
    });
    *found = std::mem::replace(&mut walk.found, own);
}

fn compiled(walk: &mut Walk<'_>, rule: SchemaView<'_>, ty: &Type, unmatched: Option<usize>) {
    let optional = rule.says("optionalOldSelf");
    let old = if optional { Type::optional(ty.clone()) } else { ty.clone() };
    let variables = [("self", ty.clone()), ("oldSelf", old)];
    let checked = check(rule.text("rule"), &variables);
    let speaks_of_old = match &checked {
        Err(why) => {
            refused(walk, rule, "rule", &format!("compilation failed: {why}"));
            false
        }
        Ok(checked) if checked.ty != Type::Bool => {
            refused(walk, rule, "rule", "cel expression must evaluate to a bool");
            false
        }
        Ok(checked) => {
            message(walk, rule, &variables);
            checked.variables.contains("oldSelf")
        }
    };
    if let (true, Some(place)) = (speaks_of_old, unmatched) {
        let place = walk.path.get(..place).unwrap_or_default();
        let sentence = format!(
            "oldSelf cannot be used on the uncorrelatable portion of the schema within {place}"
        );
        walk.below("rule", |walk| walk.invalid_text(rule.text("rule"), &[sentence]));
    }
    if let (false, Some(value)) = (speaks_of_old, rule.at("optionalOldSelf")) {
        let sentence = "may not be set if oldSelf is not used in rule";
        walk.below("optionalOldSelf", |walk| walk.invalid(value, sentence));
    }
}

fn message(walk: &mut Walk<'_>, rule: SchemaView<'_>, variables: &[(&str, Type)]) {
    let text = rule.text("messageExpression");
    if text.is_empty() {
        return;
    }
    match check(text, variables) {
        Err(why) => {
            let why = format!("messageExpression compilation failed: {why}");
            refused(walk, rule, "messageExpression", &why);
        }
        Ok(checked) if checked.ty != Type::String => {
            let why = "messageExpression must evaluate to a string";
            refused(walk, rule, "messageExpression", why);
        }
        Ok(_) => {}
    }
}

/// A sentence that quotes the whole rule, as Kubernetes keeps it.
fn refused(walk: &mut Walk<'_>, rule: SchemaView<'_>, field: &str, why: &str) {
    let text = |name: &str| escaped(&Value::text(rule.text(name)).to_string());
    let value = |name: &str| {
        rule.at(name).map_or_else(|| "null".to_owned(), |value| escaped(&value.to_string()))
    };
    let quoted = format!(
        r#"{{"Rule":{},"Message":{},"MessageExpression":{},"Reason":{},"FieldPath":{},"OptionalOldSelf":{}}}"#,
        text("rule"),
        text("message"),
        text("messageExpression"),
        value("reason"),
        text("fieldPath"),
        value("optionalOldSelf"),
    );
    let message = format!("Invalid value: {quoted}: {why}");
    walk.below(field, |walk| walk.say("FieldValueInvalid", message));
}

/// JSON as Go writes it, fit for web pages.
fn escaped(json: &str) -> String {
    json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}

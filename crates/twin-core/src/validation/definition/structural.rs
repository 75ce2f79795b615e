//! Structural schemas: those that say of each value what it is before they say what it may be.

use super::Walk;
use super::openapi::{Additional, Items, SchemaView};
use crate::tree::Value;

/// Why a schema can be none at all.
pub(super) fn unfit(schema: SchemaView<'_>) -> Option<String> {
    let is_set = |name: &&&str| match **name {
        "additionalItems" => schema.at(name).is_some(),
        name => !schema.0.at(&[name]).is_none_or(super::is_nothing),
    };
    let names = [
        "id",
        "$schema",
        "$ref",
        "patternProperties",
        "dependencies",
        "additionalItems",
        "definitions",
    ];
    if let Some(name) = names.iter().find(is_set) {
        let name = name.replace("$schema", "schema");
        return Some(format!("OpenAPIV3Schema '{name}' is not supported"));
    }
    for name in ["not", "allOf", "anyOf", "oneOf"] {
        let not = schema.at(name).filter(|part| part.as_map().is_some()).map(SchemaView);
        if let Some(why) = not.into_iter().chain(schema.parts(name)).find_map(unfit) {
            return Some(why);
        }
    }
    if schema.at("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
        return Some(
            "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
                .to_owned(),
        );
    }
    match schema.items() {
        Some(Items::Many(list)) if !list.is_empty() => {
            return Some("OpenAPIV3Schema 'items' must be a schema, but is an array".to_owned());
        }
        Some(Items::One(item)) => {
            if let Some(why) = unfit(item) {
                return Some(why);
            }
        }
        _ => {}
    }
    let additional = match schema.additional() {
        Some(Additional::Schema(part)) => Some(part),
        _ => None,
    };
    schema.properties().map(|(_, part)| part).chain(additional).find_map(unfit)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// Says why a schema is not structural, and whether it is.
pub(super) fn judge(walk: &mut Walk<'_>, schema: SchemaView<'_>) -> bool {
    let before = std::mem::take(&mut walk.found);
    invariants(walk, schema, Level::Root);
    let mut path = walk.path.clone();
    complete_value(walk, schema, Some(schema), &mut path);
    let found = std::mem::replace(&mut walk.found, before);
    let mut found = found.into_vec();
    found.sort_by_cached_key(|cause| format!("{}: {}", cause.field, cause.message));
    let is_structural = found.is_empty();
    for cause in found {
        walk.found.say(cause.reason, &cause.field, cause.message);
    }
    is_structural
}

fn invariants(walk: &mut Walk<'_>, schema: SchemaView<'_>, level: Level) {
    let item = schema.item();
    if schema.ty() == "array" && item.is_none() {
        walk.below("items", |walk| walk.required("must be specified"));
    }
    if let Some(item) = item {
        walk.below("items", |walk| invariants(walk, item, Level::Item));
    }
    for (name, part) in schema.properties() {
        walk.below(&format!("properties[{name}]"), |walk| invariants(walk, part, Level::Field));
    }
    if let Some(additional) = schema.additional() {
        walk.below("additionalProperties", |walk| {
            if level == Level::Root {
                walk.forbidden("must not be used at the root");
            }
            if let Additional::Schema(part) = additional {
                invariants(walk, part, Level::Field);
            }
        });
    }
    extensions(walk, schema);
    let skips = Skips { any: is_int_or_string(schema), all: begins_int_or_string(schema) };
    values(walk, schema, skips);
    types(walk, schema, level);
    resource(walk, schema, level);
}

fn extensions(walk: &mut Walk<'_>, schema: SchemaView<'_>) {
    if !schema.says("x-kubernetes-int-or-string") {
        return;
    }
    for name in ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] {
        if schema.says(name) {
            let sentence = "must be false if x-kubernetes-int-or-string is true";
            walk.below(name, |walk| walk.invalid(&Value::Bool(true), sentence));
        }
    }
}

fn types(walk: &mut Walk<'_>, schema: SchemaView<'_>, level: Level) {
    let ty = schema.ty();
    let embedded = schema.says("x-kubernetes-embedded-resource");
    let free = schema.says("x-kubernetes-int-or-string")
        || schema.says("x-kubernetes-preserve-unknown-fields");
    walk.below("type", |walk| {
        let object = "must be object if x-kubernetes-embedded-resource is true";
        if embedded && ty != "object" {
            match ty {
                "" => walk.required(object),
                ty => walk.invalid_text(ty, &[object.to_owned()]),
            }
        } else if ty.is_empty() && !free {
            walk.required(match level {
                Level::Root => "must not be empty at the root",
                Level::Item => "must not be empty for specified array items",
                Level::Field => "must not be empty for specified object fields",
            });
        }
    });
    if embedded && schema.additional().is_some() {
        walk.below("additionalProperties", |walk| {
            walk.forbidden("must not be used if x-kubernetes-embedded-resource is set");
        });
    }
    if level == Level::Root && !ty.is_empty() && ty != "object" {
        let sentence = "must be object at the root".to_owned();
        walk.below("type", |walk| walk.invalid_text(ty, &[sentence]));
    }
}

/// What every object of Kubernetes has.
fn resource(walk: &mut Walk<'_>, schema: SchemaView<'_>, level: Level) {
    let embedded = schema.says("x-kubernetes-embedded-resource");
    let is_resource = level == Level::Root || embedded;
    for name in ["kind", "apiVersion"] {
        if let Some(part) = schema.property(name).filter(|_| is_resource)
            && part.ty() != "string"
        {
            walk.below(&format!("properties[{name}].type"), |walk| {
                walk.invalid_text(part.ty(), &["must be string".to_owned()]);
            });
        }
    }
    if let Some(part) = schema.property("metadata") {
        walk.below("properties[metadata]", |walk| {
            if is_resource && part.ty() != "object" {
                walk.below("type", |walk| {
                    walk.invalid_text(part.ty(), &["must be object".to_owned()]);
                });
            }
            if level == Level::Root && !names_only(part) {
                walk.forbidden("must not specify anything other than name and generateName, but metadata is implicitly specified");
            }
        });
    }
    let free = schema.says("x-kubernetes-preserve-unknown-fields");
    if embedded && !free && !schema.has_properties() {
        walk.below("properties", |walk| {
            walk.required("must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields");
        });
    }
}

fn names_only(metadata: SchemaView<'_>) -> bool {
    let fields = metadata.0.as_map().into_iter().flat_map(|map| map.iter());
    let mut others = fields.filter(|(name, value)| {
        !matches!(name.as_str(), "type" | "default" | "properties")
            && !super::is_nothing(value)
            && *value != Value::Bool(false)
    });
    let names = |name: &str| matches!(name, "name" | "generateName");
    others.next().is_none() && metadata.properties().all(|(name, _)| names(name))
}

fn is_int_or_string_list(list: &[Value]) -> bool {
    let only = |part: &Value, ty: &str| {
        SchemaView(part).ty() == ty && part.as_map().is_some_and(|map| map.len() == 1)
    };
    matches!(list, [first, second] if only(first, "integer") && only(second, "string"))
}

fn is_int_or_string(schema: SchemaView<'_>) -> bool {
    is_int_or_string_list(schema.list("anyOf"))
}

fn begins_int_or_string(schema: SchemaView<'_>) -> bool {
    schema.parts("allOf").next().is_some_and(is_int_or_string)
}

/// What is an integer or a text may say so.
#[derive(Clone, Copy, Default)]
struct Skips {
    any: bool,
    all: bool,
}

fn values(walk: &mut Walk<'_>, schema: SchemaView<'_>, skips: Skips) {
    let each = |walk: &mut Walk<'_>, name: &str, skips: &dyn Fn(usize) -> Skips| {
        for (at, part) in schema.parts(name).enumerate() {
            walk.below(&format!("{name}[{at}]"), |walk| nested(walk, part, skips(at)));
        }
    };
    if !skips.any {
        each(walk, "anyOf", &|_| Skips::default());
    }
    each(walk, "allOf", &|at| Skips { any: skips.all && at == 0, all: false });
    each(walk, "oneOf", &|_| Skips::default());
    if let Some(part) = schema.at("not").map(SchemaView) {
        walk.below("not", |walk| nested(walk, part, Skips::default()));
    }
    let pattern = schema.text("pattern");
    if let Some(why) = walk.patterns.fault(pattern) {
        let sentence = format!("must be a valid regular expression, but isn't: {why}");
        walk.below("pattern", |walk| walk.invalid_text(pattern, &[sentence]));
    }
}

/// What a part that only says what values may be must not say.
const EMPTY: [(&str, &str); 12] = [
    ("type", "must be empty to be structural"),
    ("additionalProperties", "must be undefined to be structural"),
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"),
    ("x-kubernetes-embedded-resource", "must be false to be structural"),
    ("x-kubernetes-int-or-string", "must be false to be structural"),
    ("x-kubernetes-list-map-keys", "must be empty to be structural"),
    ("x-kubernetes-list-type", "must be undefined to be structural"),
    ("x-kubernetes-map-type", "must be undefined to be structural"),
];

fn nested(walk: &mut Walk<'_>, schema: SchemaView<'_>, skips: Skips) {
    values(walk, schema, skips);
    if let Some(item) = schema.item() {
        walk.below("items", |walk| nested(walk, item, Skips::default()));
    }
    for (name, part) in schema.properties() {
        walk.below(&format!("properties[{name}]"), |walk| {
            nested(walk, part, Skips::default());
        });
    }
    for (name, sentence) in EMPTY {
        let undefined = sentence.contains("undefined");
        let is_set = schema.at(name).is_some_and(|value| match value {
            Value::Bool(says) => *says,
            value => undefined || !super::is_nothing(value),
        });
        if is_set {
            walk.below(name, |walk| walk.forbidden(sentence));
        }
    }
    if !schema.list("x-kubernetes-validations").is_empty() {
        walk.below("x-kubernetes-validations", |walk| {
            walk.forbidden("must be empty to be structural");
        });
    }
    if schema.property("metadata").is_some() {
        walk.below("properties[metadata]", |walk| {
            walk.forbidden("must not be specified in a nested context");
        });
    }
}

/// Whatever is said of a value has to be said of one that the schema knows. `at` is where it is said.
fn complete_value(
    walk: &mut Walk<'_>,
    values: SchemaView<'_>,
    known: Option<SchemaView<'_>>,
    at: &mut String,
) {
    let not = values.at("not").map(|part| (".not".to_owned(), SchemaView(part)));
    let nested = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|name| {
        values.parts(name).enumerate().map(move |(index, part)| (format!(".{name}[{index}]"), part))
    });
    for (step, part) in not.into_iter().chain(nested) {
        further(at, &step, |at| complete(walk, part, known, at));
    }
}

fn further(at: &mut String, step: &str, judge: impl FnOnce(&mut String)) {
    let length = at.len();
    at.push_str(step);
    judge(at);
    at.truncate(length);
}

fn complete(
    walk: &mut Walk<'_>,
    values: SchemaView<'_>,
    known: Option<SchemaView<'_>>,
    at: &mut String,
) {
    let Some(known) = known else {
        walk.required(&format!("because it is defined in {at}"));
        return;
    };
    complete_value(walk, values, Some(known), at);
    if let Some(item) = values.item() {
        walk.below("items", |walk| {
            further(at, ".items", |at| complete(walk, item, known.item(), at));
        });
    }
    for (name, part) in values.properties() {
        let step = format!("properties[{name}]");
        walk.below(&step, |walk| {
            let known = known.property(name);
            further(at, &format!(".{step}"), |at| complete(walk, part, known, at));
        });
    }
}

//! Schemas of definitions: what may stand in them.

use super::rules::{self, Reach};
use super::{Raw, Walk, defaults, says, structural};
use crate::causes::Causes;
use crate::tree::{List, Map, Text, Value};
use std::collections::BTreeSet;

/// One part of a schema.
#[derive(Clone, Copy)]
pub(crate) struct SchemaView<'a>(pub(crate) &'a Value);

/// What a schema says of the items of a list.
pub(super) enum Items<'a> {
    One(SchemaView<'a>),
    Many(&'a List),
}

/// What a schema says of fields that it does not name.
pub(crate) enum Additional<'a> {
    Allowed(bool),
    Schema(SchemaView<'a>),
}

impl<'a> SchemaView<'a> {
    /// A field that says something.
    pub(crate) fn at(self, name: &str) -> Option<&'a Value> {
        self.0.at(&[name]).filter(|value| !value.is_null())
    }

    pub(crate) fn text(self, name: &str) -> &'a str {
        self.0.str_at(&[name]).unwrap_or_default()
    }

    pub(crate) fn ty(self) -> &'a str {
        self.text("type")
    }

    pub(crate) fn says(self, name: &str) -> bool {
        says(self.0, name)
    }

    pub(crate) fn list(self, name: &str) -> &'a [Value] {
        self.0.at(&[name]).and_then(Value::as_list).map_or(&[], |list| list)
    }

    pub(super) fn parts(self, name: &str) -> impl Iterator<Item = SchemaView<'a>> {
        self.list(name).iter().map(SchemaView)
    }

    fn map(self, name: &str) -> Option<&'a Map> {
        self.0.at(&[name]).and_then(Value::as_map)
    }

    pub(crate) fn properties(self) -> impl Iterator<Item = (&'a Text, SchemaView<'a>)> {
        let properties = self.map("properties").into_iter().flat_map(Map::iter);
        properties.map(|(name, part)| (name, SchemaView(part)))
    }

    pub(super) fn has_properties(self) -> bool {
        self.map("properties").is_some_and(|map| !map.is_empty())
    }

    pub(crate) fn property(self, name: &str) -> Option<SchemaView<'a>> {
        self.map("properties")?.get(name).map(SchemaView)
    }

    pub(super) fn items(self) -> Option<Items<'a>> {
        match self.0.at(&["items"])? {
            Value::List(list) => Some(Items::Many(list)),
            part @ Value::Map(_) => Some(Items::One(SchemaView(part))),
            _ => None,
        }
    }

    pub(crate) fn item(self) -> Option<SchemaView<'a>> {
        self.0.at(&["items"]).filter(|part| part.as_map().is_some()).map(SchemaView)
    }

    pub(crate) fn additional(self) -> Option<Additional<'a>> {
        match self.0.at(&["additionalProperties"])? {
            Value::Bool(allowed) => Some(Additional::Allowed(*allowed)),
            part @ Value::Map(_) => Some(Additional::Schema(SchemaView(part))),
            _ => None,
        }
    }

    fn is_nothing(self, name: &str) -> bool {
        self.0.at(&[name]).is_none_or(super::is_nothing)
    }
}

pub(super) fn has_defaults(schema: &Value) -> bool {
    match schema {
        Value::Map(map) => {
            map.get("default").is_some_and(|value| !value.is_null())
                || map.iter().any(|(name, part)| name != "enum" && has_defaults(part))
        }
        Value::List(list) => list.iter().any(has_defaults),
        _ => false,
    }
}

/// Fields that a schema may have at its root if `status` is written through a door of its own.
const AT_ROOT: &str = "[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]";
/// Those that it may not have, as Kubernetes names them.
const NOT_AT_ROOT: &[&str] = &[
    "id",
    "$schema",
    "$ref",
    "nullable",
    "enum",
    "maxProperties",
    "minProperties",
    "allOf",
    "oneOf",
    "anyOf",
    "not",
    "additionalProperties",
    "patternProperties",
    "dependencies",
    "additionalItems",
    "definitions",
    "default",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
];

/// What is wrong with the schema of a version.
pub(super) fn judge(walk: &mut Walk<'_>, validation: &Value, has_status: bool) {
    let Some(schema) = SchemaView(validation).at("openAPIV3Schema").map(SchemaView) else { return };
    let before = walk.found.iter().count();
    if has_status {
        root_with_status(walk, schema);
    }
    if schema.says("nullable") {
        let sentence = "nullable cannot be true at the root";
        walk.below("openAPIV3Schema.nullable", |walk| walk.forbidden(sentence));
    }
    walk.below("openAPIV3Schema", |walk| {
        let unfit = structural::unfit(schema);
        let sound =
            unfit.is_none() && structural::judge(walk, schema) && defaults::judge(walk, schema);
        let mut look = Look { rules: Causes::default() };
        let reach = Reach::root(schema, sound);
        look.part(walk, schema, &Place::default(), reach.as_ref());
        let is_clean = walk.found.iter().count() == before && look.rules.is_empty();
        for cause in look.rules.into_vec() {
            walk.found.say(cause.reason, &cause.field, cause.message);
        }
        if let (true, Some(why)) = (is_clean, unfit) {
            walk.invalid_raw(&Raw("\"\"".to_owned()), &why);
        }
    });
}

fn root_with_status(walk: &mut Walk<'_>, schema: SchemaView<'_>) {
    if !schema.ty().is_empty() && schema.ty() != "object" {
        let sentence = r#"only "object" is allowed as the type at the root of the schema if the status subresource is enabled"#;
        walk.below("openAPIV3Schema.type", |walk| {
            walk.invalid_text(schema.ty(), &[sentence.to_owned()]);
        });
    } else if NOT_AT_ROOT.iter().any(|name| !schema.is_nothing(name)) {
        let sentence = format!(
            "only {AT_ROOT} fields are allowed at the root of the schema if the status subresource is enabled"
        );
        walk.below("openAPIV3Schema", |walk| walk.invalid(schema.0, &sentence));
    }
}

/// What is asked of a part because of where it is.
#[derive(Clone, Default)]
struct Place {
    /// Why there may be no defaults.
    no_defaults: Option<String>,
    inside_meta: bool,
    /// How long the path of the first part around this is whose old and new values nobody can match.
    unmatched: Option<usize>,
    is_inner: bool,
}

struct Look {
    /// What is wrong with rules comes after what is wrong with schemas.
    rules: Causes,
}

impl Look {
    fn part(
        &mut self,
        walk: &mut Walk<'_>,
        schema: SchemaView<'_>,
        place: &Place,
        reach: Option<&Reach<'_>>,
    ) {
        let before = walk.found.iter().count();
        unsupported(walk, schema, place);
        if schema.says("uniqueItems") {
            walk.below("uniqueItems", |walk| {
                walk.forbidden("uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
            });
        }
        self.additional(walk, schema, place, reach);
        self.properties(walk, schema, place, reach);
        self.nested(walk, schema, place);
        self.items(walk, schema, place, reach);
        extensions(walk, schema);
        rules::judge_words(walk, schema);
        if walk.found.iter().count() == before
            && let Some(reach) = reach
        {
            rules::judge(walk, schema, reach, place.unmatched, &mut self.rules);
        }
    }

    fn additional(
        &mut self,
        walk: &mut Walk<'_>,
        schema: SchemaView<'_>,
        place: &Place,
        reach: Option<&Reach<'_>>,
    ) {
        let Some(additional) = schema.additional() else { return };
        let excludes = !matches!(additional, Additional::Allowed(true));
        if schema.has_properties() && excludes {
            walk.below("additionalProperties", |walk| {
                walk.forbidden("additionalProperties and properties are mutual exclusive");
            });
        }
        let Additional::Schema(part) = additional else { return };
        let mut below = Place { is_inner: true, ..place.clone() };
        if place.inside_meta {
            below.no_defaults =
                Some("inside additionalProperties applying to object metadata".to_owned());
        }
        let reach = reach.map(|reach| reach.child(part));
        walk.below("additionalProperties", |walk| self.part(walk, part, &below, reach.as_ref()));
    }

    fn properties(
        &mut self,
        walk: &mut Walk<'_>,
        schema: SchemaView<'_>,
        place: &Place,
        reach: Option<&Reach<'_>>,
    ) {
        let is_resource = !place.is_inner || schema.says("x-kubernetes-embedded-resource");
        for (name, part) in schema.properties() {
            let mut below = Place { is_inner: true, ..place.clone() };
            if is_resource && matches!(name.as_str(), "metadata" | "kind" | "apiVersion") {
                below.inside_meta = true;
                if !place.is_inner {
                    below.no_defaults = Some(format!("in top-level {name}"));
                }
            }
            let reach = reach.map(|reach| reach.child(part));
            walk.below("properties", |walk| {
                walk.below(&format!("[{name}]"), |walk| {
                    self.part(walk, part, &below, reach.as_ref());
                });
            });
        }
    }

    /// Parts that only say what values may be.
    fn nested(&mut self, walk: &mut Walk<'_>, schema: SchemaView<'_>, place: &Place) {
        let below = Place { is_inner: true, ..place.clone() };
        if let Some(part) = schema.at("not").map(SchemaView) {
            walk.below("not", |walk| self.part(walk, part, &below, None));
        }
        for name in ["allOf", "oneOf", "anyOf"] {
            walk.below(name, |walk| {
                walk.each(schema.list(name), |walk, part| {
                    self.part(walk, SchemaView(part), &below, None);
                });
            });
        }
        for name in ["definitions", "dependencies"] {
            for (key, part) in schema.map(name).into_iter().flat_map(Map::iter) {
                walk.below(name, |walk| {
                    walk.below(&format!("[{key}]"), |walk| {
                        self.part(walk, SchemaView(part), &below, None);
                    });
                });
            }
        }
    }

    fn items(
        &mut self,
        walk: &mut Walk<'_>,
        schema: SchemaView<'_>,
        place: &Place,
        reach: Option<&Reach<'_>>,
    ) {
        let mut below = Place { is_inner: true, ..place.clone() };
        if schema.text("x-kubernetes-list-type") != "map" {
            below.unmatched.get_or_insert(walk.path.len());
        }
        walk.below("items", |walk| match schema.items() {
            Some(Items::One(part)) => {
                let reach = reach.map(|reach| reach.child(part));
                self.part(walk, part, &below, reach.as_ref());
            }
            Some(Items::Many(list)) => walk.each(list, |walk, part| {
                self.part(walk, SchemaView(part), &below, None);
            }),
            None => {}
        });
    }
}

const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];

/// What `OpenAPI` knows and Kubernetes does not take.
fn unsupported(walk: &mut Walk<'_>, schema: SchemaView<'_>, place: &Place) {
    let ty = schema.ty();
    if !ty.is_empty() && !TYPES.contains(&ty) {
        walk.below("type", |walk| walk.unsupported(&Value::text(ty), TYPES));
    }
    if let (Some(why), Some(_)) = (&place.no_defaults, schema.at("default")) {
        walk.below("default", |walk| walk.forbidden(&format!("must not be set {why}")));
    }
    for name in
        ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"]
    {
        let is_there = match name {
            "id" | "patternProperties" | "definitions" => !schema.is_nothing(name),
            _ => schema.at(name).is_some(),
        };
        if is_there {
            walk.below(name, |walk| walk.forbidden(&format!("{name} is not supported")));
        }
    }
    if ty == "null" {
        walk.below("type", |walk| {
            walk.forbidden("type cannot be set to null, use nullable as an alternative");
        });
    }
    if matches!(schema.items(), Some(Items::Many(list)) if !list.is_empty()) {
        walk.below("items", |walk| {
            walk.forbidden("items must be a schema object and not an array");
        });
    }
    if place.inside_meta && schema.says("x-kubernetes-embedded-resource") {
        walk.below("x-kubernetes-embedded-resource", |walk| {
            walk.forbidden("must not be used inside of resource meta");
        });
    }
}

/// How values are merged, and what is kept of them.
fn extensions(walk: &mut Walk<'_>, schema: SchemaView<'_>) {
    if schema.at("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
        walk.below("x-kubernetes-preserve-unknown-fields", |walk| {
            walk.invalid(&Value::Bool(false), "must be true or undefined");
        });
    }
    let word = |name: &str| schema.at(name).and_then(Value::as_str);
    if let Some(map_type) = word("x-kubernetes-map-type") {
        must_be(walk, schema, "object", "must be object if x-kubernetes-map-type is specified");
        known_word(walk, "x-kubernetes-map-type", map_type, &["atomic", "granular"]);
    }
    if let Some(list_type) = word("x-kubernetes-list-type") {
        let sentence = "must be array if x-kubernetes-list-type is specified";
        if !must_be(walk, schema, "array", sentence) && list_type == "set" {
            atomic_items(walk, schema);
        }
        known_word(walk, "x-kubernetes-list-type", list_type, &["atomic", "set", "map"]);
    }
    keyed(walk, schema, word("x-kubernetes-list-type"));
}

/// Whether the type is another one, which is said.
fn must_be(walk: &mut Walk<'_>, schema: SchemaView<'_>, ty: &str, sentence: &str) -> bool {
    let differs = schema.ty() != ty;
    walk.below("type", |walk| match schema.ty() {
        "" => walk.required(sentence),
        other if differs => walk.invalid_text(other, &[sentence.to_owned()]),
        _ => {}
    });
    differs
}

fn known_word(walk: &mut Walk<'_>, name: &str, word: &str, known: &[&str]) {
    if !known.contains(&word) {
        walk.below(name, |walk| walk.unsupported(&Value::text(word), known));
    }
}

fn atomic_items(walk: &mut Walk<'_>, schema: SchemaView<'_>) {
    let Some(item) = schema.item() else { return };
    let list_type = item.at("x-kubernetes-list-type").and_then(Value::as_str);
    let field = match item.ty() {
        "array" if list_type.is_some_and(|it| it != "atomic") => "x-kubernetes-list-type",
        "object" if item.text("x-kubernetes-map-type") != "atomic" => "x-kubernetes-map-type",
        _ => return,
    };
    let quoted = list_type.map_or_else(|| "null".to_owned(), crate::names::quoted);
    let sentence = "must be atomic as item of a list with x-kubernetes-list-type=set";
    walk.below("items", |walk| {
        walk.below(field, |walk| walk.invalid_raw(&Raw(quoted), sentence));
    });
}

/// Lists whose items are told apart by some of their fields, or by all that they are.
fn keyed(walk: &mut Walk<'_>, schema: SchemaView<'_>, list_type: Option<&str>) {
    let keys = schema.list("x-kubernetes-list-map-keys");
    if !keys.is_empty() && list_type != Some("map") {
        let sentence = "must be map if x-kubernetes-list-map-keys is non-empty";
        walk.below("x-kubernetes-list-type", |walk| match list_type {
            None => walk.required(sentence),
            Some(other) => walk.invalid_text(other, &[sentence.to_owned()]),
        });
    }
    if list_type == Some("map") {
        by_keys(walk, schema, keys);
    }
    let Some((item, word)) = schema.item().zip(list_type.filter(|it| matches!(*it, "set" | "map")))
    else {
        return;
    };
    if item.says("nullable") {
        let sentence = format!("cannot be nullable when x-kubernetes-list-type is {word}");
        walk.below("items.nullable", |walk| walk.forbidden(&sentence));
    }
    let known = keys.iter().filter(|_| word == "map").filter_map(Value::as_str);
    for (key, part) in known.filter_map(|key| Some((key, item.property(key)?))) {
        let required = item.list("required").iter().any(|it| it.as_str() == Some(key));
        walk.below(&format!("items.properties[{key}]"), |walk| key_is_there(walk, part, required));
    }
}

fn key_is_there(walk: &mut Walk<'_>, part: SchemaView<'_>, required: bool) {
    const KEY: &str = "this property is in x-kubernetes-list-map-keys, so it";
    if !required && part.at("default").is_none() {
        let sentence = format!("{KEY} must have a default or be a required property");
        walk.below("default", |walk| walk.required(&sentence));
    }
    if part.says("nullable") {
        walk.below("nullable", |walk| walk.forbidden(&format!("{KEY} cannot be nullable")));
    }
}

fn by_keys(walk: &mut Walk<'_>, schema: SchemaView<'_>, keys: &[Value]) {
    if keys.is_empty() {
        walk.below("x-kubernetes-list-map-keys", |walk| {
            walk.required("must not be empty if x-kubernetes-list-type is map");
        });
    }
    match schema.items() {
        None => walk.below("items", |walk| {
            walk.required("must have a schema if x-kubernetes-list-type is map");
        }),
        Some(Items::Many(list)) => walk.below("items", |walk| {
            let sentence = "must only have a single schema if x-kubernetes-list-type is map";
            walk.invalid(&Value::List(list.clone()), sentence);
        }),
        Some(Items::One(item)) if item.ty() != "object" => walk.below("items.type", |walk| {
            let sentence = "must be object if parent array's x-kubernetes-list-type is map";
            walk.invalid_text(item.ty(), &[sentence.to_owned()]);
        }),
        Some(Items::One(item)) => keys_of_items(walk, item, keys),
    }
}

fn keys_of_items(walk: &mut Walk<'_>, item: SchemaView<'_>, keys: &[Value]) {
    let mut seen = BTreeSet::new();
    let all = Value::from(keys.to_vec());
    let wrong = |walk: &mut Walk<'_>, sentence: &str| {
        walk.below("x-kubernetes-list-map-keys", |walk| walk.invalid(&all, sentence));
    };
    for key in keys.iter().filter_map(Value::as_str) {
        match item.property(key) {
            None => wrong(walk, "entries must all be names of item properties"),
            Some(part) if matches!(part.ty(), "array" | "object") => {
                let sentence =
                    "must be a scalar type if parent array's x-kubernetes-list-type is map";
                walk.below(&format!("items.properties[{key}].type"), |walk| {
                    walk.invalid_text(item.ty(), &[sentence.to_owned()]);
                });
            }
            Some(_) => {}
        }
        if !seen.insert(key) {
            wrong(walk, "must not contain duplicate entries");
        }
    }
}

//! What a schema says of values, as expressions know them.

use super::types::Type;
use crate::cel::escaped;
use crate::tree::Text;
use crate::validation::{Additional, SchemaView};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The type of what a schema describes; none, if expressions know nothing of it.
pub(crate) fn declared(schema: SchemaView<'_>, is_resource: bool) -> Option<Type> {
    of(schema, is_resource, "selfType")
}

fn of(schema: SchemaView<'_>, is_resource: bool, name: &str) -> Option<Type> {
    if schema.says("x-kubernetes-int-or-string") {
        return Some(Type::Dyn);
    }
    Some(match schema.ty() {
        "array" => {
            let item = schema.item()?;
            Type::list(of(item, is_embedded(item), &below(name, "@idx"))?)
        }
        "object" => match schema.additional() {
            Some(Additional::Schema(part)) => {
                let part = of(part, is_embedded(part), &below(name, "@elem"))?;
                Type::map(Type::String, part)
            }
            _ => object(schema, is_resource, name),
        },
        "string" => match schema.text("format") {
            "byte" => Type::Bytes,
            "duration" => Type::Duration,
            "date" | "date-time" => Type::Timestamp,
            _ => Type::String,
        },
        "boolean" => Type::Bool,
        "number" => Type::Double,
        "integer" => Type::Int,
        _ => return None,
    })
}

/// A longer name only has to tell people what is meant.
const LONGEST: usize = 200;

fn below(name: &str, step: &str) -> String {
    if name.len() + step.len() > LONGEST { name.to_owned() } else { format!("{name}.{step}") }
}

fn is_embedded(schema: SchemaView<'_>) -> bool {
    schema.says("x-kubernetes-embedded-resource")
}

fn object(schema: SchemaView<'_>, is_resource: bool, name: &str) -> Type {
    let adds = is_resource && !says_metadata(schema);
    let mut fields: BTreeMap<_, _> = schema
        .properties()
        .filter(|(field, _)| is_nameable(field))
        .filter_map(|(field, part)| {
            let field = escaped(field);
            let ty = of(part, is_embedded(part), &below(name, &field))?;
            Some((field, ty))
        })
        .collect();
    if adds {
        let names = ["name", "generateName"].map(|name| (name.to_owned(), Type::String));
        let metadata = made(names.into(), &below(name, "metadata"));
        let kinds = ["kind", "apiVersion"].map(|field| (field.to_owned(), Type::String));
        fields.extend(kinds.into_iter().chain([("metadata".to_owned(), metadata)]));
    }
    made(fields, name)
}

fn made(fields: BTreeMap<String, Type>, name: &str) -> Type {
    Type::Object(Text::new(name), Arc::new(fields))
}

/// Whether the schema itself says what each object of Kubernetes has.
fn says_metadata(schema: SchemaView<'_>) -> bool {
    let is = |schema: SchemaView<'_>, field: &str, ty: &str| {
        schema.property(field).is_some_and(|part| part.ty() == ty)
    };
    is(schema, "kind", "string")
        && is(schema, "apiVersion", "string")
        && schema.property("metadata").is_some_and(|metadata| {
            metadata.ty() == "object"
                && is(metadata, "name", "string")
                && is(metadata, "generateName", "string")
        })
}

/// Whether a field has a name in expressions.
fn is_nameable(field: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
    !field.is_empty()
        && !field.starts_with(|c: char| c.is_ascii_digit())
        && field.bytes().all(is_known)
}

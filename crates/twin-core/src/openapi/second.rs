//! The same in `OpenAPI` 2, for clients that know no newer one.

use super::types;
use crate::registry::{Registry, Resource};
use crate::schema::Schema;
use crate::tree::{Map, Text, Value};
use std::sync::Arc;

/// How clients ask for the binary form. What they get has another name: theirs is no media type.
pub(crate) const BINARY: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
/// The binary form.
pub(crate) const BINARY_TYPE: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const TITLE: &str = "Kubernetes";
const VERSION: &str = "v1.37.2";
const HERE: &str = "#/definitions/";
const THERE: &str = "#/components/schemas/";

/// `/openapi/v2`
pub(crate) fn second(schema: &Schema, registry: &Registry) -> Value {
    let all: Vec<_> = registry.iter().collect();
    let paths = all.iter().flat_map(|resource| {
        let kind = &resource.kind;
        super::paths::of(resource, &super::root(&kind.group, &kind.version))
    });
    let paths: Map = paths.map(|(path, item)| (path, place(&item))).collect();
    Value::from([
        ("swagger", "2.0".into()),
        ("info", Value::from([("title", TITLE.into()), ("version", VERSION.into())])),
        ("paths", Value::Map(paths)),
        ("definitions", definitions(schema, registry, &all)),
    ])
}

fn definitions(schema: &Schema, registry: &Registry, all: &[&Arc<Resource>]) -> Value {
    let all = older(&types::reached(schema, registry, all));
    let customs = registry.iter().filter_map(|it| Some((&it.kind, it.custom.as_ref()?)));
    customs.fold(all, |all, (kind, custom)| {
        let openapi = &custom.openapi;
        // Clients would take what else is said for all that there may be.
        let definition = if says(openapi, PRESERVES) {
            let kinds = vec![types::gvk(kind)].into();
            Value::from([("type", "object".into()), ("x-kubernetes-group-version-kind", kinds)])
        } else {
            older(&types::defined(kind, &simple(openapi)))
        };
        all.with(&[&types::custom_name(kind)], definition)
    })
}

const PRESERVES: &str = "x-kubernetes-preserve-unknown-fields";

fn says(schema: &Value, word: &str) -> bool {
    schema.at(&[word]).and_then(Value::as_bool) == Some(true)
}

/// A schema of a definition in words of version 2, which has no alternatives, and nothing that may be
/// null or anything.
fn simple(schema: &Value) -> Value {
    let Value::Map(map) = schema else { return schema.clone() };
    let free = says(schema, PRESERVES);
    let untyped = free || says(schema, "nullable");
    let lacks_items = schema.at(&["items"]).is_none() || untyped;
    let kind = schema.str_at(&["type"]).unwrap_or_default();
    let bare =
        says(schema, "nullable") || free && kind == "object" || lacks_items && kind == "array";
    let entries = map.iter().filter_map(|(key, value)| {
        let value = match key.as_str() {
            "allOf" | "oneOf" | "anyOf" | "not" | "nullable" => return None,
            "items" | "properties" if untyped => return None,
            "type" if bare => return None,
            "items" | "additionalProperties" => simple(value),
            "properties" => Value::Map(entries(value).iter().map(simple_entry).collect()),
            "required" => needed(value, schema)?,
            _ => value.clone(),
        };
        Some((key.clone(), value))
    });
    Value::Map(entries.collect())
}

fn simple_entry((name, schema): &(Text, Value)) -> (Text, Value) {
    (name.clone(), simple(schema))
}

/// The fields that have to be there; not those that may be null.
fn needed(required: &Value, schema: &Value) -> Option<Value> {
    let may_be_null = |name: &&Value| {
        let field = name.as_str().and_then(|name| schema.at(&["properties", name]));
        field.is_some_and(|field| says(field, "nullable"))
    };
    let values = schema.at(&["additionalProperties"]);
    let list = required.as_list().filter(|_| !values.is_some_and(|it| says(it, "nullable")))?;
    let rest: Vec<_> = list.iter().filter(|name| !may_be_null(name)).cloned().collect();
    (!rest.is_empty()).then(|| rest.into())
}

/// The document as protobuf, without paths and definitions: those who want it take that for a
/// server that knows no type, and ask `OpenAPI` 3 or the server itself.
pub(crate) fn binary() -> Vec<u8> {
    let text = |field: u8, content: &[u8]| {
        let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
        [&[field << 3 | 2, length], content].concat()
    };
    let info = [text(1, TITLE.as_bytes()), text(2, VERSION.as_bytes())].concat();
    [text(1, b"2.0"), text(2, &info)].concat()
}

/// A schema in older words.
fn older(schema: &Value) -> Value {
    match schema {
        Value::Map(map) if schema.at(&["oneOf"]).is_some_and(|it| it.as_list().is_some()) => {
            // Either a number or a text is a text, whose format says so.
            let kept = map.iter().filter(|(key, _)| key != "oneOf").cloned();
            let text = (Text::new_static("type"), "string".into());
            Value::Map(kept.chain([text]).collect())
        }
        Value::Map(map) => {
            let entries = map.iter().flat_map(|(key, value)| match (key.as_str(), value) {
                // A reference beside other words.
                ("allOf", Value::List(list)) if list.len() == 1 => entries(&older(&list[0])),
                ("$ref", Value::Text(place)) => {
                    let place = place.replacen(THERE, HERE, 1);
                    vec![(key.clone(), Value::text(place))]
                }
                _ => vec![(key.clone(), older(value))],
            });
            Value::Map(entries.collect())
        }
        Value::List(list) => list.iter().map(older).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

fn entries(value: &Value) -> Vec<(Text, Value)> {
    value.as_map().map(|map| map.iter().cloned().collect()).unwrap_or_default()
}

/// What can be done at a path, in older words.
fn place(item: &Value) -> Value {
    let rows = entries(item).into_iter().map(|(key, value)| {
        let value = if key == "parameters" { parameters(&value) } else { operation(&value) };
        (key, value)
    });
    Value::Map(rows.collect())
}

fn operation(operation: &Value) -> Value {
    let given = operation.at(&["parameters"]).map(parameters).unwrap_or_default();
    let mut all = given.as_list().map(|list| list.to_vec()).unwrap_or_default();
    let Some(content) = operation.at(&["requestBody", "content"]) else {
        return operation.with(&["parameters"], all.into());
    };
    let object = Value::from([("type", "object".into())]);
    all.push(Value::from([
        ("name", "body".into()),
        ("in", "body".into()),
        ("required", Value::Bool(true)),
        ("schema", object),
    ]));
    let media: Vec<Value> = entries(content).into_iter().map(|(media, _)| media.into()).collect();
    operation
        .without(&["requestBody"])
        .with(&["parameters"], all.into())
        .with(&["consumes"], media.into())
}

/// Parameters say their type themselves.
fn parameters(list: &Value) -> Value {
    let one = |parameter: &Value| match parameter.at(&["schema", "type"]) {
        Some(ty) => parameter.without(&["schema"]).with(&["type"], ty.clone()),
        None => parameter.clone(),
    };
    list.as_list().into_iter().flat_map(|list| list.iter()).map(one).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::{binary, second};
    use crate::registry::Registry;
    use crate::schema::Schema;

    #[test]
    fn the_document_is_complete() {
        let schema = Schema::builtin();
        let text = second(schema, &Registry::builtin(schema)).to_string();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let definitions = document["definitions"].as_object().unwrap();
        for reference in text.split("#/definitions/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(definitions.contains_key(name), "{name}");
        }
        for word in ["\"oneOf\":[", "\"allOf\":[", "\"requestBody\":", "components/schemas"] {
            assert!(!text.contains(word), "{word}");
        }
        let port = &definitions["io.k8s.api.core.v1.ServicePort"]["properties"]["targetPort"];
        assert_eq!(port["$ref"], "#/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString");
        let patch = &document["paths"]["/api/v1/nodes/{name}"]["patch"];
        assert_eq!(patch["parameters"][0]["type"], "string");
    }

    #[test]
    fn the_binary_form_has_a_title() {
        assert_eq!(binary(), b"\x0a\x032.0\x12\x15\x0a\x0aKubernetes\x12\x07v1.37.2");
    }
}

//! `cargo xtask twin-tables`: what the twin knows of the built-in kinds, from the published documents.
//!
//! The source is `api/` of the module `k8s.io/kubernetes`: `openapi-spec/v3` says what the types look
//! like, `discovery` says which resources are served. Versions that a cluster serves only on request
//! are left out. Field numbers come from the Go modules beside it. The tables are checked in; a new Kubernetes is one run of this chore.

mod wire;
mod words;

use crate::shell::{root, say};
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The unpacked module k8s.io/kubernetes
    #[arg(long, value_name = "DIR")]
    kubernetes: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let api = arguments.kubernetes.join("api");
    let schemas = schemas(&api.join("openapi-spec/v3"))?;
    let resources = resources(&api.join("discovery"), &schemas)?;
    let types = types(&schemas, &resources);
    write("types.json", &types)?;
    write("resources.json", &resources)?;
    write("fields.json", &wire::rows(&arguments.kubernetes, &types)?)?;
    words::write("descriptions.json.gz", &words::of(&schemas, &types))
}

fn write(name: &str, rows: &Value) -> Result<()> {
    let path = format!("crates/twin-core/data/{name}");
    std::fs::write(root().join(&path), lines(rows))
        .with_context(|| format!("cannot write {path}"))?;
    say(&format!("wrote {path}"));
    Ok(())
}

/// One row on each line, for readable differences.
fn lines(rows: &Value) -> String {
    match rows {
        Value::Object(rows) => {
            let rows: Vec<_> =
                rows.iter().map(|(name, row)| format!("{}:{row}", json!(name))).collect();
            format!("{{\n{}\n}}\n", rows.join(",\n"))
        }
        Value::Array(rows) => {
            let rows: Vec<_> = rows.iter().map(Value::to_string).collect();
            format!("[\n{}\n]\n", rows.join(",\n"))
        }
        other => other.to_string(),
    }
}

fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn read(path: &Path) -> Result<Value> {
    serde_json::from_str(&read_text(path)?)
        .with_context(|| format!("{} is no JSON", path.display()))
}

type Schemas = BTreeMap<String, Value>;

fn schemas(folder: &Path) -> Result<Schemas> {
    let mut found = Schemas::new();
    let files = std::fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?;
    for file in files {
        let document = read(&file?.path())?;
        let schemas = document["components"]["schemas"].as_object();
        found.extend(
            schemas.into_iter().flatten().map(|(name, schema)| (name.clone(), schema.clone())),
        );
    }
    Ok(found)
}

/// `v1` and `v2` are served without being asked for; `v1beta1` is not.
fn stable(version: &str) -> bool {
    version.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

fn resources(folder: &Path, schemas: &Schemas) -> Result<Value> {
    let types = kinds(schemas);
    let mut rows = Vec::new();
    core_first(folder, |group, version, document| {
        let listed = document["resources"].as_array().map(Vec::as_slice).unwrap_or_default();
        let own = listed.iter().filter(|resource| !name(resource).contains('/'));
        rows.extend(own.map(|resource| row((group, version), resource, listed, &types)));
    })?;
    Ok(Value::Array(rows))
}

/// Calls for each served group and version, in the order in which a cluster lists them.
fn core_first(folder: &Path, mut each: impl FnMut(&str, &str, &Value)) -> Result<()> {
    each("", "v1", &read(&folder.join("api__v1.json"))?);
    let groups = read(&folder.join("apis.json"))?;
    for group in groups["groups"].as_array().into_iter().flatten() {
        let versions = group["versions"].as_array().into_iter().flatten();
        for version in versions.filter_map(|version| version["groupVersion"].as_str()) {
            let (group, version) = version.split_once('/').context("a group has a name")?;
            if stable(version) {
                each(
                    group,
                    version,
                    &read(&folder.join(format!("apis__{group}__{version}.json")))?,
                );
            }
        }
    }
    Ok(())
}

fn name(resource: &Value) -> &str {
    resource["name"].as_str().unwrap_or_default()
}

fn row(
    own: (&str, &str),
    resource: &Value,
    listed: &[Value],
    types: &BTreeMap<String, String>,
) -> Value {
    let kind = kind_of(resource, own);
    let below = format!("{}/", name(resource));
    let subresources: Vec<_> = listed
        .iter()
        .filter_map(|sub| Some((name(sub).strip_prefix(&below)?, sub)))
        .map(
            |(name, sub)| json!({ "name": name, "kind": kind_of(sub, own), "verbs": sub["verbs"] }),
        )
        .collect();
    let scope = if resource["namespaced"] == true { "Namespaced" } else { "Cluster" };
    let mut row = json!({
        "group": own.0, "version": own.1, "plural": resource["name"], "singular": resource["singularName"],
        "kind": kind, "scope": scope, "verbs": resource["verbs"], "subresources": subresources,
        "type": types.get(&key(&kind)),
    });
    for optional in ["shortNames", "categories"] {
        if !resource[optional].is_null() {
            row[optional] = resource[optional].clone();
        }
    }
    row
}

/// An answer's kind; where the document leaves its group out, it is that of the resource.
fn kind_of(kind: &Value, (group, version): (&str, &str)) -> Value {
    let text = |field: &str| kind[field].as_str().filter(|text| !text.is_empty());
    let own = text("group").is_none() && text("version").is_none();
    let (group, version) = if own {
        (group, version)
    } else {
        (text("group").unwrap_or(""), text("version").unwrap_or(""))
    };
    json!([group, version, kind["kind"]])
}

fn key(kind: &Value) -> String {
    let part = |at: usize| kind[at].as_str().unwrap_or_default();
    format!("{}/{}/{}", part(0), part(1), part(2))
}

fn kinds(schemas: &Schemas) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (name, schema) in schemas {
        let kinds = schema["x-kubernetes-group-version-kind"].as_array();
        // Types such as DeleteOptions are of every group: they are found by their own name.
        for kind in
            kinds.into_iter().flatten().filter(|_| kinds.is_some_and(|kinds| kinds.len() == 1))
        {
            found.insert(key(&json!([kind["group"], kind["version"], kind["kind"]])), name.clone());
        }
    }
    found
}

/// Types of bodies that are no resources.
const BODIES: &[&str] = &[
    "io.k8s.api.authentication.v1.TokenRequest",
    "io.k8s.api.autoscaling.v1.Scale",
    "io.k8s.api.policy.v1.Eviction",
    "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
];

/// The types that the resources reach, by name.
fn types(schemas: &Schemas, resources: &Value) -> Value {
    let rows = resources.as_array().into_iter().flatten();
    let mut open: Vec<String> =
        rows.filter_map(|row| Some(row["type"].as_str()?.to_owned())).collect();
    open.extend(BODIES.iter().map(|name| (*name).to_owned()));
    let mut found = BTreeMap::new();
    while let Some(name) = open.pop() {
        let Some(schema) = schemas.get(&name).filter(|_| !found.contains_key(&name)) else {
            continue;
        };
        let row = definition(&name, schema);
        references(&row, &mut open);
        found.insert(name, row);
    }
    found.into_iter().collect::<Map<_, _>>().into()
}

fn references(row: &Value, open: &mut Vec<String>) {
    match row {
        Value::String(text) => open.extend(text.strip_prefix('#').map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| references(item, open)),
        Value::Object(entries) => entries.values().for_each(|entry| references(entry, open)),
        _ => {}
    }
}

fn definition(name: &str, schema: &Value) -> Value {
    if name.ends_with(".Quantity") {
        return json!("quantity");
    }
    let Some(properties) = schema["properties"].as_object() else { return expression(schema) };
    let fields: Map<_, _> =
        properties.iter().map(|(name, schema)| (name.clone(), field(schema))).collect();
    let mut row = json!({ "fields": fields });
    if schema["x-kubernetes-map-type"] == "atomic" {
        row["atomic"] = json!(true);
    }
    if !schema["required"].is_null() {
        row["required"] = schema["required"].clone();
    }
    row
}

fn field(schema: &Value) -> Value {
    let expression = expression(schema);
    let mut row = json!({ "type": expression });
    if !schema["default"].is_null() {
        row["default"] = schema["default"].clone();
    }
    for (from, to) in
        [("x-kubernetes-patch-strategy", "patch"), ("x-kubernetes-patch-merge-key", "key")]
    {
        if !schema[from].is_null() {
            row[to] = schema[from].clone();
        }
    }
    if row.as_object().is_some_and(|row| row.len() == 1) { expression } else { row }
}

fn expression(schema: &Value) -> Value {
    let reference = schema["$ref"].as_str().or(schema["allOf"][0]["$ref"].as_str());
    let atomic = schema["x-kubernetes-map-type"] == "atomic";
    if let Some(reference) = reference {
        let name = json!(format!("#{}", reference.rsplit('/').next().unwrap_or_default()));
        return if atomic { json!({ "atomic": name }) } else { name };
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (_, Some("int-or-string")) => json!("int-or-string"),
        (Some("string"), Some(format @ ("date-time" | "byte"))) => json!(format),
        (Some("integer"), Some("int32")) => json!("int32"),
        (Some(scalar @ ("string" | "integer" | "number" | "boolean")), _) => json!(scalar),
        (Some("array"), _) => array(schema),
        (Some("object"), _) if schema["additionalProperties"].is_object() => {
            let values = expression(&schema["additionalProperties"]);
            if atomic { json!({ "atomic": { "map": values } }) } else { json!({ "map": values }) }
        }
        _ => json!("any"),
    }
}

fn array(schema: &Value) -> Value {
    let items = expression(&schema["items"]);
    match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => json!({ "set": items }),
        Some("map") => json!({ "list": items, "by": schema["x-kubernetes-list-map-keys"] }),
        _ => json!({ "list": items }),
    }
}

#[cfg(test)]
mod tests {
    use super::{field, stable};
    use serde_json::json;

    #[test]
    fn fields_keep_what_merging_needs() {
        let schema = json!({ "type": "array", "items": { "$ref": "#/components/schemas/a.B" },
            "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "name" });
        let row =
            json!({ "type": { "list": "#a.B", "by": ["name"] }, "patch": "merge", "key": "name" });
        assert_eq!(field(&schema), row);
        assert_eq!(
            field(&json!({ "type": "string", "default": "TCP" })),
            json!({ "type": "string", "default": "TCP" })
        );
        assert_eq!(field(&json!({ "allOf": [{ "$ref": "#/x/a.B" }] })), json!("#a.B"));
        // A default of nothing says that the field is always there.
        let always = json!({ "allOf": [{ "$ref": "#/x/a.B" }], "default": {} });
        assert_eq!(field(&always), json!({ "type": "#a.B", "default": {} }));
    }

    #[test]
    fn previews_are_left_out() {
        assert!(stable("v1") && stable("v12") && !stable("v1beta1"));
    }
}

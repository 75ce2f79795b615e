//! Field numbers of protobuf, from the tags of Kubernetes' Go types.
//!
//! A row holds, by number, the field's name in JSON. `*` before it says that Go has a pointer there, so
//! that a zero is meant; `~` that its times have microseconds. `=TYPE` is a struct whose fields JSON
//! shows as those of its owner.

use super::read_text;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Go modules that hold types, and how documents call them.
const MODULES: &[(&str, &str)] = &[
    ("api", "io.k8s.api"),
    ("apimachinery", "io.k8s.apimachinery"),
    ("apiextensions-apiserver", "io.k8s.apiextensions-apiserver"),
    ("kube-aggregator", "io.k8s.kube-aggregator"),
];

/// The rows of these types, and of the structs inside them that documents do not name.
pub(super) fn rows(kubernetes: &Path, types: &Value) -> Result<Value> {
    let mut known = BTreeMap::new();
    for (module, name) in MODULES {
        walk(&beside(kubernetes, module)?, name, &mut known)?;
    }
    let mut open: Vec<String> =
        types.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let mut found = BTreeMap::new();
    while let Some(name) = open.pop() {
        let Some(row) = known.remove(&name) else { continue };
        let inner = row.values().filter_map(|field| field.as_str()?.strip_prefix('='));
        open.extend(inner.map(str::to_owned));
        found.insert(name, Value::Object(row));
    }
    Ok(found.into_iter().collect::<Map<_, _>>().into())
}

/// The module that was published with this version: v0.37.2 with v1.37.2.
fn beside(kubernetes: &Path, module: &str) -> Result<PathBuf> {
    let name = kubernetes.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let version = name.strip_prefix("kubernetes@v1.").context("no kubernetes@v1.X.Y")?;
    Ok(kubernetes.with_file_name(format!("{module}@v0.{version}")))
}

fn walk(folder: &Path, name: &str, known: &mut BTreeMap<String, Map<String, Value>>) -> Result<()> {
    let entries = std::fs::read_dir(folder);
    for entry in entries.with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        let Some(file) = path.file_name().and_then(|file| file.to_str()) else { continue };
        let package = format!("{name}.{file}");
        let go = path.extension().is_some_and(|extension| extension == "go");
        if path.is_dir() && file != "testdata" {
            walk(&path, &package, known)?;
        } else if go && !file.ends_with("_test.go") {
            structs(&read_text(&path)?, name, known);
        }
    }
    Ok(())
}

fn structs(text: &str, package: &str, known: &mut BTreeMap<String, Map<String, Value>>) {
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let name = line.strip_prefix("type ").and_then(|rest| rest.strip_suffix(" struct {"));
        let Some(name) = name else { continue };
        let body = lines.by_ref().take_while(|line| *line != "}");
        let row: Map<_, _> = body.filter_map(|line| field(line, package)).collect();
        if !row.is_empty() {
            known.insert(format!("{package}.{name}"), row);
        }
    }
}

/// ``Replicas *int32 `json:"replicas,omitempty" protobuf:"varint,1,opt,name=replicas"` ``
fn field(line: &str, package: &str) -> Option<(String, Value)> {
    let (code, tags) = line.trim().split_once('`')?;
    let tag = |name: &str| tags.split_once(&format!("{name}:\""))?.1.split('"').next();
    let number = tag("protobuf")?.split(',').nth(1)?;
    let ty = code.split_whitespace().last()?;
    let name = tag("json")?.split(',').next()?;
    let shown = if name.is_empty() {
        format!("={}", full(ty, package))
    } else {
        let pointer = if ty.starts_with('*') { "*" } else { "" };
        let micro = if ty.ends_with("MicroTime") { "~" } else { "" };
        format!("{pointer}{micro}{name}")
    };
    Some((number.to_owned(), json!(shown)))
}

/// The documents' name of a type that is embedded.
fn full(ty: &str, package: &str) -> String {
    match ty.trim_start_matches('*').split_once('.') {
        Some(("v1" | "corev1", name)) => format!("io.k8s.api.core.v1.{name}"),
        Some((_, name)) => format!("io.k8s.apimachinery.pkg.apis.meta.v1.{name}"),
        None => format!("{package}.{}", ty.trim_start_matches('*')),
    }
}

#[cfg(test)]
mod tests {
    use super::structs;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn tags_become_rows() {
        let text = "type A struct {\n\tB *int32 `json:\"b,omitempty\" protobuf:\"varint,3,opt,name=b\"`\n\tC `json:\",inline\" protobuf:\"bytes,2,opt,name=c\"`\n\tD MicroTime `json:\"d\" protobuf:\"bytes,1,opt,name=d\"`\n}\n";
        let mut known = BTreeMap::new();
        structs(text, "x.v1", &mut known);
        assert_eq!(json!(known["x.v1.A"]), json!({ "3": "*b", "2": "=x.v1.C", "1": "~d" }));
    }
}

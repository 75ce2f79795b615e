//! What a version says beside its schema: subresources, columns, fields to select by; and how versions are converted.

use super::openapi::{self, SchemaView};
use super::paths;
use super::{Raw, Spec, Walk, items, name_of, says, shown, text};
use crate::names::dns_1035_label;
use crate::tree::{Map, Value};
use std::collections::BTreeSet;

/// So many fields objects can be selected by.
const SELECTABLE: usize = 8;
const COLUMN_TYPES: &[&str] = &["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS: &[&str] =
    &["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

/// What is wrong with a version, beside what it shares with all others.
pub(super) fn version<'a>(walk: &mut Walk<'_>, spec: &Spec<'a>, version: &'a Value) {
    let name = name_of(version);
    walk.below("name", |walk| walk.invalid_name(name, &dns_1035_label(name)));
    deprecation(walk, version);
    let has_status = version.at(&["subresources", "status"]).is_some_and(|it| !it.is_null());
    if let Some(schema) = spec.own(version, "schema") {
        walk.below("schema", |walk| openapi::judge(walk, schema, has_status));
    }
    if let Some(subresources) = spec.own(version, "subresources") {
        walk.below("subresources", |walk| self::subresources(walk, subresources));
    }
    if let Some(list) = spec.own(version, "additionalPrinterColumns") {
        columns(walk, list);
    }
    if let Some(list) = spec.own(version, "selectableFields").and_then(Value::as_list)
        && !list.is_empty()
    {
        match spec.own(version, "schema").and_then(|it| it.at(&["openAPIV3Schema"])) {
            Some(schema) => selectable(walk, list, schema),
            None => walk.below("selectableFields", |walk| {
                let sentence =
                    "may only be set when `version.schema.openAPIV3Schema` is not included";
                walk.invalid_raw(&Raw("\"\"".to_owned()), sentence);
            }),
        }
    }
}

/// What is wrong with what all versions say alike.
pub(super) fn shared(walk: &mut Walk<'_>, spec: &Spec<'_>) {
    let has_status =
        |version: &Value| version.at(&["subresources", "status"]).is_some_and(|it| !it.is_null());
    let schema = spec.shared("schema");
    if let Some(schema) = schema {
        let any = spec.versions.iter().any(has_status);
        walk.below("validation", |walk| openapi::judge(walk, schema, any));
    }
    if let Some(subresources) = spec.shared("subresources") {
        walk.below("subresources", |walk| self::subresources(walk, subresources));
    }
    if let Some(list) = spec.shared("additionalPrinterColumns") {
        columns(walk, list);
    }
    if let Some(list) = spec.shared("selectableFields").and_then(Value::as_list)
        && !list.is_empty()
    {
        match schema.and_then(|it| it.at(&["openAPIV3Schema"])) {
            Some(schema) => selectable(walk, list, schema),
            None => walk.below("selectableFields", |walk| {
                let sentence = "may only be set when validations.schema is included";
                walk.invalid_raw(&Raw("\"\"".to_owned()), sentence);
            }),
        }
    }
}

fn deprecation(walk: &mut Walk<'_>, version: &Value) {
    let Some(warning) = version.str_at(&["deprecationWarning"]) else { return };
    let mut faults = Vec::new();
    if says(version, "deprecated") {
        if warning.len() > 256 {
            faults.push("must be <= 256 characters long".to_owned());
        }
        if warning.is_empty() {
            faults.push("must not be an empty string".to_owned());
        }
        if let Some((at, _)) = warning.char_indices().find(|(_, c)| c.is_control()) {
            faults.push(format!("must only contain printable UTF-8 characters; non-printable character found at index {at}"));
        }
    } else {
        faults.push("can only be set for deprecated versions".to_owned());
    }
    walk.below("deprecationWarning", |walk| {
        for fault in faults {
            walk.invalid_raw(&Raw(Value::text(warning).to_string()), &fault);
        }
    });
}

fn columns(walk: &mut Walk<'_>, list: &Value) {
    walk.below("additionalPrinterColumns", |walk| {
        walk.each(list.as_list().map_or(&[], |list| list), column);
    });
}

fn column(walk: &mut Walk<'_>, column: &Value) {
    let nothing = Map::default();
    let column = column.as_map().unwrap_or(&nothing);
    if text(column, "name").is_empty() {
        walk.below("name", |walk| walk.required(""));
    }
    let sentence = format!("must be one of {}", COLUMN_TYPES.join(","));
    walk.below("type", |walk| match text(column, "type") {
        "" => walk.required(&sentence),
        known if COLUMN_TYPES.contains(&known) => {}
        other => walk.invalid_text(other, &[sentence]),
    });
    let format = text(column, "format");
    if !format.is_empty() && !COLUMN_FORMATS.contains(&format) {
        let sentence = format!("must be one of {}", COLUMN_FORMATS.join(","));
        walk.below("format", |walk| walk.invalid_text(format, &[sentence]));
    }
    walk.below("JSONPath", |walk| match text(column, "jsonPath") {
        "" => walk.required(""),
        path => {
            simple_path(walk, path);
        }
    });
}

/// Whether a path begins as one does.
fn simple_path(walk: &mut Walk<'_>, path: &str) -> bool {
    let sound = path.starts_with('.');
    if !sound {
        let sentence = "must be a simple json path starting with .".to_owned();
        walk.invalid_text(path, &[sentence]);
    }
    sound
}

fn subresources(walk: &mut Walk<'_>, subresources: &Value) {
    let Some(scale) = subresources.at(&["scale"]).and_then(Value::as_map) else { return };
    let rows: [(&str, &[&str], &str); 3] = [
        ("specReplicasPath", &[".spec."], "should be a json path under .spec"),
        ("statusReplicasPath", &[".status."], "should be a json path under .status"),
        (
            "labelSelectorPath",
            &[".spec.", ".status."],
            "should be a json path under either .spec or .status",
        ),
    ];
    for (field, starts, sentence) in rows {
        walk.below(&format!("scale.{field}"), |walk| match text(scale, field) {
            "" if field == "labelSelectorPath" => {}
            "" => walk.required(""),
            path => {
                let is_below = starts.iter().any(|start| path.starts_with(start));
                if simple_path(walk, path) && !is_below {
                    walk.invalid_text(path, &[sentence.to_owned()]);
                }
            }
        });
    }
}

fn selectable(walk: &mut Walk<'_>, list: &[Value], schema: &Value) {
    let mut known = BTreeSet::new();
    walk.below("selectableFields", |walk| {
        walk.each(list, |walk, field| {
            walk.below("jsonPath", |walk| {
                let path = field.str_at(&["jsonPath"]).unwrap_or_default();
                known.extend(selectable_path(walk, schema, path, &known));
            });
        });
        if known.len() > SELECTABLE {
            walk.too_many(known.len(), SELECTABLE);
        }
    });
}

fn selectable_path(
    walk: &mut Walk<'_>,
    schema: &Value,
    path: &str,
    known: &BTreeSet<String>,
) -> Option<String> {
    if path.is_empty() {
        walk.required("");
        return None;
    }
    let invalid = |walk: &mut Walk<'_>, why: &str| walk.invalid_text(path, &[why.to_owned()]);
    let found = match paths::find(path, SchemaView(schema), paths::Brackets::Refused) {
        Ok(found) => found,
        Err(why) => {
            invalid(walk, &format!("is an invalid path: {why}"));
            return None;
        }
    };
    if found.path.split(['.', '[']).next() == Some("metadata") {
        invalid(walk, "must not point to fields in metadata");
    }
    if !matches!(found.schema.ty(), "string" | "boolean" | "integer") {
        invalid(
            walk,
            "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.",
        );
    }
    if known.contains(&found.path) {
        walk.duplicate(&Value::text(path));
    }
    Some(found.path)
}

/// How objects of one version become those of another.
pub(super) fn conversion(
    walk: &mut Walk<'_>,
    conversion: Option<&Value>,
    preserves: bool,
    is_new: bool,
) {
    let Some(conversion) = conversion.and_then(Value::as_map) else { return };
    let strategy = text(conversion, "strategy");
    if preserves && strategy != "None" {
        let sentence = "must be None if spec.preserveUnknownFields is true".to_owned();
        walk.below("strategy", |walk| walk.invalid_text(strategy, &[sentence]));
    }
    walk.below("strategy", |walk| match strategy {
        "" => walk.required(""),
        "None" | "Webhook" => {}
        other => walk.unsupported(&Value::text(other), &["None", "Webhook"]),
    });
    let webhook = conversion.get("webhook").and_then(Value::as_map);
    let client = webhook.and_then(|it| it.get("clientConfig")).filter(|it| !it.is_null());
    let versions = webhook.map_or(&[][..], |it| items(it, "conversionReviewVersions"));
    if strategy == "Webhook" {
        walk.below("webhookClientConfig", |walk| match client {
            None => walk.required("required when strategy is set to Webhook"),
            Some(client) => caller(walk, client),
        });
        walk.below("conversionReviewVersions", |walk| review_versions(walk, versions, is_new));
        return;
    }
    for (field, is_set) in [
        ("webhookClientConfig", client.is_some()),
        ("conversionReviewVersions", !versions.is_empty()),
    ] {
        if is_set {
            let sentence = "should not be set when strategy is not set to Webhook";
            walk.below(field, |walk| walk.forbidden(sentence));
        }
    }
}

fn caller(walk: &mut Walk<'_>, client: &Value) {
    let (url, service) = (client.str_at(&["url"]), client.at(&["service"]).and_then(Value::as_map));
    match (url, service) {
        (Some(url), None) => walk.below("url", |walk| webhook_url(walk, url)),
        (None, Some(service)) => walk.below("service", |walk| {
            for field in ["name", "namespace"] {
                if text(service, field).is_empty() {
                    let sentence = format!("service {field} is required");
                    walk.below(field, |walk| walk.required(&sentence));
                }
            }
        }),
        _ => walk.required("exactly one of url or service is required"),
    }
}

fn webhook_url(walk: &mut Walk<'_>, url: &str) {
    let Some(rest) = url.strip_prefix("https://") else {
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        let form = "desired format: https://host[/path]";
        let sentence = format!("'https' is the only allowed URL scheme; {form}");
        walk.invalid_text(scheme, &[sentence]);
        return;
    };
    if rest.is_empty() || rest.starts_with('/') {
        let sentence = "host must be specified; desired format: https://host[/path]".to_owned();
        walk.invalid_text("", &[sentence]);
    }
}

fn review_versions(walk: &mut Walk<'_>, versions: &[Value], is_new: bool) {
    if versions.is_empty() {
        walk.required("");
        return;
    }
    let mut seen = BTreeSet::new();
    walk.each(versions, |walk, version| {
        let version = version.as_str().unwrap_or_default();
        if seen.insert(version) {
            walk.invalid_text(version, &dns_1035_label(version));
        } else {
            walk.invalid_text(version, &["duplicate version".to_owned()]);
        }
    });
    if is_new && !["v1", "v1beta1"].iter().any(|known| seen.contains(known)) {
        let all: Vec<_> = versions.iter().map(shown).collect();
        let sentence = "must include at least one of v1, v1beta1";
        walk.invalid_raw(&Raw(format!("[{}]", all.join(","))), sentence);
    }
}

//! Definitions of custom resources: their names, versions, and what they say of objects.
//!
//! Kubernetes looks at a form of its own, in which what all versions say alike is said once: so the
//! schema of a definition with one version is `spec.validation`, and its columns are the `spec`'s.

mod defaults;
mod openapi;
mod parts;
mod paths;
mod rules;
mod structural;
mod warnings;

pub(crate) use openapi::{Additional, SchemaView};
pub(crate) use warnings::warnings;

use super::{Walk, is_nothing, items, part, shown, text};
use crate::names::{dns_1035_label, quoted, subdomain};
use crate::tree::{List, Map, Value};

/// What versions say each for itself, or all alike.
const SHARED: [&str; 4] =
    ["schema", "subresources", "additionalPrinterColumns", "selectableFields"];

/// A definition as Kubernetes looks at it.
struct Spec<'a> {
    map: &'a Map,
    versions: &'a [Value],
    /// Of [`SHARED`], what all versions say alike.
    alike: [bool; 4],
}

impl<'a> Spec<'a> {
    fn of(map: &'a Map) -> Self {
        let versions = items(map, "versions");
        let said = |version: &'a Value, name: &str| {
            version.at(&[name]).filter(|value| !value.is_null() && !is_empty_list(value))
        };
        let is_alike = |name: &str| {
            let first = versions.first().map(|version| said(version, name));
            versions.iter().all(|version| Some(said(version, name)) == first)
        };
        Self { map, versions, alike: SHARED.map(is_alike) }
    }

    fn is_alike(&self, name: &str) -> bool {
        SHARED.iter().zip(self.alike).any(|(known, alike)| *known == name && alike)
    }

    /// What all versions say.
    fn shared(&self, name: &str) -> Option<&'a Value> {
        let first = self.versions.first().filter(|_| self.is_alike(name))?;
        first.at(&[name]).filter(|value| !value.is_null())
    }

    /// What a version says for itself.
    fn own(&self, version: &'a Value, name: &str) -> Option<&'a Value> {
        version.at(&[name]).filter(|value| !self.is_alike(name) && !value.is_null())
    }

    /// The versions as sentences quote them.
    fn quoted(&self) -> Raw {
        Raw(format!(
            "[{}]",
            self.versions.iter().map(|it| self.quoted_version(it)).collect::<Vec<_>>().join(",")
        ))
    }

    fn quoted_version(&self, version: &'a Value) -> String {
        let says = |name: &str| version.at(&[name]) == Some(&Value::Bool(true));
        let own = |name: &str| match self.own(version, name) {
            Some(value) => value.to_string(),
            None => "null".to_owned(),
        };
        let warning = version.at(&["deprecationWarning"]).unwrap_or(&Value::Null);
        format!(
            r#"{{"Name":{},"Served":{},"Storage":{},"Deprecated":{},"DeprecationWarning":{warning},"Schema":{},"Subresources":{},"AdditionalPrinterColumns":{},"SelectableFields":{}}}"#,
            quoted(name_of(version)),
            says("served"),
            says("storage"),
            says("deprecated"),
            own("schema"),
            own("subresources"),
            own("additionalPrinterColumns"),
            own("selectableFields"),
        )
    }
}

/// A value as a sentence has it, in a form that no tree has.
struct Raw(String);

fn is_empty_list(value: &Value) -> bool {
    value.as_list().is_some_and(|list| list.is_empty())
}

fn name_of(version: &Value) -> &str {
    version.str_at(&["name"]).unwrap_or_default()
}

fn says(value: &Value, name: &str) -> bool {
    value.at(&[name]) == Some(&Value::Bool(true))
}

impl Walk<'_> {
    fn invalid_raw(&mut self, value: &Raw, sentence: &str) {
        self.say("FieldValueInvalid", format!("Invalid value: {}: {sentence}", value.0));
    }

    /// One sentence for all that is wrong with a name.
    fn invalid_name(&mut self, name: &str, faults: &[String]) {
        if !faults.is_empty() {
            self.invalid_text(name, &[faults.join(",")]);
        }
    }

    fn too_many(&mut self, count: usize, most: usize) {
        let message = format!("Too many: {count}: must have at most {most} items");
        self.say("FieldValueTooMany", message);
    }
}

/// What is wrong with a definition; `old` is what it replaces.
pub(super) fn judge(walk: &mut Walk<'_>, object: &Value, old: Option<&Value>) {
    let nothing = Map::default();
    let map = object.at(&["spec"]).and_then(Value::as_map).unwrap_or(&nothing);
    let spec = Spec::of(map);
    if old.is_none() {
        let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
        let names = object.at(&["spec", "names"]).and_then(Value::as_map);
        let plural = names.map_or("", |names| text(names, "plural"));
        if !name.is_empty() && name != format!("{plural}.{}", text(map, "group")) {
            let sentence = r#"must be spec.names.plural+"."+spec.group"#;
            walk.below("metadata", |walk| {
                walk.below("name", |walk| walk.invalid_text(name, &[sentence.to_owned()]));
            });
        }
    }
    walk.below("spec", |walk| judge_spec(walk, &spec, old));
    walk.below("status", |walk| stored_versions(walk, object, &spec));
    approval(walk, object, old);
    if says(&Value::Map(map.clone()), "preserveUnknownFields") {
        let sentence = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        walk.below("spec", |walk| {
            walk.below("preserveUnknownFields", |walk| walk.invalid(&Value::Bool(true), sentence));
        });
    }
}

fn judge_spec(walk: &mut Walk<'_>, spec: &Spec<'_>, old: Option<&Value>) {
    let map = spec.map;
    group(walk, text(map, "group"));
    walk.below("scope", |walk| match text(map, "scope") {
        "" => walk.required(""),
        "Cluster" | "Namespaced" => {}
        other => walk.unsupported(&Value::text(other), &["Cluster", "Namespaced"]),
    });
    schemas_are_there(walk, spec);
    let preserves = map.get("preserveUnknownFields") == Some(&Value::Bool(true));
    if preserves && spec.versions.iter().filter_map(openapi_of).any(openapi::has_defaults) {
        let sentence = "must be false in order to use defaults in the schema";
        walk.below("preserveUnknownFields", |walk| walk.invalid(&Value::Bool(true), sentence));
    }
    walk.below("versions", |walk| {
        walk.each(spec.versions, |walk, version| parts::version(walk, spec, version));
    });
    version_names(walk, spec);
    walk.below("names", |walk| names(walk, part(map, "names").unwrap_or(&Map::default())));
    parts::shared(walk, spec);
    walk.below("conversion", |walk| {
        parts::conversion(walk, map.get("conversion"), preserves, old.is_none());
    });
    if let Some(old) = old {
        unchanged(walk, map, old);
    }
}

fn group(walk: &mut Walk<'_>, group: &str) {
    walk.below("group", |walk| match group {
        "" => walk.required(""),
        group if !subdomain(group).is_empty() => walk.invalid_name(group, &subdomain(group)),
        group if !group.contains('.') => {
            walk.invalid_text(group, &["should be a domain with at least one dot".to_owned()]);
        }
        _ => {}
    });
}

fn openapi_of(version: &Value) -> Option<&Value> {
    version.at(&["schema", "openAPIV3Schema"]).filter(|schema| !schema.is_null())
}

fn schemas_are_there(walk: &mut Walk<'_>, spec: &Spec<'_>) {
    walk.below("versions", |walk| {
        walk.each(spec.versions, |walk, version| {
            if openapi_of(version).is_none() {
                walk.below("schema", |walk| {
                    walk.below("openAPIV3Schema", |walk| walk.required(""));
                });
            }
        });
    });
}

fn version_names(walk: &mut Walk<'_>, spec: &Spec<'_>) {
    let names: Vec<_> = spec.versions.iter().map(name_of).collect();
    let stored = spec.versions.iter().filter(|version| says(version, "storage")).count();
    walk.below("versions", |walk| {
        if names.iter().enumerate().any(|(at, name)| names[..at].contains(name)) {
            walk.invalid_raw(&spec.quoted(), "must contain unique version names");
        }
        if stored != 1 {
            let sentence = "must have exactly one version marked as storage version";
            let versions = spec.quoted();
            let nothing = Raw("null".to_owned());
            walk.invalid_raw(if names.is_empty() { &nothing } else { &versions }, sentence);
        }
    });
    if let Some(first) = names.first().filter(|name| !name.is_empty()) {
        walk.below("version", |walk| walk.invalid_name(first, &dns_1035_label(first)));
    }
}

fn names(walk: &mut Walk<'_>, names: &Map) {
    for field in ["plural", "singular", "kind", "listKind"] {
        if text(names, field).is_empty() {
            walk.below(field, |walk| walk.required(""));
        }
    }
    let label = |walk: &mut Walk<'_>, field: &str| {
        let name = text(names, field);
        if !name.is_empty() {
            walk.below(field, |walk| walk.invalid_name(name, &dns_1035_label(name)));
        }
    };
    label(walk, "plural");
    label(walk, "singular");
    for field in ["kind", "listKind"] {
        let name = text(names, field);
        let faults = dns_1035_label(&name.to_lowercase());
        if !name.is_empty() && !faults.is_empty() {
            let all = faults.join(",");
            let sentence = format!("may have mixed case, but should otherwise match: {all}");
            walk.below(field, |walk| walk.invalid_text(name, &[sentence]));
        }
    }
    words(walk, names, "shortNames");
    let list_kind = text(names, "listKind");
    if !list_kind.is_empty() && list_kind == text(names, "kind") {
        let sentence = "kind and listKind may not be the same".to_owned();
        walk.below("listKind", |walk| walk.invalid_text(list_kind, &[sentence]));
    }
    words(walk, names, "categories");
}

fn words(walk: &mut Walk<'_>, names: &Map, field: &str) {
    walk.below(field, |walk| {
        walk.each(items(names, field), |walk, word| {
            let word = word.as_str().unwrap_or_default();
            walk.invalid_name(word, &dns_1035_label(word));
        });
    });
}

/// What objects are stored by may not change.
fn unchanged(walk: &mut Walk<'_>, spec: &Map, old: &Value) {
    let conditions = old.at(&["status", "conditions"]).and_then(Value::as_list);
    let is_established = |it: &Value| {
        it.str_at(&["type"]) == Some("Established") && it.str_at(&["status"]) == Some("True")
    };
    let established = conditions.is_some_and(|list| list.iter().any(is_established));
    let spec = Value::Map(spec.clone());
    let rows: [(&[&str], bool); 4] = [
        (&["scope"], established),
        (&["names", "kind"], established),
        (&["group"], true),
        (&["names", "plural"], true),
    ];
    for (path, _) in rows.into_iter().filter(|(_, asked)| *asked) {
        let full: Vec<_> = std::iter::once("spec").chain(path.iter().copied()).collect();
        let new = spec.at(path).cloned().unwrap_or_default();
        if old.at(&full) != spec.at(path) {
            walk.below(&path.join("."), |walk| walk.invalid(&new, "field is immutable"));
        }
    }
}

fn stored_versions(walk: &mut Walk<'_>, object: &Value, spec: &Spec<'_>) {
    let nothing = List::default();
    let stored = object.at(&["status", "storedVersions"]).and_then(Value::as_list);
    let stored = stored.unwrap_or(&nothing);
    walk.below("storedVersions", |walk| {
        if stored.is_empty() {
            walk.invalid_raw(&Raw("null".to_owned()), "must have at least one stored version");
            return;
        }
        // Of versions with one name the first counts.
        let mut known: Vec<_> = stored.iter().filter_map(Value::as_str).collect();
        for version in spec.versions {
            let name = name_of(version);
            let at = known.iter().position(|it| *it == name);
            if at.is_none() && says(version, "storage") {
                let sentence = format!("must have the storage version {name}");
                walk.invalid(&Value::List(stored.clone()), &sentence);
            }
            at.map(|at| known.remove(at));
        }
        walk.each(stored, |walk, version| {
            let name = version.as_str().unwrap_or_default();
            if !spec.versions.iter().any(|it| name_of(it) == name) {
                walk.invalid(version, &format!("missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"));
            }
        });
    });
}

/// Groups of Kubernetes itself need somebody's approval.
fn approval(walk: &mut Walk<'_>, object: &Value, old: Option<&Value>) {
    const ANNOTATION: &str = "api-approved.kubernetes.io";
    let group = object.str_at(&["spec", "group"]).unwrap_or_default();
    let is_protected = ["k8s.io", "kubernetes.io"].into_iter().any(|domain| {
        group.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    let said = |object: &Value| {
        let said = object.str_at(&["metadata", "annotations", ANNOTATION]).unwrap_or_default();
        Approval::of(said)
    };
    if !is_protected || old.is_some_and(|old| said(old) == said(object)) {
        return;
    }
    let must = format!("protected groups must have approval annotation {}", quoted(ANNOTATION));
    let see = "see https://github.com/kubernetes/enhancements/pull/1111";
    walk.below("metadata", |walk| {
        walk.below("annotations", |walk| {
            walk.below(&format!("[{ANNOTATION}]"), |walk| match said(object) {
                Approval::Missing => walk.required(&format!("{must}, {see}")),
                Approval::Wrong => {
                    let text = object.str_at(&["metadata", "annotations", ANNOTATION]);
                    let sentence = format!(
                        "{must} with either a URL or a reason starting with \"unapproved\", {see}"
                    );
                    walk.invalid_text(text.unwrap_or_default(), &[sentence]);
                }
                Approval::Given => {}
            });
        });
    });
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Approval {
    Missing,
    Given,
    Wrong,
}

impl Approval {
    fn of(text: &str) -> Self {
        let is_url = text.split_once("://").is_some_and(|(scheme, rest)| {
            !scheme.is_empty()
                && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && !rest.is_empty()
                && !rest.starts_with('/')
        });
        match text {
            "" => Self::Missing,
            _ if text.starts_with("unapproved") || is_url => Self::Given,
            _ => Self::Wrong,
        }
    }
}

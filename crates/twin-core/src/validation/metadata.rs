//! Names, labels, owners and whatever else every object has.

use super::rules::labels;
use super::{Walk, items, part, text};
use crate::names;
use crate::registry::{Resource, Scope};
use crate::tree::{Map, Value};

/// All annotations together are at most this long, in bytes.
const ANNOTATIONS: usize = 256 << 10;

/// When it is judged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    First,
    /// If nothing else is wrong.
    IfSound,
}

impl Moment {
    pub(super) fn of(resource: &Resource, old: Option<&Value>) -> Self {
        let late = old.is_none() && resource.is("policy", "poddisruptionbudgets");
        if late { Self::IfSound } else { Self::First }
    }
}

pub(super) fn judge(walk: &mut Walk<'_>, resource: &Resource, object: &Value) {
    let Some(metadata) = object.at(&["metadata"]).and_then(Value::as_map) else { return };
    walk.below("metadata", |walk| {
        name(walk, resource, object, metadata);
        if let Some(map) = part(metadata, "labels") {
            walk.below("labels", |walk| labels(walk, map));
        }
        annotations(walk, metadata);
        owners(walk, items(metadata, "ownerReferences"));
        finalizers(walk, items(metadata, "finalizers"));
    });
}

fn name(walk: &mut Walk<'_>, resource: &Resource, object: &Value, metadata: &Map) {
    let form = |name: &str| name_faults(resource, object, name);
    let stem = text(metadata, "generateName");
    // What follows the stem may be what makes it a name.
    let end = stem.trim_end_matches('-');
    if !stem.is_empty() && form(&format!("{end}a")).iter().any(|_| !end.is_empty()) {
        walk.below("generateName", |walk| walk.invalid_text(stem, &form(stem)));
    }
    let name = text(metadata, "name");
    walk.below("name", |walk| match name {
        "" => walk.required("name or generateName is required"),
        name => walk.invalid_text(name, &form(name)),
    });
    if resource.scope == Scope::Namespaced && resource.is("batch", "cronjobs") && name.len() > 52 {
        walk.below("name", |walk| {
            walk.invalid_text(name, &["must be no more than 52 characters".to_owned()]);
        });
    }
}

/// What is wrong with the name of an object of this kind.
pub(crate) fn name_faults(resource: &Resource, object: &Value, name: &str) -> Vec<String> {
    match (resource.kind.group.as_str(), resource.plural.as_str()) {
        // Names of roles are parts of paths; of the others nothing is said, so only paths count.
        ("rbac.authorization.k8s.io", _) | ("policy", "poddisruptionbudgets") => {
            names::path_segment(name)
        }
        ("", "namespaces" | "services") | ("apps", "statefulsets") => names::dns_label(name),
        ("certificates.k8s.io", "clustertrustbundles") => {
            bundle(object.str_at(&["spec", "signerName"]).unwrap_or_default(), name)
        }
        ("networking.k8s.io", "ipaddresses") => address(name),
        _ => names::subdomain(name),
    }
}

/// An address, in the form in which everybody writes it.
fn address(name: &str) -> Vec<String> {
    match name.parse::<std::net::IpAddr>() {
        Err(_) => vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".to_owned()],
        Ok(address) if address.to_string() != name => {
            vec![format!("must be in canonical form (\"{address}\")")]
        }
        Ok(_) => Vec::new(),
    }
}

/// Bundles of a signer have its name before their own: `example.dev:signer:bundle`.
fn bundle(signer: &str, name: &str) -> Vec<String> {
    let prefix = format!("{}:", signer.replace('/', ":"));
    match name.strip_prefix(&prefix) {
        _ if signer.is_empty() && name.contains(':') => {
            vec![
                "ClusterTrustBundle without signer name must not have \":\" in its name".to_owned(),
            ]
        }
        _ if signer.is_empty() => names::subdomain(name),
        Some(own) => names::subdomain(own),
        None => vec![format!(
            "ClusterTrustBundle for signerName {signer} must be named with prefix {prefix}"
        )],
    }
}

/// The keys of annotations and labels; letters of annotations may be large.
pub(super) fn annotations(walk: &mut Walk<'_>, metadata: &Map) {
    let Some(map) = part(metadata, "annotations") else { return };
    walk.below("annotations", |walk| {
        let mut size = 0;
        for (key, value) in map {
            walk.invalid_text(key, &names::any_case_key(key));
            size += key.len() + value.as_str().unwrap_or_default().len();
        }
        if size > ANNOTATIONS {
            let message = format!("Too long: may not be more than {ANNOTATIONS} bytes");
            walk.say("FieldValueTooLong", message);
        }
    });
}

fn owners(walk: &mut Walk<'_>, owners: &[Value]) {
    walk.below("ownerReferences", |walk| {
        walk.each(owners, |walk, owner| {
            for field in ["apiVersion", "kind", "name", "uid"] {
                if owner.str_at(&[field]).is_none_or(str::is_empty) {
                    walk.below(field, |walk| walk.required("must not be empty"));
                }
            }
        });
        let controls = |owner: &&Value| owner.at(&["controller"]) == Some(&Value::Bool(true));
        let names: Vec<_> = owners.iter().filter(controls).collect();
        if let [first, .., last] = names[..] {
            let shown = |owner: &Value| {
                let text = |field: &str| owner.str_at(&[field]).unwrap_or_default().to_owned();
                format!("{}/{}", text("kind"), text("name"))
            };
            let (first, last) = (shown(first), shown(last));
            let sentence = format!(
                "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {last}"
            );
            walk.invalid(&Value::from(owners.to_vec()), &sentence);
        }
    });
}

/// Finalizers that need no domain before them.
const STANDARD: &[&str] = &["kubernetes", "orphan", "foregroundDeletion"];

fn finalizers(walk: &mut Walk<'_>, finalizers: &[Value]) {
    walk.below("finalizers", |walk| {
        for finalizer in finalizers.iter().filter_map(Value::as_str) {
            walk.invalid_text(finalizer, &names::label_key(finalizer));
        }
        walk.each(finalizers, |walk, finalizer| {
            let text = finalizer.as_str().unwrap_or_default();
            if !text.contains('/') && !STANDARD.contains(&text) {
                let sentence =
                    "name is neither a standard finalizer name nor is it fully qualified";
                walk.invalid(finalizer, sentence);
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::bundle;

    #[test]
    fn bundles_are_called_after_their_signer() {
        for (signer, name, sound) in [
            ("", "own", true),
            ("", "a:b", false),
            ("example.dev/signer", "example.dev:signer:own", true),
            ("example.dev/signer", "example.dev:signer:", false),
            ("example.dev/signer", "example.dev:other:own", false),
            ("example.dev/signer", "own", false),
        ] {
            assert_eq!(bundle(signer, name).is_empty(), sound, "{signer} {name}");
        }
    }
}

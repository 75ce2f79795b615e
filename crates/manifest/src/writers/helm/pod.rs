//! What values may change in a pod.

use super::super::image;
use super::super::yaml::Splice;
use super::part::{Part, value};
use super::values::{Setting, resources, string};
use serde_json::{Value, json};

/// Makes images, resources, environment and Secrets of the pod at a pointer values of the workload.
pub(super) fn pod(part: &mut Part, spec: &str) {
    let name = part.name.clone();
    for list in ["containers", "initContainers"] {
        for (at, container) in items(part, &format!("{spec}/{list}")).iter().enumerate() {
            let own = container["name"].as_str().unwrap_or_default();
            let path = match (list, at) {
                ("containers", 0) => vec!["services", &name],
                _ => vec!["services", &name, "containers", own],
            };
            container_part(part, &format!("{spec}/{list}/{at}"), &path, container);
        }
    }
    for (at, _) in items(part, &format!("{spec}/volumes")).iter().enumerate() {
        part.secret_name(&format!("{spec}/volumes/{at}/secret/secretName"));
    }
}

fn container_part(part: &mut Part, pointer: &str, path: &[&str], container: &Value) {
    image_part(part, &format!("{pointer}/image"), path);
    let about = "Requests and limits.";
    part.tree(&format!("{pointer}/resources"), &below(path, &["resources"]), resources(), about);
    let variables = container["env"].as_array().cloned().unwrap_or_default();
    for (at, variable) in variables.iter().enumerate() {
        let place = format!("{pointer}/env/{at}");
        part.secret_name(&format!("{place}/valueFrom/secretKeyRef/name"));
        let name = variable["name"].as_str().unwrap_or_default();
        let path = below(path, &["env", name]);
        if let Some(text) = variable["value"].as_str() {
            let quoted = format!("{{{{ {} | quote }}}}", value(&path));
            part.overlay.insert(format!("{place}/value"), Splice::Inline(quoted));
            let about = format!("Environment variable {name}.");
            part.settings.push(Setting::new(path, json!(text), string(), &about));
        }
    }
}

/// Makes the image at a pointer a value.
pub(super) fn image_part(part: &mut Part, pointer: &str, path: &[&str]) {
    let Some(reference) = part.value.pointer(pointer).and_then(Value::as_str) else { return };
    let image = image::parse(reference);
    let keys = [
        ("repository", Some(image.repository), "Registry and repository."),
        ("tag", image.tag, "Tag."),
        ("digest", image.digest, "Digest, such as sha256:…; it wins over the tag."),
    ];
    let settings = keys.map(|(key, default, about)| {
        let path = below(path, &["image", key]);
        Setting::new(path, json!(default.unwrap_or_default()), string(), about)
    });
    let text = format!(
        "{{{{ include \"{}.image\" {} | quote }}}}",
        part.app,
        value(&below(path, &["image"]))
    );
    part.overlay.insert(pointer.to_owned(), Splice::Inline(text));
    part.settings.extend(settings);
}

/// A path with further keys.
pub(super) fn below<'a>(path: &[&'a str], keys: &[&'a str]) -> Vec<&'a str> {
    path.iter().chain(keys).copied().collect()
}

fn items(part: &Part, pointer: &str) -> Vec<Value> {
    part.value.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default()
}

//! What values may change about Secrets, routes and databases.

use super::super::yaml::{DEPTH, Overlay, Splice, Style, document};
use super::part::{Part, literal, value};
use super::storage::class;
use super::values::{Setting, count, group, quantity, resources, string};
use serde_json::{Value, json};

/// A Secret: its values are required, unless people name a Secret of their own.
pub(super) fn secret(part: &mut Part) {
    let name = part.name.clone();
    part.take("/metadata", "annotations");
    let own = ["secrets", name.as_str(), "existingSecret"];
    part.gate = Some(format!("not {}", value(&own)));
    let about = "Name of a Secret that exists already; the chart then makes none.";
    part.settings.push(Setting::new(own, json!(""), string(), about));
    for (list, about) in [("stringData", "Value of"), ("data", "Value, in base64, of")] {
        let keys = part.value[list].as_object().cloned().unwrap_or_default();
        for key in keys.keys() {
            secret_value(part, list, key, about);
        }
    }
    let values = ["secrets", name.as_str(), "values"];
    let about = "Values by key; all are required unless existingSecret is set.";
    part.settings.insert(1, Setting::new(values, json!({}), group(about), about));
}

fn secret_value(part: &mut Part, list: &str, key: &str, about: &str) {
    let escaped = key.replace('~', "~0").replace('/', "~1");
    let text = format!(
        "{{{{ include \"{}.secret\" (list . {} {}) | quote }}}}",
        part.app,
        literal(&part.name),
        literal(key)
    );
    part.overlay.insert(format!("/{list}/{escaped}"), Splice::Inline(text));
    let path = ["secrets", part.name.as_str(), "values", key];
    let about = format!("{about} {key}.");
    let setting = Setting { default: None, ..Setting::new(path, Value::Null, string(), &about) };
    part.settings.push(setting);
}

/// The host names of a route.
fn hosts(part: &mut Part, default: Value) -> String {
    let name = part.name.clone();
    let path = ["routes", name.as_str(), "hosts"];
    let list = json!({ "type": "array", "items": string() });
    let about = "Host names; none matches every host.";
    part.settings.push(Setting::new(path, default, list, about));
    value(&path)
}

/// An `HTTPRoute`.
pub(super) fn http_route(part: &mut Part) {
    let planned = part.take("/spec", "hostnames").unwrap_or_else(|| json!([]));
    let hosts = hosts(part, planned);
    let parent = part.take("/spec", "parentRefs").unwrap_or_default();
    let name = part.name.clone();
    let path = |key| ["routes", name.as_str(), "parent", key];
    for (key, about) in
        [("name", "Name of the Gateway."), ("namespace", "Its namespace; empty is the release's.")]
    {
        let default = parent[0].get(key).cloned().unwrap_or_else(|| json!(""));
        part.settings.push(Setting::new(path(key), default, string(), about));
    }
    let lines = [
        format!("{{{{- with {hosts} }}}}"),
        "hostnames:".to_owned(),
        format!("{{{{- toYaml . | nindent {DEPTH} }}}}"),
        "{{- end }}".to_owned(),
        format!("{{{{- with {} }}}}", value(&path("name"))),
        "parentRefs:".to_owned(),
        "- name: {{ . | quote }}".to_owned(),
        format!("  {{{{- with {} }}}}", value(&path("namespace"))),
        "  namespace: {{ . | quote }}".to_owned(),
        "  {{- end }}".to_owned(),
        "{{- end }}".to_owned(),
    ];
    part.before("/spec/rules", lines.to_vec());
}

/// An Ingress: all its hosts get the same paths.
pub(super) fn ingress(part: &mut Part) {
    let rules = part.value["spec"]["rules"].as_array().cloned().unwrap_or_default();
    let planned: Vec<_> = rules.iter().filter_map(|rule| rule.get("host").cloned()).collect();
    let hosts = hosts(part, Value::Array(planned));
    let name = part.name.clone();
    let about = "Ingress class; empty is the cluster's default.";
    let setting = Setting::new(["routes", &name, "className"], Value::Null, string(), about);
    let http = json!({ "http": rules.first().map(|rule| rule["http"].clone()) });
    let body = document(&http, Style::Template, &Overlay::new());
    let mut lines = vec![format!("{{{{- range ({hosts} | default (list \"\")) }}}}")];
    for (at, line) in body.lines().enumerate() {
        lines.push(format!("{}{line}", if at == 0 { "- " } else { "  " }));
    }
    lines.extend(
        ["  {{- with . }}", "  host: {{ . | quote }}", "  {{- end }}", "{{- end }}"]
            .map(str::to_owned),
    );
    // The class stands before the rules, which are written by hand.
    let class = part.take("/spec", "ingressClassName").unwrap_or_else(|| json!(""));
    let mut all = vec![
        format!("{{{{- with {} }}}}", setting.expression()),
        "ingressClassName: {{ . | quote }}".to_owned(),
        "{{- end }}".to_owned(),
        "rules:".to_owned(),
    ];
    all.extend(lines);
    part.settings.push(Setting { default: Some(class), ..setting });
    part.overlay.insert("/spec/rules".to_owned(), Splice::Instead(all));
}

/// A `Database`.
pub(super) fn database(part: &mut Part) {
    let name = part.name.clone();
    let path = ["databases", name.as_str()];
    super::pod::image_part(part, "/spec/image", &path);
    members(part, "/spec/replicas", "class");
    part.secret_name("/spec/secretName");
}

/// A `Cluster` of `CloudNativePG`.
pub(super) fn postgres(part: &mut Part) {
    let name = part.name.clone();
    let path = ["databases", name.as_str()];
    super::pod::image_part(part, "/spec/imageName", &path);
    members(part, "/spec/instances", "storageClass");
    part.secret_name("/spec/bootstrap/initdb/secret/name");
}

fn members(part: &mut Part, replicas: &str, class_key: &str) {
    let name = part.name.clone();
    let path = |key| ["databases", name.as_str(), key];
    part.scalar(replicas, &path("replicas"), count(1), "Members.");
    let size = ["databases", name.as_str(), "storage", "size"];
    class(part, "/spec/storage", class_key, "size", &["databases", &name, "storage"]);
    // The class is written around the size, so the size is spliced by hand.
    if let Some(default) = part.value.pointer("/spec/storage/size").cloned() {
        let line = format!("size: {{{{ {} | quote }}}}", value(&size));
        let before = match part.overlay.remove("/spec/storage/size") {
            Some(Splice::Around(before, _)) => before,
            _ => Vec::new(),
        };
        let lines = before.into_iter().chain([line]).collect();
        part.overlay.insert("/spec/storage/size".to_owned(), Splice::Instead(lines));
        part.settings.push(Setting::new(
            size,
            default,
            quantity(),
            "Size of each member's storage.",
        ));
    }
    part.tree(
        "/spec/resources",
        &path("resources"),
        resources(),
        "Requests and limits of each member.",
    );
}

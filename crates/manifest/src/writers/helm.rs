//! A Helm chart. With its default values and the Secrets' values it renders to the same objects as
//! [`plain`](super::plain::plain).
//!
//! ```text
//! Object ──part──▶ Part { value, overlay, settings } ──▶ templates/NNN-kind-name.yaml
//!                              └─ all settings ──────▶ values.yaml, values.schema.json
//! ```
//!
//! A release has a namespace of its own: names are those that the product's parts know each other
//! by, and therefore carry no prefix.

mod custom;
mod part;
mod pod;
mod storage;
mod text;
mod values;
mod workload;

use super::yaml::{Overlay, Style, document};
use super::{OutFile, files};
use crate::object::{Object, objects};
use model::plan::{Plan, SecretEntry};
use part::Part;
use serde_json::{Map, json};
use values::{Setting, Tree};

/// The order of the groups in `values.yaml`.
const ROOTS: [&str; 7] =
    ["services", "databases", "storage", "routes", "secrets", "namespace", "commonLabels"];

/// The chart.
pub fn helm(plan: &Plan) -> Vec<OutFile> {
    let all = objects(plan);
    let parts: Vec<_> = all.iter().map(|object| (object, part(plan, &all, object))).collect();
    let mut tree = Tree::default();
    let mut settings: Vec<_> = parts.iter().flat_map(|(_, part)| part.settings.clone()).collect();
    settings.extend(common());
    settings.sort_by_key(|setting| ROOTS.iter().position(|root| *root == setting.path[0]));
    for setting in &settings {
        tree.insert(setting);
    }
    let mut out = vec![
        OutFile::open("Chart.yaml", text::chart(plan)),
        OutFile::open("values.yaml", tree.values_yaml()),
        OutFile::open("values.schema.json", tree.schema_json(&plan.app)),
        OutFile::open(".helmignore", text::HELM_IGNORE),
        OutFile::open("templates/_helpers.tpl", text::helpers(plan, &all, &tree)),
        OutFile::open("templates/NOTES.txt", text::notes(plan)),
    ];
    out.extend(parts.into_iter().map(|(object, part)| {
        OutFile::open(format!("templates/{}", files::name(object)), part.template())
    }));
    out.extend(secret_values(plan, &all));
    out
}

/// The parts of an object that values may change.
fn part(plan: &Plan, all: &[Object], object: &Object) -> Part {
    let mut part = Part::new(plan, object);
    if ["Namespace", "PersistentVolumeClaim", "Database", "Cluster"].contains(&&*object.kind) {
        part.keep();
    }
    match object.kind.as_str() {
        "Namespace" => part.gate = Some(part::value(&["namespace", "create"])),
        "Secret" => custom::secret(&mut part),
        "PersistentVolumeClaim" => storage::claim(&mut part),
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob" => {
            workload::workload(&mut part, all);
        }
        "HorizontalPodAutoscaler" => workload::autoscaler(&mut part),
        "HTTPRoute" => custom::http_route(&mut part),
        "Ingress" => custom::ingress(&mut part),
        "Database" => custom::database(&mut part),
        "Cluster" => custom::postgres(&mut part),
        _ => {}
    }
    part
}

fn common() -> Vec<Setting> {
    vec![
        Setting::new(
            ["namespace", "create"],
            json!(false),
            json!({ "type": "boolean" }),
            "Whether the chart creates the namespace, with its Pod Security labels. \
             Leave it off with --create-namespace.",
        ),
        Setting::new(
            ["commonLabels"],
            json!({}),
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            "Labels that every object gets beside its own.",
        ),
    ]
}

/// The values of Secrets, in a file of their own; nothing if the chart has no Secrets.
fn secret_values(plan: &Plan, all: &[Object]) -> Vec<OutFile> {
    let mut secrets = Map::new();
    for object in all.iter().filter(|object| object.secret) {
        let mut values = Map::new();
        for key in ["stringData", "data"] {
            values.extend(object.value[key].as_object().cloned().unwrap_or_default());
        }
        values.retain(|key, _| !missing(plan, &object.name).any(|missing| missing == key));
        secrets.insert(object.name.clone(), json!({ "values": values }));
    }
    if secrets.is_empty() {
        return Vec::new();
    }
    let body = document(&json!({ "secrets": secrets }), Style::Ordered, &Overlay::new());
    let header = text::secret_values_header(plan);
    let text = format!("{header}{body}");
    vec![
        OutFile { path: "values-secrets.yaml".to_owned(), text, secret: true },
        OutFile::open(
            ".gitignore",
            "# Secret values: keep them out of the repository.\n/values-secrets.yaml\n",
        ),
    ]
}

/// Keys of a Secret that nobody filled in yet.
fn missing<'a>(plan: &'a Plan, secret: &'a str) -> impl Iterator<Item = &'a String> {
    plan.secrets
        .iter()
        .filter(move |it| it.name == secret && !it.external)
        .flat_map(|it| &it.entries)
        .filter(|(_, entry)| **entry == SecretEntry::Missing)
        .map(|(key, _)| key)
}

//! A Kustomize base, with the Secrets beside it.
//!
//! ```text
//! kustomization.yaml           base + secrets: what `kubectl apply -k .` applies
//! base/kustomization.yaml      everything but Secrets; overlays start here
//! secrets/kustomization.yaml   Secrets: swap this folder for a secret store
//! ```

use super::image::{self, ImageRef};
use super::yaml::{Overlay, Style, document};
use super::{OutFile, plain};
use crate::object::{Object, objects};
use model::plan::{Plan, Workload};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The base, the Secrets, and a kustomization that joins them.
pub fn kustomize(plan: &Plan) -> Vec<OutFile> {
    let all = objects(plan);
    let (secrets, open): (Vec<_>, Vec<_>) = all.iter().partition(|object| object.secret);
    let base = Kustomization { images: images(plan), ..Kustomization::new(plan) };
    let mut out = folder("base/", &open, base);
    let mut folders = vec!["base"];
    if !secrets.is_empty() {
        out.extend(folder("secrets/", &secrets, Kustomization::new(plan)));
        folders.push("secrets");
    }
    let root = json!({ "apiVersion": API_VERSION, "kind": "Kustomization", "resources": folders });
    out.push(OutFile::open("kustomization.yaml", text(&root)));
    out
}

const API_VERSION: &str = "kustomize.config.k8s.io/v1beta1";

struct Kustomization<'a> {
    plan: &'a Plan,
    images: Vec<Value>,
}

impl<'a> Kustomization<'a> {
    const fn new(plan: &'a Plan) -> Self {
        Self { plan, images: Vec::new() }
    }

    /// Labels go on objects only: selectors cannot be changed later.
    fn text(self, files: &[OutFile], folder: &str) -> String {
        let resources: Vec<_> =
            files.iter().filter_map(|file| file.path.strip_prefix(folder)).collect();
        let mut root = json!({
            "apiVersion": API_VERSION,
            "kind": "Kustomization",
            "namespace": self.plan.namespace,
            "labels": [{
                "pairs": { "app.kubernetes.io/part-of": self.plan.app },
                "includeSelectors": false,
            }],
            "resources": resources,
        });
        if !self.images.is_empty() {
            root["images"] = Value::Array(self.images);
        }
        text(&root)
    }
}

fn folder(folder: &str, objects: &[&Object], kustomization: Kustomization<'_>) -> Vec<OutFile> {
    let mut files: Vec<_> = objects.iter().map(|object| plain::file(folder, object)).collect();
    let text = kustomization.text(&files, folder);
    files.extend(plain::git_ignore(folder, &files));
    files.push(OutFile::open(format!("{folder}kustomization.yaml"), text));
    files
}

fn text(value: &Value) -> String {
    document(value, Style::Ordered, &Overlay::new())
}

/// Images with their tags, so that an overlay finds what to override. An image that occurs with two
/// tags is left out: Kustomize would give both the same.
fn images(plan: &Plan) -> Vec<Value> {
    let mut found: BTreeMap<&str, Vec<ImageRef<'_>>> = BTreeMap::new();
    for reference in plan.workloads.iter().flat_map(references) {
        let parsed = image::parse(reference);
        let known = found.entry(parsed.repository).or_default();
        if !known.contains(&parsed) {
            known.push(parsed);
        }
    }
    found.into_values().filter_map(|known| image_entry(known.as_slice())).collect()
}

fn references(workload: &Workload) -> impl Iterator<Item = &str> {
    let pod = &workload.pod;
    pod.init.iter().chain(&pod.containers).map(|container| container.image.as_str())
}

fn image_entry(known: &[ImageRef<'_>]) -> Option<Value> {
    let [image] = known else { return None };
    let (key, version) = match (image.tag, image.digest) {
        (Some(tag), None) => ("newTag", tag),
        (None, Some(digest)) => ("digest", digest),
        _ => return None,
    };
    let mut entry = Map::new();
    entry.insert("name".to_owned(), json!(image.repository));
    entry.insert(key.to_owned(), json!(version));
    Some(Value::Object(entry))
}

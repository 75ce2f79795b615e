//! One object as a template.

use super::super::yaml::{DEPTH, Overlay, Splice, Style, document};
use super::values::Setting;
use crate::object::Object;
use model::plan::Plan;
use serde_json::{Value, json};

/// An object, what its template puts in place of parts of it, and the values that come from there.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) app: String,
    /// The name under which its values stand.
    pub(super) name: String,
    pub(super) value: Value,
    pub(super) overlay: Overlay,
    /// A condition without which the object is not rendered.
    pub(super) gate: Option<String>,
    pub(super) settings: Vec<Setting>,
    /// Secrets of the chart, which people may replace by their own.
    pub(super) secrets: Vec<String>,
}

/// Labels that come from the chart's helper.
const SHARED: [&str; 3] =
    ["app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "app.kubernetes.io/part-of"];

impl Part {
    pub(super) fn new(plan: &Plan, object: &Object) -> Self {
        let name = object.origin.split_once('/').map_or(object.name.as_str(), |(_, name)| name);
        let secrets = plan.secrets.iter().filter(|secret| !secret.external);
        let mut part = Self {
            app: plan.app.clone(),
            name: name.to_owned(),
            value: object.value.clone(),
            overlay: Overlay::new(),
            gate: None,
            settings: Vec::new(),
            secrets: secrets.map(|secret| secret.name.clone()).collect(),
        };
        part.metadata(object);
        part
    }

    /// The namespace is the release's; labels that all objects share come from a helper.
    fn metadata(&mut self, object: &Object) {
        let place = if object.kind == "Namespace" { "name" } else { "namespace" };
        let release = Splice::Inline("{{ .Release.Namespace }}".to_owned());
        self.overlay.insert(format!("/metadata/{place}"), release);
        let labels = self.value.pointer_mut("/metadata/labels").and_then(Value::as_object_mut);
        let Some(labels) = labels else { return };
        for label in SHARED {
            labels.shift_remove(label);
        }
        let include = format!("{{{{- include \"{}.labels\" . | nindent {DEPTH} }}}}", self.app);
        self.overlay.insert(
            "/metadata/labels/app.kubernetes.io~1component".to_owned(),
            Splice::Around(vec![include], Vec::new()),
        );
    }

    /// What holds data outlives the release: nothing here deletes data.
    pub(super) fn keep(&mut self) {
        self.value["metadata"]["annotations"]["helm.sh/resource-policy"] = json!("keep");
    }

    /// Makes the scalar at a pointer a value; what stands there is the default.
    pub(super) fn scalar(&mut self, pointer: &str, path: &[&str], schema: Value, about: &str) {
        let Some(default) = self.value.pointer(pointer).cloned() else { return };
        let quote = if default.is_string() { " | quote" } else { "" };
        let text = format!("{{{{ {}{quote} }}}}", value(path));
        self.overlay.insert(pointer.to_owned(), Splice::Inline(text));
        self.settings.push(Setting::new(path.iter().copied(), default, schema, about));
    }

    /// Makes the map or list at a pointer a value; what stands there is the default.
    pub(super) fn tree(&mut self, pointer: &str, path: &[&str], schema: Value, about: &str) {
        let Some(default) = self.value.pointer(pointer).cloned() else { return };
        let line = format!("{{{{- toYaml {} | nindent {DEPTH} }}}}", value(path));
        self.overlay.insert(pointer.to_owned(), Splice::Below(vec![line]));
        self.settings.push(Setting::new(path.iter().copied(), default, schema, about));
    }

    /// Makes an optional string of the map at `parent` a value, written before its neighbour
    /// `beside`; empty leaves it out.
    pub(super) fn optional(&mut self, parent: &str, key: &str, beside: &str, setting: Setting) {
        let default = self.take(parent, key).unwrap_or_else(|| json!(""));
        let lines = vec![
            format!("{{{{- with {} }}}}", setting.expression()),
            format!("{key}: {{{{ . | quote }}}}"),
            "{{- end }}".to_owned(),
        ];
        self.before(&format!("{parent}/{beside}"), lines);
        self.settings.push(Setting { default: Some(default), ..setting });
    }

    /// Takes a key out of the map at a pointer.
    pub(super) fn take(&mut self, parent: &str, key: &str) -> Option<Value> {
        self.value.pointer_mut(parent)?.as_object_mut()?.shift_remove(key)
    }

    /// Puts lines before an entry, after those that are there already.
    pub(super) fn before(&mut self, pointer: &str, lines: Vec<String>) {
        let around = || Splice::Around(Vec::new(), Vec::new());
        if let Splice::Around(before, _) =
            self.overlay.entry(pointer.to_owned()).or_insert_with(around)
        {
            before.extend(lines);
        }
    }

    /// The name of a Secret, where people may have put their own in its place.
    pub(super) fn secret_name(&mut self, pointer: &str) {
        let name = self.value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let Some(name) = name.filter(|name| self.secrets.contains(name)) else { return };
        let text = format!(
            "{{{{ include \"{}.secretName\" (list . {}) | quote }}}}",
            self.app,
            literal(&name)
        );
        self.overlay.insert(pointer.to_owned(), Splice::Inline(text));
    }

    /// The template's text.
    pub(super) fn template(&self) -> String {
        let body = document(&self.value, Style::Template, &self.overlay);
        match &self.gate {
            Some(gate) => format!("{{{{- if {gate} }}}}\n{body}{{{{- end }}}}\n"),
            None => body,
        }
    }
}

/// The template expression of a value.
pub(super) fn value(path: &[&str]) -> String {
    let keys: Vec<_> = path.iter().map(|key| literal(key)).collect();
    format!("(index $.Values {})", keys.join(" "))
}

/// A string in a template.
pub(super) fn literal(text: &str) -> String {
    Value::from(text).to_string()
}

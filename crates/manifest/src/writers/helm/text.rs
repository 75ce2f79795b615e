//! The files of a chart that are mostly text.

use super::super::yaml::{Overlay, Style, document};
use super::missing;
use super::values::Tree;
use crate::object::Object;
use model::plan::Plan;
use serde_json::json;
use std::fmt::Write as _;

/// `.helmignore`.
pub(super) const HELM_IGNORE: &str = "\
# Not part of the package; above all, no secret values.
.git/
.gitignore
.DS_Store
*.swp
*.bak
*.orig
*.tmp
values-secrets.yaml
";

/// `Chart.yaml`.
pub(super) fn chart(plan: &Plan) -> String {
    let chart = json!({
        "apiVersion": "v2",
        "name": plan.app,
        "description": format!("{} on Kubernetes, planned by Muster", plan.app),
        "type": "application",
        "version": "0.1.0",
        "appVersion": "0.1.0",
        "kubeVersion": ">=1.33.0-0",
    });
    document(&chart, Style::Ordered, &Overlay::new())
}

/// `_helpers.tpl`.
pub(super) fn helpers(plan: &Plan, all: &[Object], tree: &Tree) -> String {
    let mut out = HELPERS.replace("APP", &plan.app);
    for job in all.iter().filter(|object| object.kind == "Job") {
        let name = job.origin.split_once('/').map_or(job.name.as_str(), |(_, name)| name);
        let defaults = tree.values(&["services", name]).cloned().unwrap_or_default();
        let defaults = defaults.to_string().replace("{{", "{{ \"{{\" }}");
        write!(
            out,
            "\n{{{{- define \"{}.defaults.{name}\" -}}}}\n{defaults}\n{{{{- end -}}}}\n",
            plan.app
        )
        .expect("writing to a String cannot fail");
    }
    out
}

const HELPERS: &str = r#"{{/* Labels that all objects share. */}}
{{- define "APP.labels" -}}
app.kubernetes.io/instance: "APP"
app.kubernetes.io/managed-by: muster
app.kubernetes.io/part-of: "APP"
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "APP.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end -}}

{{/* The name of a Secret: (list $ NAME). */}}
{{- define "APP.secretName" -}}
{{- (index (index . 0).Values.secrets (index . 1)).existingSecret | default (index . 1) -}}
{{- end -}}

{{/* A value of a Secret: (list $ NAME KEY). */}}
{{- define "APP.secret" -}}
{{- $name := index . 1 -}}
{{- $key := index . 2 -}}
{{- $values := (index (index . 0).Values.secrets $name).values | default dict -}}
{{- if not (hasKey $values $key) -}}
{{- fail (printf "secrets.%s.values.%s is required; or name a Secret of yours in secrets.%s.existingSecret" $name $key $name) -}}
{{- end -}}
{{- get $values $key -}}
{{- end -}}

{{/* The name of a Job, which ends in a hash of what it runs: (list $ NAME PLANNED). */}}
{{- define "APP.jobName" -}}
{{- $name := index . 1 -}}
{{- $now := index (index . 0).Values.services $name | toJson -}}
{{- if eq $now (include (printf "APP.defaults.%s" $name) . | fromJson | toJson) -}}
{{- index . 2 -}}
{{- else -}}
{{- printf "%s-%s" (trunc 54 $name | trimSuffix "-") (sha256sum $now | trunc 8) -}}
{{- end -}}
{{- end -}}
"#;

/// `NOTES.txt`.
pub(super) fn notes(plan: &Plan) -> String {
    let mut out = String::from(
        "{{ .Chart.Name }} {{ .Chart.Version }} is in namespace {{ .Release.Namespace }}.\n\n\
         Watch it start:\n  kubectl --namespace {{ .Release.Namespace }} get pods --watch\n",
    );
    if !plan.routes.is_empty() {
        out.push_str(
            "\nIt is published as:\n\
             {{- range $name, $route := .Values.routes }}\n  \
             {{ $name }}: {{ join \", \" $route.hosts | default \"every host\" }}\n\
             {{- end }}\n",
        );
    }
    out
}

/// The head of the file with the Secrets' values.
pub(super) fn secret_values_header(plan: &Plan) -> String {
    let mut out = String::from(
        "# Secret values: helm install -f values-secrets.yaml. Keep this file out of the repository.\n",
    );
    for secret in &plan.secrets {
        for key in missing(plan, &secret.name) {
            writeln!(out, "# Fill in: secrets.{}.values.{key}", secret.name)
                .expect("writing to a String cannot fail");
        }
    }
    out
}

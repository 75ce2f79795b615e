//! The table of what is asked of single fields.

use super::{Walk, cluster, network, pods, quantity, repeats, webhooks, workloads};
use crate::names;
use crate::schema::{Schema, Shape, TypeId};
use crate::tree::{Map, Text, Value, decode};
use std::sync::LazyLock;

/// What is asked of a field.
#[derive(Debug)]
pub(super) enum Judge {
    /// It has to be there, and not empty; with a detail for the sentence.
    Required(String),
    OneOf(Vec<String>),
    Least(i64),
    /// More than zero, with its own sentence.
    Positive,
    Between(i64, i64),
    /// A port's number, or its name.
    Port,
    Text(fn(&str) -> Vec<String>),
    /// Such a text even if it is empty: somebody said so.
    Said(fn(&str) -> Vec<String>),
    /// Each item of a list is such a text.
    Texts(fn(&str) -> Vec<String>),
    Labels,
    Percent,
    /// No two items have the same value here.
    Unique(Text),
    Quantities,
    Mode,
}

impl Judge {
    fn parse(text: &str) -> Option<Self> {
        let (word, rest) = text.split_once(':').unwrap_or((text, ""));
        let rest = rest.trim();
        Some(match word {
            "required" => Self::Required(rest.to_owned()),
            "in" => Self::OneOf(rest.split(',').map(str::to_owned).collect()),
            "least" => Self::Least(rest.parse().ok()?),
            "positive" => Self::Positive,
            "between" => {
                let (low, high) = rest.split_once("..")?;
                Self::Between(low.parse().ok()?, high.parse().ok()?)
            }
            "port" => Self::Port,
            "labels" => Self::Labels,
            "percent" => Self::Percent,
            "unique" => Self::Unique(rest.into()),
            "quantities" => Self::Quantities,
            "mode" => Self::Mode,
            "said" => Self::Said(form(rest)?),
            "each" => Self::Texts(form(rest)?),
            word => Self::Text(form(word)?),
        })
    }

    pub(super) fn judge(&self, walk: &mut Walk<'_>, value: &Value) {
        match (self, value) {
            (Self::OneOf(known), Value::Text(text)) if !known.iter().any(|it| it == text) => {
                let known: Vec<_> = known.iter().map(String::as_str).collect();
                walk.unsupported(value, &known);
            }
            (Self::Least(least), Value::Int(int)) if int < least => {
                walk.invalid(value, &format!("must be greater than or equal to {least}"));
            }
            (Self::Positive, Value::Int(int)) if *int <= 0 => {
                walk.invalid(value, "must be greater than 0");
            }
            (Self::Between(low, high), Value::Int(int)) if !(low..=high).contains(&int) => {
                walk.invalid(value, &format!("must be between {low} and {high}, inclusive"));
            }
            (Self::Port, _) => port(walk, value),
            (Self::Text(form), Value::Text(text)) if !text.is_empty() => {
                walk.invalid_text(text, &form(text));
            }
            (Self::Said(form), Value::Text(text)) => walk.invalid_text(text, &form(text)),
            (Self::Texts(form), Value::List(list)) => walk.each(list, |walk, item| {
                if let Some(text) = item.as_str() {
                    walk.invalid_text(text, &form(text));
                }
            }),
            (Self::Labels, Value::Map(map)) => labels(walk, map),
            (Self::Percent, _) => percent(walk, value),
            (Self::Unique(key), Value::List(list)) => unique(walk, list, key),
            (Self::Quantities, Value::Map(map)) => quantity::judge(walk, map),
            (Self::Mode, Value::Int(int)) if !(0..=0o777).contains(int) => {
                walk.invalid(value, "must be a number between 0 and 0777 (octal), both inclusive");
            }
            _ => {}
        }
    }
}

fn form(word: &str) -> Option<fn(&str) -> Vec<String>> {
    Some(match word {
        "dns-label" => names::dns_label,
        "dns-1035" => names::dns_1035_label,
        "subdomain" => names::subdomain,
        "label-key" => names::label_key,
        "port-name" => names::port_name,
        "sysctl" => names::sysctl,
        "config-key" => names::config_key,
        "env-name" => names::env_name,
        "path-segment" => names::path_segment,
        "below" => names::relative_path,
        "no-dots" => names::no_dots,
        _ => return None,
    })
}

fn port(walk: &mut Walk<'_>, value: &Value) {
    match value {
        Value::Text(name) => walk.invalid_text(name, &names::port_name(name)),
        Value::Int(port) if !(1..=65_535).contains(port) => {
            walk.invalid(value, "must be between 1 and 65535, inclusive");
        }
        _ => {}
    }
}

pub(super) fn labels(walk: &mut Walk<'_>, map: &Map) {
    for (key, value) in map {
        walk.invalid_text(key, &names::label_key(key));
        let value = value.as_str().unwrap_or_default();
        walk.invalid_text(value, &names::label_value(value));
    }
}

const PERCENT: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

/// A number, or a share of at most all.
pub(super) fn percent(walk: &mut Walk<'_>, value: &Value) {
    amount_or_share(walk, value);
    if value.as_str().and_then(share).is_some_and(|share| share > 100) {
        walk.invalid(value, "must not be greater than 100%");
    }
}

/// A number, or a share of any size.
pub(super) fn amount_or_share(walk: &mut Walk<'_>, value: &Value) {
    match value {
        Value::Int(int) if *int < 0 => {
            walk.invalid(value, "must be greater than or equal to 0");
        }
        Value::Text(text) if share(text).is_none() => walk.invalid(value, PERCENT),
        _ => {}
    }
}

/// The number before `%`.
pub(super) fn share(text: &str) -> Option<u64> {
    let digits = text.strip_suffix('%').filter(|digits| !digits.is_empty())?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn unique(walk: &mut Walk<'_>, list: &[Value], key: &str) {
    let said =
        |item: &'_ Value| item.at(&[key]).filter(|value| value.as_str() != Some("")).cloned();
    for at in repeats(list.iter().map(|item| said(item).map(|value| value.encoded()))) {
        let value = said(&list[at]).unwrap_or_default();
        walk.below(&format!("[{at}]"), |walk| walk.below(key, |walk| walk.duplicate(&value)));
    }
}

/// What is asked of a type.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) fields: Vec<(Text, Vec<Judge>)>,
    /// What concerns several fields.
    pub(super) whole: Option<fn(&mut Walk<'_>, &Map)>,
}

/// What is asked, by type; and below which types there is anything to ask.
pub(super) struct Rules {
    rows: Vec<Option<Row>>,
    matter: Vec<bool>,
}

impl Rules {
    pub(super) fn of(&self, ty: TypeId) -> Option<&Row> {
        self.rows.get(ty.index())?.as_ref()
    }

    pub(super) fn matter(&self, ty: TypeId) -> bool {
        self.matter.get(ty.index()).copied().unwrap_or(false)
    }
}

pub(super) static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let schema = Schema::builtin();
    let table = decode(include_bytes!("../../data/rules.json"))
        .expect("the table is checked in, and a test reads it");
    let row = |ty: TypeId| {
        let name = schema.get(ty).name.as_deref()?;
        let short = name.strip_prefix("io.k8s.api.").or(name.strip_prefix(META))?;
        let fields = fields(table.at(&[short]));
        let whole = whole(short);
        (!fields.is_empty() || whole.is_some()).then_some(Row { fields, whole })
    };
    let rows: Vec<_> = schema.ids().map(row).collect();
    let mut matter: Vec<bool> = rows.iter().map(Option::is_some).collect();
    // Until nothing is added: types that lead to one that matters.
    loop {
        let leads = |ty: TypeId| {
            let leads = |child: &TypeId| matter[child.index()];
            match schema.shape(ty) {
                Shape::Struct { fields, .. } => fields.values().any(|field| leads(&field.ty)),
                Shape::Map { values, .. } => leads(values),
                Shape::List { items, .. } => leads(items),
                Shape::Scalar(_) | Shape::Any => false,
            }
        };
        let next: Vec<bool> = schema.ids().map(|ty| matter[ty.index()] || leads(ty)).collect();
        if next == matter {
            return Rules { rows, matter };
        }
        matter = next;
    }
});

const META: &str = "io.k8s.apimachinery.pkg.apis.";

fn fields(row: Option<&Value>) -> Vec<(Text, Vec<Judge>)> {
    let row = row.and_then(Value::as_map).cloned().unwrap_or_default();
    let judges = |list: &Value| {
        let words = list.as_list().into_iter().flat_map(|list| list.iter());
        words.filter_map(|word| Judge::parse(word.as_str()?)).collect()
    };
    row.iter().map(|(field, list)| (field.clone(), judges(list))).collect()
}

/// What concerns several fields of a type.
fn whole(short: &str) -> Option<fn(&mut Walk<'_>, &Map)> {
    Some(match short {
        "meta.v1.LabelSelectorRequirement" => workloads::requirement,
        "core.v1.NodeSelectorRequirement" => pods::node_requirement,
        "core.v1.Container" => pods::container,
        "core.v1.PodCertificateProjection" => pods::certificate,
        "core.v1.PodSpec" => pods::spec,
        "core.v1.PodTemplateSpec" => pods::template,
        "core.v1.EnvVar" => pods::variable,
        "core.v1.Probe" => pods::probe,
        "core.v1.LifecycleHandler" => pods::handler,
        "core.v1.NFSVolumeSource" => cluster::shared_folder,
        "core.v1.Toleration" => pods::toleration,
        "core.v1.ResourceRequirements" => quantity::requirements,
        "apps.v1.DeploymentSpec" => workloads::deployment,
        "apps.v1.ReplicaSetSpec" => workloads::replica_set,
        "apps.v1.StatefulSetSpec" => workloads::stateful_set,
        "apps.v1.DaemonSetSpec" => workloads::daemon_set,
        "batch.v1.JobSpec" => workloads::job,
        "batch.v1.CronJobSpec" => workloads::cron_job,
        "core.v1.ServiceSpec" => network::service,
        "networking.v1.IngressSpec" => network::ingress,
        "networking.v1.HTTPIngressPath" => network::ingress_path,
        "networking.v1.NetworkPolicyPort" => network::policy_port,
        "networking.v1.NetworkPolicyPeer" => network::policy_peer,
        "core.v1.ConfigMap" => cluster::config_map,
        "admissionregistration.v1.MatchCondition"
        | "admissionregistration.v1.Validation"
        | "admissionregistration.v1.Variable"
        | "admissionregistration.v1.AuditAnnotation" => cluster::condition,
        "admissionregistration.v1.MutatingWebhook"
        | "admissionregistration.v1.ValidatingWebhook" => webhooks::webhook,
        "admissionregistration.v1.RuleWithOperations" => webhooks::rule,
        "core.v1.Secret" => cluster::secret,
        "core.v1.PersistentVolumeClaimSpec" => cluster::claim,
        "core.v1.PersistentVolumeSpec" => cluster::volume,
        "policy.v1.PodDisruptionBudgetSpec" => cluster::budget,
        "autoscaling.v2.HorizontalPodAutoscalerSpec" => cluster::autoscaler,
        "autoscaling.v2.CrossVersionObjectReference" => cluster::scaled,
        "scheduling.v1.PriorityClass" => cluster::priority_class,
        "networking.v1.NetworkPolicySpec" => network::policy,
        "storage.v1.StorageClass" => cluster::storage_class,
        "rbac.v1.PolicyRule" => cluster::rule,
        "rbac.v1.Subject" => cluster::subject,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Judge, RULES};
    use crate::schema::Schema;
    use crate::tree::{Value, decode};

    #[test]
    fn the_table_names_what_exists() {
        let schema = Schema::builtin();
        let table: Value = decode(include_bytes!("../../data/rules.json")).unwrap();
        for (short, row) in table.as_map().unwrap() {
            let names = ["io.k8s.api.", super::META].map(|start| format!("{start}{short}"));
            let ty = names
                .iter()
                .find_map(|name| schema.named(name))
                .unwrap_or_else(|| panic!("{short}"));
            assert!(RULES.of(ty).is_some());
            for (field, judges) in row.as_map().unwrap() {
                assert!(schema.child(ty, field).is_some(), "{short}.{field}");
                for judge in judges.as_list().unwrap().iter() {
                    assert!(
                        Judge::parse(judge.as_str().unwrap()).is_some(),
                        "{short}.{field}: {judge}"
                    );
                }
            }
        }
    }
}

//! Objects, in the order in which they are applied.

use crate::kinds;
use crate::labels::Scope;
use crate::order;
use model::plan::{Plan, Workload};
use serde::Serialize;
use serde_json::Value;

/// One Kubernetes object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// `kind`.
    pub kind: String,
    /// `apiVersion`.
    pub api_version: String,
    /// `metadata.name`.
    pub name: String,
    /// The Compose service that it belongs to, if it belongs to one.
    pub service: Option<String>,
    /// The typed object, serialised. Of a Secret it holds the real values.
    pub value: Value,
    /// Whether it holds values that must not be shown.
    pub secret: bool,
    /// How the planner's decisions name it, as `Kind/name`: without the hash that the name of a Job
    /// ends in.
    pub origin: String,
    /// Objects of a lower stage are applied first; objects of one stage do not need each other.
    pub stage: u16,
}

/// Stages of applying; a workload's is `WORKLOADS` plus how deep it stands in `after`.
pub(crate) mod stage {
    pub(crate) const NAMESPACE: u16 = 0;
    pub(crate) const ACCOUNT: u16 = 50;
    pub(crate) const SECRETS: u16 = 100;
    pub(crate) const CONFIG: u16 = 200;
    pub(crate) const CLAIMS: u16 = 300;
    pub(crate) const SERVICES: u16 = 400;
    pub(crate) const POLICIES: u16 = 500;
    pub(crate) const CUSTOM: u16 = 600;
    pub(crate) const WORKLOADS: u16 = 700;
    pub(crate) const AUTOSCALERS: u16 = 800;
    pub(crate) const BUDGETS: u16 = 820;
    pub(crate) const ROUTES: u16 = 840;
    pub(crate) const MONITORS: u16 = 860;
    pub(crate) const EXTRAS: u16 = 880;
}

impl Object {
    /// Serialises a typed object.
    pub(crate) fn new<T: Serialize>(stage: u16, service: Option<&str>, typed: &T) -> Self {
        let value = serde_json::to_value(typed)
            .expect("API types have string keys and finite numbers, which JSON can say");
        let text = |pointer: &str| {
            value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let (kind, name) = (text("/kind"), text("/metadata/name"));
        Self {
            origin: format!("{kind}/{name}"),
            api_version: text("/apiVersion"),
            kind,
            name,
            service: service.map(str::to_owned),
            value,
            secret: false,
            stage,
        }
    }
}

/// All objects of a plan, in the order in which they are applied: Namespace, Secrets, `ConfigMaps`,
/// claims, Services, policies, custom resources, workloads after what they depend on, autoscalers,
/// budgets, routes, monitors.
pub fn objects(plan: &Plan) -> Vec<Object> {
    let scope = &Scope { plan };
    let mut all = vec![kinds::namespace::namespace(scope), kinds::namespace::account(scope)];
    all.extend(plan.secrets.iter().filter_map(|it| kinds::secret::secret(scope, it)));
    all.extend(plan.config_maps.iter().map(|it| kinds::config::config_map(scope, it)));
    all.extend(plan.claims.iter().filter_map(|it| kinds::claim::claim(scope, it)));
    all.extend(plan.services.iter().map(|it| kinds::service::service(scope, it)));
    all.extend(plan.policies.iter().map(|it| kinds::policy::policy(scope, it)));
    all.extend(plan.gangs.iter().map(|it| kinds::gang::pod_group(scope, it)));
    all.extend(plan.databases.iter().flat_map(|it| kinds::database::objects(scope, it)));
    all.extend(order::levels(plan).into_iter().map(|(level, it)| workload(scope, it, level)));
    all.extend(plan.autoscalers.iter().map(|it| kinds::autoscaler::autoscaler(scope, it)));
    all.extend(plan.budgets.iter().map(|it| kinds::budget::budget(scope, it)));
    all.extend(plan.routes.iter().map(|it| kinds::route::route(scope, it)));
    all.extend(plan.monitors.iter().map(|it| kinds::monitor::monitor(scope, it)));
    all.extend(plan.extras.iter().map(|it| kinds::extra::extra(scope, it)));
    all.sort_by(|a, b| key(a).cmp(&key(b)));
    all
}

fn key(object: &Object) -> (u16, &str, &str) {
    (object.stage, &object.kind, &object.name)
}

fn workload(scope: &Scope<'_>, workload: &Workload, level: u16) -> Object {
    use model::plan::Kind;
    let mut object = match &workload.kind {
        Kind::Deployment { replicas, strategy } => {
            kinds::deployment::deployment(scope, workload, *replicas, *strategy)
        }
        Kind::StatefulSet { replicas, governing, claims, parallel } => {
            let set = kinds::statefulset::Set { replicas: *replicas, governing, claims };
            kinds::statefulset::stateful_set(scope, workload, &set, *parallel)
        }
        Kind::DaemonSet => kinds::daemonset::daemon_set(scope, workload),
        Kind::Job(completions) => kinds::job::job(scope, workload, completions),
        Kind::CronJob { schedule, job } => kinds::job::cron_job(scope, workload, schedule, job),
    };
    object.stage = stage::WORKLOADS + level;
    object
}

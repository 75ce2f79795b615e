//! `models:`: endpoints that services are told about.

use crate::log::Log;
use crate::world::World;
use model::plan::{EnvSource, EnvVar, Plan, Service, ServiceKind, ServicePort};
use model::project::Protocol;
use model::reason::{Because, Level};
use std::collections::BTreeMap;

/// Port of an OpenAI-compatible server.
const PORT: u16 = 8000;

/// Gives every consumer its variables and every model a name in the cluster.
pub(crate) fn models(world: &World<'_>, plan: &mut Plan, log: &mut Log) {
    for (key, model) in &world.project.models {
        let dns = crate::names::joined(&["model", key]);
        let because = Because::Line { field: format!("models.{key}"), span: model.model.span };
        for subject in world.subjects.values() {
            let Some(usage) = subject.service.models.get(key) else { continue };
            let values = [
                (&usage.url_variable, format!("http://{dns}:{PORT}/v1/")),
                (&usage.model_variable, model.model.value.clone()),
            ];
            for (name, value) in values {
                log.decide(subject, subject.container_field(&format!("env[{name}]")))
                    .chose(value.clone())
                    .all(subject.lines("models"))
                    .because(because.clone())
                    .why("Compose tells a consumer the endpoint and the model by these variables");
                let workload = plan.workloads.iter_mut().find(|w| w.name == subject.name);
                let Some(container) = workload.and_then(|w| w.pod.containers.first_mut()) else {
                    continue;
                };
                if !container.env.iter().any(|v| v.name == *name) {
                    container
                        .env
                        .push(EnvVar { name: name.clone(), source: EnvSource::Value(value) });
                    crate::config::sort_env(&mut container.env);
                }
            }
        }
        log.decide_on(None, format!("Service/{dns}"), "")
            .chose("a name for the server of the model")
            .because(because.clone())
            .why("consumers dial it; whatever serves the model carries the label muster.dev/model");
        log.find(
            Level::Blocker,
            "model-has-no-server",
            None,
            format!("nothing in this plan serves `{}`: Docker's model runner does not exist on Kubernetes", model.model.value),
            format!("run a server (vLLM, for instance) whose pods carry the labels app.kubernetes.io/name: {dns} and app.kubernetes.io/instance: {}", world.app),
            vec![because],
        );
        plan.services.push(Service {
            name: dns.clone(),
            service: String::new(),
            workload: dns,
            kind: ServiceKind::ClusterIp,
            ports: vec![ServicePort {
                port: PORT,
                target: PORT,
                protocol: Protocol::Tcp,
                name: "http".to_owned(),
                app_protocol: Some("http".to_owned()),
            }],
            publish_not_ready: false,
            sticky: false,
            labels: BTreeMap::new(),
        });
    }
    plan.services.sort_by(|a, b| a.name.cmp(&b.name));
}

//! The planner: a pure function from a Compose project to a Kubernetes architecture with reasons.
//!
//! ```text
//! Project ─ survey ─> Subject* ─ scale, configure, harden, probe, place ─> Workload*
//!                                └ services, edge, policies, databases, order ─> Plan
//! ```
//!
//! Facts come in as arguments; nothing here reads a file, a clock, the environment or a cluster.
//! The order of services and keys in the files never matters. Every choice is written down in the
//! [`model::reason::Report`], and a last pass proves that no attribute of the files went
//! unmentioned.

mod assemble;
mod attributes;
mod config;
mod coverage;
mod database;
mod devices;
mod edge;
mod inference;
mod lifecycle;
mod log;
mod models;
mod names;
mod observability;
mod order;
mod policies;
mod probes;
mod references;
mod resources;
mod rules;
mod scaling;
mod security;
mod services;
mod survey;
mod waivers;
mod world;

use assemble::assemble;
use config::SecretBook;
use log::Log;
use model::facts::{ClusterFacts, Options};
use model::plan::{Plan, Workload};
use model::project::Project;
use model::reason::{Because, Rule};
use references::Reference;
use world::{Shape, Shared, World};

pub use inference::{Deployed, Serves, Unread, deployed};
pub use survey::namespace_of;
pub(crate) use survey::{
    published_as as survey_published, restart_of as survey_restart, schedule as survey_schedule,
};

/// The rules of the planner, for references and explanations.
pub fn rules() -> &'static [Rule] {
    rules::RULES
}

/// Plans a product for a cluster.
pub fn plan(project: &Project, cluster: &ClusterFacts, options: &Options) -> Plan {
    let mut log = Log::default();
    let (world, references) = survey::survey(project, cluster, options, &mut log);
    let mut shared = Shared::default();
    let book = config::secrets(&world, &mut shared, &mut log);
    let mut plan =
        Plan { app: world.app.clone(), namespace: world.namespace.clone(), ..Plan::default() };
    namespace(&world, &mut log);
    workloads(&world, &references, &book, &mut shared, &mut plan, &mut log);
    network(&world, &references, &mut plan, &mut log);
    storage(&world, shared, &mut plan, &mut log);
    observe(&world, &mut plan, &mut log);
    models::models(&world, &mut plan, &mut log);
    inference::record(&world, &mut plan, &mut log);
    waivers::waive(&mut plan, &mut log);
    finish(&world, plan, log)
}

fn namespace(world: &World<'_>, log: &mut Log) {
    let name = world.project.fields.iter().find(|f| f.path == "name");
    log.decide_on(None, format!("Namespace/{}", world.namespace), "")
        .chose(world.namespace.clone())
        .all(name.map(|f| Because::Line { field: f.path.clone(), span: f.span }))
        .rule(rules::OWN_NAMESPACE)
        .rule(rules::COMMON_LABELS)
        .why("everything of the product lives in it");
    log.decide_on(None, format!("ServiceAccount/{}", world.app), "")
        .chose("no API token")
        .rule(rules::NO_API_TOKEN)
        .why("pods run under an account that may do nothing");
}

fn workloads(
    world: &World<'_>,
    references: &[Reference],
    book: &SecretBook,
    shared: &mut Shared,
    plan: &mut Plan,
    log: &mut Log,
) {
    let renamed = services::renamed(world, references, log);
    let mut tenants: Vec<(String, Workload)> = Vec::new();
    for subject in world.subjects.values() {
        let done = assemble(world, subject, book, &renamed, shared, log);
        if subject.shape == Shape::Operated {
            let resources = done
                .workload
                .pod
                .containers
                .first()
                .map(|c| c.resources.clone())
                .unwrap_or_default();
            let parts = database::Clusters { configured: &done.configured, resources };
            plan.databases.extend(database::clusters(world, subject, &parts, shared, log));
            continue;
        }
        plan.pod_security = plan.pod_security.max(done.level);
        plan.gangs.extend(done.gang);
        if let Some(host) = &subject.shares_pod_of {
            tenants.push((host.clone(), done.workload));
            continue;
        }
        let (autoscaler, budget) = scaling::follow(subject, log);
        plan.autoscalers.extend(autoscaler);
        plan.budgets.extend(budget);
        plan.workloads.push(done.workload);
    }
    for (host, tenant) in tenants {
        assemble::join(world, &host, tenant, &mut plan.workloads, log);
    }
    plan.workloads.sort_by(|a, b| a.name.cmp(&b.name));
}

fn network(world: &World<'_>, references: &[Reference], plan: &mut Plan, log: &mut Log) {
    plan.services = services::services(world, references, log);
    let edge = edge::edge(world, log);
    plan.policies = policies::policies(world, &edge, log);
    plan.services.extend(edge.services);
    plan.services.sort_by(|a, b| a.name.cmp(&b.name));
    plan.routes = edge.routes;
    plan.links.clone_from(&world.links);
    plan.links.extend(edge.links);
    plan.links.sort();
    plan.links.dedup();
}

fn storage(world: &World<'_>, shared: Shared, plan: &mut Plan, log: &mut Log) {
    let (jobs, claims) = database::backups(world, &plan.workloads, log);
    for job in &jobs {
        plan.policies.push(policies::closed(world, &job.name));
        if let Some(owner) = world.subject(&job.service)
            && let Some(policy) = plan.policies.iter_mut().find(|p| p.name == owner.name)
        {
            policies::admit(world, policy, &job.name, owner);
        }
    }
    plan.policies.sort_by(|a, b| a.name.cmp(&b.name));
    plan.workloads.extend(jobs);
    plan.workloads.sort_by(|a, b| a.name.cmp(&b.name));
    plan.config_maps = shared.config_maps.into_values().collect();
    plan.secrets = shared.secrets.into_values().collect();
    plan.claims = shared.claims.into_values().chain(claims).collect();
    plan.claims.sort_by(|a, b| a.name.cmp(&b.name));
    plan.connections = database::budgets(world, &plan.workloads, log);
}

fn observe(world: &World<'_>, plan: &mut Plan, log: &mut Log) {
    let seen = observability::observability(world, &plan.workloads, &plan.services, log);
    plan.monitors = seen.monitors;
    plan.extras = seen.extras;
    plan.config_maps.extend(seen.config_maps);
    plan.config_maps.sort_by(|a, b| a.name.cmp(&b.name));
}

fn finish(world: &World<'_>, mut plan: Plan, mut log: Log) -> Plan {
    coverage::complete(world, &mut log);
    let report = &mut log.report;
    report.decisions.sort_by(|a, b| {
        (&a.service, &a.object, &a.field, &a.chosen)
            .cmp(&(&b.service, &b.object, &b.field, &b.chosen))
    });
    report.findings.sort_by(|a, b| {
        (std::cmp::Reverse(a.level), &a.service, a.code, &a.message).cmp(&(
            std::cmp::Reverse(b.level),
            &b.service,
            b.code,
            &b.message,
        ))
    });
    report.findings.dedup_by(|twin, kept| {
        let same =
            (&twin.service, twin.code, &twin.message) == (&kept.service, kept.code, &kept.message);
        if same {
            let more = twin.because.drain(..).filter(|b| !kept.because.contains(b));
            kept.because.extend(more.collect::<Vec<_>>());
        }
        same
    });
    report.questions.sort_by(|a, b| (&a.service, &a.question).cmp(&(&b.service, &b.question)));
    plan.report = log.report;
    plan
}

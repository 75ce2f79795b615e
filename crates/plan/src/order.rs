//! `depends_on`: what is applied after what, and a bounded wait for what must be healthy.

use crate::attributes::cite;
use crate::log::Log;
use crate::rules;
use crate::services::pod_owner;
use crate::world::{Shape, Subject, World};
use model::plan::{Container, ContainerSecurity, PullPolicy, ResourceList, Resources};
use model::project::Condition;
use model::reason::{Because, Certainty, Level};
use units::{Bytes, Cpu};

/// The image of the container that waits: `nc` and a shell, 4 MB.
const WAIT_IMAGE: &str = "busybox:1.37.0";

/// How often it looks, every two seconds, before it lets the pod start anyway: two minutes.
const WAIT_TRIES: u32 = 60;

/// A job that starts too early has failed for good: half an hour, enough for a first start.
const JOB_TRIES: u32 = 900;

fn tries(subject: &Subject<'_>) -> u32 {
    if matches!(subject.shape, Shape::Job | Shape::CronJob) { JOB_TRIES } else { WAIT_TRIES }
}

/// What a workload waits for.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// Workloads that are applied first.
    pub(crate) after: Vec<String>,
    /// Containers that wait.
    pub(crate) init: Vec<Container>,
}

/// Plans the dependencies of one service.
pub(crate) fn order(world: &World<'_>, subject: &Subject<'_>, log: &mut Log) -> Order {
    let mut order = Order::default();
    for (name, dependency) in &subject.service.depends_on {
        let Some(target) = world.subject(name) else {
            missing(subject, name, log);
            continue;
        };
        let pod = pod_owner(world, target);
        if pod == pod_owner(world, subject) {
            together(subject, name, log);
            continue;
        }
        if dependency.condition != Condition::Started {
            order.after.push(pod.to_owned());
        }
        if dependency.condition == Condition::Healthy {
            order.init.extend(bounded_wait(subject, target, log));
        }
        explain(subject, name, dependency.condition, log);
    }
    links(subject, log);
    order.after.sort();
    order.after.dedup();
    order
}

/// Where the dependency stands.
fn lines(subject: &Subject<'_>, name: &str) -> Vec<Because> {
    let own = cite(subject, &[&format!("depends_on.{name}")]);
    if own.is_empty() { subject.lines("depends_on") } else { own }
}

fn explain(subject: &Subject<'_>, name: &str, condition: Condition, log: &mut Log) {
    let draft = log.decide(subject, format!("depends_on[{name}]")).all(lines(subject, name));
    match condition {
        Condition::Started => draft
            .chose("no gate")
            .why(format!("`{name}` only has to be started: clients try again until it answers")),
        Condition::Healthy => draft
            .chose("applied when it is ready")
            .rule(rules::ORDER_BY_READINESS)
            .why(format!("service_healthy: the readiness of `{name}` decides")),
        Condition::Completed => draft
            .chose("applied when the Job has completed")
            .rule(rules::GATE_ON_JOB)
            .why(format!("service_completed_successfully: `{name}` is a Job")),
    }
}

fn bounded_wait(subject: &Subject<'_>, target: &Subject<'_>, log: &mut Log) -> Option<Container> {
    let port = main_port(target)?;
    let container = wait(subject, target)?;
    let seconds = tries(subject) * 2;
    log.decide(subject, subject.pod_field(&format!("initContainers[{}]", container.name)))
        .chose(format!("at most {seconds} s for {}:{port}", target.name))
        .all(lines(subject, target.key()))
        .rule(rules::ORDER_BY_READINESS)
        .sure(Certainty::Stated)
        .why("the wait ends by itself, so that a database that is away never holds a rollout for good");
    Some(container)
}

fn links(subject: &Subject<'_>, log: &mut Log) {
    for (index, link) in subject.service.links.iter().enumerate() {
        log.decide(subject, format!("links[{index}]"))
            .chose("a name")
            .because(subject.line(format!("links.{index}"), link.span))
            .rule(rules::EVERY_NAME_RESOLVES)
            .why("links are names; every Service has one");
    }
}

/// Containers of one pod start together: nobody can wait for a neighbor before the pod runs.
fn together(subject: &Subject<'_>, name: &str, log: &mut Log) {
    log.decide(subject, format!("depends_on[{name}]"))
        .chose("no gate")
        .all(lines(subject, name))
        .why(format!("`{name}` is in the same pod, whose containers start together"));
}

fn missing(subject: &Subject<'_>, name: &str, log: &mut Log) {
    log.find(
        Level::Note,
        "optional-dependency-absent",
        Some(subject.key()),
        format!("`{name}` is not part of this plan (its profile is not active); the dependency is optional"),
        "activate its profile with --profile if it should run",
        subject.lines("depends_on"),
    );
}

fn main_port(target: &Subject<'_>) -> Option<u16> {
    crate::probes::main_port(target).map(|port| port.port)
}

/// A container that looks at the port of a dependency's Service: endpoints appear when the pod is
/// ready, so a connection means that its readiness probe passed.
fn wait(subject: &Subject<'_>, target: &Subject<'_>) -> Option<Container> {
    if matches!(target.shape, Shape::Job | Shape::CronJob) {
        return None;
    }
    let port = main_port(target)?;
    let host = &target.name;
    let tries = tries(subject);
    let script = format!(
        "i=0; until nc -z -w 2 {host} {port}; do i=$((i+1)); if [ $i -ge {tries} ]; then echo '{host}:{port} does not answer yet, starting anyway'; break; fi; echo 'waiting for {host}:{port}'; sleep 2; done"
    );
    Some(script_container(&format!("wait-for-{host}"), &script))
}

/// A small container that runs a script and ends.
pub(crate) fn script_container(name: &str, script: &str) -> Container {
    let amounts = |cpu, mib| ResourceList {
        cpu: Some(Cpu::millis(cpu)),
        memory: Some(Bytes::mib(mib)),
        ephemeral: Some(Bytes::mib(16)),
        ..ResourceList::default()
    };
    Container {
        name: crate::names::label(name, 63),
        image: WAIT_IMAGE.to_owned(),
        pull: PullPolicy::IfNotPresent,
        command: Some(vec!["/bin/sh".to_owned(), "-c".to_owned()]),
        args: Some(vec![crate::config::escape(script)]),
        resources: Resources { requests: amounts(10, 16), limits: amounts(100, 32) },
        security: ContainerSecurity::default(),
        ..Container::default()
    }
}

//! Services that end by themselves.

use super::shape::Reasons;
use crate::rules;
use crate::world::{Shape, Subject, World};
use catalog::Role;
use model::project::{Condition, DeployMode, Restart, Service};
use model::reason::{Because, Certainty};

/// A job, if something says that the service ends.
pub(super) fn one_shot(world: &World<'_>, subject: &Subject<'_>) -> Option<(Shape, Reasons)> {
    let reasons = |because, certainty, why: &str| {
        Some((Shape::Job, Reasons::new(because, rules::ONE_SHOT_IS_JOB, certainty, why)))
    };
    let service = subject.service;
    if let Some(mode) = &service.deploy.mode
        && matches!(mode.value, DeployMode::ReplicatedJob | DeployMode::GlobalJob)
    {
        let because = vec![subject.line("deploy.mode", mode.span)];
        return reasons(because, Certainty::Stated, "deploy.mode makes it a job");
    }
    if service.intent.training.is_some() {
        return reasons(
            subject.lines("x-muster.training"),
            Certainty::Stated,
            "a training run ends",
        );
    }
    if let Some(waiter) = awaited_by(world, &service.name) {
        let because = vec![Because::Line {
            field: format!("services.{}.depends_on.{}", waiter.0, service.name),
            span: waiter.1,
        }];
        return reasons(
            because,
            Certainty::Stated,
            &format!("`{}` waits until it has completed", waiter.0),
        );
    }
    let serves = !service.ports.is_empty() || !service.expose.is_empty() || subject.is_data_store();
    let peers =
        world.links.iter().any(|l| l.to == service.name && l.from.as_ref() != Some(&service.name));
    if serves || peers {
        return None;
    }
    if let Some(restart) = restart_of(service) {
        let bounded = matches!(restart.value, Restart::Never | Restart::OnFailure(Some(_)));
        if bounded {
            let mut because = subject.lines("restart");
            because.extend(subject.lines("deploy.restart_policy"));
            return reasons(because, Certainty::Stated, "it is not restarted when it ends");
        }
        return None;
    }
    if subject.family().is_some_and(|f| f.role == Role::OneShot) {
        return reasons(
            subject.image_fact().into_iter().collect(),
            Certainty::Inferred,
            "the tool runs once",
        );
    }
    if migrates(service) {
        return reasons(
            subject.lines("command"),
            Certainty::Inferred,
            "its command prepares a database and ends",
        );
    }
    None
}

/// `restart` and `deploy.restart_policy`: the latter overrides.
pub(crate) fn restart_of(service: &Service) -> Option<&yaml::Spanned<Restart>> {
    service.deploy.restart.as_ref().or(service.restart.as_ref())
}

/// Who waits for its completion, and where that stands.
fn awaited_by<'w>(world: &World<'w>, name: &str) -> Option<(&'w str, yaml::Span)> {
    world.project.services.values().find_map(|service| {
        let dependency = service.depends_on.get(name)?;
        (dependency.condition == Condition::Completed)
            .then_some((service.name.as_str(), dependency.span))
    })
}

/// Words of a command that prepares data and ends.
const ONE_SHOT_WORDS: &[&str] = &[
    "migrate",
    "migration",
    "migrations",
    "db:migrate",
    "db:setup",
    "seed",
    "createsuperuser",
    "init-db",
    "initdb",
];

/// Words of a command that goes on serving.
const SERVER_WORDS: &[&str] = &[
    "serve",
    "server",
    "runserver",
    "start",
    "dev",
    "watch",
    "gunicorn",
    "uvicorn",
    "puma",
    "nginx",
    "apache2-foreground",
    "supervisord",
];

/// Whether the last program of the command prepares data: what stands before it is preparation.
fn migrates(service: &Service) -> bool {
    let Some(command) = &service.command else { return false };
    let script = command.value.join(" ").to_ascii_lowercase();
    let last = script
        .rsplit([';', '\n', '&', '|'])
        .find(|part| part.contains(|c: char| c.is_alphanumeric()))
        .unwrap_or_default();
    let words: Vec<&str> = last
        .split(|c: char| c.is_whitespace() || c == '/')
        .map(|word| word.trim_matches(['"', '\'']))
        .collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    has(ONE_SHOT_WORDS) && !has(SERVER_WORDS)
}

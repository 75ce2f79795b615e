//! How many replicas a service may have, and why not more.

mod blockers;
mod rollout;

use crate::attributes::cite;
use crate::config::{StorageNeed, storage_need};
use crate::devices;
use crate::inference::Computed;
use crate::log::Log;
use crate::rules;
use crate::world::{Scale, Shape, Subject, World};
use blockers::{Blocker, blocker};
use catalog::Replicas;
use model::project::{DeployMode, ScaleIntent};
use model::reason::{Because, Certainty, Level};

pub(crate) use rollout::{follow, spread, strategy};

/// Why a service runs once whatever number is stated, if it does.
pub(crate) fn kept_to_one(world: &World<'_>, subject: &Subject<'_>) -> Option<String> {
    match subject.shape {
        Shape::Deployment => blocker(world, subject).map(|blocker| blocker.why),
        Shape::StatefulSet => {
            let allowed = subject.service.intent.replicable.as_ref().is_some_and(|it| it.value);
            (!allowed).then(|| owned(world, subject))
        }
        Shape::DaemonSet | Shape::Job | Shape::CronJob | Shape::Operated => None,
    }
}

/// Why a service's data is its own.
fn owned(world: &World<'_>, subject: &Subject<'_>) -> String {
    match storage_need(world, subject.service, subject.family(), subject.image.facts_ref()) {
        StorageNeed::Private { why, .. } => why,
        _ => "it owns its data".to_owned(),
    }
}

/// What an autoscaler starts from where nobody says otherwise: fewest, most, percent of CPU.
const AUTO: Scale = Scale::Auto { min: 2, max: 10, cpu_percent: 50 };

/// Decides the scale of a service whose shape is known.
pub(crate) fn decide(world: &World<'_>, subject: &Subject<'_>, log: &mut Log) -> Scale {
    match subject.shape {
        Shape::DaemonSet => Scale::PerNode,
        Shape::Job | Shape::CronJob => completions(subject, log),
        Shape::Operated => members(subject, log),
        Shape::StatefulSet => single(world, subject, log),
        Shape::Deployment => deployment(world, subject, log),
    }
}

fn completions(subject: &Subject<'_>, log: &mut Log) -> Scale {
    let count = subject.service.deploy.replicas.as_ref().map_or(1, |r| r.value.max(1));
    let job =
        subject.service.deploy.mode.as_ref().is_some_and(|m| m.value == DeployMode::ReplicatedJob)
            || subject.service.intent.training.is_some();
    let count = if job { count } else { 1 };
    let field = if subject.shape == Shape::CronJob {
        "spec.jobTemplate.spec.parallelism"
    } else {
        "spec.parallelism"
    };
    log.decide(subject, field)
        .chose(count.to_string())
        .all(if subject.service.deploy.replicas.is_some() {
            subject.lines("deploy.replicas")
        } else {
            vec![subject.own_line()]
        })
        .all(subject.service.deploy.replicas.as_ref().map(|r| subject.line("scale", r.span)))
        .why(if count > 1 { "all members run at once" } else { "it runs once" });
    Scale::Fixed(count)
}

fn members(subject: &Subject<'_>, log: &mut Log) -> Scale {
    let wished =
        subject.service.intent.database.as_ref().and_then(|d| d.replicas).unwrap_or(3).max(1);
    log.decide(subject, "spec.replicas")
        .chose(wished.to_string())
        .all(subject.lines("x-muster.database"))
        .sure(Certainty::Stated)
        .why("members of the cluster; an odd number keeps a majority when one is lost");
    if wished.is_multiple_of(2) {
        log.find(
            Level::Warning,
            "even-database-members",
            Some(subject.key()),
            format!(
                "{wished} members: when the network splits in the middle, neither half may write"
            ),
            "use 3 or 5",
            subject.lines("x-muster.database"),
        );
    }
    Scale::Fixed(wished)
}

/// A `StatefulSet` of ours runs once: a second pod would be a second, empty store.
fn single(world: &World<'_>, subject: &Subject<'_>, log: &mut Log) -> Scale {
    let scale = subject.service.intent.scale.as_ref();
    let stated = subject.service.deploy.replicas.as_ref().map(|r| r.value);
    let wished = stated.or(scale.and_then(|s| s.min)).unwrap_or(1);
    let allowed = subject.service.intent.replicable.as_ref().is_some_and(|r| r.value);
    if (wished > 1 || scale.is_some()) && !allowed {
        replicated_store(subject, log);
    }
    let replicas = if allowed { wished } else { wished.min(1) };
    let rule = if subject.is_data_store() { rules::DATABASE_NEVER_HPA } else { rules::ONE_WRITER };
    log.decide(subject, "spec.replicas")
        .chose(replicas.to_string())
        .all(stated_replicas(subject))
        .all(cite(subject, &["x-muster.scale"]))
        .rule(rule)
        .why(owned(world, subject));
    Scale::Fixed(replicas)
}

fn replicated_store(subject: &Subject<'_>, log: &mut Log) {
    let mut because = cite(subject, &["deploy.replicas", "scale", "x-muster.scale"]);
    if because.is_empty() {
        because = stated_replicas(subject);
    }
    log.find(
        Level::Blocker,
        "replicated-data-store",
        Some(subject.key()),
        format!("`{}` owns its data: several copies would each hold another part of it", subject.key()),
        "it is planned once; for a replicated database use x-muster.database, for a cluster that forms by itself x-muster.replicable: true",
        because,
    );
}

fn stated_replicas(subject: &Subject<'_>) -> Vec<Because> {
    let mut because = Vec::new();
    if let Some(replicas) = &subject.service.deploy.replicas {
        because.push(subject.line("deploy.replicas", replicas.span));
        because.push(subject.line("scale", replicas.span));
    }
    if let Some(replicable) = &subject.service.intent.replicable {
        because.push(subject.line("x-muster.replicable", replicable.span));
    }
    because
}

fn deployment(world: &World<'_>, subject: &Subject<'_>, log: &mut Log) -> Scale {
    if let Some(blocker) = blocker(world, subject) {
        return blocked(subject, &blocker, log);
    }
    if let Some(scale) = &subject.service.intent.scale {
        return autoscaled(subject, scale, log);
    }
    if let Some(replicas) = &subject.service.deploy.replicas {
        log.decide(subject, "spec.replicas")
            .chose(replicas.value.to_string())
            .all(stated_replicas(subject))
            .sure(Certainty::Stated)
            .why("the file says how many; x-muster.scale would let it follow the load");
        return Scale::Fixed(replicas.value);
    }
    if let Some(computed) = &subject.serving {
        return serving(subject, computed, log);
    }
    if !devices::extended(subject).is_empty() {
        return on_devices(subject, log);
    }
    log.decide(subject, "spec.replicas")
        .chose("2 to 10 at 50 % CPU")
        .all(stated_replicas(subject))
        .all(subject.image_fact())
        .rule(rules::MULTIPLY_STATELESS)
        .rule(rules::HPA_OWNS_REPLICAS)
        .sure(if subject.known.is_some() { Certainty::Inferred } else { Certainty::Assumed })
        .why("nothing in the files ties it to one copy");
    ask_about_state(subject, log);
    AUTO
}

/// Between the numbers that `x-muster.scale` says; a model starts with what keeps its promise.
fn autoscaled(subject: &Subject<'_>, scale: &ScaleIntent, log: &mut Log) -> Scale {
    let computed = subject.serving.as_ref().filter(|_| scale.min.is_none());
    let start = computed.map_or(2, Computed::replicas).min(scale.max.unwrap_or(u32::MAX));
    let min = scale.min.unwrap_or(start).max(1);
    let max = scale.max.unwrap_or(10).max(min);
    let cpu_percent = scale.cpu.unwrap_or(50).clamp(1, 100);
    log.decide(subject, "spec.replicas")
        .chose(format!("{min} to {max} at {cpu_percent} % CPU"))
        .all(subject.lines("x-muster.scale"))
        .all(stated_replicas(subject))
        .all(computed.iter().flat_map(|_| subject.lines("x-muster.inference")))
        .rule(rules::HPA_OWNS_REPLICAS)
        .sure(Certainty::Stated)
        .why(match computed {
            None => "x-muster.scale says so".to_owned(),
            Some(it) if it.replicas() > max => {
                format!("x-muster.scale allows no more; the promise needs {}", it.why_replicas())
            }
            Some(it) => format!("x-muster.scale says so; it starts with {}", it.why_replicas()),
        });
    Scale::Auto { min, max, cpu_percent }
}

/// As many as keep the promise to the model's users.
fn serving(subject: &Subject<'_>, computed: &Computed, log: &mut Log) -> Scale {
    let replicas = computed.replicas();
    log.decide(subject, "spec.replicas")
        .chose(replicas.to_string())
        .all(subject.lines("x-muster.inference"))
        .rule(rules::SERVE_WITHIN_PROMISE)
        .rule(rules::DEVICES_NOT_BY_CPU)
        .sure(Certainty::Inferred)
        .why(computed.why_replicas());
    Scale::Fixed(replicas)
}

/// Each copy takes GPUs, and their load does not show in the CPU's.
fn on_devices(subject: &Subject<'_>, log: &mut Log) -> Scale {
    log.decide(subject, "spec.replicas")
        .chose("1")
        .because(subject.own_line())
        .all(subject.image_fact())
        .rule(rules::DEVICES_NOT_BY_CPU)
        .sure(Certainty::Assumed)
        .why("each copy takes devices of its own, and CPU says nothing about their load");
    log.ask(
        Some(subject.key()),
        format!("How many copies of `{}` are there devices for?", subject.key()),
        "one",
        format!("services.{}.deploy.replicas: 2", subject.key()),
    );
    Scale::Fixed(1)
}

fn blocked(subject: &Subject<'_>, blocker: &Blocker, log: &mut Log) -> Scale {
    let wished = subject.service.deploy.replicas.as_ref().map_or(1, |r| r.value);
    if wished > 1 || subject.service.intent.scale.is_some() {
        log.find(
            Level::Warning,
            "scale-refused",
            Some(subject.key()),
            format!("`{}` is asked for more than one copy, but {}", subject.key(), blocker.why),
            "it is planned once; x-muster.replicable: true overrides this",
            blocker.because.clone(),
        );
    }
    let replicas = wished.min(1);
    log.decide(subject, "spec.replicas")
        .chose(replicas.to_string())
        .all(blocker.because.clone())
        .all(stated_replicas(subject))
        .all(if subject.service.intent.scale.is_some() {
            subject.lines("x-muster.scale")
        } else {
            Vec::new()
        })
        .rule(rules::ONE_WRITER)
        .sure(blocker.certainty)
        .why(blocker.why.clone());
    Scale::Fixed(replicas)
}

/// User-facing code may keep sessions or files in the pod: only people know.
fn ask_about_state(subject: &Subject<'_>, log: &mut Log) {
    let table_knows = subject.family().is_some_and(|f| f.replicas == Replicas::Stateless);
    if !table_knows {
        log.ask(
            Some(subject.key()),
            format!("Does `{}` keep sessions, files or timers of its own?", subject.key()),
            "no: every request may go to another copy",
            format!("services.{}.x-muster.replicable: false", subject.key()),
        );
    }
}

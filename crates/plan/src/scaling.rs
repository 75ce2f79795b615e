//! How many replicas a service may have, and why not more.

use crate::config::{StorageNeed, storage_need};
use crate::log::Log;
use crate::rules;
use crate::world::{Scale, Shape, Subject, World};
use catalog::{Replicas, Role};
use model::plan::{Autoscaler, Budget, Spread, Strategy};
use model::project::{DeployMode, MountKind};
use model::reason::{Because, Certainty, Level};

/// What an autoscaler starts from where nobody says otherwise: fewest, most, percent of CPU.
const AUTO: Scale = Scale::Auto { min: 2, max: 10, cpu_percent: 50 };

/// Why a service runs once.
struct Blocker {
    because: Vec<Because>,
    certainty: Certainty,
    why: String,
}

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
    if wished % 2 == 0 {
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

/// A StatefulSet of ours runs once: a second pod would be a second, empty store.
fn single(world: &World<'_>, subject: &Subject<'_>, log: &mut Log) -> Scale {
    let wished = subject.service.deploy.replicas.as_ref().map_or(1, |r| r.value);
    let unsafe_scale = subject.service.intent.scale.as_ref().is_some();
    if (wished > 1 || unsafe_scale)
        && subject.service.intent.replicable.as_ref().is_none_or(|r| !r.value)
    {
        let mut because = subject.lines("deploy.replicas");
        because.extend(subject.lines("x-muster.scale"));
        log.find(
            Level::Blocker,
            "replicated-data-store",
            Some(subject.key()),
            format!("`{}` owns its data: {wished} copies would each hold another part of it", subject.key()),
            "it is planned once; for a replicated database use x-muster.database, for a cluster that forms by itself x-muster.replicable: true",
            because,
        );
    }
    let allowed = subject.service.intent.replicable.as_ref().is_some_and(|r| r.value);
    let replicas = if allowed { wished } else { wished.min(1) };
    let rule = if subject.is_data_store() { rules::DATABASE_NEVER_HPA } else { rules::ONE_WRITER };
    let need =
        storage_need(world.project, subject.service, subject.family(), subject.image.facts_ref());
    let why = match need {
        StorageNeed::Private { why, .. } => why,
        _ => "it owns its data".to_owned(),
    };
    log.decide(subject, "spec.replicas")
        .chose(replicas.to_string())
        .all(stated_replicas(subject))
        .rule(rule)
        .why(why);
    Scale::Fixed(replicas)
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
        let min = scale.min.unwrap_or(2).max(1);
        let max = scale.max.unwrap_or(10).max(min);
        let cpu_percent = scale.cpu.unwrap_or(50).clamp(1, 100);
        log.decide(subject, "spec.replicas")
            .chose(format!("{min} to {max} at {cpu_percent} % CPU"))
            .all(subject.lines("x-muster.scale"))
            .all(stated_replicas(subject))
            .rule(rules::HPA_OWNS_REPLICAS)
            .sure(Certainty::Stated)
            .why("x-muster.scale says so");
        return Scale::Auto { min, max, cpu_percent };
    }
    if let Some(replicas) = &subject.service.deploy.replicas {
        log.decide(subject, "spec.replicas")
            .chose(replicas.value.to_string())
            .all(stated_replicas(subject))
            .sure(Certainty::Stated)
            .why("the file says how many; x-muster.scale would let it follow the load");
        return Scale::Fixed(replicas.value);
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

/// The first reason against a second copy.
fn blocker(world: &World<'_>, subject: &Subject<'_>) -> Option<Blocker> {
    if let Some(replicable) = &subject.service.intent.replicable {
        return (!replicable.value).then(|| Blocker {
            because: vec![subject.line("x-muster.replicable", replicable.span)],
            certainty: Certainty::Stated,
            why: "x-muster.replicable says no".to_owned(),
        });
    }
    of_storage(world, subject)
        .or_else(|| of_image(subject))
        .or_else(|| of_host(subject))
        .or_else(|| of_sqlite(subject))
        .or_else(|| of_timer(subject))
        .or_else(|| of_pod(world, subject))
        .or_else(|| of_nobody_calling(world, subject))
}

fn of_storage(world: &World<'_>, subject: &Subject<'_>) -> Option<Blocker> {
    let need =
        storage_need(world.project, subject.service, subject.family(), subject.image.facts_ref());
    let StorageNeed::Private { why, because } = need else { return None };
    Some(Blocker { because, certainty: Certainty::Inferred, why })
}

fn of_image(subject: &Subject<'_>) -> Option<Blocker> {
    let family = subject.family()?;
    let why = match &family.replicas {
        Replicas::SingleWriter(why) | Replicas::Singleton(why) => why.clone(),
        Replicas::Clustered(how) => format!("copies alone do not form a cluster: {how}"),
        _ if subject.is_data_store() => {
            format!("each copy of {} would hold other data", family.title)
        }
        _ => return None,
    };
    let certainty = subject.known.as_ref().map_or(Certainty::Inferred, |k| k.certainty);
    Some(Blocker { because: subject.image_fact().into_iter().collect(), certainty, why })
}

fn of_host(subject: &Subject<'_>) -> Option<Blocker> {
    let socket = subject.service.mounts.iter().find(
        |m| matches!(&m.kind, MountKind::Bind { source, .. } if source.ends_with("docker.sock")),
    );
    if let Some(mount) = socket {
        return Some(Blocker {
            because: vec![subject.line(format!("volumes.{}", mount.index), mount.span)],
            certainty: Certainty::Known,
            why: "it manages the Docker engine of one host".to_owned(),
        });
    }
    let device = subject.service.devices.first()?;
    Some(Blocker {
        because: vec![subject.line("devices.0", device.span)],
        certainty: Certainty::Inferred,
        why: "it uses a device of one host".to_owned(),
    })
}

fn of_sqlite(subject: &Subject<'_>) -> Option<Blocker> {
    let (key, value) = subject.service.environment.iter().find(|(key, value)| {
        let text = value.value.as_deref().unwrap_or_default().to_ascii_lowercase();
        let file = std::path::Path::new(&text)
            .extension()
            .is_some_and(|e| ["sqlite", "sqlite3", "db"].iter().any(|want| e == *want));
        text.contains("sqlite")
            || (file && text.contains('/') && key.to_ascii_uppercase().contains("D"))
    })?;
    Some(Blocker {
        because: vec![subject.line(format!("environment.{key}"), value.span)],
        certainty: Certainty::Inferred,
        why: "it keeps its data in SQLite, a file of one pod".to_owned(),
    })
}

/// Words of a command that runs timers: two copies would fire twice.
const TIMER_WORDS: &[&str] = &[
    "cron",
    "crond",
    "supercronic",
    "beat",
    "schedule:work",
    "schedule:run",
    "clockwork",
    "rq-scheduler",
    "scheduler",
];

fn of_timer(subject: &Subject<'_>) -> Option<Blocker> {
    for (path, words) in
        [("command", &subject.service.command), ("entrypoint", &subject.service.entrypoint)]
    {
        let Some(words) = words else { continue };
        let timer = words
            .value
            .iter()
            .flat_map(|w| w.split_whitespace())
            .find(|w| TIMER_WORDS.contains(&w.rsplit('/').next().unwrap_or(w)) || *w == "-B");
        if let Some(word) = timer {
            return Some(Blocker {
                because: subject.lines(path),
                certainty: Certainty::Inferred,
                why: format!("`{word}` runs timers: two copies would fire twice"),
            });
        }
    }
    None
}

fn of_pod(world: &World<'_>, subject: &Subject<'_>) -> Option<Blocker> {
    let tenant = subject.shares_pod_of.is_some()
        || world.project.services.values().any(|s| {
            s.network_mode.as_ref().is_some_and(|m| m.value == format!("service:{}", subject.key()))
        });
    tenant.then(|| Blocker {
        because: subject.lines("network_mode"),
        certainty: Certainty::Inferred,
        why: "it shares its pod with another service".to_owned(),
    })
}

/// Words of a name or command that say: a consumer of a queue.
const WORKER_WORDS: &[&str] = &[
    "worker",
    "workers",
    "consumer",
    "sidekiq",
    "celery",
    "queue",
    "queue:work",
    "rq",
    "resque",
    "delayed_job",
];

/// A service that nobody calls may be a bot or a poller: a second copy would do everything twice,
/// unless it takes its work from a queue.
fn of_nobody_calling(world: &World<'_>, subject: &Subject<'_>) -> Option<Blocker> {
    let called = world
        .links
        .iter()
        .any(|l| l.to == subject.key() && l.from.as_deref() != Some(subject.key()));
    if !subject.ports.is_empty() || called || subject.service.intent.scale.is_some() {
        return None;
    }
    if subject.service.deploy.replicas.as_ref().is_some_and(|r| r.value > 1) {
        return None;
    }
    let command = subject.service.command.iter().flat_map(|c| c.value.iter()).map(String::as_str);
    let is_worker = [subject.key()]
        .into_iter()
        .chain(command)
        .flat_map(|text| text.split(|c: char| !(c.is_alphanumeric() || c == ':')))
        .any(|word| WORKER_WORDS.contains(&word.to_ascii_lowercase().as_str()));
    let queue = world.links.iter().any(|l| {
        l.from.as_deref() == Some(subject.key())
            && world.project.services.contains_key(&l.to)
            && world.subjects.get(&l.to).is_some_and(|s| {
                s.family()
                    .is_some_and(|f| matches!(f.role, Role::Broker | Role::Cache | Role::Database))
            })
    });
    (!(is_worker && queue)).then(|| Blocker {
        because: vec![subject.own_line()],
        certainty: Certainty::Assumed,
        why: "nobody calls it, so a second copy might do everything twice".to_owned(),
    })
}

/// The autoscaler and the disruption budget that go with a scale.
pub(crate) fn follow(subject: &Subject<'_>, log: &mut Log) -> (Option<Autoscaler>, Option<Budget>) {
    let owner = || (subject.name.clone(), subject.key().to_owned());
    let autoscaler = match subject.scale {
        Scale::Auto { min, max, cpu_percent } => {
            let (workload, service) = owner();
            log.decide_on(Some(subject.key()), format!("HorizontalPodAutoscaler/{workload}"), "")
                .chose(format!("{min} to {max} replicas at {cpu_percent} % of the CPU request"))
                .rule(rules::MULTIPLY_STATELESS)
                .all(if subject.service.intent.scale.is_some() {
                    subject.lines("x-muster.scale")
                } else {
                    Vec::new()
                })
                .why("grows fast, shrinks slowly: five minutes of calm before a pod goes");
            Some(Autoscaler { workload, service, min, max, cpu_percent })
        }
        _ => None,
    };
    let evictable = matches!(subject.shape, Shape::Deployment | Shape::StatefulSet);
    let least = match subject.scale {
        Scale::Fixed(n) => n,
        Scale::Auto { min, .. } => min,
        Scale::PerNode => 0,
    };
    let budget = (evictable && least >= 2).then(|| {
        let (workload, service) = owner();
        log.decide_on(Some(subject.key()), format!("PodDisruptionBudget/{workload}"), "")
            .chose("at most one pod away at a time")
            .rule(rules::BUDGET_AGREES)
            .why("a drain goes on, one pod after the other; broken pods never hold it up");
        Budget { workload, service }
    });
    (autoscaler, budget)
}

/// How replicas are spread.
pub(crate) fn spread(subject: &Subject<'_>, log: &mut Log) -> Spread {
    if !subject.scale.multiplied()
        || !matches!(subject.shape, Shape::Deployment | Shape::StatefulSet)
    {
        return Spread::None;
    }
    let per_node = subject.service.deploy.max_replicas_per_node.as_ref();
    let hosts = per_node.is_some_and(|n| n.value == 1);
    for field in ["topologySpreadConstraints", "affinity"] {
        log.decide(subject, subject.pod_field(field))
            .chose(if hosts {
                "one replica per node"
            } else {
                "spread over nodes and zones, softly"
            })
            .all(per_node.map(|n| subject.line("deploy.placement.max_replicas_per_node", n.span)))
            .rule(rules::BUDGET_AGREES)
            .why("one lost node takes one replica; a small cluster still runs all of them");
    }
    if hosts { Spread::Hosts } else { Spread::Soft }
}

/// How a Deployment is updated.
pub(crate) fn strategy(subject: &Subject<'_>, holds_claim: bool, log: &mut Log) -> Strategy {
    let one_of_a_kind = subject.is_data_store()
        || subject.family().is_some_and(|f| {
            matches!(f.replicas, Replicas::SingleWriter(_) | Replicas::Singleton(_))
        });
    let strategy =
        if holds_claim || one_of_a_kind { Strategy::Recreate } else { Strategy::Rolling };
    let (chosen, rule, why) = match strategy {
        Strategy::Rolling => {
            ("RollingUpdate", rules::ROLL_WITHOUT_GAP, "no request is lost in a rollout")
        }
        Strategy::Recreate => (
            "Recreate",
            rules::RECREATE_SINGLE_WRITER,
            "two at once would fight over the same data",
        ),
    };
    let deploy = &subject.service.deploy;
    log.decide(subject, "spec.strategy")
        .chose(chosen)
        .rule(rule)
        .all(
            deploy
                .update_parallelism
                .as_ref()
                .map(|p| subject.line("deploy.update_config.parallelism", p.span)),
        )
        .all(
            deploy
                .update_start_first
                .as_ref()
                .map(|p| subject.line("deploy.update_config.order", p.span)),
        )
        .why(why);
    strategy
}

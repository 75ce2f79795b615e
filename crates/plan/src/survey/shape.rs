//! Which object runs a service.

use super::one_shot::{one_shot, restart_of};
use crate::config::StorageNeed;
use crate::log::Log;
use crate::rules;
use crate::world::{Shape, Subject, World};
use catalog::{Engine, Role};
use model::project::{DeployMode, KindIntent, Topology};
use model::reason::{Because, Certainty, Level, Rule};

/// Why a shape was chosen.
pub(super) struct Reasons {
    because: Vec<Because>,
    rule: Rule,
    certainty: Certainty,
    why: String,
}

impl Reasons {
    pub(super) fn new(
        because: Vec<Because>,
        rule: Rule,
        certainty: Certainty,
        why: impl Into<String>,
    ) -> Self {
        Self { because, rule, certainty, why: why.into() }
    }
}

/// What a service is; one that shares another's pod has no claim templates of its own, whatever it
/// keeps.
pub(super) fn choose(
    world: &World<'_>,
    subject: &Subject<'_>,
    need: &StorageNeed,
) -> (Shape, Reasons) {
    let (shape, reasons) = alone(world, subject, need);
    let tenant = subject.shares_pod_of.is_some();
    if !tenant || !matches!(shape, Shape::StatefulSet | Shape::Operated) {
        return (shape, reasons);
    }
    let why = "it is a container in another service's pod";
    let because = subject.lines("network_mode");
    let rule = rules::STATELESS_IS_DEPLOYMENT;
    (Shape::Deployment, Reasons::new(because, rule, Certainty::Inferred, why))
}

/// The first rule that applies decides.
fn alone(world: &World<'_>, subject: &Subject<'_>, need: &StorageNeed) -> (Shape, Reasons) {
    stated(subject)
        .or_else(|| operated(subject))
        .or_else(|| scheduled(subject))
        .or_else(|| per_node(subject))
        .or_else(|| one_shot(world, subject))
        .or_else(|| keeps_data(subject, need))
        .unwrap_or_else(|| {
            let why = match need {
                StorageNeed::Shared => "what it keeps lies on storage that several pods can mount",
                _ => "it keeps nothing that must outlive a pod",
            };
            let reasons = Reasons::new(
                vec![subject.own_line()],
                rules::STATELESS_IS_DEPLOYMENT,
                Certainty::Inferred,
                why,
            );
            (Shape::Deployment, reasons)
        })
}

fn stated(subject: &Subject<'_>) -> Option<(Shape, Reasons)> {
    let kind = subject.service.intent.kind.as_ref()?;
    let (shape, rule) = match kind.value {
        KindIntent::Deployment => (Shape::Deployment, rules::STATELESS_IS_DEPLOYMENT),
        KindIntent::StatefulSet => (Shape::StatefulSet, rules::DATA_IS_STATEFULSET),
        KindIntent::Job => (Shape::Job, rules::ONE_SHOT_IS_JOB),
        KindIntent::CronJob => (Shape::CronJob, rules::SCHEDULE_IS_CRONJOB),
        KindIntent::DaemonSet => (Shape::DaemonSet, rules::GLOBAL_IS_DAEMONSET),
    };
    let because = vec![subject.line("x-muster.kind", kind.span)];
    Some((shape, Reasons::new(because, rule, Certainty::Stated, "x-muster.kind says so")))
}

/// A replicated database is an object of an operator.
fn operated(subject: &Subject<'_>) -> Option<(Shape, Reasons)> {
    let intent = subject.service.intent.database.as_ref()?;
    let engine = subject.family()?.engine?;
    let fits = match intent.topology {
        Topology::Single => false,
        Topology::Galera => matches!(engine, Engine::MariaDb),
        Topology::Replication => {
            matches!(engine, Engine::MariaDb | Engine::MySql | Engine::Postgres)
        }
    };
    let because = vec![subject.line("x-muster.database", intent.span)];
    let why = "x-muster.database asks for several members";
    fits.then(|| {
        (
            Shape::Operated,
            Reasons::new(because, rules::OPERATOR_RUNS_CLUSTER, Certainty::Stated, why),
        )
    })
}

/// Labels with which schedulers for Compose and Swarm name a schedule.
const SCHEDULE_LABELS: &[&str] =
    &["swarm.cronjob.schedule", "kompose.cronjob.schedule", "cron.schedule", "muster.dev/schedule"];

/// The schedule of a service and where it stands.
pub(crate) fn schedule(subject: &Subject<'_>) -> Option<(String, Because)> {
    if let Some(schedule) = &subject.service.intent.schedule {
        return Some((schedule.value.clone(), subject.line("x-muster.schedule", schedule.span)));
    }
    SCHEDULE_LABELS.iter().find_map(|key| {
        let label = subject.service.labels.get(*key)?;
        // Six fields start with seconds, which Kubernetes does not have.
        let fields: Vec<&str> = label.value.split_whitespace().collect();
        let five = match fields.len() {
            6 => fields[1..].join(" "),
            _ => fields.join(" "),
        };
        Some((five, subject.line(format!("labels.{key}"), label.span)))
    })
}

fn scheduled(subject: &Subject<'_>) -> Option<(Shape, Reasons)> {
    let (text, because) = schedule(subject)?;
    let why = format!("it runs at `{text}`");
    Some((
        Shape::CronJob,
        Reasons::new(vec![because], rules::SCHEDULE_IS_CRONJOB, Certainty::Stated, why),
    ))
}

fn per_node(subject: &Subject<'_>) -> Option<(Shape, Reasons)> {
    if let Some(mode) = &subject.service.deploy.mode
        && mode.value == DeployMode::Global
    {
        let because = vec![subject.line("deploy.mode", mode.span)];
        let reasons = Reasons::new(
            because,
            rules::GLOBAL_IS_DAEMONSET,
            Certainty::Stated,
            "deploy.mode is global",
        );
        return Some((Shape::DaemonSet, reasons));
    }
    let family = subject.family()?;
    let catalog::Replicas::PerNode(why) = &family.replicas else { return None };
    let because = subject.image_fact().into_iter().collect();
    Some((
        Shape::DaemonSet,
        Reasons::new(because, rules::GLOBAL_IS_DAEMONSET, Certainty::Inferred, why.clone()),
    ))
}

fn keeps_data(subject: &Subject<'_>, need: &StorageNeed) -> Option<(Shape, Reasons)> {
    if let StorageNeed::Private { why, because } = need {
        let reasons = Reasons::new(
            because.clone(),
            rules::DATA_IS_STATEFULSET,
            Certainty::Inferred,
            why.clone(),
        );
        return Some((Shape::StatefulSet, reasons));
    }
    let family = subject.family()?;
    let keeps = matches!(
        family.role,
        Role::Database | Role::Broker | Role::SearchEngine | Role::ObjectStore
    ) && !family.data.is_empty();
    let because = subject.image_fact().into_iter().collect();
    let why = format!("{} keeps data", family.title);
    keeps.then(|| {
        let certainty = subject.known.as_ref().map_or(Certainty::Inferred, |k| k.certainty);
        (Shape::StatefulSet, Reasons::new(because, rules::DATA_IS_STATEFULSET, certainty, why))
    })
}

/// Writes the choice down.
pub(super) fn explain(subject: &Subject<'_>, reasons: Reasons, log: &mut Log) {
    let object = subject.object();
    let kind = object.split('/').next().unwrap_or_default().to_owned();
    log.decide(subject, "")
        .chose(kind)
        .all(reasons.because)
        .rule(reasons.rule)
        .sure(reasons.certainty)
        .why(reasons.why);
    let service = subject.service;
    if restart_of(service).is_some() {
        let policy = subject.pod_field("restartPolicy");
        let mut because =
            if service.restart.is_some() { subject.lines("restart") } else { Vec::new() };
        if service.deploy.restart.is_some() {
            because.extend(subject.lines("deploy.restart_policy"));
        }
        log.decide(subject, policy)
            .chose(if matches!(subject.shape, Shape::Job | Shape::CronJob) {
                "OnFailure or Never"
            } else {
                "Always"
            })
            .all(because)
            .why("the kubelet restarts containers by the pod's policy, with a growing pause");
    }
    misfit(subject, log);
    if service.deploy.mode.as_ref().is_some_and(|m| m.value == DeployMode::GlobalJob) {
        log.find(
            Level::Warning,
            "global-job",
            Some(subject.key()),
            "Kubernetes has no job that runs once on each node; it is planned as a job that runs once",
            "use a DaemonSet with an init container, or run the job by a node-aware tool",
            subject.lines("deploy.mode"),
        );
    }
}

/// A topology that the engine does not have is not planned, and said so.
fn misfit(subject: &Subject<'_>, log: &mut Log) {
    let Some(intent) = &subject.service.intent.database else { return };
    if subject.shape == Shape::Operated || intent.topology == Topology::Single {
        return;
    }
    let engine = subject.family().and_then(|family| family.engine);
    let (what, fix) = match (intent.topology, engine) {
        (Topology::Galera, Some(Engine::MySql)) => (
            "MySQL has no Galera",
            "move to MariaDB, which is not the same in authentication, JSON and collations; or use topology: replication",
        ),
        (Topology::Galera, _) => ("only MariaDB has Galera", "use topology: single"),
        _ => (
            "replication is planned for MariaDB, MySQL and PostgreSQL",
            "use topology: single, or the operator of its makers",
        ),
    };
    log.find(
        Level::Warning,
        "topology-does-not-fit",
        Some(subject.key()),
        format!("`{}` is planned as one member: {what}", subject.key()),
        fix,
        subject.lines("x-muster.database"),
    );
}

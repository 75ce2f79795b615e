//! What goes with a number of replicas: autoscaler, budget, spread, and the way of updating.

use crate::devices;
use crate::log::Log;
use crate::rules;
use crate::world::{Scale, Shape, Subject};

use super::blockers::doubles;
use catalog::Replicas;
use model::plan::{Autoscaler, Budget, Kept, Spread, Strategy};
use model::reason::Level;

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
    let one_of_a_kind = subject.has_tenants
        || subject.is_data_store()
        || subject.family().is_some_and(|f| {
            matches!(f.replicas, Replicas::SingleWriter(_) | Replicas::Singleton(_))
        })
        || (subject.scale == Scale::Fixed(1) && doubles(subject));
    let strategy = if holds_claim || one_of_a_kind {
        Strategy::Recreate
    } else if has_spare(subject) {
        Strategy::InPlace
    } else {
        Strategy::Rolling
    };
    let (chosen, rule, why) = match strategy {
        Strategy::Rolling => {
            surge(subject, log);
            ("RollingUpdate", rules::ROLL_WITHOUT_GAP, "no request is lost in a rollout")
        }
        Strategy::InPlace => (
            "RollingUpdate, one by one without surge",
            rules::ROLL_ON_OWN_DEVICES,
            "one more would need devices that were not planned; without one the others keep the promise",
        ),
        Strategy::Recreate => (
            "Recreate",
            rules::RECREATE_SINGLE_WRITER,
            "two at once would fight over the same data or connection",
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

/// Whether a model's replicas keep its promise without one of them.
fn has_spare(subject: &Subject<'_>) -> bool {
    let promise = subject.serving.as_ref().map(|computed| computed.promise(subject.scale));
    promise == Some(Kept::WithSpare)
}

/// Without one to spare, the next version of a model comes before the old one goes, and takes devices of its own.
fn surge(subject: &Subject<'_>, log: &mut Log) {
    if subject.serving.is_none() || subject.scale.most() == 0 {
        return;
    }
    let takes: Vec<_> = devices::extended(subject)
        .into_iter()
        .map(|(resource, count)| format!("{count} {resource}"))
        .collect();
    log.find(
        Level::Note,
        "rollout-needs-devices",
        Some(subject.key()),
        format!(
            "a rollout of `{}` starts one replica more before an old one goes, as none is to spare: it needs {} free, and waits while there is none (the old ones serve on)",
            subject.key(),
            takes.join(" and ")
        ),
        "leave so much free, or plan one replica to spare: then none is started in addition",
        subject.lines("x-muster.inference"),
    );
}

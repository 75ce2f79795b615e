//! `pre_start` hooks.

use super::cite_or_own;
use crate::log::Log;
use crate::names;
use crate::rules;
use crate::world::Subject;
use model::plan::{Container, ResourceList, Resources};
use model::reason::{Certainty, Level};
use units::{Bytes, Cpu};

/// A hook that runs before each replica is an init container; one that runs once before all of them
/// would be a Job.
pub(super) fn init(subject: &Subject<'_>, log: &mut Log) -> Vec<Container> {
    let mut out = Vec::new();
    let hooks = subject.service.hooks.iter().filter(|hook| hook.phase == "pre_start");
    for (index, hook) in hooks.enumerate() {
        let because = cite_or_own(subject, &["pre_start"]);
        if !hook.per_replica {
            log.find(
                Level::Note,
                "pre-start-hook",
                Some(subject.key()),
                "the pre_start hook runs before each pod here, not once before all of them",
                "make sure that it may run twice, or make it a service that others wait for with service_completed_successfully",
                because.clone(),
            );
        }
        let name = names::label(&format!("{}-pre-start-{index}", subject.name), 63);
        let field = format!("{}.initContainers[{name}]", subject.pod_spec());
        log.decide(subject, field)
            .chose("an init container")
            .all(because)
            .rule(rules::DEFAULT_RESOURCES)
            .sure(Certainty::Stated)
            .why("what must be done before the container starts");
        out.push(Container {
            name,
            image: hook.image.clone().unwrap_or_else(|| subject.image.reference.clone()),
            command: Some(hook.command.iter().map(|word| escaped(word)).collect()),
            resources: small(),
            ..Container::default()
        });
    }
    out
}

/// Doubles what Kubernetes would expand.
fn escaped(word: &str) -> String {
    word.replace('$', "$$")
}

fn small() -> Resources {
    let list = |cpu, memory, ephemeral| ResourceList {
        cpu: Some(Cpu::millis(cpu)),
        memory: Some(Bytes::mib(memory)),
        ephemeral: Some(Bytes::mib(ephemeral)),
        ..ResourceList::default()
    };
    Resources { requests: list(50, 64, 64), limits: list(1000, 256, 1024) }
}

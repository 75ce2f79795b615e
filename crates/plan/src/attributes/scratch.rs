//! How scratch volumes are explained.

use crate::log::Log;
use crate::names;
use crate::world::Subject;
use model::reason::{Because, Certainty, Rule};

/// Files the decisions about a scratch volume: the volume and its mount, under the name that the
/// assembly gives them.
pub(crate) fn explain_scratch(
    subject: &Subject<'_>,
    path: &str,
    chosen: &str,
    because: &[Because],
    rule: Rule,
    (certainty, why): (Certainty, &str),
    log: &mut Log,
) {
    let label = names::label(path.trim_start_matches('/'), 50);
    let fields = [
        subject.pod_field(&format!("volumes[{label}]")),
        subject.container_field(&format!("volumeMounts[{label}]")),
    ];
    for field in fields {
        log.decide(subject, field)
            .chose(format!("{path}: {chosen}"))
            .all(because.iter().cloned())
            .rule(rule)
            .sure(certainty)
            .why(why);
    }
}

//! The order of workloads: each after what it depends on.

use model::plan::{Plan, Workload};
use std::collections::BTreeMap;

/// The deepest level that is told apart; levels beyond it share one.
const DEEPEST: u16 = 99;

/// Workloads with their level: 0 depends on nothing, and each other one is one above the highest
/// that it depends on. A circle, which the planner does not make, is cut at its first member.
pub(crate) fn levels(plan: &Plan) -> Vec<(u16, &Workload)> {
    let mut known = BTreeMap::new();
    let mut leveled: Vec<_> =
        plan.workloads.iter().map(|it| (level(plan, it, &mut known), it)).collect();
    leveled.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
    leveled
}

fn level<'a>(
    plan: &'a Plan,
    workload: &'a Workload,
    known: &mut BTreeMap<&'a str, Option<u16>>,
) -> u16 {
    if let Some(level) = known.get(workload.name.as_str()) {
        // `None` is a workload whose level is being worked out: the edge that closes a circle.
        return level.unwrap_or_default();
    }
    known.insert(&workload.name, None);
    let below = workload
        .after
        .iter()
        .filter_map(|name| target(plan, name))
        .filter(|it| it.name != workload.name)
        .map(|it| level(plan, it, known) + 1)
        .max();
    let level = below.unwrap_or_default().min(DEEPEST);
    known.insert(&workload.name, Some(level));
    level
}

/// The workload that a name in `after` means: its own name, or that of a Service in front of it.
fn target<'a>(plan: &'a Plan, name: &str) -> Option<&'a Workload> {
    let find = |name: &str| plan.workloads.iter().find(|workload| workload.name == name);
    find(name).or_else(|| {
        plan.services.iter().find(|service| service.name == name).and_then(|it| find(&it.workload))
    })
}

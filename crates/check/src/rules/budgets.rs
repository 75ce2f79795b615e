//! Pod disruption budgets.

use crate::cursor::At;
use crate::finding::Findings;
use crate::rules::Context;
use crate::selector::Selector;
use crate::set::{Object, Pod, Set};
use crate::table::scaling as t;

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for pdb in cx.set.of_kind("PodDisruptionBudget") {
        shape(pdb, out);
        broken_pods(pdb, out);
        let at = pdb.spec().at("selector");
        let pods = cx.set.selected(&pdb.namespace, &Selector::label_selector(&at));
        if pods.is_empty() {
            let message = "the selector matches no pod of these files: the pods it was meant for are not protected";
            let fix = "write the labels of the pod template in spec.selector.matchLabels";
            out.add(&t::PDB_SELECTS_NOTHING, pdb, &at, message, fix);
        } else {
            blocks(pdb, &pods, cx.set, out);
        }
    }
}

fn shape(pdb: &Object<'_>, out: &mut Findings) {
    let (min, max) = (pdb.spec().at("minAvailable"), pdb.spec().at("maxUnavailable"));
    if min.is_set() == max.is_set() {
        let message = if min.is_set() {
            "minAvailable and maxUnavailable exclude each other: the API server refuses the object"
        } else {
            "neither minAvailable nor maxUnavailable: the budget limits nothing worth relying on"
        };
        out.add(&t::PDB_SHAPE, pdb, &max, message, "maxUnavailable: 1");
    }
}

fn broken_pods(pdb: &Object<'_>, out: &mut Findings) {
    let at = pdb.spec().at("unhealthyPodEvictionPolicy");
    if !at.is("AlwaysAllow") {
        let message = "pods that are not ready cannot be evicted while the budget is not met: a crash loop stops the drain of its node";
        out.add(&t::PDB_UNHEALTHY, pdb, &at, message, "unhealthyPodEvictionPolicy: AlwaysAllow");
    }
}

fn blocks(pdb: &Object<'_>, pods: &[&Pod<'_>], set: &Set<'_>, out: &mut Findings) {
    let counted = pods.iter().filter(|p| p.owner.replicas().is_some());
    // An HPA may go down to its minimum: that is when a drain gets stuck.
    let replicas: i64 = counted.map(|p| least(&p.owner, set)).fold(0, i64::saturating_add);
    let (min, max) = (pdb.spec().at("minAvailable"), pdb.spec().at("maxUnavailable"));
    let (at, why) = if share(&max, replicas).is_some_and(|n| n <= 0) {
        (max, "maxUnavailable is 0".to_owned())
    } else if min.text().as_deref() == Some("100%") {
        (min, "minAvailable is 100%".to_owned())
    } else if replicas > 0 && share(&min, replicas).is_some_and(|n| n >= replicas) {
        let why = format!(
            "minAvailable leaves none to spare: there may be no more than {replicas} pod(s)"
        );
        (min, why)
    } else {
        return;
    };
    let message = format!(
        "{why}: no eviction is ever allowed, so nodes cannot be drained and cluster upgrades hang"
    );
    let fix = "replicas: 2 or more, and in the budget\nmaxUnavailable: 1\nunhealthyPodEvictionPolicy: AlwaysAllow\n# on a single replica leave the budget out";
    out.add(&t::PDB_BLOCKS, pdb, &at, message, fix);
}

fn least(owner: &Object<'_>, set: &Set<'_>) -> i64 {
    match set.hpa_of(owner) {
        Some(hpa) => hpa.spec().at("minReplicas").int().unwrap_or(1),
        None => owner.replicas().unwrap_or(1),
    }
}

/// A number, or a share of the replicas such as `50%`, which the cluster rounds up.
fn share(at: &At<'_>, replicas: i64) -> Option<i64> {
    let text = at.text()?;
    let Some(percent) = text.strip_suffix('%') else { return text.parse().ok() };
    let percent: i64 = percent.trim().parse().ok()?;
    Some(replicas.checked_mul(percent)?.checked_add(99)?.div_euclid(100))
}

//! What linters would complain about and the plan keeps: an annotation for each, with the reason.
//!
//! The identifiers are checkov's, which `muster check` reads too: `checkov.io/skip1: ID=reason`.

use crate::log::Log;
use crate::rules;
use catalog::ImageRef;
use model::plan::{Container, EnvSource, Kind, Plan, PullPolicy, Workload};
use model::reason::{Certainty, Decision};
use std::collections::BTreeMap;

/// The highest user id that linters take for one that the node may have as well.
const LOW_USER: u32 = 10_000;

/// Annotates every workload of the plan.
pub(crate) fn waive(plan: &mut Plan, log: &mut Log) {
    let mut decisions: BTreeMap<String, Vec<Decision>> = BTreeMap::new();
    for decision in log.report.decisions.iter().filter(|d| asked(&d.field)) {
        decisions.entry(decision.object.clone()).or_default().push(decision.clone());
    }
    for workload in &mut plan.workloads {
        let object = format!("{}/{}", workload.kind.name(), workload.name);
        let about = decisions.get(&object).map_or(&[][..], Vec::as_slice);
        let waivers = waivers(workload, about);
        explain(workload, &object, waivers.len(), log);
        for (number, (id, reason)) in waivers.into_iter().enumerate() {
            let key = format!("checkov.io/skip{}", number + 1);
            workload.pod.annotations.insert(key, format!("{id}={reason}"));
        }
    }
}

/// Fields whose reason a waiver repeats.
fn asked(field: &str) -> bool {
    ["runAsUser", "readOnlyRootFilesystem", "capabilities", "readinessProbe", "livenessProbe"]
        .iter()
        .any(|asked| field.ends_with(asked))
}

fn explain(workload: &Workload, object: &str, count: usize, log: &mut Log) {
    if count == 0 {
        return;
    }
    for field in ["metadata".to_owned(), format!("{}.metadata", workload.kind.template())] {
        log.decide_on(Some(&workload.service), object, format!("{field}.annotations"))
            .chose(format!("{count} checks of linters are waived"))
            .rule(rules::WAIVERS_ARE_EXPLAINED)
            .sure(Certainty::Known)
            .why("each annotation names the check and says why the plan keeps what it finds");
    }
}

/// Identifier and reason of everything that is kept.
fn waivers(workload: &Workload, decisions: &[Decision]) -> Vec<(&'static str, String)> {
    let because =
        |field: &str| decisions.iter().find(|d| d.field.ends_with(field)).map(|d| d.why.clone());
    let pod = &workload.pod;
    let all: Vec<&Container> = pod.containers.iter().chain(&pod.init).collect();
    let any = |test: &dyn Fn(&Container) -> bool| all.iter().any(|c| test(c));
    let mut out = of_images(workload, &all);
    let mut keep = |id, kept: bool, reason: Option<String>, otherwise: &str| {
        if kept {
            out.push((id, reason.unwrap_or_else(|| otherwise.to_owned())));
        }
    };
    let user = pod.security.user.filter(|user| *user != 0);
    let low = pod.security.user.is_none_or(|user| user <= LOW_USER);
    let owner = user.map(|user| format!("the files of the image belong to user {user}"));
    keep("CKV_K8S_40", low, owner, "the image works as its own user only");
    let root = because("securityContext.runAsUser");
    keep("CKV_K8S_23", !pod.security.non_root, root, "the image needs root");
    let writes = because("securityContext.readOnlyRootFilesystem");
    keep(
        "CKV_K8S_22",
        any(&|c| !c.security.read_only_root),
        writes,
        "the image writes beside its volumes",
    );
    let adds = because("securityContext.capabilities");
    keep("CKV_K8S_25", any(&|c| !c.security.add.is_empty()), adds, "it cannot work without");
    keep("CKV_K8S_16", any(&|c| c.security.privileged), None, "the Compose file says privileged");
    keep("CKV_K8S_20", any(&|c| c.security.escalation), None, "the Compose file says privileged");
    keep("CKV_K8S_31", !pod.security.seccomp, None, "the Compose file says seccomp:unconfined");
    let from_env = any(&|c| c.env.iter().any(|v| matches!(v.source, EnvSource::Secret { .. })));
    keep(
        "CKV_K8S_35",
        from_env,
        None,
        "the application reads it from its environment; nothing says that it reads a file",
    );
    out.extend(of_probes(workload, because("readinessProbe"), because("livenessProbe")));
    out
}

/// Digests, tags and pulling.
fn of_images(workload: &Workload, all: &[&Container]) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let parsed = |c: &&&Container| ImageRef::parse(&c.image).ok();
    if all.iter().filter_map(|c| parsed(&c)).any(|image| image.digest.is_none()) {
        let why = "a digest must be asked of the registry; pin it where images are released";
        out.push(("CKV_K8S_43", why.to_owned()));
    }
    if all.iter().filter_map(|c| parsed(&c)).any(|image| image.is_floating()) {
        let why = "the Compose file names no fixed tag: pin one there";
        out.push(("CKV_K8S_14", why.to_owned()));
    }
    if all.iter().any(|c| c.pull != PullPolicy::Always) {
        let why = match workload.kind {
            Kind::Deployment { replicas: None, .. } => {
                "the tag names one build; a start need not ask for it again"
            }
            _ => "a restart must not depend on the registry",
        };
        out.push(("CKV_K8S_15", why.to_owned()));
    }
    out
}

/// Containers without a probe; jobs need none.
fn of_probes(
    workload: &Workload,
    readiness: Option<String>,
    liveness: Option<String>,
) -> Vec<(&'static str, String)> {
    if matches!(workload.kind, Kind::Job(_) | Kind::CronJob { .. }) {
        return Vec::new();
    }
    let unknown = || "nothing is known that could be asked".to_owned();
    let containers = &workload.pod.containers;
    let mut out = Vec::new();
    if containers.iter().any(|c| c.probes.liveness.is_none()) {
        out.push(("CKV_K8S_8", liveness.unwrap_or_else(unknown)));
    }
    if containers.iter().any(|c| c.probes.readiness.is_none()) {
        out.push(("CKV_K8S_9", readiness.unwrap_or_else(unknown)));
    }
    out
}

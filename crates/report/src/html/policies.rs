//! Who may talk to whom, as a matrix: what the policies admit, and what the files say is called.

use super::Section;
use crate::svg::scene::{BACKUP, members};
use crate::svg::text::escape;
use model::plan::{Kind, Peer, Plan, PolicyRule, Workload};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Workloads that a table shows at most.
const MOST: usize = 60;

type Labels = BTreeMap<String, String>;

/// The matrix.
pub(super) fn section(plan: &Plan) -> Section {
    Section {
        id: "network",
        title: "Who may talk to whom",
        lead: "Rows call columns. <span class=\"cell calls\">●</span> is called and admitted, \
               <span class=\"cell\">○</span> is admitted because the network is shared, \
               <span class=\"cell cut\">✕</span> is called but not admitted; nothing else passes."
            .to_owned(),
        body: match plan.workloads.len() {
            0 | 1 => String::new(),
            2..=MOST => matrix(plan),
            _ => "<p>A table of this many workloads would not be read: the objects hold one \
                  NetworkPolicy for each.</p>\n"
                .to_owned(),
        },
    }
}

fn matrix(plan: &Plan) -> String {
    let labels: Vec<Labels> = plan.workloads.iter().map(|w| labels(plan, w)).collect();
    let rules: Vec<Rules<'_>> = labels.iter().map(|labels| Rules::of(plan, labels)).collect();
    let calls = calls(plan);
    let mut out = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Who may talk to whom\">\n\
         <table class=\"matrix\">\n<thead><tr><td></td>",
    );
    for workload in &plan.workloads {
        let _ = write!(out, "<th scope=\"col\"><span>{}</span></th>", escape(&workload.name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    let callers = std::iter::once(None).chain((0..labels.len()).map(Some));
    for from in callers {
        let name = from.map_or("outside", |at| plan.workloads[at].name.as_str());
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", escape(name));
        for to in 0..labels.len() {
            let leaves = from.is_none_or(|at| passes(&rules[at].egress, Some(&labels[to])));
            let open = leaves && passes(&rules[to].ingress, from.map(|at| &labels[at]));
            let sign = Sign::of(open, calls.contains(&(from, to)));
            out.push_str(if from == Some(to) { "<td class=\"self\"></td>" } else { sign.cell() });
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    out
}

enum Sign {
    Calls,
    May,
    Cut,
    Nothing,
}

impl Sign {
    fn of(admitted: bool, called: bool) -> Self {
        match (admitted, called) {
            (true, true) => Self::Calls,
            (true, false) => Self::May,
            (false, true) => Self::Cut,
            (false, false) => Self::Nothing,
        }
    }

    fn cell(&self) -> &'static str {
        match self {
            Self::Calls => "<td class=\"cell calls\" title=\"called and admitted\">●</td>",
            Self::May => "<td class=\"cell\" title=\"admitted\">○</td>",
            Self::Cut => "<td class=\"cell cut\" title=\"called but not admitted\">✕</td>",
            Self::Nothing => "<td></td>",
        }
    }
}

/// The labels by which policies know a workload's pods.
fn labels(plan: &Plan, workload: &Workload) -> Labels {
    let mut labels = workload.pod.labels.clone();
    for (key, value) in [
        ("name", &workload.name),
        ("instance", &plan.app),
        ("part-of", &plan.app),
        ("component", &workload.component),
    ] {
        labels.insert(format!("app.kubernetes.io/{key}"), value.clone());
    }
    labels
}

/// Caller and callee, by workload; no caller is the outside.
fn calls(plan: &Plan) -> BTreeSet<(Option<usize>, usize)> {
    let members = members(plan);
    let known = |service: &String| members.get(service).filter(|at| **at < plan.workloads.len());
    let links = plan.links.iter().filter_map(|link| {
        let to = *known(&link.to)?;
        // Who waits for a job does not call it.
        let waits = link.port.is_none() && matches!(plan.workloads[to].kind, Kind::Job(_));
        let from = match &link.from {
            Some(from) => Some(*known(from)?),
            None => None,
        };
        (!waits).then_some((from, to))
    });
    let backups = plan.workloads.iter().enumerate().filter(|(_, w)| w.component == BACKUP);
    let dumps = backups.filter_map(|(at, w)| Some((Some(at), *known(&w.service)?)));
    links.chain(dumps).collect()
}

/// The rules for what comes into and goes out of the pods of one workload.
struct Rules<'p> {
    ingress: Vec<&'p Vec<PolicyRule>>,
    egress: Vec<&'p Vec<PolicyRule>>,
}

impl<'p> Rules<'p> {
    fn of(plan: &'p Plan, labels: &Labels) -> Self {
        let policies = || plan.policies.iter().filter(|policy| within(&policy.pods, labels));
        Self {
            ingress: policies().filter_map(|policy| policy.ingress.as_ref()).collect(),
            egress: policies().filter_map(|policy| policy.egress.as_ref()).collect(),
        }
    }
}

/// No policy admits everybody; several admit what any of their rules does.
fn passes(policies: &[&Vec<PolicyRule>], peer: Option<&Labels>) -> bool {
    let rule = |rule: &PolicyRule| rule.peers.is_empty() || rule.peers.iter().any(|p| is(p, peer));
    policies.is_empty() || policies.iter().any(|rules| rules.iter().any(rule))
}

fn is(peer: &Peer, labels: Option<&Labels>) -> bool {
    match peer {
        Peer::Pods(pods) => labels.is_some_and(|labels| within(pods, labels)),
        Peer::Cidr { .. } => labels.is_none(),
        Peer::Namespaces(_) | Peer::PodsIn { .. } => false,
    }
}

fn within(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

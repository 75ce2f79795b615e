//! The rules that decisions name.

use super::{Section, prose};
use crate::View;
use crate::svg::text::escape;
use crate::text::count;
use model::reason::{Because, Rule};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The glossary of the rules that this plan cites.
pub(super) fn section(view: &View<'_>) -> Section {
    let report = &view.plan.report;
    let reasons = report.decisions.iter().flat_map(|d| &d.because);
    let reasons = reasons.chain(report.findings.iter().flat_map(|f| &f.because));
    let cited: BTreeSet<Rule> = reasons
        .filter_map(|because| match because {
            Because::Rule(rule) => Some(*rule),
            _ => None,
        })
        .collect();
    // The planner's own list explains best; a rule explains itself where the list lacks it.
    let known: BTreeMap<&str, &str> = view.rules.iter().map(|rule| (rule.name, rule.why)).collect();
    let mut body = String::new();
    for rule in &cited {
        let why = known.get(rule.name).copied().unwrap_or(rule.why);
        let name = escape(rule.name);
        let _ =
            writeln!(body, "<div id=\"rule-{name}\"><dt>{name}</dt><dd>{}</dd></div>", prose(why));
    }
    if !body.is_empty() {
        body = format!("<dl class=\"rules\">\n{body}</dl>\n");
    }
    let lead = format!("{} that the decisions above rest on.", count(cited.len(), "rule"));
    Section { id: "rules", title: "Rules", lead, body }
}

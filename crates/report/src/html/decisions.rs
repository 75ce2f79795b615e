//! Every decision, by service and object.

use super::quote::citations;
use super::{Section, prose};
use crate::View;
use crate::svg::text::{escape, slug};
use crate::text::{count, field_label};
use model::reason::{Certainty, Decision};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The decisions, in groups that open.
pub(super) fn section(view: &View<'_>) -> Section {
    let mut groups: BTreeMap<Option<&str>, BTreeMap<&str, Vec<&Decision>>> = BTreeMap::new();
    for decision in &view.plan.report.decisions {
        let objects = groups.entry(decision.service.as_deref()).or_default();
        objects.entry(&decision.object).or_default().push(decision);
    }
    let mut body = String::new();
    if !groups.is_empty() {
        body.push_str(FILTER);
        body.push_str(LEGEND);
    }
    for (service, objects) in &groups {
        group(*service, objects, view, &mut body);
    }
    Section {
        id: "decisions",
        title: "Decisions",
        lead: format!(
            "{}, each with the lines, files and rules that it rests on.",
            count(view.plan.report.decisions.len(), "decision")
        ),
        body,
    }
}

/// The script shows it: without one there is nothing that could filter.
const FILTER: &str = "<p class=\"filter\" hidden><label for=\"filter\">Filter</label> \
     <input id=\"filter\" type=\"search\" autocomplete=\"off\" placeholder=\"probes, db, assumed, ports …\"> \
     <output for=\"filter\" aria-live=\"polite\"></output></p>\n";

const LEGEND: &str = "<p class=\"legend\"><span class=\"tag stated\">stated</span> you said so \
     <span class=\"tag known\">known</span> documented \
     <span class=\"tag inferred\">inferred</span> concluded from evidence \
     <span class=\"tag assumed\">assumed</span> a safe start</p>\n";

/// The `id` of a service's group, after `why-`.
pub(super) fn anchor(service: Option<&str>) -> String {
    service.map_or_else(|| "product".to_owned(), |service| format!("s-{}", slug(service)))
}

fn group(
    service: Option<&str>,
    objects: &BTreeMap<&str, Vec<&Decision>>,
    view: &View<'_>,
    out: &mut String,
) {
    let all = objects.values().flatten();
    let assumed = all.clone().filter(|d| d.certainty == Certainty::Assumed).count();
    let name = service.map_or_else(|| "The whole product".to_owned(), escape);
    let _ = writeln!(
        out,
        "<details class=\"group\" id=\"why-{}\">\n<summary><b>{name}</b> <span class=\"count\">{}, \
         {assumed} assumed</span></summary>",
        anchor(service),
        count(all.count(), "decision")
    );
    for (object, decisions) in objects {
        let _ = writeln!(out, "<div class=\"object\">\n<h3>{}</h3>\n<ul>", escape(object));
        for item in decisions {
            decision(item, view, out);
        }
        out.push_str("</ul>\n</div>\n");
    }
    out.push_str("</details>\n");
}

fn decision(decision: &Decision, view: &View<'_>, out: &mut String) {
    let certainty = certainty(decision.certainty);
    let _ = writeln!(
        out,
        "<li class=\"decision\">\n<p class=\"field\">{}</p>\n<div>\n<p><b>{}</b> \
         <span class=\"tag {certainty}\">{certainty}</span></p>\n<p class=\"why\">{}</p>\n{}</div>\n</li>",
        prose(&field_label(&decision.field)),
        prose(&decision.chosen),
        prose(&decision.why),
        citations(&decision.because, view.sources)
    );
}

/// The word for a certainty, also its class.
const fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Stated => "stated",
        Certainty::Known => "known",
        Certainty::Inferred => "inferred",
        Certainty::Assumed => "assumed",
    }
}

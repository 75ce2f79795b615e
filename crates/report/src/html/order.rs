//! In which order things start.

use super::Section;
use crate::svg::text::escape;
use model::plan::{Kind, Plan, Workload};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The steps; none if everything starts at once.
pub(super) fn section(plan: &Plan) -> Section {
    let depths = depths(plan);
    let last = depths.values().max().copied().unwrap_or(0);
    let mut body = String::new();
    if last > 0 {
        body.push_str("<ol class=\"steps\">\n");
        for step in 0..=last {
            let starts = |w: &&Workload| depths.get(w.name.as_str()) == Some(&step);
            let items: Vec<String> = plan.workloads.iter().filter(starts).map(item).collect();
            let _ = writeln!(body, "<li><ul>{}</ul></li>", items.concat());
        }
        body.push_str("</ol>\n");
    }
    Section {
        id: "order",
        title: "Start order",
        lead: "Each step is applied when what it waits for is ready, or, if it is a job, complete."
            .to_owned(),
        body,
    }
}

fn item(workload: &Workload) -> String {
    let job = if matches!(workload.kind, Kind::Job(_)) { " <small>job</small>" } else { "" };
    let waits = if workload.after.is_empty() {
        String::new()
    } else {
        format!(" <small>after {}</small>", escape(&workload.after.join(", ")))
    };
    format!("<li><b>{}</b>{job}{waits}</li>", escape(&workload.name))
}

/// How many steps each workload stands behind others.
fn depths(plan: &Plan) -> BTreeMap<&str, usize> {
    let owner: BTreeMap<&str, &str> =
        plan.services.iter().map(|s| (s.name.as_str(), s.workload.as_str())).collect();
    let mut depths: BTreeMap<&str, usize> =
        plan.workloads.iter().map(|w| (w.name.as_str(), 0)).collect();
    // As often as a chain can be long: a cycle, which cannot be, would only end this later.
    for _ in 0..plan.workloads.len() {
        let mut changed = false;
        for workload in &plan.workloads {
            let before = workload.after.iter().filter_map(|name| {
                let direct = depths.get(name.as_str());
                direct.or_else(|| depths.get(owner.get(name.as_str())?)).map(|d| d + 1)
            });
            let depth = before.max().unwrap_or(0);
            changed |= depths.insert(&workload.name, depth) != Some(depth);
        }
        if !changed {
            break;
        }
    }
    depths
}

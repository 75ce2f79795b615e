//! The connection budgets: a bar and the arithmetic behind it.

use super::Section;
use crate::svg::text::escape;
use model::plan::{ConnectionBudget, Plan};
use std::fmt::Write as _;

/// Units of a bar's length.
const LENGTH: u64 = 1000;
/// Shades that clients take turns in.
const SHADES: usize = 4;

/// A budget for each database.
pub(super) fn section(plan: &Plan) -> Section {
    let mut body = String::new();
    for item in &plan.connections {
        budget(item, &mut body);
    }
    Section {
        id: "connections",
        title: "Database connections",
        lead: "What all replicas of all clients may open at their maximum, one more for a rollout \
               included, against what the database accepts."
            .to_owned(),
        body,
    }
}

fn budget(budget: &ConnectionBudget, out: &mut String) {
    let usable = budget.max_connections.saturating_sub(budget.reserved);
    let (class, verdict) = if budget.holds() {
        ("holds", format!("It holds: {} of {usable}", budget.demand()))
    } else {
        ("blocker", format!("It does not hold: {} of {usable}", budget.demand()))
    };
    let raised = budget.raised_from.map(|from| format!(", raised from {from}")).unwrap_or_default();
    let _ = writeln!(
        out,
        "<div class=\"budget\">\n<h3>{}</h3>\n<p><b class=\"{class}\">{verdict}</b>. \
         The database accepts {}{raised}; {} of them are kept for administration, backup and \
         monitoring.</p>",
        escape(&budget.database),
        budget.max_connections,
        budget.reserved
    );
    bar(budget, &verdict, out);
    out.push_str(
        "<table class=\"sums\">\n<thead><tr><th scope=\"col\">Client</th>\
         <th scope=\"col\">Replicas</th><th scope=\"col\">Processes</th>\
         <th scope=\"col\">Pool</th><th scope=\"col\">Connections</th></tr></thead>\n<tbody>\n",
    );
    for (at, client) in budget.clients.iter().enumerate() {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\"><span class=\"key s{}\"></span>{}</th><td>{}</td><td>× {}</td>\
             <td>× {}</td><td>= {}</td></tr>",
            at % SHADES,
            escape(&client.service),
            client.replicas,
            client.processes,
            client.pool,
            client.total()
        );
    }
    let _ = writeln!(
        out,
        "</tbody>\n<tfoot><tr><th scope=\"row\">Together</th><td></td><td></td><td></td>\
         <td>{}</td></tr></tfoot>\n</table>\n</div>",
        budget.demand()
    );
}

/// Clients from the left, what is kept back at the right.
fn bar(budget: &ConnectionBudget, label: &str, out: &mut String) {
    let full = u64::from(
        budget.max_connections.max(budget.demand().saturating_add(budget.reserved)).max(1),
    );
    let length = |n: u32| u64::from(n) * LENGTH / full;
    let _ = writeln!(
        out,
        "<svg class=\"bar\" viewBox=\"0 0 {LENGTH} 20\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"{label}\"><rect class=\"track\" width=\"{LENGTH}\" height=\"20\"/>"
    );
    let mut sum = 0;
    for (at, client) in budget.clients.iter().enumerate() {
        let x = length(sum);
        sum = sum.saturating_add(client.total());
        let _ = writeln!(
            out,
            "<rect class=\"s{}\" x=\"{x}\" width=\"{}\" height=\"20\"><title>{}: {}</title></rect>",
            at % SHADES,
            length(sum).saturating_sub(x),
            escape(&client.service),
            client.total()
        );
    }
    let kept = length(budget.reserved);
    let limit = length(budget.max_connections);
    let over = length(sum).saturating_sub(limit);
    if over > 0 {
        let _ = writeln!(
            out,
            "<rect class=\"over\" x=\"{limit}\" width=\"{over}\" height=\"20\"><title>too many</title></rect>"
        );
    }
    let _ = writeln!(
        out,
        "<rect class=\"kept\" x=\"{}\" width=\"{kept}\" height=\"20\"><title>kept: {}</title></rect>\
         <rect class=\"limit\" x=\"{}\" width=\"3\" height=\"20\"/></svg>",
        limit.saturating_sub(kept),
        budget.reserved,
        limit.saturating_sub(3)
    );
}

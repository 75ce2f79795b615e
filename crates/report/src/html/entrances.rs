//! What comes in from outside.

use super::Section;
use crate::svg::scene::entrances;
use crate::svg::text::escape;
use model::plan::Plan;
use std::fmt::Write as _;

/// The table of what is published.
pub(super) fn section(plan: &Plan) -> Section {
    let mut rows = String::new();
    for entrance in entrances(plan) {
        for (address, service, port) in &entrance.ways {
            let _ = writeln!(
                rows,
                "<tr><th scope=\"row\">{}</th><td data-label=\"Through\">{}</td>\
                 <td data-label=\"Service\">{}</td><td data-label=\"Port\">{port}</td></tr>",
                escape(address),
                entrance.name,
                escape(service)
            );
        }
    }
    let (lead, body) = if rows.is_empty() {
        (
            String::new(),
            "<p>Nothing: no service can be reached from outside the cluster.</p>\n".into(),
        )
    } else {
        let table = format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"What comes in\">\n\
             <table class=\"stacked\">\n<thead><tr><th scope=\"col\">Address</th>\
             <th scope=\"col\">Through</th><th scope=\"col\">Service</th>\
             <th scope=\"col\">Port</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
        );
        ("Everything else stays inside the cluster.".to_owned(), table)
    };
    Section { id: "entrances", title: "What comes in", lead, body }
}

//! Models that answer people: the promise, the options, the curve.

use super::overview::level_class;
use super::{Section, prose};
use crate::capacity::{number, served};
use crate::serving::{basis, demand, dollars, latency, planned, promise, promised, seats, verdict};
use crate::svg::text::escape;
use crate::text::Role;
use model::plan::{Plan, Serving, ServingOption};
use model::reason::Level;
use std::fmt::Write as _;

/// A part for each model.
pub(super) fn section(plan: &Plan) -> Section {
    let mut body = String::new();
    for serving in &plan.serving {
        model(serving, &mut body);
    }
    Section {
        id: "serving",
        title: "Models",
        lead: "What a scheduler of batches does over modelled step times, simulated; ranges are those in which nine \
               of ten measurements lay that no fit had seen."
            .to_owned(),
        body,
    }
}

fn model(serving: &Serving, out: &mut String) {
    let (asked, chosen) = (&serving.asked, &serving.chosen);
    let (role, verdict) = verdict(serving);
    let class = match role {
        Role::Good => "holds",
        Role::Bad => level_class(Level::Blocker),
        _ => level_class(Level::Warning),
    };
    let _ = writeln!(
        out,
        "<div class=\"serving\">\n<h3>{}</h3>\n<p>{}; {}.</p>\n\
         <p>{}: <b class=\"{class}\">{verdict}</b>.</p>\n<dl>",
        escape(&serving.service),
        prose(&demand(asked)),
        prose(&promise(asked)),
        prose(&planned(serving)),
    );
    let in_flight = number(chosen.in_flight);
    for (name, text) in [
        ("A replica has", format!("{} seats, {in_flight} requests in flight", seats(chosen))),
        ("First token", latency(&chosen.ttft)),
        ("Each token", latency(&chosen.tpot)),
        ("Bound by", chosen.bound_by.clone()),
        ("Sure of it", basis(chosen)),
    ] {
        let _ = writeln!(out, "<dt>{name}</dt><dd>{}</dd>", prose(&text));
    }
    out.push_str("</dl>\n");
    options(serving, out);
    impossible(serving, out);
    for plot in served(serving) {
        let _ = writeln!(out, "<figure>{}</figure>", plot.svg());
    }
    out.push_str("</div>\n");
}

const COLUMNS: [&str; 7] =
    ["Option", "Replicas", "Seats of one", "First token", "Each token", "$ an hour", "Basis"];

/// Options that the table has.
const SHOWN: usize = 12;

fn options(serving: &Serving, out: &mut String) {
    out.push_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Options\">\n\
         <table class=\"stacked\">\n<thead><tr>",
    );
    for column in COLUMNS {
        let _ = write!(out, "<th scope=\"col\">{column}</th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for option in serving.options.iter().take(SHOWN) {
        row(option, serving, out);
    }
    let more = serving.options.len().saturating_sub(SHOWN);
    let more =
        if more > 0 { format!("{more} dearer ones keep the promise too. ") } else { String::new() };
    let _ = writeln!(
        out,
        "</tbody>\n</table>\n</div>\n<p class=\"legend\">Cheapest first, one replica to spare, list prices of {}; \
         latencies are {}. {more}{}</p>",
        escape(&serving.prices),
        escape(&serving.asked.percentile),
        dearer(serving)
    );
}

fn dearer(serving: &Serving) -> String {
    if serving.dearer.is_empty() {
        return String::new();
    }
    format!("Dearer by a bound, and not simulated: {}.", escape(&serving.dearer.join(", ")))
}

fn tag(words: &str) -> String {
    format!(" <span class=\"tag stated\">{words}</span>")
}

fn row(option: &ServingOption, serving: &Serving, out: &mut String) {
    let is_chosen = option.name == serving.chosen.name;
    let replicas = option.needed.saturating_add(option.spare);
    let mark = match serving.replicas {
        _ if !is_chosen => String::new(),
        (least, _) if least == replicas => tag("planned"),
        (least, _) => tag(&format!("planned with {least}")),
    };
    let cells = [
        replicas.to_string(),
        number(option.seats),
        promised(&serving.asked, &option.ttft),
        promised(&serving.asked, &option.tpot),
        dollars(option),
        option.basis.clone(),
    ];
    let _ = write!(out, "<tr><th scope=\"row\">{}{mark}</th>", escape(&option.name));
    for (name, cell) in COLUMNS[1..].iter().zip(&cells) {
        let _ = write!(out, "<td data-label=\"{name}\">{}</td>", escape(cell));
    }
    out.push_str("</tr>\n");
}

fn impossible(serving: &Serving, out: &mut String) {
    if serving.impossible.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<details class=\"group\"><summary>{} that cannot</summary>\n<ul>",
        serving.impossible.len()
    );
    for (name, why) in &serving.impossible {
        let _ = writeln!(out, "<li><b>{}</b>: {}</li>", escape(name), prose(why));
    }
    out.push_str("</ul></details>\n");
}

//! For a terminal.

use super::{CapacityDetails, CapacityView, between, number, sure, time};
use crate::Layout;
use crate::text::{Column, Line, Page, Role, Row, Table, count};
use capacity::engine::Percentiles;
use capacity::search::Choice;
use capacity::{Band, Basis};
use std::fmt::Write as _;

/// The recommended option, the runner-up, all others, and what cannot be.
pub fn terminal(view: &CapacityView<'_>, layout: Layout) -> String {
    let mut page = Page::new(layout);
    headline(view, &mut page);
    page.blank();
    if view.answer.choices.is_empty() {
        page.text(
            Line::of(Role::Bad, "No option keeps this promise.").plain(" What stands in the way:"),
        );
    } else {
        options(view, &mut page);
    }
    denied(view, &mut page);
    page.blank();
    page.text(Line::of(Role::Faint, footnote(view)));
    page.render()
}

fn headline(view: &CapacityView<'_>, page: &mut Page) {
    let served = view.served;
    let promise = &view.question.promise;
    let parts =
        [("first token", promise.ttft), ("each token", promise.tpot), ("answer", promise.e2e)];
    let kept: Vec<_> = parts
        .iter()
        .filter_map(|(what, limit)| limit.map(|limit| format!("{what} within {}", time(limit))))
        .collect();
    page.text(
        Line::of(Role::Title, &served.model)
            .plain(format!(" in {} on {} · {}", served.weights, served.engine, served.lengths)),
    );
    page.text(Line::prose(&format!(
        "{} · {} for {}",
        served.demand,
        kept.join(", "),
        view.question.percentile.name()
    )));
}

/// The best two, a table of all, and where they are asked for the details of the others.
fn options(view: &CapacityView<'_>, page: &mut Page) {
    let mut choices = view.answer.choices.iter().enumerate();
    for (rank, choice) in choices.by_ref().take(2) {
        if rank > 0 {
            page.blank();
        }
        let title = if rank == 0 { "Recommended" } else { "Runner-up" };
        option(view, title, choice, view.seats.get(rank), page);
    }
    all(view, page);
    if view.details == CapacityDetails::All {
        for (rank, choice) in choices {
            page.blank();
            let title = format!("Option {}", rank + 1);
            option(view, &title, choice, view.seats.get(rank), page);
        }
    }
}

fn option(
    view: &CapacityView<'_>,
    title: &str,
    choice: &Choice,
    seats: Option<&(f64, f64)>,
    page: &mut Page,
) {
    let (replicas, summary) = (choice.replicas, &choice.room.summary);
    let mut whole = format!(
        "{} of {}: {} for the load, {} to spare",
        count(replicas.all() as usize, "replica"),
        choice.name,
        replicas.needed,
        replicas.spare
    );
    if replicas.growing > 0 {
        let _ = write!(whole, ", {} for growth", replicas.growing);
    }
    let each = choice.gpus_each;
    let range =
        seats.map(|(low, high)| format!(" ({}–{})", number(low / each), number(high / each)));
    page.hang(Line::of(Role::Title, format!("{title}: ")), Line::of(Role::Name, whole));
    let mut say = |lead: &str, text: String| {
        page.hang(Line::of(Role::Faint, format!("  {lead:<12}")), Line::prose(&text));
    };
    say(
        "per GPU",
        format!(
            "{}{} seats · {} requests in flight · {} requests/s · {} output tokens/s",
            number(choice.room.seats / each),
            range.unwrap_or_default(),
            number(summary.in_flight_mean / each),
            number(summary.requests_per_second / each),
            number(summary.output_tokens_per_second / each)
        ),
    );
    let bands = view.offer(choice).and_then(|offer| offer.bands);
    say("first token", latencies(&summary.ttft, bands.map(|it| &it.ttft)));
    say("each token", latencies(&summary.tpot, bands.map(|it| &it.tpot)));
    say("answer", latencies(&summary.e2e, bands.map(|it| &it.tpot)));
    say("bound by", summary.bottleneck.words().to_owned());
    if let (Some(hour), Some(million)) = (choice.cost_per_hour, choice.cost_per_million) {
        say("cost", format!("${hour:.2} an hour · ${million:.2} per million output tokens"));
    }
    say("cold start", format!("{}, modelled", time(choice.cold_start)));
    say("sure of it", sure(view.basis(choice).words(), bands.is_some()));
}

fn latencies(values: &Percentiles, band: Option<&Band>) -> String {
    let each = [("p50", values.p50), ("p95", values.p95), ("p99", values.p99)].map(|(name, it)| {
        let range = between(it.value, band);
        let range = range.map(|(low, high)| format!(" ({}–{})", time(low), time(high)));
        format!("{name} {}{}", time(it.value), range.unwrap_or_default())
    });
    each.join(" · ")
}

const COLUMNS: [Column; 9] = [
    Column { title: "OPTION", least: 10 },
    Column { title: "REPLICAS", least: 8 },
    Column { title: "SEATS/GPU", least: 9 },
    Column { title: "IN FLIGHT/GPU", least: 9 },
    Column { title: "FIRST", least: 6 },
    Column { title: "EACH", least: 6 },
    Column { title: "$/HOUR", least: 6 },
    Column { title: "$/M TOKENS", least: 6 },
    Column { title: "", least: 8 },
];

fn all(view: &CapacityView<'_>, page: &mut Page) {
    let percentile = view.question.percentile;
    let dollars = |value: Option<f64>| value.map_or("–".to_owned(), |it| format!("{it:.2}"));
    let row = |choice: &Choice| {
        let summary = &choice.room.summary;
        let sure = match view.basis(choice) {
            Basis::Calibrated => "",
            Basis::Extrapolated => "extrapolated",
            Basis::ModelledOnly => "modelled",
        };
        let cells = [
            choice.name.to_string(),
            choice.replicas.all().to_string(),
            number(choice.room.seats / choice.gpus_each),
            number(summary.in_flight_mean / choice.gpus_each),
            time(percentile.of(&summary.ttft)),
            time(percentile.of(&summary.tpot)),
            dollars(choice.cost_per_hour),
            dollars(choice.cost_per_million),
            sure.to_owned(),
        ];
        Row { cells: cells.map(|cell| Line::prose(&cell)).into(), below: Vec::new() }
    };
    let choices = &view.answer.choices;
    let rows: Vec<_> = choices.iter().take(SHOWN).map(row).collect();
    page.blank();
    page.heading("All options", &format!("cheapest first; latencies are {}", percentile.name()));
    Table { columns: &COLUMNS, rows: &rows, indent: 2 }.draw(page);
    let dear: Vec<_> = view.answer.dear.iter().map(ToString::to_string).collect();
    if !dear.is_empty() {
        let dear = format!("  dearer by a bound, and not simulated: {}", dear.join(", "));
        page.text(Line::of(Role::Faint, dear));
    }
    if choices.len() > SHOWN {
        let more = choices.len() - SHOWN;
        page.text(Line::of(
            Role::Faint,
            format!("  and {more} dearer ones; --details and --json show them all"),
        ));
    }
}

/// Options that a table has.
const SHOWN: usize = 20;

fn denied(view: &CapacityView<'_>, page: &mut Page) {
    let denied = view.answer.denied.iter().map(|it| (&it.name, it.why.to_string()));
    let misfits = view.misfits.iter().map(|it| (&it.name, it.why.to_string()));
    let reasons: Vec<_> = denied.chain(misfits).collect();
    if reasons.is_empty() {
        return;
    }
    page.blank();
    page.heading("Not possible", "");
    for (which, why) in reasons {
        page.hang(Line::of(Role::Name, format!("  {which}  ")), Line::prose(&why));
    }
}

fn footnote(view: &CapacityView<'_>) -> String {
    format!(
        "Latencies and seats come from a simulation of the engine over modelled step times (seed {}); ranges come from \
         measurements that the fit had not seen. Prices: list, {}; --prices says yours.",
        view.question.seed, view.served.prices
    )
}

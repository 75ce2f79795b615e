//! Models that answer whole items, for a terminal.

use super::{number, time};
use crate::Layout;
use crate::text::{Column, Line, Page, Role, Row, Table};
use capacity::items::{Answer, Bottleneck, Choice, Plan, Question};

const COLUMNS: [Column; 9] = [
    Column { title: "DEVICE", least: 8 },
    Column { title: "DEVICES", least: 7 },
    Column { title: "ITEMS/S EACH", least: 7 },
    Column { title: "BATCH", least: 5 },
    Column { title: "P50", least: 6 },
    Column { title: "P95", least: 6 },
    Column { title: "P99", least: 6 },
    Column { title: "$/HOUR", least: 6 },
    Column { title: "$/M ITEMS", least: 6 },
];

/// What each device does, the cheapest first.
pub fn items(answer: &Answer, question: &Question, prices: &str, layout: Layout) -> String {
    let mut page = Page::new(layout);
    let rate = question.rate.map_or_else(
        || "as many as one device bears".to_owned(),
        |rate| format!("{rate} a second"),
    );
    page.text(Line::of(Role::Title, &answer.model.name).plain(format!(
        " in {} · {rate}, each within {} for {} %",
        question.precision.name(),
        time(question.promise.latency),
        number(question.promise.part * 100.0)
    )));
    let able: Vec<(&Choice, &Plan)> = answer
        .choices
        .iter()
        .filter_map(|choice| choice.outcome.as_ref().ok().map(|plan| (choice, plan)))
        .collect();
    page.blank();
    match able.first() {
        Some((choice, plan)) => best(choice, plan, question, &mut page),
        None => page.text(Line::of(Role::Bad, "No device keeps this promise.")),
    }
    if !able.is_empty() {
        let rows: Vec<_> = able.iter().map(|(choice, plan)| row(choice, plan)).collect();
        page.blank();
        page.heading("All devices", "cheapest first; one to spare among them");
        Table { columns: &COLUMNS, rows: &rows, indent: 2 }.draw(&mut page);
    }
    impossible(answer, &mut page);
    page.blank();
    page.text(Line::of(Role::Faint, format!("Prices: list, {prices}; --prices says yours.")));
    page.render()
}

fn best(choice: &Choice, plan: &Plan, question: &Question, page: &mut Page) {
    page.hang(
        Line::of(Role::Title, "Recommended: "),
        Line::of(
            Role::Name,
            format!("{} × {}, {} of them to spare", plan.devices, choice.device, question.spares),
        ),
    );
    let mut say = |lead: &str, text: String| {
        page.hang(Line::of(Role::Faint, format!("  {lead:<12}")), Line::prose(&text));
    };
    say("each", format!("{} items/s; one alone takes {}", number(plan.rate), time(plan.alone)));
    say(
        "batches",
        format!(
            "of at most {}, which {}",
            plan.batching.most,
            match plan.batching.delay {
                delay if delay > 0.0 => format!("wait {} for company", time(delay)),
                _ => "do not wait for company".to_owned(),
            }
        ),
    );
    say("bound by", bottleneck(plan.bottleneck).to_owned());
    if let (Some(hour), Some(million)) = (plan.cost_per_hour, plan.cost_per_million) {
        say("cost", format!("${hour:.2} an hour · ${million:.2} per million items"));
    }
    let error = plan.error.map_or_else(String::new, |error| {
        format!("; predicted times are off by {:.0} % in the mean", error * 100.0)
    });
    say("sure of it", format!("{}{error}", plan.basis));
}

fn bottleneck(bottleneck: Bottleneck) -> &'static str {
    match bottleneck {
        Bottleneck::Compute => "compute",
        Bottleneck::MemoryBandwidth => "memory bandwidth",
        Bottleneck::Overhead => "the time to launch operators",
        Bottleneck::MemoryCapacity => "memory: larger batches do not fit",
    }
}

fn row(choice: &Choice, plan: &Plan) -> Row {
    let dollars = |value: Option<f64>| value.map_or("–".to_owned(), |it| format!("{it:.2}"));
    let cells = [
        choice.device.clone(),
        plan.devices.to_string(),
        number(plan.rate),
        plan.batching.most.to_string(),
        time(plan.latency.p50),
        time(plan.latency.p95),
        time(plan.latency.p99),
        dollars(plan.cost_per_hour),
        dollars(plan.cost_per_million),
    ];
    let sure = format!("{}, {}", plan.basis, bottleneck(plan.bottleneck));
    Row {
        cells: cells.map(|cell| Line::prose(&cell)).into(),
        below: vec![Line::of(Role::Faint, sure)],
    }
}

fn impossible(answer: &Answer, page: &mut Page) {
    let reasons: Vec<_> =
        answer.choices.iter().filter_map(|choice| choice.outcome.as_ref().err()).collect();
    if reasons.is_empty() {
        return;
    }
    page.blank();
    page.heading("Not possible", "");
    for why in reasons {
        page.text(Line::prose(&format!("  {why}")));
    }
}

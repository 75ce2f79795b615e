//! Latency against requests in flight.

use super::asked::Tokens;
use crate::atomic::{Readers, write};
use crate::error::Error;
use crate::exit::Exit;
use crate::printer::Printer;
use capacity::engine::Percentiles;
use capacity::offers::Offer;
use capacity::search::{Point, knee, sweep};
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn points(asked: &Tokens, offer: &Offer) -> Vec<Point> {
    let question = &asked.question;
    sweep(&offer.candidate(), &question.lengths, &question.promise, question.seed)
}

pub(super) fn show(
    asked: &Tokens,
    offer: &Offer,
    file: Option<&Path>,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let points = points(asked, offer);
    let name = &offer.name;
    let on = name.slice.as_deref().unwrap_or("whole");
    let title = format!("{} on {} × {} ({on})", asked.served.model, name.tensor_parallel, name.gpu);
    let plots = report::curves(&title, &points, &asked.question.promise, offer.bands);
    let width = printer.layout().width;
    for plot in &plots {
        printer.result(&format!("\n{}", plot.text(width)))?;
    }
    match knee(&points) {
        Some(knee) => printer.result(&format!("\nThe knee is at {knee} requests in flight: from there on the first token takes more than five times as long as alone.\n"))?,
        None => printer.result("\nNo knee: the batch is full before the first token takes five times as long as alone.\n")?,
    }
    let Some(file) = file else { return Ok(Exit::Done) };
    let svg: String = plots.iter().map(report::plot::Plot::svg).collect();
    let is = |end: &str| file.extension().is_some_and(|it| it.eq_ignore_ascii_case(end));
    let document = if is("svg") {
        report::plot::stacked(&plots)
    } else if is("html") {
        format!(
            "<!doctype html>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<body style=\"max-width:50rem;margin:2rem auto\">\n{svg}</body>\n"
        )
    } else {
        let message = format!("{} is neither .svg nor .html", file.display());
        return Err(Error::advised(message, "name the plot curve.svg or curve.html"));
    };
    write(file, &document, Readers::Anybody).map_err(Error::disk("write", file))?;
    printer.note(&format!("wrote {}", file.display()));
    Ok(Exit::Done)
}

pub(super) fn json(points: &[Point]) -> Value {
    let values = |it: &Percentiles| json!({"mean": it.mean.value, "p50": it.p50.value, "p95": it.p95.value, "p99": it.p99.value});
    let point = |point: &Point| {
        json!({
            "inFlight": point.in_flight,
            "ttft": values(&point.summary.ttft),
            "tpot": values(&point.summary.tpot),
            "e2e": values(&point.summary.e2e),
            "requestsPerSecond": point.summary.requests_per_second,
            "outputTokensPerSecond": point.summary.output_tokens_per_second,
        })
    };
    json!({"knee": knee(points), "points": points.iter().map(point).collect::<Vec<_>>()})
}

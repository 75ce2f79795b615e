//! Latency against concurrency, as curves.

use crate::plot::{Mark, Plot, Point, Series};
use capacity::engine::{Percentiles, Promise};
use capacity::search::{self, knee};
use capacity::{Band, Bands};
use model::plan::{CurvePoint, Latency, Serving};

/// The curves of a sweep: to the first token, and for each token, in milliseconds.
pub fn curves(
    title: &str,
    points: &[search::Point],
    promise: &Promise,
    bands: Option<&Bands>,
) -> [Plot; 2] {
    let parts = |of: fn(&search::Point) -> &Percentiles, band: Option<&Band>| {
        let row = |it: &search::Point| Row::measured(it.in_flight, of(it), band);
        points.iter().map(row).collect()
    };
    let first = Quantity {
        rows: parts(|it| &it.summary.ttft, bands.map(|it| &it.ttft)),
        promised: promise.ttft.map(|limit| limit * 1e3),
    };
    let each = Quantity {
        rows: parts(|it| &it.summary.tpot, bands.map(|it| &it.tpot)),
        promised: promise.tpot.map(|limit| limit * 1e3),
    };
    both(title, &first, &each, knee(points))
}

/// The same curves of a model that a plan serves.
#[allow(clippy::cast_precision_loss, reason = "nobody promises so long a time that it shows")]
pub(crate) fn served(serving: &Serving) -> [Plot; 2] {
    let parts = |of: fn(&CurvePoint) -> Latency| {
        let row = |it: &CurvePoint| Row::planned(it.in_flight, of(it));
        serving.curve.points.iter().map(row).collect()
    };
    let asked = &serving.asked;
    let first = Quantity { rows: parts(|it| it.ttft), promised: Some(asked.ttft_ms as f64) };
    let each = Quantity { rows: parts(|it| it.tpot), promised: Some(asked.tpot_ms as f64) };
    let title = format!("{} on {}", asked.model, serving.chosen.name);
    both(&title, &first, &each, serving.curve.knee)
}

/// One quantity of a sweep.
struct Quantity {
    rows: Vec<Row>,
    promised: Option<f64>,
}

/// Milliseconds at a number of requests in flight.
struct Row {
    in_flight: u32,
    /// p50, p95, p99.
    at: [f64; 3],
    between: Option<(f64, f64)>,
}

impl Row {
    fn measured(in_flight: u32, values: &Percentiles, band: Option<&Band>) -> Self {
        let at = [values.p50, values.p95, values.p99].map(|it| it.value * 1e3);
        Self { in_flight, at, between: band.map(|band| (band.p5, band.p95)) }
    }

    fn planned(in_flight: u32, values: Latency) -> Self {
        Self { in_flight, at: [values.p50, values.p95, values.p99], between: values.between }
    }
}

fn both(title: &str, first: &Quantity, each: &Quantity, knee: Option<u32>) -> [Plot; 2] {
    let mark = |at: u32| Mark { at: f64::from(at), name: format!("knee at {at}") };
    let plot = |what: &str, quantity: &Quantity| Plot {
        title: format!("{what}, {title}"),
        across: "requests in flight on a replica".to_owned(),
        up: "ms".to_owned(),
        series: [("p50", 0), ("p95", 1), ("p99", 2)]
            .map(|(name, at)| series(name, &quantity.rows, at))
            .into(),
        limits: quantity
            .promised
            .map(|at| Mark { at, name: format!("promised: {at:.0} ms") })
            .into_iter()
            .collect(),
        marks: knee.map(mark).into_iter().collect(),
    };
    [plot("Time to first token", first), plot("Time per output token", each)]
}

/// Bands are drawn where they do not hide each other: the slowest requests have none.
const BANDED: usize = 2;

fn series(name: &str, rows: &[Row], which: usize) -> Series {
    let point = |row: &Row| {
        let up = row.at[which];
        let between = row.between.filter(|_| which < BANDED);
        let band = between.map(|(low, high)| (up * low, up * high));
        Point { across: f64::from(row.in_flight), up, band }
    };
    Series { name: name.to_owned(), points: rows.iter().map(point).collect() }
}

//! Latency against concurrency, as curves.

use super::between;
use crate::plot::{Mark, Plot, Point, Series};
use capacity::engine::{Estimate, Percentiles, Promise};
use capacity::search::{self, knee};
use capacity::{Band, Bands};

/// The curves of a sweep: to the first token, and for each token, in milliseconds.
pub fn curves(
    title: &str,
    points: &[search::Point],
    promise: &Promise,
    bands: Option<&Bands>,
) -> [Plot; 2] {
    let knee = knee(points);
    let plot =
        |what: &str, of: fn(&search::Point) -> &Percentiles, limit: Option<f64>, band| Plot {
            title: format!("{what}, {title}"),
            across: "requests in flight on a replica".to_owned(),
            up: "ms".to_owned(),
            series: vec![
                series("p50", points, of, |it| it.p50, band),
                series("p95", points, of, |it| it.p95, band),
                series("p99", points, of, |it| it.p99, None),
            ],
            limits: limit
                .map(|limit| Mark {
                    at: limit * 1e3,
                    name: format!("promised: {:.0} ms", limit * 1e3),
                })
                .into_iter()
                .collect(),
            marks: knee
                .map(|at| Mark { at: f64::from(at), name: format!("knee at {at}") })
                .into_iter()
                .collect(),
        };
    [
        plot("Time to first token", |it| &it.summary.ttft, promise.ttft, bands.map(|it| &it.ttft)),
        plot(
            "Time per output token",
            |it| &it.summary.tpot,
            promise.tpot,
            bands.map(|it| &it.tpot),
        ),
    ]
}

fn series(
    name: &str,
    points: &[search::Point],
    of: fn(&search::Point) -> &Percentiles,
    which: fn(&Percentiles) -> Estimate,
    band: Option<&Band>,
) -> Series {
    let point = |point: &search::Point| {
        let up = which(of(point)).value * 1e3;
        Point { across: f64::from(point.in_flight), up, band: between(up, band) }
    };
    Series { name: name.to_owned(), points: points.iter().map(point).collect() }
}

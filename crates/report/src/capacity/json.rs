//! For programs.

use super::{CapacityView, between};
use capacity::Band;
use capacity::engine::Percentiles;
use capacity::search::{Choice, Name};
use serde_json::{Value, json};

/// The answer with everything that is known of it; times in seconds, bands between which nine of ten measurements are.
pub fn json(view: &CapacityView<'_>) -> Value {
    let choices = view.answer.choices.iter().enumerate();
    let options: Vec<_> = choices.map(|(at, it)| choice(view, it, view.seats.get(at))).collect();
    let denied = view.answer.denied.iter().map(|it| (&it.name, it.why.to_string()));
    let misfits = view.misfits.iter().map(|it| (&it.name, it.why.to_string()));
    let impossible: Vec<_> = denied
        .chain(misfits)
        .map(|(which, why)| json!({"option": name(which), "why": why}))
        .collect();
    let promise = &view.question.promise;
    json!({
        "model": view.served.model,
        "weights": view.served.weights,
        "engine": view.served.engine,
        "promise": {
            "ttft": promise.ttft, "tpot": promise.tpot, "e2e": promise.e2e,
            "percentile": view.question.percentile.name(),
        },
        "seed": view.question.seed,
        "pricesOf": view.served.prices,
        "options": options,
        "impossible": impossible,
        "dearer": view.answer.dear.iter().map(name).collect::<Vec<_>>(),
    })
}

fn name(name: &Name) -> Value {
    json!({"gpu": name.gpu, "tensorParallel": name.tensor_parallel, "slice": name.slice})
}

fn choice(view: &CapacityView<'_>, choice: &Choice, seats: Option<&(f64, f64)>) -> Value {
    let summary = &choice.room.summary;
    let bands = view.offer(choice).and_then(|offer| offer.bands);
    json!({
        "option": name(&choice.name),
        "replicas": {
            "needed": choice.replicas.needed,
            "spare": choice.replicas.spare,
            "growing": choice.replicas.growing,
        },
        "gpus": choice.gpus,
        "gpusPerReplica": choice.gpus_each,
        "perReplica": {
            "seats": choice.room.seats,
            "seatsBetween": seats,
            "inFlight": summary.in_flight_mean,
            "requestsPerSecond": summary.requests_per_second,
            "outputTokensPerSecond": summary.output_tokens_per_second,
        },
        "ttft": percentiles(&summary.ttft, bands.map(|it| &it.ttft)),
        "tpot": percentiles(&summary.tpot, bands.map(|it| &it.tpot)),
        "e2e": percentiles(&summary.e2e, bands.map(|it| &it.tpot)),
        "bottleneck": format!("{:?}", summary.bottleneck).to_lowercase(),
        "costPerHour": choice.cost_per_hour,
        "costPerMillionOutputTokens": choice.cost_per_million,
        "coldStart": choice.cold_start,
        "basis": view.basis(choice).words(),
    })
}

fn percentiles(values: &Percentiles, band: Option<&Band>) -> Value {
    let one = |value: f64| json!({"value": value, "between": between(value, band)});
    json!({
        "mean": one(values.mean.value),
        "p50": one(values.p50.value),
        "p95": one(values.p95.value),
        "p99": one(values.p99.value),
    })
}

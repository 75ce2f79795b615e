//! The answer of the capacity model, in the plan's words.

use super::asked::Asked;
use super::{Computed, No};
use crate::devices::resource;
use capacity::engine::Percentiles;
use capacity::offers::{Misfit, Offer, offers};
use capacity::search::{Answer, Choice, Name, Point, knee, search, seats_if, sweep};
use capacity::{Band, Bands, Prices};
use model::plan::{Curve, CurvePoint, Latency, ServingOption};

pub(super) fn answer(asked: &Asked) -> Result<Computed, No> {
    let prices = Prices::list();
    let (mut offers, misfits) = offers(&asked.wish, &prices);
    offers.retain(|offer| is_there(asked, &offer.name));
    let candidates: Vec<_> = offers.iter().map(Offer::candidate).collect();
    let answer = search(&asked.question, &candidates)
        .map_err(|error| No::refused(error.to_string(), "correct it under x-muster.inference"))?;
    let stands = |choice: &&Choice| choice.name.tensor_parallel == asked.as_it_stands;
    let chosen = answer.choices.iter().find(stands).or_else(|| answer.choices.first());
    let offer = chosen.and_then(|it| offers.iter().find(|offer| offer.name == it.name));
    let (Some(chosen), Some(offer)) = (chosen, offer) else {
        return Err(nothing_keeps(asked, &answer, &misfits));
    };
    let listed = |choice: &Choice| {
        let offer = offers.iter().find(|offer| offer.name == choice.name)?;
        let is_chosen = choice.name == chosen.name;
        let seats_between = is_chosen.then(|| range(asked, choice, offer)).flatten();
        Some(ServingOption { seats_between, ..option(asked, choice, offer) })
    };
    let options: Vec<_> = answer.choices.iter().filter_map(listed).collect();
    let name = chosen.name.to_string();
    let Some(chosen) = options.iter().find(|it| it.name == name).cloned() else {
        return Err(nothing_keeps(asked, &answer, &misfits));
    };
    let points = sweep(
        &offer.candidate(),
        &asked.question.lengths,
        &asked.question.promise,
        asked.question.seed,
    );
    Ok(Computed {
        asked: asked.words.clone(),
        chosen,
        options,
        impossible: impossible(&answer, &misfits),
        dearer: answer.dear.iter().map(ToString::to_string).collect(),
        prices: prices.date().to_owned(),
        curve: curve(&points, offer.bands),
    })
}

/// Whether nodes of the cluster offer it, as far as that is known.
fn is_there(asked: &Asked, name: &Name) -> bool {
    let most = || asked.offered.get(&name.gpu)?.get(&resource(name.slice.as_deref())).copied();
    asked.offered.is_empty() || most().unwrap_or(0) >= u64::from(name.tensor_parallel)
}

/// Between how many seats a replica has, as far off as nine of ten measurements were.
fn range(asked: &Asked, choice: &Choice, offer: &Offer) -> Option<(f64, f64)> {
    let band = offer.bands?.tpot;
    let at = |factor| seats_if(&asked.question, &offer.candidate(), factor);
    Some((
        rounded(at(band.p95).min(choice.room.seats)),
        rounded(at(band.p5).max(choice.room.seats)),
    ))
}

fn impossible(answer: &Answer, misfits: &[Misfit]) -> Vec<(String, String)> {
    let denied = answer.denied.iter().map(|it| (it.name.to_string(), it.why.to_string()));
    let misfits = misfits.iter().map(|it| (it.name.to_string(), it.why.to_string()));
    denied.chain(misfits).collect()
}

/// Reasons that are told of those which there are; the most capable kinds come last.
const REASONS: usize = 3;

fn nothing_keeps(asked: &Asked, answer: &Answer, misfits: &[Misfit]) -> No {
    let all = impossible(answer, misfits);
    let told: Vec<_> =
        all.iter().rev().take(REASONS).map(|(name, why)| format!("{name}: {why}")).collect();
    let why = if told.is_empty() {
        "no kind of GPU that is known can be cut so, or no node offers it".to_owned()
    } else {
        told.join("; ")
    };
    let more = all.len().saturating_sub(REASONS);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    No {
        code: "inference-promise-impossible",
        ..No::refused(
            format!(
                "nothing keeps the promise of {} that the file allows: {why}{more}",
                asked.words.model
            ),
            "promise later tokens (ttft, tpot), allow more or other GPUs, or serve a smaller model; muster capacity --from shows all options",
        )
    }
}

fn option(asked: &Asked, choice: &Choice, offer: &Offer) -> ServingOption {
    let (room, bands) = (&choice.room, offer.bands);
    ServingOption {
        name: choice.name.to_string(),
        gpu: choice.name.gpu.clone(),
        tensor_parallel: choice.name.tensor_parallel,
        slice: choice.name.slice.clone(),
        needed: choice.replicas.needed,
        spare: choice.replicas.spare.saturating_add(choice.replicas.growing),
        gpus_each: rounded(choice.gpus_each),
        seats: rounded(room.seats),
        seats_between: None,
        in_flight: rounded(room.summary.in_flight_mean),
        ttft: latency(&room.summary.ttft, bands.map(|it| &it.ttft)),
        tpot: latency(&room.summary.tpot, bands.map(|it| &it.tpot)),
        bound_by: room.summary.bottleneck.words().to_owned(),
        basis: offer.basis(&asked.question, room).words().to_owned(),
        cost_per_hour: choice.cost_per_hour.map(rounded),
    }
}

fn curve(points: &[Point], bands: Option<&Bands>) -> Curve {
    let point = |point: &Point| CurvePoint {
        in_flight: point.in_flight,
        ttft: latency(&point.summary.ttft, bands.map(|it| &it.ttft)),
        tpot: latency(&point.summary.tpot, bands.map(|it| &it.tpot)),
    };
    Curve { points: points.iter().map(point).collect(), knee: knee(points) }
}

fn latency(values: &Percentiles, band: Option<&Band>) -> Latency {
    let millis = |seconds: f64| rounded(seconds * 1e3);
    Latency {
        p50: millis(values.p50.value),
        p95: millis(values.p95.value),
        p99: millis(values.p99.value),
        between: band.map(|band| (rounded(band.p5), rounded(band.p95))),
    }
}

/// Four digits count: more would differ between machines, and are not known.
fn rounded(value: f64) -> f64 {
    let short = format!("{value:.3e}").parse().unwrap_or(0.0);
    if f64::is_finite(short) { short } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn four_digits_count() {
        for (value, want) in [
            (0.0, 0.0),
            (1_234.56, 1_235.0),
            (0.012_345_6, 0.012_35),
            (f64::INFINITY, 0.0),
            (f64::NAN, 0.0),
        ] {
            assert!((rounded(value) - want).abs() < 1e-12, "{value}");
        }
    }
}

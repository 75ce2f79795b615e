//! The answer of the capacity model, in the plan's words.

use super::asked::Asked;
use super::{Computed, Ground, No};
use crate::devices::{kind, resource};
use capacity::engine::Percentiles;
use capacity::offers::{Misfit, Offer, Slices, offers};
use capacity::search::{
    Answer, Choice, Name, Point, Question, knee, search_with, seats_between, sweep,
};
use capacity::{Band, Bands, Prices, usual};
use model::plan::{Curve, CurvePoint, Latency, ServingOption};

/// Answers of one plan: what is asked again is not computed again.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    known: Vec<(Asked, Result<Computed, No>)>,
}

impl Answers {
    pub(super) fn of(&mut self, asked: Asked) -> Result<Computed, No> {
        if let Some((_, answer)) = self.known.iter().find(|(known, _)| *known == asked) {
            return answer.clone();
        }
        let answer = answer(&asked);
        self.known.push((asked, answer.clone()));
        answer
    }
}

fn answer(asked: &Asked) -> Result<Computed, No> {
    let (prices, question) = (Prices::list(), asked.question());
    let (fitting, misfits) = offers(&asked.wish(), &prices);
    let (offers, absent): (Vec<_>, Vec<_>) =
        fitting.into_iter().partition(|offer| is_there(asked, &offer.name));
    let candidates: Vec<_> = offers.iter().map(Offer::candidate).collect();
    let answer = search_with(&question, &candidates, |name| runs_on(asked, name) == (true, true))
        .map_err(|error| {
        No::refused(error.to_string(), "correct it under x-muster.inference, or in the command")
    })?;
    let absent = absent.iter().filter_map(|offer| missing(asked, &offer.name));
    let impossible: Vec<_> = denied(&answer, &misfits).into_iter().chain(absent).collect();
    let chosen = choose(asked, &answer.choices);
    let offer = chosen.and_then(|it| offers.iter().find(|offer| offer.name == it.name));
    let (Some(chosen), Some(offer)) = (chosen, offer) else {
        return Err(nothing_keeps(asked, &impossible));
    };
    let picked = ServingOption {
        seats_between: range(&question, chosen, offer),
        ..option(&question, chosen, offer)
    };
    let options = answer.choices.iter().filter_map(|choice| {
        let offer = offers.iter().find(|offer| offer.name == choice.name)?;
        let is_picked = choice.name == chosen.name;
        Some(if is_picked { picked.clone() } else { option(&question, choice, offer) })
    });
    let options = options.collect();
    let points = sweep(&offer.candidate(), &question.lengths, &question.promise, question.seed);
    Ok(Computed {
        asked: asked.words.clone(),
        ground: ground(asked, &answer.choices, &chosen.name),
        chosen: picked,
        options,
        impossible,
        dearer: answer.dear.iter().map(ToString::to_string).collect(),
        prices: prices.date().to_owned(),
        curve: curve(&points, offer.bands),
    })
}

/// As the command stands before anything else, then what runs already, then the cheapest.
fn choose<'c>(asked: &Asked, choices: &'c [Choice]) -> Option<&'c Choice> {
    choices.iter().min_by_key(|choice| {
        let stands = choice.name.tensor_parallel == asked.as_it_stands;
        let (same_kind, same_share) = runs_on(asked, &choice.name);
        (!stands, !same_kind, !same_share)
    })
}

/// Whether the service runs on that kind, and on as much of it.
fn runs_on(asked: &Asked, name: &Name) -> (bool, bool) {
    asked.running.as_ref().map_or((false, false), |running| {
        let takes = running.takes.get(&resource(name.slice.as_deref()));
        (kind(&running.product) == name.gpu, takes == Some(&u64::from(name.tensor_parallel)))
    })
}

fn ground(asked: &Asked, choices: &[Choice], chosen: &Name) -> Ground {
    match choices.first() {
        Some(cheapest) if cheapest.name != *chosen => match runs_on(asked, chosen) {
            (true, _) => Ground::RunsThere,
            (false, _) => Ground::CommandStands,
        },
        _ if asked.deployed.tensor_parallel != usual::TENSOR_PARALLEL => Ground::CheapestAsStated,
        _ => Ground::Cheapest,
    }
}

/// The most of it that a node of the cluster offers; nothing where anything may be.
fn most(asked: &Asked, name: &Name) -> Option<u64> {
    let most = || asked.offered.get(&name.gpu)?.get(&resource(name.slice.as_deref())).copied();
    (!asked.offered.is_empty()).then(|| most().unwrap_or(0))
}

/// Whether nodes of the cluster offer it, as far as that is known.
fn is_there(asked: &Asked, name: &Name) -> bool {
    most(asked, name).is_none_or(|most| most >= u64::from(name.tensor_parallel))
}

/// Why it is not there. That nodes are not cut into slices that nobody asks for goes without saying.
fn missing(asked: &Asked, name: &Name) -> Option<(String, String)> {
    if name.slice.is_some() && !matches!(asked.deployed.slices, Slices::Only(_)) {
        return None;
    }
    let resource = resource(name.slice.as_deref());
    let why = match most(asked, name)? {
        0 => format!("no node offers {resource} of it"),
        most => format!("no node offers more than {most} {resource} of it"),
    };
    Some((name.to_string(), why))
}

/// Between how many seats a replica has, as far off as nine of ten measurements were.
fn range(question: &Question, choice: &Choice, offer: &Offer) -> Option<(f64, f64)> {
    let seats = choice.room.seats;
    let (low, high) = seats_between(question, &offer.candidate(), offer.bands?, seats);
    Some((rounded(low), rounded(high)))
}

fn denied(answer: &Answer, misfits: &[Misfit]) -> Vec<(String, String)> {
    let denied = answer.denied.iter().map(|it| (it.name.to_string(), it.why.to_string()));
    let misfits = misfits.iter().map(|it| (it.name.to_string(), it.why.to_string()));
    denied.chain(misfits).collect()
}

/// Reasons that are told of those which there are; what fits and is not there comes last, the most capable kinds before.
const REASONS: usize = 3;

fn nothing_keeps(asked: &Asked, impossible: &[(String, String)]) -> No {
    let told: Vec<_> =
        impossible.iter().rev().take(REASONS).map(|(name, why)| format!("{name}: {why}")).collect();
    let why = if told.is_empty() {
        "no kind of GPU that is known can be cut so".to_owned()
    } else {
        told.join("; ")
    };
    let more = impossible.len().saturating_sub(REASONS);
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

fn option(question: &Question, choice: &Choice, offer: &Offer) -> ServingOption {
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
        basis: offer.basis(question, room).words().to_owned(),
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
    use super::super::Deployed;
    use super::{Answers, Asked, rounded};
    use capacity::gpu::gpu;
    use capacity::offers::{Settings, Slices};
    use capacity::{Cache, Engine, Weights};
    use model::plan::ServingQuestion;
    use std::collections::BTreeMap;

    fn asked(users: u32) -> Asked {
        Asked {
            words: ServingQuestion {
                model: "llama-3.1-8b".to_owned(),
                weights: "bf16".to_owned(),
                engine: "vllm".to_owned(),
                users,
                think_ms: 30_000,
                prompt: 1_024,
                output: 256,
                ttft_ms: 500,
                tpot_ms: 50,
                percentile: "p95".to_owned(),
            },
            shape: capacity::model("llama-3.1-8b").unwrap().clone(),
            deployed: Deployed {
                model: "llama-3.1-8b".to_owned(),
                config: None,
                gpus: vec![gpu("h100").unwrap()],
                tensor_parallel: vec![1],
                slices: Slices::None,
                weights: None,
                cache: Cache::Bf16,
                engine: None,
                settings: Settings::default(),
            },
            weights: Weights::Bf16,
            engine: Engine::Vllm,
            as_it_stands: 1,
            offered: BTreeMap::new(),
            running: None,
        }
    }

    #[test]
    fn what_is_asked_again_is_not_computed_again() {
        let mut answers = Answers::default();
        let needed = [20, 2_000, 20].map(|users| answers.of(asked(users)).unwrap().chosen.needed);
        assert!(needed[0] < needed[1] && needed[0] == needed[2], "{needed:?}");
        assert_eq!(answers.known.len(), 2);
    }

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

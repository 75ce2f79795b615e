//! Deployments that could serve a model: kinds of GPUs, tensor parallelism, slices.

use crate::calibration::{Bands, Basis, Calibration};
use crate::deployment::{Cache, Deployment, Engine, Graphs, Unfit, Weights};
use crate::engine;
use crate::gpu::{Gpu, Slice};
use crate::memory::Budget;
use crate::search::{Candidate, Name, Question, Room};
use crate::{Model, Prices, Roofline};

/// What may be offered.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish<'a> {
    /// What is served.
    pub model: &'a Model,
    /// Kinds of GPU.
    pub gpus: Vec<&'static Gpu>,
    /// How many of them compute a step together.
    pub tensor_parallel: Vec<u32>,
    /// Which slices of them.
    pub slices: Slices,
    /// In what weights are kept.
    pub weights: Weights,
    /// In what keys and values are kept.
    pub cache: Cache,
    /// The engine.
    pub engine: Engine,
    /// What it is told.
    pub settings: Settings,
}

/// What an engine is told of its limits; what it is not told is as it sets it itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Settings {
    /// What it takes of a GPU's memory.
    pub budget: Option<Budget>,
    /// Requests in a batch.
    pub max_sequences: Option<u32>,
    /// Tokens computed in a step.
    pub max_batched_tokens: Option<u32>,
    /// How steps without prompts reach the GPU.
    pub graphs: Graphs,
}

/// Which slices of GPUs may be offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slices {
    /// Whole GPUs and all their slices.
    Any,
    /// Whole GPUs only.
    None,
    /// This profile only.
    Only(String),
}

/// A deployment that fits, ready to be judged.
#[derive(Debug)]
pub struct Offer {
    /// What it is called.
    pub name: Name,
    /// What is deployed.
    pub deployment: Deployment,
    basis: Basis,
    /// What measurements may be, as multiples of what is predicted.
    pub bands: Option<&'static Bands>,
    times: Roofline,
    engine: engine::Engine,
    gpus: f64,
    price: Option<f64>,
    cold_start: f64,
}

/// A deployment that does not fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    /// What it is called.
    pub name: Name,
    /// Why.
    pub why: Unfit,
}

/// Seconds until a pod runs whose image is on the node, and until an engine that has its weights serves: its graphs are
/// captured. Assumed; guides of llm-d speak of two to seven minutes in all.
const START: f64 = 90.0;
/// Bytes of weights that are read in a second: a network disk or a cache of images. Assumed.
const LOADING: f64 = 1e9;

/// All that fit, and why the others do not.
pub fn offers(wish: &Wish<'_>, prices: &Prices) -> (Vec<Offer>, Vec<Misfit>) {
    let (mut offers, mut misfits) = (Vec::new(), Vec::new());
    for gpu in &wish.gpus {
        for (tensor_parallel, slice) in cuts(wish, gpu) {
            let name = Name {
                gpu: gpu.id.clone(),
                tensor_parallel,
                slice: slice.map(|slice| slice.name.clone()),
            };
            let deployment = Deployment {
                model: wish.model.clone(),
                gpu: (*gpu).clone(),
                slice: slice.cloned(),
                tensor_parallel,
                weights: wish.weights,
                cache: wish.cache,
                engine: wish.engine,
                budget: wish.settings.budget.unwrap_or(Budget::USUAL),
                graphs: wish.settings.graphs,
            };
            match offer(name.clone(), deployment, &wish.settings, prices) {
                Ok(offer) => offers.push(offer),
                Err(why) => misfits.push(Misfit { name, why }),
            }
        }
    }
    (offers, misfits)
}

/// How a kind of GPU may be used.
fn cuts<'g>(wish: &Wish<'_>, gpu: &'g Gpu) -> Vec<(u32, Option<&'g Slice>)> {
    let whole = wish.tensor_parallel.iter().map(|count| (*count, None));
    let slices = gpu.mig.iter().filter(|slice| match &wish.slices {
        // The largest slice is the whole GPU: nobody cuts one for that.
        Slices::Any => slice.most > 1 || slice.memory < 8,
        Slices::None => false,
        Slices::Only(name) => slice.name.eq_ignore_ascii_case(name),
    });
    let sliced: Vec<_> = slices.map(|slice| (1, Some(slice))).collect();
    match wish.slices {
        Slices::Only(_) => sliced,
        _ if wish.tensor_parallel.contains(&1) => whole.chain(sliced).collect(),
        _ => whole.collect(),
    }
}

fn offer(
    name: Name,
    deployment: Deployment,
    told: &Settings,
    prices: &Prices,
) -> Result<Offer, Unfit> {
    let memory = deployment.memory()?;
    let calibration = Calibration::stored();
    let times = Roofline::new(&deployment, &calibration.coefficients)
        .ok_or(Unfit::Unmeasured { engine: deployment.engine })?;
    let (basis, bands) = calibration.bands(&deployment);
    let each = deployment.slice.as_ref().map_or(1.0, |slice| 1.0 / f64::from(slice.most));
    let loading = memory.weights * f64::from(deployment.tensor_parallel) / LOADING;
    Ok(Offer {
        engine: limits(&deployment, told, memory.tokens),
        gpus: each * f64::from(deployment.tensor_parallel),
        price: prices.of(&deployment.gpu.id),
        cold_start: START + loading,
        name,
        times,
        basis,
        bands,
        deployment,
    })
}

/// What engines are set to: as they are told, else vLLM's defaults for its server, by the GPU's memory
/// (<https://docs.vllm.ai/en/stable/configuration/optimization.html>).
fn limits(deployment: &Deployment, told: &Settings, tokens: u64) -> engine::Engine {
    let large = deployment.memory_bytes() >= 70e9 && deployment.gpu.fp8 > 0.0;
    let (sequences, batched) = if large { (1024, 8192) } else { (256, 2048) };
    let max_batched_tokens =
        told.max_batched_tokens.unwrap_or(told.max_sequences.unwrap_or(0).max(batched));
    // Its own default gives way to a smaller step.
    let max_sequences = told.max_sequences.unwrap_or(sequences.min(max_batched_tokens));
    deployment.engine.set(tokens, max_sequences, max_batched_tokens)
}

impl Offer {
    /// How sure its times are under a load that it carries.
    pub fn basis(&self, question: &Question, room: &Room) -> Basis {
        let (prompt, answer) = question.lengths.means();
        self.basis.at(room.summary.in_flight_mean, prompt, answer)
    }

    /// To be judged.
    pub fn candidate(&self) -> Candidate<'_> {
        Candidate {
            name: self.name.clone(),
            times: &self.times,
            engine: self.engine,
            gpus: self.gpus,
            price: self.price,
            cold_start: self.cold_start,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Promise;
    use crate::gpu::gpus;
    use crate::load::{Length, Lengths, Think};
    use crate::search::{Demand, Percentile, search};

    fn wish(model: &str) -> Wish<'static> {
        Wish {
            model: crate::model(model).unwrap(),
            gpus: gpus().iter().collect(),
            tensor_parallel: vec![1, 2, 4, 8],
            slices: Slices::Any,
            weights: Weights::Bf16,
            cache: Cache::Bf16,
            engine: Engine::Vllm,
            settings: Settings::default(),
        }
    }

    #[test]
    fn an_engine_is_set_as_it_is_told() {
        let set = |settings: Settings| {
            let gpus = vec![crate::gpu::gpu("h100").unwrap()];
            let wish = Wish { settings, gpus, tensor_parallel: vec![1], ..wish("llama-3.1-8b") };
            let (offers, _) = offers(&wish, &Prices::list());
            let engine = offers.iter().find(|it| it.name.slice.is_none()).unwrap().engine;
            assert!(engine.check().is_ok());
            (engine.max_sequences, engine.max_batched_tokens, engine.blocks)
        };
        let (sequences, tokens, blocks) = set(Settings::default());
        let few = Settings { max_sequences: Some(64), ..Settings::default() };
        assert_eq!(set(few), (64, tokens, blocks));
        let short = Settings { max_batched_tokens: Some(512), ..Settings::default() };
        assert_eq!(set(short), (512, 512, blocks));
        let many = Settings { max_sequences: Some(20_000), ..Settings::default() };
        assert_eq!(set(many), (20_000, 20_000, blocks));
        let half = Settings { budget: Some(Budget::Engine(0.5)), ..Settings::default() };
        let small = set(half);
        assert!((small.0, small.1) == (sequences, tokens) && small.2 < blocks / 2, "{small:?}");
    }

    #[test]
    fn all_that_fit_and_why_the_others_do_not() {
        let (offers, misfits) = offers(&wish("llama-3.1-70b"), &Prices::list());
        let find = |gpu: &str, tp| {
            offers.iter().find(|it| it.name.gpu == gpu && it.name.tensor_parallel == tp)
        };
        assert!(find("h100", 1).is_none() && find("h100", 4).is_some() && find("t4", 8).is_none());
        assert!(misfits.iter().any(|it| it.name.gpu == "h100" && it.name.tensor_parallel == 1));
        assert!(offers.iter().all(|it| it.name.slice.is_none()));
    }

    #[test]
    fn the_largest_slice_is_offered_to_those_who_ask_for_it() {
        let names = |slices: Slices| {
            let h100 = crate::gpu::gpu("h100").unwrap();
            let wish = Wish { gpus: vec![h100], slices, ..wish("llama-3.1-8b") };
            let (offers, _) = offers(&wish, &Prices::list());
            offers.iter().filter_map(|it| it.name.slice.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(Slices::Only("7g.80gb".to_owned())), ["7g.80gb"]);
        assert!(!names(Slices::Any).contains(&"7g.80gb".to_owned()));
    }

    #[test]
    fn the_question_of_the_manual_has_an_answer() {
        let question = Question {
            demand: Demand::Users { users: Some(500), think: Think::Exponential { seconds: 30.0 } },
            lengths: Lengths::Each { prompt: Length::Fixed(1_024), output: Length::Fixed(256) },
            promise: Promise { ttft: Some(0.5), tpot: Some(0.05), e2e: None },
            percentile: Percentile::P95,
            batch: 0.0,
            growth: 0.0,
            seed: 1,
        };
        let (offers, _) = offers(&wish("llama-3.1-8b"), &Prices::list());
        let candidates: Vec<_> = offers.iter().map(Offer::candidate).collect();
        let answer = search(&question, &candidates).unwrap();
        let of = |gpu: &str| answer.choices.iter().find(|it| it.name.gpu == gpu);
        let seats = |gpu: &str| of(gpu).map_or(0.0, |it| it.room.seats / it.gpus_each);
        assert!(seats("h100") > seats("a100-80gb") && seats("a100-80gb") > seats("l40s"));
        assert!(answer.choices.len() > 4);
    }
}

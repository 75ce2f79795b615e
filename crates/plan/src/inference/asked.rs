//! The question that a service's intent, devices and command ask.

use super::No;
use super::command::Command;
use super::deployed::{Deployed, deployed, model};
use crate::devices::{kind, named};
use crate::world::Subject;
use capacity::engine::Promise;
use capacity::load::{Length, Lengths, Think};
use capacity::offers::Wish;
use capacity::search::{Demand, Percentile, Question};
use capacity::{Engine, Model, Weights, items, usual};
use model::facts::{ClusterFacts, RunsOn};
use model::plan::ServingQuestion;
use model::project::InferenceIntent;
use model::reason::Level;
use std::collections::BTreeMap;

/// A question that can be answered.
#[derive(Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) words: ServingQuestion,
    pub(super) shape: Model,
    pub(super) deployed: Deployed,
    pub(super) weights: Weights,
    pub(super) engine: Engine,
    /// GPUs that the engine computes on as its command stands.
    pub(super) as_it_stands: u32,
    /// The most that one of the cluster's nodes offers, by the kind of GPU; empty where anything may be.
    pub(super) offered: BTreeMap<String, BTreeMap<String, u64>>,
    /// What the service runs on already.
    pub(super) running: Option<RunsOn>,
}

pub(super) fn read(
    cluster: &ClusterFacts,
    subject: &Subject<'_>,
    intent: &InferenceIntent,
) -> Result<Asked, No> {
    let (name, users) = stated(subject, intent)?;
    let deployed = deployed(cluster, subject, name)?;
    let shape = match &deployed.config {
        Some(model) => model.clone(),
        None => known(&deployed.model, subject)?,
    };
    let weights = deployed.weights.unwrap_or_else(|| Weights::from(shape.stored));
    // An image of one's own is taken for one with vLLM, which most are.
    let engine = deployed.engine.unwrap_or(Engine::Vllm);
    let words = ServingQuestion {
        model: deployed.model.clone(),
        weights: weights.name().to_owned(),
        engine: engine.name().to_owned(),
        users,
        think_ms: intent.think_time_ms.unwrap_or(usual::THINK_MS),
        prompt: intent.prompt.unwrap_or(usual::PROMPT),
        output: intent.output.unwrap_or(usual::OUTPUT),
        ttft_ms: intent.ttft_ms.unwrap_or(usual::TTFT_MS),
        tpot_ms: intent.tpot_ms.unwrap_or(usual::TPOT_MS),
        percentile: Percentile::default().name().to_owned(),
    };
    Ok(Asked {
        words,
        shape,
        weights,
        engine,
        as_it_stands: Command::of(subject.service).tensor_parallel().unwrap_or(1),
        offered: offered(cluster, subject),
        running: cluster.running.get(subject.key()).cloned(),
        deployed,
    })
}

/// Model and users: without them there is nothing to compute, and nothing is guessed.
fn stated<'a>(subject: &Subject<'a>, intent: &InferenceIntent) -> Result<(&'a str, u32), No> {
    let model = model(subject);
    if let (Some(model), Some(users)) = (model, intent.users) {
        return Ok((model, users));
    }
    let missing: Vec<_> = [(model.is_none(), "model"), (intent.users.is_none(), "users")]
        .into_iter()
        .filter_map(|(is_missing, what)| is_missing.then_some(what))
        .collect();
    let example = if model.is_none() { "model: llama-3.1-8b, users: 500" } else { "users: 500" };
    Err(No {
        level: Level::Note,
        code: "inference-not-computed",
        why: format!(
            "how many replicas of `{}` and which GPUs are not computed: x-muster.inference says no {}",
            subject.key(),
            missing.join(" and no ")
        ),
        fix: format!("services.{}.x-muster.inference: {{ {example} }}", subject.key()),
    })
}

fn known(name: &str, subject: &Subject<'_>) -> Result<Model, No> {
    let unknown = match capacity::model::as_named(name) {
        Ok(model) => return Ok(model),
        Err(unknown) => unknown,
    };
    if items::model(name).is_ok() {
        return Err(No::refused(
            format!(
                "{name} answers whole items, and x-muster.inference speaks of users and tokens"
            ),
            format!(
                "muster capacity --model {name} --rate ITEMS-PER-SECOND tells which GPUs; write deploy.replicas"
            ),
        ));
    }
    Err(No::refused(
        format!(
            "no model is called `{name}`, so no capacity is computed for `{}`; did you mean `{}`?",
            subject.key(),
            unknown.nearest
        ),
        "name a model of the same shape, or the model's own: x-muster.inference.model: ./config.json",
    ))
}

/// What nodes offer matters unless a kind is stated that none of them has: they may come yet.
fn offered(
    cluster: &ClusterFacts,
    subject: &Subject<'_>,
) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut offered: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for (product, offers) in &cluster.gpus {
        let most = offered.entry(kind(product)).or_default();
        for (resource, amount) in offers {
            let known = most.entry(resource.clone()).or_default();
            *known = (*known).max(*amount);
        }
    }
    match named(subject) {
        Some(stated) if !offered.contains_key(&kind(stated.text)) => BTreeMap::new(),
        _ => offered,
    }
}

/// One seed for all plans: equal files, equal bytes.
const SEED: u64 = 1;

impl Asked {
    /// What may be offered.
    pub(super) fn wish(&self) -> Wish<'_> {
        let deployed = &self.deployed;
        Wish {
            model: &self.shape,
            gpus: deployed.gpus.clone(),
            tensor_parallel: deployed.tensor_parallel.clone(),
            slices: deployed.slices.clone(),
            weights: self.weights,
            cache: deployed.cache,
            engine: self.engine,
            settings: deployed.settings,
        }
    }

    /// As the capacity model asks it.
    pub(super) fn question(&self) -> Question {
        let words = &self.words;
        #[allow(clippy::cast_precision_loss, reason = "nobody waits for so long that it shows")]
        let seconds = |millis: u64| millis as f64 / 1e3;
        Question {
            demand: Demand::Users {
                users: Some(words.users),
                think: Think::Exponential { seconds: seconds(words.think_ms) },
            },
            lengths: Lengths::Each {
                prompt: Length::Fixed(words.prompt),
                output: Length::Fixed(words.output),
            },
            promise: Promise {
                ttft: Some(seconds(words.ttft_ms)),
                tpot: Some(seconds(words.tpot_ms)),
                e2e: None,
            },
            percentile: Percentile::default(),
            batch: 0.0,
            growth: 0.0,
            seed: SEED,
        }
    }
}

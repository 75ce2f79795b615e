//! The question that a service's intent, devices and command ask.

use super::No;
use super::command::Command;
use crate::devices::{Reserved, kind, named, reserved, short};
use crate::world::Subject;
use capacity::engine::Promise;
use capacity::gpu::{Gpu, gpu, gpus};
use capacity::load::{Length, Lengths, Think};
use capacity::offers::{Slices, Wish};
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
    pub(super) wish: Wish<'static>,
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
    let command = Command::of(subject.service);
    let (name, users) = stated(subject, intent, &command)?;
    let model = known(&name, subject)?;
    let engine = engine(subject)?;
    modelled(&command)?;
    let weights = command.weights(&name).unwrap_or_else(|| Weights::from(model.stored));
    let words = ServingQuestion {
        model: name,
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
    let (tensor_parallel, slices) = cut(subject, &command)?;
    let wish = Wish {
        model,
        gpus: kinds(cluster, subject)?,
        tensor_parallel,
        slices,
        weights,
        cache: command.cache(),
        engine,
    };
    let as_it_stands = command.tensor_parallel().unwrap_or(1);
    let offered = offered(cluster, subject);
    let running = cluster.running.get(subject.key()).cloned();
    Ok(Asked { words, wish, as_it_stands, offered, running })
}

/// Model and users: without them there is nothing to compute, and nothing is guessed.
fn stated(
    subject: &Subject<'_>,
    intent: &InferenceIntent,
    command: &Command<'_>,
) -> Result<(String, u32), No> {
    let model = intent.model.as_deref().or_else(|| command.model());
    if let (Some(model), Some(users)) = (model, intent.users) {
        return Ok((model.to_owned(), users));
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

fn known(name: &str, subject: &Subject<'_>) -> Result<&'static Model, No> {
    let unknown = match capacity::model(name) {
        Ok(model) => return Ok(model),
        Err(unknown) => unknown,
    };
    let own = std::path::Path::new(name).extension().is_some_and(|it| it == "json");
    if own {
        return Err(No::refused(
            format!(
                "planning reads no config.json, so no capacity is computed for `{}`",
                subject.key()
            ),
            format!(
                "muster capacity --model {name} --users COUNT tells it; write deploy.replicas and the devices"
            ),
        ));
    }
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
        "name a model of the same shape, or ask muster capacity --model ./config.json and write deploy.replicas",
    ))
}

/// The engine that the image has; an image of one's own is taken for one with vLLM, which most are.
fn engine(subject: &Subject<'_>) -> Result<Engine, No> {
    let Some(family) = subject.family() else { return Ok(Engine::Vllm) };
    Engine::named(&family.id).ok_or_else(|| {
        let measured = Engine::ALL.map(Engine::name).join(", ");
        No::refused(
            format!(
                "nothing was measured of {}, so no capacity is computed for `{}`",
                family.title,
                subject.key()
            ),
            format!(
                "write deploy.replicas and the devices of a replica; what was measured: {measured}"
            ),
        )
    })
}

fn modelled(command: &Command<'_>) -> Result<(), No> {
    command.beyond().map_or(Ok(()), |option| {
        Err(No::refused(
            format!("what {option} does is not modelled: pipelines, data parallelism and guessed tokens have no figures"),
            "write deploy.replicas and the devices of a replica",
        ))
    })
}

/// How GPUs may be cut: what the file reserves is kept.
fn cut(subject: &Subject<'_>, command: &Command<'_>) -> Result<(Vec<u32>, Slices), No> {
    let degrees = || match command.tensor_parallel() {
        Some(degree) => vec![degree],
        None => usual::TENSOR_PARALLEL.to_vec(),
    };
    match reserved(subject) {
        Reserved::Nothing => Ok((degrees(), Slices::Any)),
        Reserved::Whole(None) => Ok((degrees(), Slices::None)),
        Reserved::Whole(Some(count)) => Ok((vec![count], Slices::None)),
        Reserved::Slices { profile, count: 1 } => Ok((vec![1], Slices::Only(profile))),
        Reserved::Slices { profile, count } => Err(No::refused(
            format!("a MIG slice has no link to others: {count} × {profile} cannot share a model"),
            "reserve one slice for a replica, or whole GPUs",
        )),
        Reserved::Other(resource) => Err(No::refused(
            format!("how much of a model {resource} carries is not known"),
            "reserve whole GPUs or a MIG slice, or write deploy.replicas",
        )),
    }
}

fn kinds(cluster: &ClusterFacts, subject: &Subject<'_>) -> Result<Vec<&'static Gpu>, No> {
    let Some(named) = named(subject) else { return there(cluster) };
    let kind = gpu(&short(named.text)).map_err(|unknown| {
        No::refused(
            unknown.to_string(),
            "leave it out for the cheapest kind that keeps the promise, or write deploy.replicas",
        )
    })?;
    Ok(vec![kind])
}

/// Nobody names a kind: those of the cluster, or any if it has none that is known.
fn there(cluster: &ClusterFacts) -> Result<Vec<&'static Gpu>, No> {
    if cluster.gpus.is_empty() {
        return Ok(gpus().iter().collect());
    }
    let found: Vec<_> =
        cluster.gpus.keys().filter_map(|product| gpu(&short(product)).ok()).collect();
    if found.is_empty() {
        let products: Vec<_> = cluster.gpus.keys().map(String::as_str).collect();
        return Err(No::refused(
            format!("the cluster's GPUs ({}) have no figures", products.join(", ")),
            "name another kind under x-muster.inference.gpu, or write deploy.replicas",
        ));
    }
    Ok(found)
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

//! The question that a service's intent, devices and command ask.

use super::No;
use super::command::{Command, plain};
use crate::devices::{Reserved, kind, named, reserved, short};
use crate::world::Subject;
use capacity::engine::Promise;
use capacity::gpu::{Gpu, gpu, gpus};
use capacity::load::{Length, Lengths, Think};
use capacity::offers::{Settings, Slices, Wish};
use capacity::search::{Demand, Percentile, Question};
use capacity::{Cache, Engine, Model, Weights, items, usual};
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

/// How a file says that a model is deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployed {
    /// The model, by its name or its `config.json`.
    pub model: String,
    /// What that `config.json` says.
    pub config: Option<Model>,
    /// Kinds of GPU that it may run on.
    pub gpus: Vec<&'static Gpu>,
    /// How many of them may compute a step together.
    pub tensor_parallel: Vec<u32>,
    /// Which slices of them it may get.
    pub slices: Slices,
    /// In what weights are kept, if the file says so.
    pub weights: Option<Weights>,
    /// In what keys and values are kept.
    pub cache: Cache,
    /// The engine, if the image says which.
    pub engine: Option<Engine>,
    /// What it is told of its limits.
    pub settings: Settings,
}

/// Reads what the service's devices, image and command say of the model's deployment.
pub(super) fn deployed(
    cluster: &ClusterFacts,
    subject: &Subject<'_>,
    model: &str,
) -> Result<Deployed, No> {
    let command = Command::of(subject.service);
    // What answers whole items has no engine that forms steps.
    let engine = if items::model(model).is_ok() { None } else { engine(subject)? };
    modelled(&command)?;
    let (tensor_parallel, slices) = cut(subject, &command)?;
    Ok(Deployed {
        config: config(subject, model)?,
        model: plain(model).to_owned(),
        gpus: kinds(cluster, subject)?,
        tensor_parallel,
        slices,
        weights: command.weights(model),
        cache: command.cache(),
        engine,
        settings: command.settings(),
    })
}

/// The model that the service serves, if its file names one.
pub(super) fn model<'a>(subject: &Subject<'a>) -> Option<&'a str> {
    let intent = subject.service.intent.inference.as_ref()?;
    intent.model.as_deref().or_else(|| Command::of(subject.service).model())
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
        None => known(&deployed.model, subject)?.clone(),
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

/// The model that a `config.json` describes, if one is named.
fn config(subject: &Subject<'_>, name: &str) -> Result<Option<Model>, No> {
    if std::path::Path::new(name).extension().is_none_or(|it| !it.eq_ignore_ascii_case("json")) {
        return Ok(None);
    }
    let intent = subject.service.intent.inference.as_ref();
    let Some(text) = intent.and_then(|it| it.config.as_deref()) else {
        return Err(No::refused(
            format!(
                "{name} cannot be read in the project, so no capacity is computed for `{}`",
                subject.key()
            ),
            "put the model's config.json into the project's directory, or name a model of the same shape",
        ));
    };
    let read = capacity::model::from_config_bytes(name, text.as_bytes());
    read.map(Some).map_err(|error| {
        No::refused(format!("{name}: {error}"), "correct it, or name a model of the same shape")
    })
}

fn known(name: &str, subject: &Subject<'_>) -> Result<&'static Model, No> {
    let unknown = match capacity::model(name) {
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

/// The engine that the image has.
fn engine(subject: &Subject<'_>) -> Result<Option<Engine>, No> {
    let Some(family) = subject.family() else { return Ok(None) };
    Engine::named(&family.id).map(Some).ok_or_else(|| {
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

//! How a file says that a model is deployed: its devices, its image, what its command tells the engine.

use super::No;
use super::command::Command;
use crate::devices::{Reserved, named, reserved, short};
use crate::world::Subject;
use capacity::gpu::{Gpu, gpu, gpus};
use capacity::offers::{Settings, Slices};
use capacity::{Cache, Engine, Model, Weights, items, usual};
use model::facts::ClusterFacts;

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
        model: model.to_owned(),
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

//! What the command line asks.

use super::{bytes, text};
use crate::Variables;
use crate::arguments::{CapacityArguments, Percentile as Wanted};
use crate::closest::{closest, either};
use crate::error::Error;
use crate::printer::Printer;
use crate::product::inference;
use capacity::engine::Promise;
use capacity::gpu::{Gpu, gpu, gpus};
use capacity::items;
use capacity::load::{Length, Lengths, Think, Trace};
use capacity::offers::{Settings, Slices, Wish};
use capacity::search::{Demand, Percentile, Question};
use capacity::{Cache, Engine, Model, Prices, Weights, model::from_config_bytes, usual};
use report::Served;
use std::path::Path;

/// A question about tokens, or about items.
#[derive(Debug)]
pub(super) enum Asked {
    Tokens(Box<Tokens>),
    Items(Items),
}

/// A question about a model that gives tokens.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) model: Model,
    pub(super) question: Question,
    pub(super) prices: Prices,
    pub(super) trace: Option<Trace>,
    pub(super) served: Served,
    gpus: Vec<&'static Gpu>,
    tensor_parallel: Vec<u32>,
    slices: Slices,
    weights: Weights,
    cache: Cache,
    engine: Engine,
    settings: Settings,
}

/// A question about a model that gives whole answers.
#[derive(Debug)]
pub(super) struct Items {
    pub(super) question: items::Question,
    pub(super) gpus: Vec<&'static Gpu>,
    pub(super) slices: Slices,
    pub(super) prices: Prices,
}

impl Tokens {
    pub(super) fn wish(&self) -> Wish<'_> {
        Wish {
            model: &self.model,
            gpus: self.gpus.clone(),
            tensor_parallel: self.tensor_parallel.clone(),
            slices: self.slices.clone(),
            weights: self.weights,
            cache: self.cache,
            engine: self.engine,
            settings: self.settings,
        }
    }
}

pub(super) fn read(
    arguments: &CapacityArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Asked, Error> {
    let arguments = match &arguments.what.from {
        Some(file) => &inference::asked(arguments, file, variables, printer)?,
        None => arguments,
    };
    let what = &arguments.what;
    let Some(name) = &what.model else {
        return Err(Error::advised(
            "no model is named",
            "add --model llama-3.1-8b, --model ./config.json, or --from compose.yaml",
        ));
    };
    let input = |error: &dyn std::fmt::Display| Error::input(error.to_string());
    let prices = match &what.prices {
        Some(file) => Prices::list()
            .with(&text(file)?)
            .map_err(|error| Error::input(format!("{}: {error}", file.display())))?,
        None => Prices::list(),
    };
    let gpus = kinds(&what.gpu)?;
    let slices = slices(&what.slice, &gpus)?;
    if items::model(name).is_ok() {
        let question = item_question(name, arguments)?;
        return Ok(Asked::Items(Items { question, gpus, slices, prices }));
    }
    let model = match &what.config {
        Some(model) => model.clone(),
        None => model(name)?,
    };
    let weights = match &what.weights {
        Some(format) => Weights::named(format).map_err(|error| input(&error))?,
        None => Weights::from(model.stored),
    };
    let cache = match &what.kv {
        Some(kv) => Cache::named(kv).map_err(|error| input(&error))?,
        None => Cache::Bf16,
    };
    let engine = Engine::named(&what.engine).ok_or_else(|| {
        let known = Engine::ALL.map(Engine::name).join(", ");
        Error::input(format!("no engine is called `{}`; known are {known}", what.engine))
    })?;
    let trace = what_trace(arguments.load.trace.as_deref())?;
    let question = question(arguments, trace.as_ref());
    let served = served(arguments, (name, weights), &question, &prices, trace.as_ref());
    let tensor_parallel = what.tp.map_or_else(|| usual::TENSOR_PARALLEL.to_vec(), |tp| vec![tp]);
    Ok(Asked::Tokens(Box::new(Tokens {
        model,
        question,
        prices,
        trace,
        served,
        gpus,
        tensor_parallel,
        slices,
        weights,
        cache,
        engine,
        settings: what.settings,
    })))
}

fn model(name: &str) -> Result<Model, Error> {
    if !Path::new(name).extension().is_some_and(|it| it.eq_ignore_ascii_case("json")) {
        return capacity::model::as_named(name).map_err(|_| unknown(name));
    }
    let read = from_config_bytes(name, &bytes(Path::new(name))?);
    read.map_err(|error| Error::input(format!("{name}: {error}")))
}

fn unknown(name: &str) -> Error {
    let items = items::models().iter().map(|model| model.id.as_str());
    let near = closest(name, capacity::model::model_names().chain(items));
    let hint = match either(&near) {
        Some(near) => format!("did you mean {near}? Any other can be given by its config.json"),
        None => "give its Hugging Face config.json: --model ./config.json".to_owned(),
    };
    Error::advised(format!("no model is called `{name}`"), hint)
}

fn kinds(names: &[String]) -> Result<Vec<&'static Gpu>, Error> {
    if names.iter().any(|name| name == "any") {
        return Ok(gpus().iter().collect());
    }
    names.iter().map(|name| gpu(name).map_err(|error| Error::input(error.to_string()))).collect()
}

fn slices(text: &str, gpus: &[&Gpu]) -> Result<Slices, Error> {
    match text {
        "any" => Ok(Slices::Any),
        "none" => Ok(Slices::None),
        profile => {
            let mut unknown = None;
            for gpu in gpus {
                match gpu.slice(profile) {
                    Ok(_) => return Ok(Slices::Only(profile.to_owned())),
                    Err(error) => unknown = Some(error),
                }
            }
            let why = unknown.map_or_else(String::new, |error| error.to_string());
            Err(Error::advised(why, "write --slice any, none or a profile that the GPU has"))
        }
    }
}

fn what_trace(path: Option<&Path>) -> Result<Option<Trace>, Error> {
    let Some(path) = path else { return Ok(None) };
    let read = Trace::read(&bytes(path)?);
    read.map(Some).map_err(|error| Error::input(format!("{}: {error}", path.display())))
}

fn question(arguments: &CapacityArguments, trace: Option<&Trace>) -> Question {
    let (load, promise) = (&arguments.load, &arguments.promise);
    let think = Think::Exponential { seconds: load.think.seconds() };
    let demand = match (trace, load.rate) {
        (Some(trace), _) => Demand::Rate(trace.rate()),
        (None, Some(rate)) => Demand::Rate(rate),
        (None, None) => Demand::Users { users: load.users, think },
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "means of tokens")]
    let fixed = |mean: f64| Length::Fixed(mean.round().max(1.0) as u32);
    let lengths = match trace.map(Trace::means) {
        Some((prompt, output)) => Lengths::Each { prompt: fixed(prompt), output: fixed(output) },
        None => {
            Lengths::Each { prompt: Length::Fixed(load.prompt), output: Length::Fixed(load.output) }
        }
    };
    Question {
        demand,
        lengths,
        promise: Promise {
            ttft: Some(promise.ttft.seconds()),
            tpot: Some(promise.tpot.seconds()),
            e2e: None,
        },
        percentile: percentile(promise.percentile),
        batch: load.batch,
        growth: load.growth / 100.0,
        seed: load.seed,
    }
}

fn percentile(wanted: Wanted) -> Percentile {
    match wanted {
        Wanted::P50 => Percentile::P50,
        Wanted::P95 => Percentile::P95,
        Wanted::P99 => Percentile::P99,
    }
}

fn item_question(name: &str, arguments: &CapacityArguments) -> Result<items::Question, Error> {
    let (load, promise) = (&arguments.load, &arguments.promise);
    if load.users.is_some() || load.trace.is_some() {
        let message =
            format!("{name} answers items: it has no users who think and no tokens to replay");
        return Err(Error::advised(message, "say --rate items per second and --latency"));
    }
    let precision = match arguments.what.weights.as_deref() {
        None | Some("bf16" | "fp16") => items::Precision::Fp16,
        Some("fp8") => items::Precision::Fp8,
        Some("int8") => items::Precision::Int8,
        Some(other) => {
            let message = format!("{name} is not known in {other}");
            return Err(Error::advised(message, "write --weights fp16, fp8 or int8"));
        }
    };
    let part = match promise.percentile {
        Wanted::P50 => 0.5,
        Wanted::P95 => 0.95,
        Wanted::P99 => 0.99,
    };
    Ok(items::Question {
        model: name.to_owned(),
        size: None,
        precision,
        runtime: items::Runtime::TensorRt,
        promise: items::Promise { latency: promise.latency.seconds(), part },
        rate: load.rate,
        outside: 0.0,
        spares: 1,
        seed: load.seed,
    })
}

fn served(
    arguments: &CapacityArguments,
    (name, weights): (&str, Weights),
    question: &Question,
    prices: &Prices,
    trace: Option<&Trace>,
) -> Served {
    let load = &arguments.load;
    let demand = match (trace, question.demand) {
        (Some(trace), _) => {
            format!("a trace of {} requests, {:.2} a second", trace.rows().len(), trace.rate())
        }
        (None, Demand::Rate(rate)) => format!("{rate} requests a second at random"),
        (None, Demand::Users { users: Some(users), .. }) => {
            format!("{users} users who think {} between requests", load.think)
        }
        (None, Demand::Users { users: None, .. }) => {
            format!("users who think {} between requests", load.think)
        }
    };
    let (prompt, output) = question.lengths.means();
    let mean = if trace.is_some() { " in the mean" } else { "" };
    Served {
        model: name.to_owned(),
        weights: weights.name().to_owned(),
        engine: arguments.what.engine.clone(),
        demand,
        lengths: format!("prompts of {prompt:.0} tokens, answers of {output:.0}{mean}"),
        prices: prices.date().to_owned(),
    }
}

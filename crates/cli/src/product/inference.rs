//! What a Compose file says of inference, as a question.

use super::{Inputs, read};
use crate::Variables;
use crate::arguments::{CapacityArguments, ClusterArguments, ProjectArguments};
use crate::error::Error;
use crate::printer::Printer;
use capacity::Cache;
use capacity::offers::Slices;
use model::project::InferenceIntent;
use plan::{Deployed, Unread};
use std::path::Path;
use units::Micros;

/// The arguments as if what the file says of the first model that it serves had been typed: read as `plan` reads it.
pub(crate) fn asked(
    arguments: &CapacityArguments,
    file: &Path,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<CapacityArguments, Error> {
    let project = ProjectArguments { files: vec![file.to_owned()], ..ProjectArguments::default() };
    let cluster = ClusterArguments::default();
    let inputs = Inputs { project: &project, cluster: &cluster, variables };
    let readable = read(&inputs, printer)?;
    let serves = plan::deployed(&readable.project).ok_or_else(|| {
        Error::advised(
            format!("no service of {} names a model", file.display()),
            "write x-muster: { inference: { model: llama-3.1-8b, users: 500 } } at the service",
        )
    })?;
    let advised = |unread: &Unread| Error::advised(unread.to_string(), unread.fix.clone());
    let out = on(arguments, serves.deployed.as_ref().map_err(advised)?);
    let out = match &serves.service.intent.inference {
        Some(intent) => by(out, intent),
        None => out,
    };
    if let Some((at, unread)) = serves.refuses(out.load.prompt, out.load.output) {
        let place = readable.loaded.sources.location(at);
        return Err(Error::advised(format!("{place}: {unread}"), unread.fix));
    }
    if let Some(uncounted) = serves.uncounted() {
        printer.note(&uncounted);
    }
    Ok(out)
}

/// What is served on what. What the file does not say stays as it was typed, or is the default.
fn on(arguments: &CapacityArguments, deployed: &Deployed) -> CapacityArguments {
    let mut out = arguments.clone();
    let what = &mut out.what;
    what.model = Some(deployed.model.clone());
    what.config.clone_from(&deployed.config);
    if let [kind] = deployed.gpus.as_slice() {
        what.gpu = vec![kind.id.clone()];
    }
    if let [count] = deployed.tensor_parallel.as_slice() {
        what.tp = Some(*count);
    }
    match &deployed.slices {
        Slices::Any => {}
        Slices::None => "none".clone_into(&mut what.slice),
        Slices::Only(profile) => what.slice.clone_from(profile),
    }
    if let Some(weights) = deployed.weights {
        what.weights = Some(weights.name().to_owned());
    }
    if deployed.cache == Cache::Fp8 {
        what.kv = Some("fp8".to_owned());
    }
    if let Some(engine) = deployed.engine {
        engine.name().clone_into(&mut what.engine);
    }
    what.settings = deployed.settings;
    out
}

/// Who asks, and what they are promised.
fn by(mut out: CapacityArguments, intent: &InferenceIntent) -> CapacityArguments {
    let micros = |millis: u64| Micros(millis.saturating_mul(1_000));
    out.load.users = intent.users.or(out.load.users);
    out.load.think = intent.think_time_ms.map_or(out.load.think, micros);
    out.load.prompt = intent.prompt.unwrap_or(out.load.prompt);
    out.load.output = intent.output.unwrap_or(out.load.output);
    out.promise.ttft = intent.ttft_ms.map_or(out.promise.ttft, micros);
    out.promise.tpot = intent.tpot_ms.map_or(out.promise.tpot, micros);
    out
}

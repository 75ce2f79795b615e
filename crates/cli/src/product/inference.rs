//! What a Compose file says of inference, as a question.

use super::{Inputs, read};
use crate::Variables;
use crate::arguments::{CapacityArguments, ClusterArguments, ProjectArguments};
use crate::error::Error;
use crate::printer::Printer;
use model::project::InferenceIntent;
use std::path::Path;
use units::Micros;

/// The arguments as if the first `x-muster.inference` of the file had been typed.
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
    let intents = readable.project.services.values().filter_map(|it| it.intent.inference.as_ref());
    let Some(intent) = intents.into_iter().find(|intent| intent.model.is_some()) else {
        return Err(Error::advised(
            format!("no service of {} names a model", file.display()),
            "write x-muster: { inference: { model: llama-3.1-8b, users: 500 } } at the service",
        ));
    };
    Ok(typed(arguments, intent))
}

/// What the file does not say stays as it was typed, or is the default.
fn typed(arguments: &CapacityArguments, intent: &InferenceIntent) -> CapacityArguments {
    let mut out = arguments.clone();
    let micros = |millis: u64| Micros(millis.saturating_mul(1_000));
    out.what.model.clone_from(&intent.model);
    if let Some(gpu) = &intent.gpu {
        out.what.gpu = vec![gpu.clone()];
    }
    out.load.users = intent.users.or(out.load.users);
    out.load.think = intent.think_time_ms.map_or(out.load.think, micros);
    out.load.prompt = intent.prompt.unwrap_or(out.load.prompt);
    out.load.output = intent.output.unwrap_or(out.load.output);
    out.promise.ttft = intent.ttft_ms.map_or(out.promise.ttft, micros);
    out.promise.tpot = intent.tpot_ms.map_or(out.promise.tpot, micros);
    out
}

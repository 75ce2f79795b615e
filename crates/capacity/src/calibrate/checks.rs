//! Published figures that no fit saw.

use crate::calibration::Check;
use crate::closed::Clients;
use crate::evaluate::Table;
use crate::{
    Budget, Cache, Coefficients, Deployment, Engine, Graphs, Roofline, Step, StepTime, Weights,
};

/// All of them.
pub fn all(throughput: &str, batches: &str, coefficients: &Coefficients) -> Vec<Check> {
    let (peaks, batches) = (Table::read(throughput), Table::read(batches));
    let peaks = peaks.rows.iter().filter_map(|r| peak(&peaks, r, coefficients));
    let alone = batches.rows.iter().filter_map(|r| alone(&batches, r, coefficients)).flatten();
    let together = batches.rows.iter().filter_map(|r| together(&batches, r, coefficients));
    peaks.chain(alone).chain(together).collect()
}

fn number(table: &Table, row: &[String], column: &str) -> Option<f64> {
    table.field(row, column).parse().ok()
}

fn count(table: &Table, row: &[String], column: &str) -> Option<u32> {
    table.field(row, column).parse().ok()
}

fn deployment(
    model: &str,
    gpu: &str,
    tensor_parallel: u32,
    weights: Weights,
    engine: Engine,
) -> Option<Deployment> {
    Some(Deployment {
        model: crate::model(model).ok()?.clone(),
        gpu: crate::gpu(gpu).ok()?.clone(),
        slice: None,
        tensor_parallel,
        weights,
        cache: if weights == Weights::Fp8 { Cache::Fp8 } else { Cache::Bf16 },
        engine,
        budget: Budget::USUAL,
        graphs: Graphs::Replayed,
    })
}

/// The published runs gave the cache 0.95 of what was free.
fn peak(table: &Table, row: &[String], coefficients: &Coefficients) -> Option<Check> {
    let fp8 = table.field(row, "precision") == "fp8";
    let (gpu, weights) = if fp8 { ("h100", Weights::Fp8) } else { ("a100-80gb", Weights::Bf16) };
    let d = Deployment {
        budget: Budget::Free(0.95),
        ..deployment("llama-3.1-8b", gpu, 1, weights, Engine::Trtllm)?
    };
    let (prompt, output) =
        (count(table, row, "input_tokens")?, count(table, row, "output_tokens")?);
    let requests = count(table, row, "num_requests")?;
    let precision = if fp8 { "FP8" } else { "FP16" };
    Some(Check {
        what: format!(
            "TensorRT-LLM 0.17, Llama-3.1-8B {precision}, {gpu}, {prompt}/{output}: peak"
        ),
        unit: "tokens/s".to_owned(),
        measured: number(table, row, "output_tokens_per_s")?,
        predicted: crate::closed::peak(&d, coefficients, prompt, output, requests)?.round(),
    })
}

/// Several requests at once in the same engine, until the last one is answered.
fn together(table: &Table, row: &[String], coefficients: &Coefficients) -> Option<Check> {
    let batch = count(table, row, "batch")?;
    if batch < 2 {
        return None;
    }
    let (prompt, output) =
        (count(table, row, "prompt_tokens")?, count(table, row, "output_tokens")?);
    let (model, tp) = (table.field(row, "model"), count(table, row, "tp")?);
    let d = deployment(model, "a100-80gb", tp, Weights::Bf16, Engine::Trtllm)?;
    let tokens = f64::from(batch) * f64::from(output);
    let clients = Clients { prompt, output, clients: batch };
    let predicted = tokens / crate::closed::offline(&d, coefficients, &clients, 1)?.throughput;
    Some(Check {
        what: format!(
            "LMDeploy 0.1, {model} FP16, {tp} × A100-80, {prompt}/{output}, batch {batch}: all answers"
        ),
        unit: "s".to_owned(),
        measured: rounded(tokens / number(table, row, "output_tokens_per_s")?),
        predicted: rounded(predicted),
    })
}

/// To a hundredth.
fn rounded(number: f64) -> f64 {
    (number * 1e2).round() / 1e2
}

/// A single request, in an engine without Python: steps without what vLLM adds outside the GPU.
fn alone(table: &Table, row: &[String], coefficients: &Coefficients) -> Option<[Check; 2]> {
    if count(table, row, "batch")? != 1 {
        return None;
    }
    let (prompt, output) =
        (count(table, row, "prompt_tokens")?, count(table, row, "output_tokens")?);
    let tp = count(table, row, "tp")?;
    let model = table.field(row, "model");
    let time = Roofline::new(
        &deployment(model, "a100-80gb", tp, Weights::Bf16, Engine::Trtllm)?,
        coefficients,
    )?;
    let first = time.seconds(&Step {
        prefill_tokens: prompt.into(),
        prefill_pairs: u64::from(prompt) * u64::from(prompt + 1) / 2,
        prefill_requests: 1,
        ..Step::default()
    });
    let (prompt, output) = (f64::from(prompt), f64::from(output));
    let token = time.decode(1).seconds(prompt + output / 2.0);
    let what = |w: &str| {
        format!("LMDeploy 0.1, {model} FP16, {tp} × A100-80, {prompt}/{output}, batch 1: {w}")
    };
    let measured_token = (output / number(table, row, "output_tokens_per_s")?
        - number(table, row, "ftl_mean_s")?)
        / (output - 1.0);
    Some([
        Check {
            what: what("first token"),
            unit: "ms".to_owned(),
            measured: number(table, row, "ftl_mean_s")? * 1e3,
            predicted: rounded(first * 1e3),
        },
        Check {
            what: what("next tokens"),
            unit: "ms".to_owned(),
            measured: rounded(measured_token * 1e3),
            predicted: rounded(token * 1e3),
        },
    ])
}

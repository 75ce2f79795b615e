//! The command line of `muster capacity`.

use super::values;
use capacity::offers::Settings;
use capacity::{Model, usual};
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;
use units::Micros;

/// Say how many users one GPU serves, what to run, what it costs, and how sure that is
///
/// For each kind of GPU, tensor parallelism and slice: requests in flight, seats (people who ask and
/// think by turns), latencies and cost. The cheapest that keeps the promise is recommended. Numbers come
/// from a model of an engine's steps that was fitted on measurements, and from a simulation of
/// continuous batching; each has an error bar, or says "modelled only".
#[derive(Clone, Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  muster capacity --model llama-3.1-8b --gpu a100-80gb --ttft 500ms --tpot 50ms \\
      --prompt 1024 --output 256 --users 500 --think 30s
  muster capacity --model ./config.json --gpu any --users 2000     a model of yours, the cheapest GPU for it
  muster capacity --model qwen3-32b --gpu h100 --tp 2 --sweep --plot curve.svg
  muster capacity --model llama-3.1-8b --gpu l40s --trace requests.csv
  muster capacity --model resnet-50 --gpu t4 --latency 50ms --rate 2000
  muster capacity --from compose.yaml                              what its x-muster.inference asks for
  muster capacity evaluate rows.csv --out predicted.csv            our error on your measurements

Exit codes:
  0  done, even if no GPU can keep the promise: then it says which could be kept
  1  a file cannot be written
  2  a model, GPU, trace or file is unknown or broken, or the command line"
)]
pub(crate) struct CapacityArguments {
    #[command(subcommand)]
    pub(crate) command: Option<CapacityCommand>,
    #[command(flatten)]
    pub(crate) what: ServedArguments,
    #[command(flatten)]
    pub(crate) load: LoadArguments,
    #[command(flatten)]
    pub(crate) promise: PromiseArguments,
    #[command(flatten)]
    pub(crate) show: ShowArguments,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum CapacityCommand {
    /// Predict measured rows, and say how wrong that is by model, GPU and engine
    ///
    /// Columns: `model_path`, `system`, `backend`, `tp_size`, `isl`, `osl`, `concurrency`,
    /// `gemm_quant_mode`; and, to be compared, `silicon_ttft_ms` and `silicon_tpot_ms`.
    Evaluate(EvaluateArguments),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// The rows, as CSV with a header
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rows: PathBuf,
    /// Where to write them with `predicted_ttft_ms`, `predicted_tpot_ms` and their bands
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: PathBuf,
    /// The errors for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is served, and on what.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "What is served")]
pub(crate) struct ServedArguments {
    /// A model by name, or the path of a Hugging Face `config.json`
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) model: Option<String>,
    /// Take the model from a Compose file: users and promise of its x-muster.inference, its devices, what the command tells the engine
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "model")]
    pub(crate) from: Option<PathBuf>,
    /// Kinds of GPU, with commas; `any` for all that we know
    #[arg(
        long,
        visible_alias = "gpus",
        value_name = "KIND,…",
        default_value = "any",
        value_delimiter = ','
    )]
    pub(crate) gpu: Vec<String>,
    /// Only this tensor parallelism [default: all of 1, 2, 4, 8]
    #[arg(long, value_name = "GPUS", value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(crate) tp: Option<u32>,
    /// Slices of GPUs (MIG): a profile such as `3g.40gb`
    #[arg(
        long,
        value_name = "PROFILE",
        default_value = "any",
        help = "Slices of GPUs (MIG): a profile such as `3g.40gb`, `none` for whole GPUs only, or `any`"
    )]
    pub(crate) slice: String,
    /// Format of weights [default: as the model is stored]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) weights: Option<String>,
    /// Format of the KV cache [default: that of activations]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) kv: Option<String>,
    /// The engine
    #[arg(long, value_name = "ENGINE", default_value = "vllm")]
    pub(crate) engine: String,
    /// The model that a `config.json` beside a Compose file describes.
    #[arg(skip)]
    pub(crate) config: Option<Model>,
    /// What a Compose file has the engine told.
    #[arg(skip)]
    pub(crate) settings: Settings,
    /// Prices per GPU and hour, over our list prices: a TOML file with lines such as `a100-80gb = 1.80`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) prices: Option<PathBuf>,
}

/// Who asks, how often, how much.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Load")]
pub(crate) struct LoadArguments {
    /// People at once [default: as many as one replica serves]
    #[arg(long, value_name = "COUNT", conflicts_with = "rate")]
    pub(crate) users: Option<u32>,
    /// Mean time between an answer and the next request of the same user
    #[arg(long, value_name = "TIME", default_value_t = Micros(usual::THINK_MS * 1_000))]
    pub(crate) think: Micros,
    /// Requests (or items) per second, instead of users
    #[arg(long, value_name = "NUMBER", value_parser = values::positive)]
    pub(crate) rate: Option<f64>,
    /// Tokens of a prompt
    #[arg(long, value_name = "TOKENS", default_value_t = usual::PROMPT, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) prompt: u32,
    /// Tokens of an answer
    #[arg(long, value_name = "TOKENS", default_value_t = usual::OUTPUT, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) output: u32,
    /// Replay recorded requests: an Azure or Mooncake trace, or CSV with `arrival_s,input,output`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["users", "rate"])]
    pub(crate) trace: Option<PathBuf>,
    /// Output tokens per second of work that may wait, on the same replicas
    #[arg(long, value_name = "TOKENS", default_value_t = 0.0, value_parser = values::amount)]
    pub(crate) batch: f64,
    /// How much the load may grow in a minute, in percent: replicas for that are kept while new ones start
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = values::amount)]
    pub(crate) growth: f64,
    /// Where chance comes from: equal seeds give equal answers
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// What users are promised.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Promise")]
pub(crate) struct PromiseArguments {
    /// Time to first token
    #[arg(long, value_name = "TIME", default_value_t = Micros(usual::TTFT_MS * 1_000))]
    pub(crate) ttft: Micros,
    /// Time per output token
    #[arg(long, value_name = "TIME", default_value_t = Micros(usual::TPOT_MS * 1_000))]
    pub(crate) tpot: Micros,
    /// For models that give no tokens: time to the answer
    #[arg(long, value_name = "TIME", default_value = "100ms")]
    pub(crate) latency: Micros,
    /// Which percentile of the requests it is kept for
    #[arg(long, value_enum, value_name = "PERCENTILE", default_value_t)]
    pub(crate) percentile: Percentile,
}

/// A percentile of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Percentile {
    P50,
    #[default]
    P95,
    P99,
}

/// How the answer is shown.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ShowArguments {
    /// Latency against requests in flight for the recommended option, with the knee marked
    #[arg(long)]
    pub(crate) sweep: bool,
    /// With --sweep: also draw it into this file, as .svg or .html
    #[arg(long, value_name = "FILE", requires = "sweep", value_hint = ValueHint::FilePath)]
    pub(crate) plot: Option<PathBuf>,
    /// All of every option: requests and tokens per second, percentiles, bottleneck, cost
    #[arg(long)]
    pub(crate) details: bool,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
}

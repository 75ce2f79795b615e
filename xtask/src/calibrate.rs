//! `cargo xtask calibrate`: coefficients of the capacity model from measurements.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use capacity::DataSet;
use capacity::calibrate::{Inputs, Tables, calibrate};

/// Fits the capacity model and writes what was found into its crate.
#[derive(Debug, clap::Args)]
pub(crate) struct Calibrate {
    /// The folder with the measurements, from the workspace's root
    #[arg(default_value = "../shared/data/inference")]
    data: PathBuf,
    /// The day that is written down, as YYYY-MM-DD; today if it is not given
    #[arg(long)]
    date: Option<String>,
}

const ROWS: &str = "silicon_calibration.csv";
const OUT: &str = "crates/capacity/data/calibration.toml";

pub(crate) fn run(chore: &Calibrate) -> Result<()> {
    let root = crate::shell::root();
    let folder = root.join(&chore.data);
    if !folder.join(ROWS).is_file() {
        println!("skipped: there is no {ROWS} in {}", folder.display());
        return Ok(());
    }
    let date = chore.date.clone().map_or_else(today, Ok)?;
    let calibration =
        calibrate(&inputs(&folder, date)?).context("the operator tables have no usable rows")?;
    let header = "# Written by `cargo xtask calibrate`; do not edit. Errors are in per cent, bands are measured over predicted.\n\n";
    std::fs::write(root.join(OUT), format!("{header}{}", toml::to_string(&calibration)?))?;
    std::fs::write(root.join(capacity::accuracy::PAGE), capacity::accuracy::page(&calibration))?;
    println!("wrote {OUT} and {}", capacity::accuracy::PAGE);
    Ok(())
}

fn today() -> Result<String> {
    let said = Command::new("date").arg("+%F").output()?;
    Ok(String::from_utf8(said.stdout)?.trim().to_owned())
}

fn inputs(folder: &Path, date: String) -> Result<Inputs> {
    let mut data = Vec::new();
    let mut text = |name: &str, source: &str| -> Result<String> {
        let text = read(&folder.join(name))?;
        let rows = text.lines().count().saturating_sub(1) as u64;
        data.push(DataSet { file: name.to_owned(), rows, source: source.to_owned() });
        Ok(text)
    };
    let mut tables = BTreeMap::new();
    for (gpu, prefix, gemm) in [("a100-80gb", "a100", "gemm.csv"), ("h100", "h100", "gemm.csv.gz")]
    {
        let mut table = |name: &str| {
            text(
                &format!("{prefix}_vllm_{name}"),
                &format!("ai-dynamo/aiconfigurator systems/data/{prefix}_sxm, Apache-2.0"),
            )
        };
        let of = Tables {
            gemm: table(gemm)?,
            context_attention: table("context_attention.csv")?,
            generation_attention: table("generation_attention.csv")?,
            reduce: table("custom_allreduce.csv")?,
        };
        tables.insert(gpu.to_owned(), of);
    }
    let rows = text(
        ROWS,
        "ai-dynamo/aiconfigurator silicon_sample.csv, in part SemiAnalysisAI/InferenceX, Apache-2.0",
    )?;
    let throughput = text(
        "trtllm_llama31_8b_tp1_throughput.csv",
        "NVIDIA/TensorRT-LLM perf-overview.md v0.17, Apache-2.0; checked, not fitted",
    )?;
    let batches = text(
        "lmdeploy_a100_llama2_static_batch.csv",
        "InternLM/lmdeploy a100_fp16.md, Apache-2.0; checked, not fitted",
    )?;
    Ok(Inputs { date, tables, rows, throughput, batches, data })
}

fn read(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    if path.extension().is_none_or(|e| e != "gz") {
        return Ok(String::from_utf8(bytes)?);
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text)?;
    Ok(text)
}

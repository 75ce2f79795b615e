//! `docs/capacity-accuracy.md`, from the stored calibration.

use std::fmt::Write as _;

use crate::calibration::{Calibration, Check, Errors};

/// Where the page lies, from the workspace's root.
pub const PAGE: &str = "docs/capacity-accuracy.md";

const HEAD: &str = "\
# How accurate `muster capacity` is

<!-- Generated from crates/capacity/data/calibration.toml by `cargo xtask calibrate`; a test compares. Do not edit. -->

The model has few coefficients, each with a physical meaning: efficiencies of kernels from operator tables, and per
engine the time that steps, layers, requests and its front end add, fitted on measurements end to end with a loss that
bounds the weight of outliers. Errors below are those of rows that the fit did **not** see: for every group (model, GPU,
engine, tensor parallelism, prompt and answer length) the engine is fitted again without it. They count rows of up to 64
clients whose caches fit. Error is |predicted − measured| / measured; mean, and median in brackets.

A measured benchmark is replayed step by step the way it was run, because its means depend on that:
- **InferenceX**: lengths spread between 0.8 and 1.0 of the nominal ones, ten requests for each client, all clients begin
  at once; vLLM's steps hold 8,192 tokens, TensorRT-LLM's just one prompt. Later exports give tensor parallelism times
  expert parallelism as the former where both are equal (64 for eight GPUs); such rows are read as the ones that they repeat.
- **aiconfigurator's own sweeps**: fixed lengths, all begin at once, steps that hold one prompt. How those were run is not
  published; this is what their rows show (TTFT is a multiple of one prompt's time whatever its length).
  Those of Llama-3.1-8B on TensorRT-LLM show an engine that takes one request fewer than there are clients.
  Those on H200 show no burst: there clients begin spread out.

Not modelled, and therefore without a number: prefill and decode on separate GPUs, data-parallel attention, pipelines,
speculative decoding, models and GPUs that the catalogue does not have.
";

const PEERS: &str = "
## What others have published

| who | TTFT | TPOT or ITL | end to end | measured by |
|---|---|---|---|---|
| BLIS | 17.6 % | 7.1 % | 6.7 % | its authors: medians of 36 held-out runs |
| aiconfigurator 0.9 | 662 % | 13.2 % | 21.5 % | inference-sim/sim-to-real-accuracy-validation, medians, H100 |
| LLMServingSim | up to 13.6 % | 1.7 % | 2.2 % (19 % by the same comparison) | its authors |
| Vidur | > 11,000 % | – | 339 % (claims < 9 %) | the same comparison |
| llm-optimizer | – | – | 52 % | the same comparison |

They were measured on other rows than ours: the figures show the field, not a race.
";

/// The page.
pub fn page(calibration: &Calibration) -> String {
    let mut page = HEAD.to_owned();
    for (left_out, title) in [
        ("group", "Each group left out"),
        ("tensor parallelism", "Each degree of tensor parallelism left out (dense)"),
        ("shape", "Each pair of lengths left out (dense)"),
        ("never fitted", "GPUs that no fit saw (kernels of H100, engines as on Hopper)"),
    ] {
        let rows: Vec<&Errors> =
            calibration.errors.iter().filter(|e| e.left_out == left_out).collect();
        table(&mut page, title, &rows);
    }
    let k = &calibration.knees;
    let _ = writeln!(
        page,
        "\n## The knee\n\nFirst concurrency with more than five times the TTFT of the lowest, in {} sweeps of dense models, each left out\n({} of them saturate): exact in {}, one step off in {}, farther in {}.",
        k.sweeps, k.with_knee, k.exact, k.one_off, k.farther
    );
    bands(&mut page, calibration);
    checks(&mut page, &calibration.checks);
    page.push_str(PEERS);
    let _ = writeln!(
        page,
        "\n## Data\n\nCalibrated on {}.\n\n| file | rows | source |\n|---|---|---|",
        calibration.date
    );
    for d in &calibration.data {
        let _ = writeln!(page, "| `{}` | {} | {} |", d.file, d.rows, d.source);
    }
    page
}

fn table(page: &mut String, title: &str, rows: &[&Errors]) {
    let _ = writeln!(
        page,
        "\n## {title}\n\n| model | GPU | engine | rows | TTFT | TPOT |\n|---|---|---|---|---|---|"
    );
    for e in rows {
        let model =
            if e.model == "all" { format!("**all {}**", e.models) } else { e.model.clone() };
        let _ = writeln!(
            page,
            "| {model} | {} | {} | {} | {:.1} % ({:.1} %) | {:.1} % ({:.1} %) |",
            e.gpu, e.engine, e.rows, e.ttft_mean, e.ttft_median, e.tpot_mean, e.tpot_median
        );
    }
}

fn bands(page: &mut String, calibration: &Calibration) {
    let loads = crate::calibration::measured_loads();
    let _ = write!(
        page,
        "\n## Bands\n\nMeasured over predicted, of rows left out: four of five lie in the first range, nine of ten in the second. Numbers for other\nGPUs, slices or engines are printed as modelled only, with the band of the GPUs that no fit saw; those for other\nloads of a replica than were measured ({loads})\nas extrapolated.\n\n"
    );
    page.push_str("| class | rows | TTFT | TPOT |\n|---|---|---|---|\n");
    for (class, b) in &calibration.bands {
        let of = |b: &crate::Band| format!("{:.2}–{:.2}, {:.2}–{:.2}", b.p10, b.p90, b.p5, b.p95);
        let _ = writeln!(page, "| {class} | {} | {} | {} |", b.rows, of(&b.ttft), of(&b.tpot));
    }
}

fn checks(page: &mut String, checks: &[Check]) {
    page.push_str("\n## Published figures that no fit saw\n\n| what | measured | predicted | error |\n|---|---|---|---|\n");
    for c in checks {
        let error = 100.0 * (c.predicted / c.measured - 1.0);
        let _ = writeln!(
            page,
            "| {} | {:.1} {} | {:.1} | {error:+.0} % |",
            c.what, c.measured, c.unit, c.predicted
        );
    }
}

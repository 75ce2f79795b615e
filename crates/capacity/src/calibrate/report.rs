//! A whole calibration: fits, held-out errors, bands, checks.

use std::collections::BTreeMap;

use super::engines::{Stage, belongs, engine};
use super::knee::knees;
use super::validate::{Fold, Outcome, held_out, outcome};
use super::{Peak, Tables, checks, kernels};
use crate::calibration::{Band, Bands, Calibration, DataSet, Errors, class, elsewhere};
use crate::cost::Kernels;
use crate::evaluate::{Case, Error, Table};
use crate::gpu::{Generation, Gpu};
use crate::{Coefficients, Engine};

/// All that a calibration is made of, as text.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    pub date: String,
    /// Operator tables by GPU id.
    pub tables: BTreeMap<String, Tables>,
    /// Measurements end to end.
    pub rows: String,
    /// TensorRT-LLM's published throughput.
    pub throughput: String,
    /// `LMDeploy`'s published static batches.
    pub batches: String,
    pub data: Vec<DataSet>,
}

/// Fits, validates and checks. `None` where the tables have no usable rows.
pub fn calibrate(inputs: &Inputs) -> Option<Calibration> {
    let mut all = BTreeMap::new();
    for (id, tables) in &inputs.tables {
        let gpu = crate::gpu(id).ok()?;
        all.insert(gpu.generation, kernels(tables, &peak(gpu))?);
    }
    let cases = read(&inputs.rows);
    let every: Vec<&Case> = cases.iter().collect();
    let engines = Engine::ALL.into_iter().map(|e| (e, engine(e, &every, &all))).collect();
    let coefficients = Coefficients { kernels: all, engines };
    let held = Held::of(&cases, &coefficients);
    Some(Calibration {
        date: inputs.date.clone(),
        bands: held.bands(),
        knees: knees(held.dense()),
        errors: held.errors(),
        checks: checks::all(&inputs.throughput, &inputs.batches, &coefficients),
        data: inputs.data.clone(),
        coefficients,
    })
}

/// The rows of a table that can be predicted.
pub fn read(text: &str) -> Vec<Case> {
    let table = Table::read(text);
    table.rows.iter().filter_map(|r| Case::read(&table, r).ok()).collect()
}

fn peak(gpu: &Gpu) -> Peak {
    Peak {
        bandwidth: gpu.bandwidth * 1e9,
        bf16: gpu.fp16 * 1e12,
        fp8: gpu.fp8 * 1e12,
        link: gpu.link.gb_s * 0.5e9,
    }
}

/// Rows by fits that did not see them.
struct Held<'a> {
    /// How many of the first fold's are of dense models; they come first.
    dense_rows: usize,
    folds: Vec<(&'static str, Vec<Outcome<'a>>)>,
}

impl<'a> Held<'a> {
    fn of(cases: &'a [Case], full: &Coefficients) -> Self {
        let kernels: &BTreeMap<Generation, Kernels> = &full.kernels;
        let dense = |fold| held_out(fold, Stage::Dense, cases, kernels, &full.engines);
        let mut group = dense(Fold::Group);
        let dense_rows = group.len();
        group.extend(held_out(Fold::Group, Stage::Experts, cases, kernels, &full.engines));
        let fitted = |c: &&Case| {
            Engine::ALL
                .into_iter()
                .any(|e| belongs(Stage::Dense, e, c) || belongs(Stage::Experts, e, c))
        };
        let never = cases.iter().filter(|c| !fitted(c)).filter_map(|c| outcome(c, full)).collect();
        Self {
            dense_rows,
            folds: vec![
                ("group", group),
                ("tensor parallelism", dense(Fold::TensorParallel)),
                ("shape", dense(Fold::Shape)),
                ("never fitted", never),
            ],
        }
    }

    fn dense(&self) -> &[Outcome<'a>] {
        self.folds.first().and_then(|(_, o)| o.get(..self.dense_rows)).unwrap_or_default()
    }

    fn bands(&self) -> BTreeMap<String, Bands> {
        let mut classes: BTreeMap<String, Vec<&Outcome<'_>>> = BTreeMap::new();
        for (name, outcomes) in &self.folds {
            for o in outcomes.iter().filter(|o| counts(o)) {
                match *name {
                    "group" => classes.entry(class(&o.case.deployment)).or_default().push(o),
                    "never fitted" => {
                        classes.entry(elsewhere(&o.case.deployment)).or_default().push(o);
                    }
                    _ => {}
                }
            }
        }
        let of = |o: Vec<&Outcome<'_>>| Bands {
            rows: o.len() as u64,
            ttft: band(o.iter().map(|o| 1.0 / o.ttft).collect()),
            tpot: band(o.iter().map(|o| 1.0 / o.tpot).collect()),
        };
        classes.into_iter().map(|(name, o)| (name, of(o))).collect()
    }

    fn errors(&self) -> Vec<Errors> {
        self.folds.iter().flat_map(|(name, outcomes)| errors(name, outcomes)).collect()
    }
}

/// The rows of the promise: up to 64 clients whose caches fit.
pub fn counts(o: &Outcome<'_>) -> bool {
    o.case.load.clients <= crate::calibration::CLIENTS && o.case.within_cache()
}

/// Errors by model, GPU and engine, and of all of a kind.
pub fn errors(left_out: &str, outcomes: &[Outcome<'_>]) -> Vec<Errors> {
    let mut by: BTreeMap<[String; 4], Error> = BTreeMap::new();
    for o in outcomes.iter().filter(|o| counts(o)) {
        let d = &o.case.deployment;
        let kind = if d.model.experts.is_some() { "experts" } else { "dense" };
        let all = || "all".to_owned();
        for key in [
            [kind.to_owned(), all(), all(), all()],
            [kind.to_owned(), all(), all(), d.engine.name().to_owned()],
            [kind.to_owned(), d.model.name.clone(), d.gpu.id.clone(), d.engine.name().to_owned()],
        ] {
            by.entry(key).or_default().push(Some(o.ttft), Some(o.tpot));
        }
    }
    let row = |([models, model, gpu, engine], e): ([String; 4], Error)| {
        let ((ttft_mean, ttft_median), (tpot_mean, tpot_median)) = (e.ttft()?, e.tpot()?);
        let [ttft_mean, ttft_median, tpot_mean, tpot_median] =
            [ttft_mean, ttft_median, tpot_mean, tpot_median].map(|v| (v * 10.0).round() / 10.0);
        let rows = e.rows() as u64;
        let left_out = left_out.to_owned();
        Some(Errors {
            left_out,
            models,
            model,
            gpu,
            engine,
            rows,
            ttft_mean,
            ttft_median,
            tpot_mean,
            tpot_median,
        })
    };
    by.into_iter().filter_map(row).collect()
}

/// Quantiles, of measured over predicted.
fn band(mut ratios: Vec<f64>) -> Band {
    ratios.sort_by(f64::total_cmp);
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let at = |q: f64| {
        let place = (q * (ratios.len().saturating_sub(1)) as f64).round() as usize;
        (ratios.get(place).copied().unwrap_or(1.0) * 1e3).round() / 1e3
    };
    Band { p5: at(0.05), p10: at(0.1), p90: at(0.9), p95: at(0.95) }
}

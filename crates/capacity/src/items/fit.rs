//! Coefficients from measurements, and how far off they are.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Coefficients, Device, Family, ItemModel, Precision, Runtime};

/// A published measurement.
#[derive(Clone, Debug)]
pub struct Measured {
    pub model: &'static ItemModel,
    /// Tokens or steps.
    pub size: u32,
    pub device: Device,
    pub precision: Precision,
    pub runtime: Runtime,
    /// None where only the rate of large batches was published.
    pub batch: Option<u32>,
    /// Of the batch; of one item of a large one.
    pub seconds: f64,
    pub source: String,
}

/// A batch whose overhead no longer shows.
const LARGE: f64 = 4096.0;

impl Measured {
    /// What the coefficients say.
    pub fn predicted(&self, coefficients: &Coefficients) -> f64 {
        let work = self.model.work(self.size);
        let time = |b| coefficients.parts(&work, &self.device, self.precision, b).seconds();
        match self.batch {
            Some(batch) => time(f64::from(batch)),
            None => time(LARGE) / LARGE,
        }
    }

    fn error(&self, coefficients: &Coefficients) -> f64 {
        (self.predicted(coefficients) / self.seconds - 1.0).abs()
    }
}

/// What was learnt of a family on a runtime.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub family: Family,
    pub runtime: Runtime,
    pub rows: usize,
    pub coefficients: Coefficients,
    pub errors: Errors,
    pub cells: Vec<Cell>,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    pub model: String,
    pub precision: Precision,
    pub chips: Vec<String>,
}

/// Mean absolute errors, as parts of one.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Errors {
    /// On the rows themselves.
    pub fitted: f64,
    /// On a model and size that were left out, where there are others on that GPU.
    pub other_model: Option<f64>,
    /// On a GPU that was left out, over all.
    pub other_gpu: Option<f64>,
    /// By GPU, each left out.
    pub left_out: BTreeMap<String, f64>,
}

/// All that was learnt.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    pub group: Vec<Group>,
}

impl Calibration {
    /// What is known of a family on a runtime.
    pub fn of(&self, family: Family, runtime: Runtime) -> Option<&Group> {
        self.group.iter().find(|g| g.family == family && g.runtime == runtime)
    }
}

/// Fits every family and runtime that has rows.
pub fn calibrate(rows: &[Measured]) -> Calibration {
    let kinds: BTreeSet<_> = rows.iter().map(|r| (r.model.family, r.runtime)).collect();
    Calibration { group: kinds.into_iter().map(|(f, r)| group(rows, f, r)).collect() }
}

fn group(rows: &[Measured], family: Family, runtime: Runtime) -> Group {
    let rows: Vec<&Measured> =
        rows.iter().filter(|r| r.model.family == family && r.runtime == runtime).collect();
    let coefficients = fit(&rows, runtime);
    Group {
        family,
        runtime,
        rows: rows.len(),
        cells: cells(&rows),
        errors: errors(&rows, &coefficients, runtime),
        coefficients: rounded(coefficients),
    }
}

fn cells(rows: &[&Measured]) -> Vec<Cell> {
    let mut cells: BTreeMap<(String, Precision), BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        let chips = cells.entry((row.model.id.clone(), row.precision)).or_default();
        chips.insert(row.device.chip().to_owned());
    }
    let cell = |((model, precision), chips): (_, BTreeSet<String>)| Cell {
        model,
        precision,
        chips: chips.into_iter().collect(),
    };
    cells.into_iter().map(cell).collect()
}

fn errors(rows: &[&Measured], coefficients: &Coefficients, runtime: Runtime) -> Errors {
    let by_gpu = left_out(rows, runtime, |r| r.device.chip().to_owned());
    let known: BTreeMap<_, _> = left_out(rows, runtime, |r| format!("{} {}", r.model.id, r.size));
    let pooled = |parts: &BTreeMap<String, Vec<f64>>| {
        let all: Vec<f64> = parts.values().flatten().copied().collect();
        (parts.len() > 1).then(|| round(mean(&all)))
    };
    Errors {
        fitted: round(mean(&rows.iter().map(|r| r.error(coefficients)).collect::<Vec<_>>())),
        other_model: pooled(&known),
        other_gpu: pooled(&by_gpu),
        left_out: by_gpu.iter().map(|(g, e)| (g.clone(), round(mean(e)))).collect(),
    }
}

/// Errors on each part, fitted on the others.
fn left_out(
    rows: &[&Measured],
    runtime: Runtime,
    key: impl Fn(&Measured) -> String,
) -> BTreeMap<String, Vec<f64>> {
    let keys: BTreeSet<String> = rows.iter().map(|r| key(r)).collect();
    let errors = |k: &String| {
        let (out, rest): (Vec<&Measured>, Vec<&Measured>) = rows.iter().partition(|r| key(r) == *k);
        let found = fit(&rest, runtime);
        out.iter().map(|r| r.error(&found)).collect()
    };
    keys.iter().map(|k| (k.clone(), errors(k))).collect()
}

fn mean(values: &[f64]) -> f64 {
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX).max(1);
    values.iter().sum::<f64>() / f64::from(count)
}

fn round(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// Two digits of a microsecond, three of shares: more is not known.
fn rounded(mut c: Coefficients) -> Coefficients {
    c.start = (c.start * 1e8).round() / 1e8;
    for share in [&mut c.fp16, &mut c.int8, &mut c.traffic].into_iter().chain(c.gpus.values_mut()) {
        *share = round(*share);
    }
    c
}

/// Logarithms: start, fp16, int8, traffic, then a factor for each GPU.
type Point = Vec<f64>;

const SHARED: usize = 4;
/// How strongly shared coefficients stay near what is usual, against one row's error.
const USUAL: f64 = 0.05;
/// How strongly GPUs are taken to be alike.
const ALIKE: f64 = 0.5;

/// The coefficients with the smallest sum of errors and of deviations from what is usual.
fn fit(rows: &[&Measured], runtime: Runtime) -> Coefficients {
    let gpus: BTreeSet<String> = rows.iter().map(|r| r.device.chip().to_owned()).collect();
    let start = match runtime {
        Runtime::TensorRt => 5e-6_f64,
        Runtime::Eager => 30e-6,
    };
    let usual = [start.ln(), 0.5_f64.ln(), 0.4_f64.ln(), 0.5_f64.ln()];
    let loss = |p: &Point| {
        let c = coefficients(p, &gpus);
        let rows: f64 = rows.iter().map(|r| robust((r.predicted(&c) / r.seconds).ln())).sum();
        let shared: f64 = p.iter().zip(usual).map(|(x, u)| (USUAL * (x - u)).powi(2)).sum();
        let apart: f64 = p.iter().skip(SHARED).map(|x| (ALIKE * x).powi(2)).sum();
        // Not more than all can go through memory, nor can more than the peak be reached.
        let beyond: f64 = p.iter().take(SHARED).skip(1).map(|x| x.max(0.0)).sum();
        rows + shared + apart + beyond * 1e3
    };
    let mut point: Point = usual.to_vec();
    point.resize(SHARED + gpus.len(), 0.0);
    coefficients(&descend(point, &loss), &gpus)
}

/// Squares near zero, lines far from it: single odd rows do not lead.
fn robust(error: f64) -> f64 {
    2.0 * ((1.0 + error * error).sqrt() - 1.0)
}

fn coefficients(point: &Point, gpus: &BTreeSet<String>) -> Coefficients {
    Coefficients {
        start: point[0].exp(),
        fp16: point[1].exp(),
        int8: point[2].exp(),
        traffic: point[3].exp(),
        gpus: gpus.iter().cloned().zip(point[SHARED..].iter().map(|x| x.exp())).collect(),
    }
}

/// Pattern search: each coordinate in turn, then on in the direction of the whole round.
fn descend(mut point: Point, loss: &impl Fn(&Point) -> f64) -> Point {
    let mut best = loss(&point);
    let mut step = 0.5;
    while step > 1e-4 {
        let before = point.clone();
        let reached = best;
        for i in 0..point.len() {
            for sign in [step, -step] {
                let mut next = point.clone();
                next[i] += sign;
                accept(&mut point, &mut best, next, loss);
            }
        }
        if best < reached {
            let on = point.iter().zip(&before).map(|(now, was)| 2.0 * now - was).collect();
            accept(&mut point, &mut best, on, loss);
        } else {
            step /= 2.0;
        }
    }
    point
}

fn accept(point: &mut Point, best: &mut f64, next: Point, loss: &impl Fn(&Point) -> f64) {
    let value = loss(&next);
    if value < *best {
        *best = value;
        *point = next;
    }
}

//! Kernels from operator tables.

use super::fit::{Problem, solve};
use crate::cost::{Arithmetic, AttentionCost, Gemm, Kernels, Reduce};
use crate::evaluate::Table;

/// The tables of one GPU, as text.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    pub gemm: String,
    pub context_attention: String,
    pub generation_attention: String,
    pub reduce: String,
}

/// The limits of the GPU that the tables were measured on, in base units.
#[derive(Clone, Copy, Debug)]
pub struct Peak {
    pub bandwidth: f64,
    pub bf16: f64,
    pub fp8: f64,
    /// One direction of the link.
    pub link: f64,
}

/// Rows of numbers, with a latency in seconds.
type Rows<const N: usize> = Vec<([f64; N], f64)>;

/// Fits all kernels. `None` where a table has no usable row.
pub fn kernels(tables: &Tables, peak: &Peak) -> Option<Kernels> {
    let mut gemm = std::collections::BTreeMap::new();
    for (arithmetic, dtype, rate, bytes) in [
        (Arithmetic::Bf16, "bfloat16", peak.bf16, 2.0),
        (Arithmetic::Fp8, "fp8", peak.fp8, 1.0),
        (Arithmetic::Fp8Block, "fp8_block", peak.fp8, 1.0),
    ] {
        let rows = gemm_rows(&Table::read(&tables.gemm), dtype);
        if !rows.is_empty() {
            gemm.insert(arithmetic, fit_gemm(&rows, peak.bandwidth, rate, bytes));
        }
    }
    let attention = fit_attention(tables, peak)?;
    let reduce = fit_reduce(&Table::read(&tables.reduce), peak.link)?;
    (!gemm.is_empty()).then_some(Kernels { gemm, attention, reduce })
}

fn numbers<const N: usize>(
    table: &Table,
    names: [&str; N],
    keep: &dyn Fn(&[String], &[f64; N]) -> bool,
) -> Rows<N> {
    let columns = names.map(|n| table.column(n));
    let latency = table.column("latency_ms");
    let number = |row: &[String], c: Option<usize>| row.get(c?).and_then(|f| f.parse::<f64>().ok());
    let read = |row: &Vec<String>| {
        let mut values = [0.0; N];
        for (v, c) in values.iter_mut().zip(columns) {
            *v = number(row, c)?;
        }
        let seconds = number(row, latency)? * 1e-3;
        (seconds > 0.0 && keep(row, &values)).then_some((values, seconds))
    };
    table.rows.iter().filter_map(read).collect()
}

/// Whether a column says this, or is not there: A100's tables have one kind only.
fn says(table: &Table, row: &[String], column: &str, word: &str) -> bool {
    table.column(column).is_none_or(|c| row.get(c).is_some_and(|f| f == word))
}

/// Every row says as much.
fn alike(_: f64) -> f64 {
    1.0
}

/// Steps consist of the long calls; a call of 10 µs weighs one.
fn by_root_of_time(seconds: f64) -> f64 {
    (seconds * 1e5).sqrt()
}

fn solved<const N: usize, const M: usize>(
    rows: &Rows<N>,
    expected: [f64; M],
    weight: fn(f64) -> f64,
    seconds: impl Fn(&[f64], &[f64; N]) -> f64,
) -> [f64; M] {
    let residuals =
        |at: &[f64]| rows.iter().map(|(x, t)| ((seconds(at, x) / t).ln(), weight(*t))).collect();
    let found = solve(&Problem {
        expected: &expected,
        freedom: &[3.0; M],
        start: &expected,
        residuals: &residuals,
        robust: 0.3,
        rounds: 40,
    });
    found.try_into().unwrap_or(expected)
}

/// Matrices of the sizes that layers have on one GPU, for as many rows as steps have tokens.
fn gemm_rows(table: &Table, dtype: &str) -> Rows<3> {
    if dtype != "bfloat16" && table.column("dtype").is_none() {
        return Vec::new();
    }
    numbers(table, ["m", "n", "k"], &|row, [m, n, k]| {
        let layer = |v: f64| (512.0..=32768.0).contains(&v);
        layer(*n) && layer(*k) && n * k >= 4e6 && *m <= 16384.0 && says(table, row, "dtype", dtype)
    })
}

fn fit_gemm(rows: &Rows<3>, bandwidth: f64, rate: f64, weight_bytes: f64) -> Gemm {
    let [fixed_us, b, c, sharpness] = solved(rows, [4.0, 0.8, 0.7, 2.0], alike, |at, [m, n, k]| {
        let bytes = (weight_bytes * n * k + 2.0 * m * (n + k)) / (bandwidth * at[1]);
        let operations = 2.0 * m * n * k / (rate * at[2]);
        at[0] * 1e-6 + (bytes.powf(at[3]) + operations.powf(at[3])).powf(1.0 / at[3])
    });
    Gemm { fixed_us, bandwidth: b, compute: c, sharpness }
}

fn fit_attention(tables: &Tables, peak: &Peak) -> Option<AttentionCost> {
    let full = |table: &Table, row: &[String]| {
        says(table, row, "head_dim", "128")
            && says(table, row, "window_size", "0")
            && says(table, row, "kv_cache_dtype", "bfloat16")
    };
    let context = Table::read(&tables.context_attention);
    let prefill = numbers(&context, ["batch_size", "isl", "q_heads"], &|row, [_, _, q]| {
        full(&context, row) && *q >= 4.0
    });
    let generation = Table::read(&tables.generation_attention);
    let columns = ["batch_size", "kv_tokens", "q_heads", "kv_heads"];
    let decode = numbers(&generation, columns, &|row, [b, s, q, _]| {
        full(&generation, row) && *q >= 4.0 && b * s >= 2048.0
    });
    if prefill.is_empty() || decode.is_empty() {
        return None;
    }
    let [prefill_fixed_us, prefill_compute, prefill_head_ns] =
        solved(&prefill, [10.0, 0.6, 0.5], alike, |at, [b, s, q]| {
            at[0] * 1e-6
                + 2.0 * b * s * (s + 1.0) * q * 128.0 / (peak.bf16 * at[1])
                + at[2] * 1e-9 * b * s * q
        });
    let [decode_fixed_us, decode_bandwidth, decode_head_ns] =
        solved(&decode, [10.0, 0.8, 1.0], by_root_of_time, |at, [b, s, q, kv]| {
            at[0] * 1e-6 + b * s * kv * 512.0 / (peak.bandwidth * at[1]) + at[2] * 1e-9 * b * q
        });
    Some(AttentionCost {
        prefill_fixed_us,
        prefill_compute,
        prefill_head_ns,
        decode_fixed_us,
        decode_bandwidth,
        decode_head_ns,
    })
}

fn fit_reduce(table: &Table, link: f64) -> Option<Reduce> {
    let rows =
        numbers(table, ["num_gpus", "elements"], &|row, _| says(table, row, "mode", "graph"));
    if rows.is_empty() {
        return None;
    }
    let [fixed_us, each_us, share] = solved(&rows, [4.0, 0.2, 0.6], alike, |at, [n, elements]| {
        (at[0] + at[1] * n) * 1e-6 + 4.0 * (n - 1.0) / n * elements / (link * at[2])
    });
    Some(Reduce { fixed_us, each_us, link: share })
}

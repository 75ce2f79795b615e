//! A table of measurements with predictions beside them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::csv::{Table, quoted};
use super::{Case, NotModelled};
use crate::calibration::Calibration;
use crate::closed::Means;

/// The columns that are added.
const ADDED: [&str; 9] = [
    "predicted_ttft_ms",
    "predicted_tpot_ms",
    "predicted_e2e_ms",
    "ttft_low_ms",
    "ttft_high_ms",
    "tpot_low_ms",
    "tpot_high_ms",
    "basis",
    "not_modelled",
];

/// A table with predictions, and how far they are from what was measured.
#[derive(Clone, Debug)]
pub struct Evaluation {
    pub csv: String,
    pub summary: Summary,
}

/// Errors by model, GPU and engine, in per cent.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub all: Error,
    pub by: BTreeMap<(String, String, String), Error>,
    /// Rows without a prediction, by reason.
    pub not_modelled: BTreeMap<String, u32>,
}

/// Absolute errors in per cent.
#[derive(Clone, Debug, Default)]
pub struct Error {
    ttft: Vec<f64>,
    tpot: Vec<f64>,
    end_to_end: Vec<f64>,
}

fn off(ratio: f64) -> f64 {
    100.0 * (ratio - 1.0).abs()
}

impl Error {
    /// Takes up a ratio of predicted to measured.
    pub fn push(&mut self, ttft: Option<f64>, tpot: Option<f64>) {
        self.ttft.extend(ttft.map(off));
        self.tpot.extend(tpot.map(off));
    }

    fn push_end_to_end(&mut self, ratio: Option<f64>) {
        self.end_to_end.extend(ratio.map(off));
    }

    pub fn rows(&self) -> usize {
        self.tpot.len().max(self.ttft.len())
    }

    /// Mean and median of TTFT's error.
    pub fn ttft(&self) -> Option<(f64, f64)> {
        middle(&self.ttft)
    }

    /// Mean and median of TPOT's error.
    pub fn tpot(&self) -> Option<(f64, f64)> {
        middle(&self.tpot)
    }

    /// Mean and median of the end-to-end error, of rows that have TTFT and TPOT.
    pub fn end_to_end(&self) -> Option<(f64, f64)> {
        middle(&self.end_to_end)
    }
}

fn middle(values: &[f64]) -> Option<(f64, f64)> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[allow(clippy::cast_precision_loss)] // A number of rows.
    let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
    Some((mean, *sorted.get(sorted.len() / 2)?))
}

/// Predicts each row of a CSV with the columns of aiconfigurator's silicon samples; a user's own may lack
/// those that do not apply, and may have others.
///
/// # Errors
/// Where the text has no rows or no column that names the model.
pub fn evaluate(text: &str, calibration: &Calibration) -> Result<Evaluation, NoTable> {
    let table = Table::read(text);
    if table.rows.is_empty() {
        return Err(NoTable::NoRows);
    }
    for column in ["model_path", "system", "backend", "isl", "osl"] {
        table.column(column).ok_or(NoTable::NoColumn(column))?;
    }
    let mut csv = String::new();
    line(&mut csv, table.header.iter().map(String::as_str).chain(ADDED));
    let mut summary = Summary::default();
    for row in &table.rows {
        let predicted = Case::read(&table, row)
            .and_then(|c| c.replay(&calibration.coefficients).map(|m| (c, m)));
        let cells = match &predicted {
            Ok((case, means)) => {
                summary.take(case, means);
                cells(case, means, calibration)
            }
            Err(why) => {
                *summary.not_modelled.entry(why.to_string()).or_default() += 1;
                missing(why)
            }
        };
        let width = table.header.len();
        let given = row.iter().map(String::as_str).chain(std::iter::repeat("")).take(width);
        line(&mut csv, given.chain(cells.iter().map(String::as_str)));
    }
    Ok(Evaluation { csv, summary })
}

/// Why a file is no table of measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTable {
    #[error("the file has no rows below its header")]
    NoRows,
    #[error("the header has no column `{0}`")]
    NoColumn(&'static str),
}

fn line<'a>(csv: &mut String, fields: impl Iterator<Item = &'a str>) {
    let fields: Vec<String> = fields.map(quoted).collect();
    csv.push_str(&fields.join(","));
    csv.push('\n');
}

#[allow(clippy::cast_precision_loss)] // Tokens of a request are far below 2^52.
fn cells(case: &Case, means: &Means, calibration: &Calibration) -> Vec<String> {
    let (ttft, tpot) = (means.ttft * 1e3, means.tpot * 1e3);
    let (basis, bands) = calibration.bands(&case.deployment);
    let mut cells: Vec<String> =
        [ttft, tpot, means.end_to_end * 1e3].map(|v| format!("{v:.3}")).into();
    let bounds =
        bands.map(|b| [ttft * b.ttft.p10, ttft * b.ttft.p90, tpot * b.tpot.p10, tpot * b.tpot.p90]);
    cells.extend(
        bounds.map_or_else(
            || vec![String::new(); 4],
            |b| b.iter().map(|v| format!("{v:.3}")).collect(),
        ),
    );
    let load = &case.load;
    let basis = basis.at(f64::from(load.clients), load.prompt.into(), load.output.into());
    cells.push(basis.words().to_owned());
    cells.push(String::new());
    cells
}

fn missing(why: &NotModelled) -> Vec<String> {
    let mut cells = vec![String::new(); ADDED.len() - 1];
    cells.push(why.to_string());
    cells
}

impl Summary {
    fn take(&mut self, case: &Case, means: &Means) {
        let ttft = case.ttft.map(|t| means.ttft * 1e3 / t);
        let tpot = case.tpot.map(|t| means.tpot * 1e3 / t);
        let whole = end_to_end(case, means);
        let d = &case.deployment;
        let key = (d.model.name.clone(), d.gpu.id.clone(), d.engine.name().to_owned());
        for error in [self.by.entry(key).or_default(), &mut self.all] {
            error.push(ttft, tpot);
            error.push_end_to_end(whole);
        }
    }

    /// As lines for a terminal.
    pub fn text(&self) -> String {
        let all = ("all".to_owned(), String::new(), String::new());
        let mut lines = vec![HEADER.map(str::to_owned)];
        lines.extend(self.by.iter().chain([(&all, &self.all)]).map(cells_of));
        let mut text = columns(&lines);
        text.push_str(
            "Errors are means (medians) of the absolute error; E2E is TTFT + (osl - 1) × TPOT.\n",
        );
        for (why, rows) in &self.not_modelled {
            let _ = writeln!(text, "{rows} rows without prediction: {why}");
        }
        text
    }
}

/// Predicted over measured TTFT + (osl - 1) × TPOT: few tables say how long whole requests took.
fn end_to_end(case: &Case, means: &Means) -> Option<f64> {
    let (ttft, tpot) = case.ttft.zip(case.tpot)?;
    let more = f64::from(case.load.output.saturating_sub(1));
    Some(1e3 * (means.ttft + more * means.tpot) / (ttft + more * tpot))
}

const HEADER: [&str; 7] =
    ["model", "GPU", "engine", "rows", "TTFT error", "TPOT error", "E2E error"];
/// So many of them are words, the others numbers.
const WORDS: usize = 3;

fn cells_of(((model, gpu, engine), e): (&(String, String, String), &Error)) -> [String; 7] {
    let shown = |e: Option<(f64, f64)>| {
        e.map_or_else(|| "-".to_owned(), |(mean, median)| format!("{mean:.1} % ({median:.1} %)"))
    };
    let [ttft, tpot, end_to_end] = [e.ttft(), e.tpot(), e.end_to_end()].map(shown);
    [model.clone(), gpu.clone(), engine.clone(), e.rows().to_string(), ttft, tpot, end_to_end]
}

/// Each column as wide as its widest cell: words begin at its left edge, numbers end at its right one.
fn columns<const N: usize>(lines: &[[String; N]]) -> String {
    let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(widths).enumerate();
        let padded: Vec<_> = cells
            .map(
                |(at, (cell, width))| {
                    if at < WORDS { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                },
            )
            .collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Calibration, evaluate};

    const HEADER: &str =
        "model_path,system,backend,isl,osl,concurrency,silicon_ttft_ms,silicon_tpot_ms\n";

    #[test]
    fn long_names_keep_their_columns() {
        let rows = "llama-3.1-8b,a100-80gb,vllm,1024,128,4,50,8\nllama-3.1-8b,h100_sxm,vllm,1024,128,4,50,\n";
        let done = evaluate(&format!("{HEADER}{rows}"), Calibration::stored()).unwrap();
        let text = done.summary.text();
        let lines: Vec<_> = text.lines().take(4).collect();
        let at = |word: &str| lines[0].find(word).unwrap();
        for line in &lines[1..3] {
            assert!(line[at("engine")..].starts_with("vllm"), "{text}");
        }
        let ends: Vec<_> = lines.iter().map(|line| line.len()).collect();
        assert!(ends.windows(2).all(|two| two[0] == two[1]), "{text}");
        assert!(lines[0].ends_with("E2E error") && lines[2].ends_with(" -"), "{text}");
    }

    /// A first token that counts for one of a hundred answered ones.
    #[test]
    fn errors_end_to_end_weigh_first_and_later_tokens() {
        let predicted = evaluate(
            &format!("{HEADER}llama-3.1-8b,h100_sxm,vllm,1024,101,4,1,1\n"),
            Calibration::stored(),
        )
        .unwrap();
        let table = super::Table::read(&predicted.csv);
        let field = |name: &str| table.field(&table.rows[0], name).parse::<f64>().unwrap();
        let (ttft, tpot) = (field("predicted_ttft_ms"), field("predicted_tpot_ms"));
        let (error, _) = predicted.summary.all.end_to_end().unwrap();
        let want = 100.0 * ((ttft + 100.0 * tpot) / 101.0 - 1.0);
        assert!((error - want).abs() < 0.1, "{error} {want}");
    }
}

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

/// Absolute errors of TTFT and TPOT in per cent.
#[derive(Clone, Debug, Default)]
pub struct Error {
    ttft: Vec<f64>,
    tpot: Vec<f64>,
}

impl Error {
    /// Takes up a ratio of predicted to measured.
    pub fn push(&mut self, ttft: Option<f64>, tpot: Option<f64>) {
        self.ttft.extend(ttft.map(|r| 100.0 * (r - 1.0).abs()));
        self.tpot.extend(tpot.map(|r| 100.0 * (r - 1.0).abs()));
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
        let d = &case.deployment;
        let key = (d.model.name.clone(), d.gpu.id.clone(), d.engine.name().to_owned());
        self.by.entry(key).or_default().push(ttft, tpot);
        self.all.push(ttft, tpot);
    }

    /// As lines for a terminal.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{:<20} {:<6} {:<7} {:>5}  {:>15}  {:>15}\n",
            "model", "GPU", "engine", "rows", "TTFT error", "TPOT error"
        );
        let shown = |e: Option<(f64, f64)>| {
            e.map_or_else(|| "-".to_owned(), |(m, d)| format!("{m:.1} % ({d:.1} %)"))
        };
        let all = ("all".to_owned(), String::new(), String::new());
        for ((model, gpu, engine), e) in self.by.iter().chain([(&all, &self.all)]) {
            let (ttft, tpot) = (shown(e.ttft()), shown(e.tpot()));
            let _ = writeln!(
                text,
                "{model:<20} {gpu:<6} {engine:<7} {:>5}  {ttft:>15}  {tpot:>15}",
                e.rows()
            );
        }
        text.push_str("Errors are means (medians) of the absolute error.\n");
        for (why, rows) in &self.not_modelled {
            let _ = writeln!(text, "{rows} rows without prediction: {why}");
        }
        text
    }
}

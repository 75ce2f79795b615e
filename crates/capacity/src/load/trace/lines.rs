//! Lines of traces, and what stands in their cells.

use super::super::LONGEST;
use super::fault::{TraceFault, Wrong};
use super::{Prefixes, Row};
use serde::Deserialize;

/// Lines that are not empty, with their numbers.
pub(super) fn of(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = text.split(|byte| *byte == b'\n').enumerate();
    let trimmed = lines.map(|(at, line)| (at + 1, line.trim_ascii()));
    trimmed.filter(|(_, line)| !line.is_empty())
}

pub(super) fn text(line: usize, bytes: &[u8]) -> Result<&str, TraceFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| TraceFault { line, wrong: Wrong::Text })?;
    Ok(text.trim_start_matches('\u{feff}'))
}

/// What follows the head of a file with commas.
pub(super) fn rows(
    bytes: &[u8],
    when: impl Fn(&str) -> Result<f64, Wrong>,
) -> Result<Vec<Row>, TraceFault> {
    let read =
        |(line, bytes)| row(text(line, bytes)?, &when).map_err(|wrong| TraceFault { line, wrong });
    of(bytes).skip(1).map(read).collect()
}

fn row(line: &str, when: impl Fn(&str) -> Result<f64, Wrong>) -> Result<Row, Wrong> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    let [at, prompt, output, ..] = cells[..] else {
        return Err(Wrong::Cells { found: cells.len() });
    };
    Ok(Row { at: when(at)?, prompt: tokens(prompt)?, output: tokens(output)?, prefix: None })
}

/// Seconds from zero to a billion, about thirty years.
pub(super) fn seconds(cell: &str) -> Result<f64, Wrong> {
    let read = cell.parse().ok().filter(|seconds| (0.0..=1e9).contains(seconds));
    read.ok_or_else(|| Wrong::Seconds { text: short(cell) })
}

fn tokens(cell: &str) -> Result<u32, Wrong> {
    let read = cell.parse().ok().filter(|tokens| (1..=LONGEST).contains(tokens));
    read.ok_or_else(|| Wrong::Tokens { text: short(cell) })
}

/// As much of a cell as is worth showing.
pub(super) fn short(cell: &str) -> String {
    let mut shown: String = cell.chars().take(40).collect();
    if shown.len() < cell.len() {
        shown.push('…');
    }
    shown
}

#[derive(Deserialize)]
struct Recorded {
    timestamp: f64,
    input_length: u64,
    output_length: u64,
    #[serde(default)]
    hash_ids: Vec<i64>,
}

pub(super) fn mooncake(
    line: usize,
    bytes: &[u8],
    prefixes: &mut Prefixes,
) -> Result<Row, TraceFault> {
    let fault = |wrong| TraceFault { line, wrong };
    let recorded: Recorded = serde_json::from_str(text(line, bytes)?)
        .map_err(|error| fault(Wrong::Object { why: error.to_string() }))?;
    let at = seconds(&(recorded.timestamp / 1000.0).to_string()).map_err(fault)?;
    let prompt = tokens(&recorded.input_length.to_string()).map_err(fault)?;
    let output = tokens(&recorded.output_length.to_string()).map_err(fault)?;
    Ok(Row { at, prompt, output, prefix: prefixes.name(&recorded.hash_ids) })
}

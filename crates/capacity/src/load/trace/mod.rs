//! Recorded loads.
//!
//! Three forms are read, told apart by their first line ([`Trace::read`]):
//!
//! | form | first line |
//! |---|---|
//! | Azure's traces of language models | `TIMESTAMP,ContextTokens,GeneratedTokens` |
//! | Mooncake's, and others in its form | `{"timestamp": 0, "input_length": 6955, …}` |
//! | plain | `arrival_s,input,output` |
//!
//! A trace starts when its first request arrives. Lines may come in any order. Every line has to be right: a fault
//! names the first that is not.

mod fault;
mod lines;
mod moment;
mod prefix;

pub use fault::{TraceFault, Wrong};
use prefix::Prefixes;
pub use prefix::Sharing;
use std::sync::Arc;

/// A recorded load.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    rows: Arc<[Row]>,
    sharing: Sharing,
}

/// A recorded request.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Seconds since the first.
    pub at: f64,
    /// Tokens of the prompt, at least one.
    pub prompt: u32,
    /// Tokens of the answer, at least one.
    pub output: u32,
    /// What the prompt begins with: equal numbers at the same place are equal beginnings up to there.
    pub prefix: Option<Arc<[u32]>>,
}

impl Trace {
    /// Of a file in any of the forms.
    pub fn read(text: &[u8]) -> Result<Trace, TraceFault> {
        let (_, first) = lines::of(text).next().ok_or_else(fault::empty)?;
        let first = lines::text(1, first)?;
        let squeezed = first.replace(' ', "").to_ascii_lowercase();
        if first.starts_with('{') {
            Trace::mooncake(text)
        } else if squeezed.starts_with("timestamp,contexttokens,generatedtokens") {
            Trace::azure(text)
        } else if squeezed.starts_with("arrival_s,input,output") {
            Trace::plain(text)
        } else {
            Err(TraceFault { line: 1, wrong: Wrong::Form })
        }
    }

    /// Azure's form: a moment, tokens of the prompt, tokens of the answer.
    pub fn azure(text: &[u8]) -> Result<Trace, TraceFault> {
        let rows = lines::rows(text, |cell| {
            moment::seconds(cell).ok_or_else(|| Wrong::Moment { text: lines::short(cell) })
        })?;
        Trace::new(rows, Sharing::default())
    }

    /// A plain form: seconds, tokens of the prompt, tokens of the answer.
    pub fn plain(text: &[u8]) -> Result<Trace, TraceFault> {
        Trace::new(lines::rows(text, lines::seconds)?, Sharing::default())
    }

    /// Mooncake's form: a JSON object a line, with milliseconds, tokens and what the prompt begins with, a number for
    /// each 512 tokens.
    pub fn mooncake(text: &[u8]) -> Result<Trace, TraceFault> {
        let mut prefixes = Prefixes::new(512);
        let mut rows = Vec::new();
        for (line, text) in lines::of(text) {
            rows.push(lines::mooncake(line, text, &mut prefixes)?);
        }
        Trace::new(rows, prefixes.sharing())
    }

    fn new(mut rows: Vec<Row>, sharing: Sharing) -> Result<Trace, TraceFault> {
        rows.sort_by(|a, b| a.at.total_cmp(&b.at));
        let start = rows.first().ok_or_else(fault::empty)?.at;
        for row in &mut rows {
            row.at -= start;
        }
        Ok(Trace { rows: rows.into(), sharing })
    }

    /// The requests, as they arrive.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whose prompts begin alike.
    pub fn sharing(&self) -> Sharing {
        self.sharing
    }

    /// Mean tokens of prompts and of answers.
    #[allow(clippy::cast_precision_loss, reason = "traces have fewer rows than that")]
    pub fn means(&self) -> (f64, f64) {
        let mean = |of: fn(&Row) -> u32| {
            let sum: f64 = self.rows.iter().map(|row| f64::from(of(row))).sum();
            sum / self.rows.len() as f64
        };
        (mean(|row| row.prompt), mean(|row| row.output))
    }

    /// Requests a second, from the first to the last.
    #[allow(clippy::cast_precision_loss, reason = "traces have fewer rows than that")]
    pub fn rate(&self) -> f64 {
        let last = self.rows.last().map_or(0.0, |row| row.at);
        self.rows.len().saturating_sub(1) as f64 / last.max(f64::MIN_POSITIVE)
    }
}

#[cfg(test)]
mod tests;

//! What is wrong with a trace.

use super::super::LONGEST;
use thiserror::Error;

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {wrong}")]
pub struct TraceFault {
    /// Counted from one.
    pub line: usize,
    /// What is wrong with it, and what to write.
    pub wrong: Wrong,
}

/// What is wrong with a line, and what to write.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Wrong {
    /// A file without requests.
    #[error("the trace has no requests; write one a line")]
    Empty,
    /// No form that is known.
    #[error(
        "this is no trace that is known; its first line must be `TIMESTAMP,ContextTokens,GeneratedTokens` (Azure), \
         `arrival_s,input,output`, or an object with `timestamp`, `input_length` and `output_length` (Mooncake)"
    )]
    Form,
    /// Bytes that are no text.
    #[error("it is not UTF-8 text; is the file compressed?")]
    Text,
    /// Too few cells.
    #[error("it has {found} cells; write three: when, tokens of the prompt, tokens of the answer")]
    Cells {
        /// How many there are.
        found: usize,
    },
    /// No moment.
    #[error("`{text}` is not a moment; write it as 2023-11-16 18:15:46.68")]
    Moment {
        /// As written.
        text: String,
    },
    /// No time.
    #[error("`{text}` is not a number of seconds from 0 to a billion")]
    Seconds {
        /// As written.
        text: String,
    },
    /// No number of tokens.
    #[error("`{text}` is not a number of tokens; write a whole number from 1 to {LONGEST}")]
    Tokens {
        /// As written.
        text: String,
    },
    /// No object that is known.
    #[error(
        "{why}; write an object such as {{\"timestamp\": 0, \"input_length\": 6955, \"output_length\": 52, \"hash_ids\": [46, 47]}}"
    )]
    Object {
        /// What the parser says.
        why: String,
    },
}

pub(super) fn empty() -> TraceFault {
    TraceFault { line: 1, wrong: Wrong::Empty }
}

//! Templates as Go's `text/template` has them, over JSON values.
//!
//! A part of that language: no named templates, no methods, and of the functions that people add to
//! it those that change and compare values. What is missing is refused when it is read.

mod functions;
mod lex;
mod lists;
mod parse;
mod pipe;
mod run;
mod text;

use crate::fault::Fault;
use crate::site::Site;
use parse::Block;
use twin_core::tree::Value;

/// A template that was read.
#[derive(Clone, Debug)]
pub struct Template {
    text: String,
    block: Block,
}

/// A template does not fit the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the template: {message}")]
pub struct RenderError {
    /// Counted from 1.
    pub line: usize,
    /// Lower case, no full stop.
    pub message: String,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Ok(Self { text: text.to_owned(), block: parse::parse(text)? })
    }

    /// The text that it makes of a value.
    ///
    /// # Errors
    /// Where it does not fit the value.
    pub fn render(&self, value: &Value, site: &mut dyn Site) -> Result<String, RenderError> {
        run::render(&self.block, value, site).map_err(|fault| RenderError {
            line: 1 + self.text.bytes().take(fault.at).filter(|byte| *byte == b'\n').count(),
            message: fault.message,
        })
    }
}

#[cfg(test)]
mod tests;

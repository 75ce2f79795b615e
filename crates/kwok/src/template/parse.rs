//! From parts to the tree of a template.

use super::lex::{Part, parts, words};
use super::pipe::{Line, Pipe};
use crate::fault::Fault;

/// What stands between two actions that belong together.
pub(super) type Block = Vec<Node>;

#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    /// `{{ pipe }}`
    Show(Pipe),
    /// `{{ if }}`, `{{ else if }}`, `{{ else }}`
    If(Vec<(Pipe, Block)>, Block),
    With(Vec<(Pipe, Block)>, Block),
    Range(Pipe, Block, Block),
    Break,
    Continue,
}

/// Deeper ones are refused.
pub(super) const DEPTH: usize = 64;

pub(super) fn parse(text: &str) -> Result<Block, Fault> {
    let mut parser =
        Parser { parts: parts(text)?.into_iter(), scope: vec![String::new()], depth: 0, ranges: 0 };
    let (block, end) = parser.block()?;
    match end {
        Last::Text => Ok(block),
        Last::Else(at, _) => Err(Fault::new(at, "\"else\" belongs to nothing")),
        Last::End(at) => Err(Fault::new(at, "\"end\" belongs to nothing")),
    }
}

struct Parser<'a> {
    parts: std::vec::IntoIter<Part<'a>>,
    /// Variables that are known here.
    scope: Vec<String>,
    depth: usize,
    /// Ranges that this is in.
    ranges: usize,
}

/// What a block ends with.
enum Last<'a> {
    Text,
    End(usize),
    /// What follows `else`.
    Else(usize, &'a str),
}

/// The first word of an action, and the rest with its place.
fn keyword(action: &str, at: usize) -> (&str, usize, &str) {
    let start = action.len() - action.trim_start().len();
    let rest = &action[start..];
    let end = rest.find(|next: char| !next.is_alphanumeric()).unwrap_or(rest.len());
    (&rest[..end], at + start + end, &rest[end..])
}

impl<'a> Parser<'a> {
    fn block(&mut self) -> Result<(Block, Last<'a>), Fault> {
        self.depth += 1;
        let known = self.scope.len();
        let mut block = Vec::new();
        let end = loop {
            let Some(part) = self.parts.next() else { break Last::Text };
            let (at, action) = match part {
                Part::Text(text) => {
                    block.push(Node::Text(text.to_owned()));
                    continue;
                }
                Part::Action(at, action) => (at, action),
            };
            if self.depth > DEPTH {
                return Err(Fault::new(at, "the template is nested too deeply"));
            }
            let (word, place, rest) = keyword(action, at);
            match word {
                "end" if rest.trim().is_empty() => break Last::End(at),
                "else" => break Last::Else(place, rest),
                _ => block.push(self.node(word, (at, action), (place, rest))?),
            }
        };
        self.scope.truncate(known);
        self.depth -= 1;
        Ok((block, end))
    }

    fn node(
        &mut self,
        word: &str,
        (at, action): (usize, &str),
        (place, rest): (usize, &str),
    ) -> Result<Node, Fault> {
        let known = self.scope.len();
        let node = match word {
            "if" => self.choice(word, place, rest).map(|(rows, other)| Node::If(rows, other))?,
            "with" => {
                self.choice(word, place, rest).map(|(rows, other)| Node::With(rows, other))?
            }
            "range" => self.range(place, rest)?,
            "break" | "continue" if rest.trim().is_empty() => {
                if self.ranges == 0 {
                    let message = format!("{word:?} is only for a range");
                    return Err(Fault::new(place - word.len(), message));
                }
                if word == "break" { Node::Break } else { Node::Continue }
            }
            "define" | "template" | "block" => {
                return Err(Fault::new(at, format!("{word:?} is not known here")));
            }
            // What it declares is known until the block ends.
            _ => return self.pipe(at, action).map(Node::Show),
        };
        self.scope.truncate(known);
        Ok(node)
    }

    /// What follows `if` or `with`, which is the word.
    fn choice(
        &mut self,
        word: &str,
        at: usize,
        rest: &str,
    ) -> Result<(Vec<(Pipe, Block)>, Block), Fault> {
        let (mut at, mut rest) = (at, rest.to_owned());
        let mut rows = Vec::new();
        loop {
            let pipe = self.pipe(at, &rest)?;
            let (block, end) = self.block()?;
            rows.push((pipe, block));
            match end {
                Last::Text => return Err(Fault::new(at, "\"end\" is missing")),
                Last::End(_) => return Ok((rows, Vec::new())),
                Last::Else(place, after) => match keyword(after, place) {
                    (next, place, after) if next == word => (at, rest) = (place, after.to_owned()),
                    (next @ ("if" | "with"), place, _) => {
                        let message = format!("{word:?} and {next:?} do not mix");
                        return Err(Fault::new(place - next.len(), message));
                    }
                    _ => {
                        alone(place, after)?;
                        return self.last(at).map(|block| (rows, block));
                    }
                },
            }
        }
    }

    /// The block after `else`.
    fn last(&mut self, at: usize) -> Result<Block, Fault> {
        match self.block()? {
            (block, Last::End(_)) => Ok(block),
            (_, Last::Else(at, _)) => Err(Fault::new(at, "there is an \"else\" already")),
            (_, Last::Text) => Err(Fault::new(at, "\"end\" is missing")),
        }
    }

    fn range(&mut self, at: usize, rest: &str) -> Result<Node, Fault> {
        let pipe = self.pipe(at, rest)?;
        self.ranges += 1;
        let (block, end) = self.block()?;
        self.ranges -= 1;
        let other = match end {
            Last::End(_) => Vec::new(),
            Last::Else(place, after) => {
                alone(place, after)?;
                self.last(at)?
            }
            Last::Text => return Err(Fault::new(at, "\"end\" is missing")),
        };
        Ok(Node::Range(pipe, block, other))
    }

    fn pipe(&mut self, at: usize, text: &str) -> Result<Pipe, Fault> {
        Line::new(&words(text, at)?, at + text.len(), &mut self.scope).whole(at)
    }
}

/// Nothing may follow `else` here.
fn alone(place: usize, after: &str) -> Result<(), Fault> {
    match after.find(|next: char| !next.is_whitespace()) {
        None => Ok(()),
        Some(start) => Err(Fault::new(place + start, "\"else\" takes no value")),
    }
}

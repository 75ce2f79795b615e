//! From parts to the tree of a template.

use super::functions::{Function, function};
use super::lex::{Part, Word, parts, words};
use crate::fault::Fault;
use twin_core::tree::Value;

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

/// `$x := a | b`
#[derive(Clone, Debug)]
pub(super) struct Pipe {
    pub(super) at: usize,
    pub(super) names: Vec<String>,
    pub(super) how: How,
    pub(super) commands: Vec<Command>,
}

/// What a pipe does with its variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// `:=`
    Declares,
    /// `=`
    Sets,
}

#[derive(Clone, Debug)]
pub(super) enum Command {
    /// A value that takes nothing.
    Value(Operand),
    Call(usize, &'static Function, Vec<Operand>),
}

#[derive(Clone, Debug)]
pub(super) enum Operand {
    Literal(Value),
    /// The fields of `.`
    Dot(usize, Vec<String>),
    Variable(usize, String, Vec<String>),
    Pipe(Box<Pipe>, Vec<String>),
    Call(usize, &'static Function),
}

/// Deeper ones are refused.
const DEPTH: usize = 64;

pub(super) fn parse(text: &str) -> Result<Block, Fault> {
    let mut parser =
        Parser { parts: parts(text)?.into_iter(), scope: vec![String::new()], depth: 0 };
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
            "if" => self.choice(place, rest).map(|(rows, other)| Node::If(rows, other))?,
            "with" => self.choice(place, rest).map(|(rows, other)| Node::With(rows, other))?,
            "range" => self.range(place, rest)?,
            "break" if rest.trim().is_empty() => Node::Break,
            "continue" if rest.trim().is_empty() => Node::Continue,
            "define" | "template" | "block" => {
                return Err(Fault::new(at, format!("{word:?} is not known here")));
            }
            // What it declares is known until the block ends.
            _ => return self.pipe(at, action).map(Node::Show),
        };
        self.scope.truncate(known);
        Ok(node)
    }

    fn choice(&mut self, at: usize, rest: &str) -> Result<(Vec<(Pipe, Block)>, Block), Fault> {
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
                    ("if" | "with", place, after) => (at, rest) = (place, after.to_owned()),
                    ("", ..) => return self.last(at).map(|block| (rows, block)),
                    (_, place, _) => return Err(Fault::new(place, "\"else\" takes no value")),
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
        let (block, end) = self.block()?;
        let other = match end {
            Last::End(_) => Vec::new(),
            Last::Else(_, after) if after.trim().is_empty() => self.last(at)?,
            Last::Else(place, _) => return Err(Fault::new(place, "\"else\" takes no value")),
            Last::Text => return Err(Fault::new(at, "\"end\" is missing")),
        };
        Ok(Node::Range(pipe, block, other))
    }

    fn pipe(&mut self, at: usize, text: &str) -> Result<Pipe, Fault> {
        let words = words(text, at)?;
        let mut line =
            Line { words: &words, next: 0, end: at + text.len(), depth: 0, scope: &mut self.scope };
        let pipe = line.pipe(at)?;
        match line.words.get(line.next) {
            None => Ok(pipe),
            Some((at, _)) => Err(Fault::new(*at, "this is too much")),
        }
    }
}

/// The words of one action.
struct Line<'a> {
    words: &'a [(usize, Word)],
    next: usize,
    end: usize,
    depth: usize,
    scope: &'a mut Vec<String>,
}

impl Line<'_> {
    fn peek(&self) -> Option<&Word> {
        self.words.get(self.next).map(|(_, word)| word)
    }

    fn at(&self) -> usize {
        self.words.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Word::Sign(found)) if *found == sign);
        self.next += usize::from(found);
        found
    }

    fn pipe(&mut self, at: usize) -> Result<Pipe, Fault> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Fault::new(self.at(), "the action is nested too deeply"));
        }
        let (names, how) = self.variables()?;
        let mut commands = vec![self.command(Passed::Nothing)?];
        while self.takes("|") {
            let at = self.at();
            commands.push(match self.command(Passed::Value)? {
                Command::Value(_) => {
                    return Err(Fault::new(at, "only a function can follow \"|\""));
                }
                call @ Command::Call(..) => call,
            });
        }
        if how == How::Declares {
            self.scope.extend(names.iter().cloned());
        }
        self.depth -= 1;
        Ok(Pipe { at, names, how, commands })
    }

    /// `$x :=`, `$x =` or `$x, $y :=`, if the pipe starts so.
    fn variables(&mut self) -> Result<(Vec<String>, How), Fault> {
        let start = self.next;
        let mut names = Vec::new();
        while let Some(Word::Variable(name, fields)) = self.peek()
            && fields.is_empty()
        {
            names.push(name.clone());
            self.next += 1;
            if self.takes(":=") {
                return Ok((names, How::Declares));
            }
            if self.takes("=") {
                let known = names.iter().all(|name| self.scope.contains(name));
                if known {
                    return Ok((names, How::Sets));
                }
                return Err(Fault::new(self.words[start].0, "there is no such variable to set"));
            }
            if names.len() > 1 || !self.takes(",") {
                break;
            }
        }
        self.next = start;
        Ok((Vec::new(), How::Declares))
    }

    fn command(&mut self, passed: Passed) -> Result<Command, Fault> {
        let at = self.at();
        let Some(first) = self.operand()? else {
            return Err(Fault::new(at, "a value is missing"));
        };
        let mut arguments = Vec::new();
        while let Some(argument) = self.operand()? {
            if let Operand::Call(at, function) = argument {
                fits(function, 0, at)?;
            }
            arguments.push(argument);
        }
        match first {
            Operand::Call(at, function) => {
                let count = arguments.len() + usize::from(passed == Passed::Value);
                fits(function, count, at)?;
                Ok(Command::Call(at, function, arguments))
            }
            _ if arguments.is_empty() => Ok(Command::Value(first)),
            _ => Err(Fault::new(at, "this is no function, it takes no values")),
        }
    }

    fn operand(&mut self) -> Result<Option<Operand>, Fault> {
        let Some((at, word)) = self.words.get(self.next).cloned() else { return Ok(None) };
        let operand = match word {
            Word::Dot => Operand::Dot(at, Vec::new()),
            Word::Field(fields) => Operand::Dot(at, fields),
            Word::Variable(name, fields) if self.scope.contains(&name) => {
                Operand::Variable(at, name, fields)
            }
            Word::Variable(name, _) => {
                return Err(Fault::new(at, format!("there is no variable \"${name}\"")));
            }
            Word::Text(text) => Operand::Literal(Value::text(text)),
            Word::Int(int) => Operand::Literal(Value::Int(int)),
            Word::Float(float) => Operand::Literal(Value::Float(float)),
            Word::Name(name) => named(&name, at)?,
            Word::Sign("(") => return self.group().map(Some),
            Word::Sign(_) => return Ok(None),
        };
        self.next += 1;
        Ok(Some(operand))
    }

    /// `(pipe)`, `(pipe).name`
    fn group(&mut self) -> Result<Operand, Fault> {
        let at = self.at();
        self.next += 1;
        let pipe = self.pipe(at)?;
        let close = self.at();
        if !self.takes(")") {
            return Err(Fault::new(close, "\")\" is missing"));
        }
        let adjacent = self.at() == close + 1;
        let fields = match self.peek() {
            Some(Word::Field(fields)) if adjacent => {
                let fields = fields.clone();
                self.next += 1;
                fields
            }
            _ => Vec::new(),
        };
        Ok(Operand::Pipe(Box::new(pipe), fields))
    }
}

/// What a command gets from the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passed {
    Nothing,
    Value,
}

/// Whether a function takes so many values.
fn fits(function: &Function, count: usize, at: usize) -> Result<(), Fault> {
    if function.takes.contains(&count) {
        return Ok(());
    }
    let (least, most) = (function.takes.start(), function.takes.end());
    let takes = match (least, most) {
        (least, most) if least == most => least.to_string(),
        (least, &usize::MAX) => format!("at least {least}"),
        (least, most) => format!("{least} to {most}"),
    };
    Err(Fault::new(at, format!("{:?} takes {takes} values, not {count}", function.name)))
}

fn named(name: &str, at: usize) -> Result<Operand, Fault> {
    match name {
        "nil" => Ok(Operand::Literal(Value::Null)),
        "true" | "false" => Ok(Operand::Literal(Value::Bool(name == "true"))),
        _ => match function(name) {
            Some(function) => Ok(Operand::Call(at, function)),
            None => Err(Fault::new(at, format!("there is no function {name:?}"))),
        },
    }
}

//! From words to the pipe of an action.

use super::functions::{Function, function};
use super::lex::Word;
use super::parse::DEPTH;
use crate::fault::Fault;
use twin_core::tree::Value;

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

/// The words of one action.
pub(super) struct Line<'a> {
    words: &'a [(usize, Word)],
    next: usize,
    end: usize,
    depth: usize,
    scope: &'a mut Vec<String>,
}

impl<'a> Line<'a> {
    pub(super) fn new(words: &'a [(usize, Word)], end: usize, scope: &'a mut Vec<String>) -> Self {
        Self { words, next: 0, end, depth: 0, scope }
    }

    /// The pipe that all of the words are.
    pub(super) fn whole(mut self, at: usize) -> Result<Pipe, Fault> {
        let pipe = self.pipe(at)?;
        match self.words.get(self.next) {
            None => Ok(pipe),
            Some((at, _)) => Err(Fault::new(*at, "this is too much")),
        }
    }

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

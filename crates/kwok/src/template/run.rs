//! Renders a template.

use super::functions::Kind;
use super::parse::{Block, Node};
use super::pipe::{Command, How, Operand, Pipe};
use super::text::{shown, truth};
use crate::fault::Fault;
use crate::site::Site;
use crate::size::size;
use twin_core::tree::Value;

/// More text than this is refused, and values that take more.
const LONGEST: usize = 1 << 20;
/// To look at so many bytes of values is a step.
const GLANCE: usize = 256;
/// More steps than these are refused.
const STEPS: usize = 1 << 20;

pub(super) fn render(block: &Block, value: &Value, site: &mut dyn Site) -> Result<String, Fault> {
    let root = (String::new(), value.clone());
    let mut run = Run { variables: vec![root], out: String::new(), steps: 0, site };
    run.block(block, value)?;
    Ok(run.out)
}

/// What is known while it renders.
pub(super) struct Run<'a> {
    /// By their names; later ones hide earlier ones.
    variables: Vec<(String, Value)>,
    out: String,
    steps: usize,
    pub(super) site: &'a mut dyn Site,
}

/// How a block ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

impl Run<'_> {
    fn block(&mut self, block: &Block, dot: &Value) -> Result<Flow, Fault> {
        let known = self.variables.len();
        let mut flow = Flow::On;
        for node in block {
            flow = self.node(node, dot)?;
            if flow != Flow::On {
                break;
            }
        }
        self.variables.truncate(known);
        Ok(flow)
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<Flow, Fault> {
        match node {
            Node::Text(text) => self.write(0, text)?,
            Node::Show(pipe) => {
                let value = self.pipe(pipe, dot)?;
                if pipe.names.is_empty() {
                    self.write(pipe.at, &shown(&value))?;
                }
            }
            Node::If(rows, other) | Node::With(rows, other) => {
                let changes = matches!(node, Node::With(..));
                return self.choice(
                    rows,
                    other,
                    dot,
                    if changes { Dot::Changes } else { Dot::Stays },
                );
            }
            Node::Range(pipe, body, other) => return self.range(pipe, body, other, dot),
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn write(&mut self, at: usize, text: &str) -> Result<(), Fault> {
        if self.out.len() + text.len() > LONGEST {
            return Err(Fault::new(at, "the template makes too much text"));
        }
        self.out.push_str(text);
        Ok(())
    }

    fn choice(
        &mut self,
        rows: &[(Pipe, Block)],
        other: &Block,
        dot: &Value,
        how: Dot,
    ) -> Result<Flow, Fault> {
        let known = self.variables.len();
        for (pipe, block) in rows {
            let value = self.pipe(pipe, dot)?;
            if truth(&value) {
                let flow = self.block(block, if how == Dot::Changes { &value } else { dot });
                self.variables.truncate(known);
                return flow;
            }
        }
        let flow = self.block(other, dot);
        self.variables.truncate(known);
        flow
    }

    fn range(
        &mut self,
        pipe: &Pipe,
        body: &Block,
        other: &Block,
        dot: &Value,
    ) -> Result<Flow, Fault> {
        let known = self.variables.len();
        let over = self.commands(pipe, dot)?;
        let mut rows = rows(&over).map_err(|message| Fault::new(pipe.at, message))?.peekable();
        if rows.peek().is_none() {
            return self.block(other, dot);
        }
        for (key, value) in rows {
            self.step(pipe.at)?;
            match pipe.names.as_slice() {
                [] => {}
                [name] => self.put(pipe.how, name, value.clone()),
                [first, second, ..] => {
                    self.put(pipe.how, first, key);
                    self.put(pipe.how, second, value.clone());
                }
            }
            let flow = self.block(body, &value)?;
            self.variables.truncate(known);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    fn step(&mut self, at: usize) -> Result<(), Fault> {
        self.steps += 1;
        if self.steps > STEPS { Err(Fault::new(at, "the template takes too long")) } else { Ok(()) }
    }

    fn put(&mut self, how: How, name: &str, value: Value) {
        let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
        match known {
            Some((_, known)) if how == How::Sets => *known = value,
            _ => self.variables.push((name.to_owned(), value)),
        }
    }

    /// The value of a pipe, which its variable gets.
    fn pipe(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, Fault> {
        let value = self.commands(pipe, dot)?;
        for name in &pipe.names {
            self.put(pipe.how, name, value.clone());
        }
        Ok(value)
    }

    fn commands(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, Fault> {
        let mut passed = None;
        for command in &pipe.commands {
            self.step(pipe.at)?;
            passed = Some(match command {
                Command::Value(operand) => self.operand(operand, dot)?,
                Command::Call(at, function, operands) => {
                    self.call(*at, function.kind, operands, passed, dot)?
                }
            });
        }
        Ok(passed.unwrap_or_default())
    }

    fn call(
        &mut self,
        at: usize,
        kind: Kind,
        operands: &[Operand],
        passed: Option<Value>,
        dot: &Value,
    ) -> Result<Value, Fault> {
        let mut values = Vec::with_capacity(operands.len() + 1);
        for operand in operands {
            let value = self.operand(operand, dot)?;
            // Both look no further than they have to.
            match kind {
                Kind::And if !truth(&value) => return Ok(value),
                Kind::Or if truth(&value) => return Ok(value),
                _ => values.push(value),
            }
        }
        values.extend(passed);
        self.weigh(at, &values)?;
        let result = match kind {
            Kind::And | Kind::Or => values.pop().ok_or_else(|| "values are missing".to_owned()),
            Kind::Pure(function) => function(&values),
            Kind::Site(function) => function(&mut *self.site, &values),
        };
        let result = result.map_err(|message| Fault::new(at, message))?;
        self.weigh(at, std::slice::from_ref(&result))?;
        Ok(result)
    }

    /// Refuses values that are too large, and counts what it takes to go through them.
    fn weigh(&mut self, at: usize, values: &[Value]) -> Result<(), Fault> {
        let mut sum = 0;
        for value in values {
            sum += size(value, LONGEST - sum)
                .ok_or_else(|| Fault::new(at, "the value gets too large"))?;
        }
        self.steps += sum / GLANCE;
        self.step(at)
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Value, Fault> {
        match operand {
            Operand::Literal(value) => Ok(value.clone()),
            Operand::Dot(at, fields) => field(dot, fields, *at),
            Operand::Variable(at, name, fields) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                match known {
                    Some((_, value)) => field(value, fields, *at),
                    None => Err(Fault::new(*at, format!("there is no variable \"${name}\""))),
                }
            }
            Operand::Pipe(pipe, fields) => {
                let known = self.variables.len();
                let value = self.pipe(pipe, dot)?;
                self.variables.truncate(known);
                field(&value, fields, pipe.at)
            }
            Operand::Call(at, function) => self.call(*at, function.kind, &[], None, dot),
        }
    }
}

/// Whether `.` becomes the value of the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dot {
    Stays,
    Changes,
}

/// What lies below a value: nothing, if an object does not have it, or there is no object.
fn field(value: &Value, fields: &[String], at: usize) -> Result<Value, Fault> {
    let mut value = value;
    for name in fields {
        value = match value {
            Value::Map(map) => map.get(name).unwrap_or(&Value::Null),
            Value::Null => &Value::Null,
            other => {
                let message = format!("there is no {name:?} in a {}", other.kind_name());
                return Err(Fault::new(at, message));
            }
        };
    }
    Ok(value.clone())
}

/// What a range goes through: one at a time, for there may be many.
fn rows(value: &Value) -> Result<Box<dyn Iterator<Item = (Value, Value)> + '_>, String> {
    match value {
        Value::Null => Ok(Box::new(std::iter::empty())),
        Value::List(list) => Ok(Box::new((0..).map(Value::Int).zip(list.iter().cloned()))),
        Value::Map(map) => {
            Ok(Box::new(map.iter().map(|(key, value)| (Value::Text(key.clone()), value.clone()))))
        }
        Value::Int(count) => Ok(Box::new((0..*count).map(|at| (Value::Int(at), Value::Int(at))))),
        other => Err(format!("there is nothing to go through in a {}", other.kind_name())),
    }
}

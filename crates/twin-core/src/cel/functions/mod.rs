//! Functions: those of `kube-cel`, and our own where theirs make too much or panic.

mod own;
mod places;

pub(super) use own::{named_type, shown_type};

use super::Failure;
use crate::go_regex::translated;
use crate::time::Timestamp;
use kube_cel::KubeCelExt;
use kube_cel::cel::common::ast::{CallExpr, Expr};
use kube_cel::cel::{Context, ExecutionError, IdedExpr, Value};
use regex::Regex;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Longer texts and lists are not made.
const LONGEST: usize = 1 << 20;
/// So many patterns are kept.
const PATTERNS: usize = 64;
/// A pattern that takes more memory is refused.
const PATTERN: usize = 1 << 20;

/// The first and the last second that a timestamp can have.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// What expressions know.
pub(super) struct Machine {
    context: Context<'static>,
    patterns: RefCell<BTreeMap<String, Regex>>,
}

impl Machine {
    pub(super) fn new() -> Self {
        Self { context: Context::default().with_all(), patterns: RefCell::default() }
    }

    /// Whether there is a function of this name.
    pub(super) fn knows(&self, name: &str) -> bool {
        if own::NAMES.contains(&name) {
            return true;
        }
        match self.context.resolve(&called(name, None, 0)) {
            Err(ExecutionError::UndeclaredReference(missing)) => *missing != name,
            _ => true,
        }
    }

    /// Whether a pattern has yet to be read, which takes long.
    pub(super) fn is_new(&self, pattern: &str) -> bool {
        !self.patterns.borrow().contains_key(pattern)
    }

    /// What a function gives.
    pub(super) fn call(
        &self,
        name: &str,
        target: Option<Value>,
        args: Vec<Value>,
    ) -> Result<Value, Failure> {
        if let Some(result) = own::call(name, target.as_ref(), &args) {
            return result;
        }
        match (name, &target, &args[..]) {
            ("timestamp", None, [Value::Int(seconds)]) => {
                if !SECONDS.contains(seconds) {
                    return fault("timestamp overflow");
                }
                let text = Timestamp::from_micros(seconds * 1_000_000).to_string();
                self.ask(name, None, vec![text_value(&text)])
            }
            (
                "replace",
                Some(Value::String(text)),
                [Value::String(from), Value::String(to), ..],
            ) => replace(text, from, to, args.get(2)),
            ("join", Some(Value::List(items)), _) => join(items, args.first()),
            ("lists.range", None, [Value::Int(count)]) => range(*count),
            ("matches", Some(Value::String(text)), [Value::String(pattern)])
            | ("matches", None, [Value::String(text), Value::String(pattern)]) => {
                Ok(Value::Bool(self.pattern(pattern)?.is_match(text)))
            }
            ("find", Some(Value::String(text)), [Value::String(pattern)]) => {
                let pattern = self.pattern(pattern)?;
                Ok(text_value(pattern.find(text).map_or("", |found| found.as_str())))
            }
            ("findAll", Some(Value::String(text)), [Value::String(pattern), ..]) => {
                let pattern = self.pattern(pattern)?;
                let most = limit(args.get(1));
                let found = pattern.find_iter(text).take(most);
                Ok(list(found.map(|found| text_value(found.as_str())).collect()))
            }
            ("format", Some(Value::String(text)), [Value::List(items)]) => {
                check_format(text, &args)?;
                let items = shown_items(text, items);
                self.ask(name, target, vec![list(items)])
            }
            _ => self.ask(name, target, args),
        }
    }

    fn ask(&self, name: &str, target: Option<Value>, args: Vec<Value>) -> Result<Value, Failure> {
        let call = called(name, target.as_ref().map(|_| "@target"), args.len());
        let mut context = self.context.new_inner_scope();
        if let Some(target) = target {
            context.add_variable_from_value("@target", target);
        }
        for (at, arg) in args.into_iter().enumerate() {
            context.add_variable_from_value(format!("@{at}"), arg);
        }
        context.resolve(&call).map_err(failure)
    }

    fn pattern(&self, text: &str) -> Result<Regex, Failure> {
        if let Some(known) = self.patterns.borrow().get(text) {
            return Ok(known.clone());
        }
        let read = regex::RegexBuilder::new(&translated(text)).size_limit(PATTERN).build();
        let read = read.map_err(|why| {
            Failure::Fault(format!("error parsing regexp: {why}").replace('\n', " "))
        })?;
        let mut patterns = self.patterns.borrow_mut();
        if patterns.len() >= PATTERNS {
            patterns.clear();
        }
        patterns.insert(text.to_owned(), read.clone());
        Ok(read)
    }
}

/// A call whose target and arguments are variables.
fn called(name: &str, target: Option<&str>, args: usize) -> IdedExpr {
    let variable = |name: String| IdedExpr { id: 0, expr: Expr::Ident(name) };
    let target = target.map(|target| Box::new(variable(target.to_owned())));
    let args = (0..args).map(|at| variable(format!("@{at}"))).collect();
    let call = CallExpr { func_name: name.to_owned(), target, args };
    IdedExpr { id: 0, expr: Expr::Call(call) }
}

/// What went wrong in a function, without the values that it had: some have no order.
pub(super) fn failure(error: ExecutionError) -> Failure {
    Failure::Fault(match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::UndeclaredReference(name) => undeclared(&name),
        ExecutionError::FunctionError { message, .. } => message,
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "modulus by zero".to_owned(),
        ExecutionError::Overflow(..) => "integer overflow".to_owned(),
        _ => return Failure::NoOverload,
    })
}

pub(super) fn undeclared(name: &str) -> String {
    format!("undeclared reference to '{name}' (in container '')")
}

fn fault<T>(why: &str) -> Result<T, Failure> {
    Err(Failure::Fault(why.to_owned()))
}

fn text_value(text: &str) -> Value {
    Value::String(Arc::new(text.to_owned()))
}

fn list(items: Vec<Value>) -> Value {
    Value::List(Arc::new(items))
}

/// At most so many; all, if nothing or less than nothing is said.
fn limit(arg: Option<&Value>) -> usize {
    match arg {
        Some(Value::Int(most)) => usize::try_from(*most).unwrap_or(usize::MAX),
        _ => usize::MAX,
    }
}

fn replace(text: &str, from: &str, to: &str, most: Option<&Value>) -> Result<Value, Failure> {
    let most = limit(most);
    let places = text.matches(from).take(most).count();
    fits(text.len().saturating_add(places.saturating_mul(to.len())))?;
    Ok(text_value(&text.replacen(from, to, most)))
}

fn join(items: &[Value], by: Option<&Value>) -> Result<Value, Failure> {
    let by = match by {
        Some(Value::String(by)) => by.as_str(),
        _ => "",
    };
    let texts = items.iter().map(|item| match item {
        Value::String(text) => Ok(text.as_str()),
        _ => Err(Failure::NoOverload),
    });
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    let own: usize = texts.iter().map(|text| text.len()).sum();
    fits(own.saturating_add(by.len().saturating_mul(texts.len())))?;
    Ok(text_value(&texts.join(by)))
}

fn range(count: i64) -> Result<Value, Failure> {
    let Ok(length) = usize::try_from(count) else {
        return fault(&format!("lists.range: size must be non-negative, got {count}"));
    };
    fits(length.saturating_mul(16))?;
    Ok(list((0..count).map(Value::Int).collect()))
}

fn fits(length: usize) -> Result<(), Failure> {
    if length > LONGEST { Err(Failure::Limit) } else { Ok(()) }
}

/// Who formats with a precision that is too large for it panics, and objects have no order.
fn check_format(text: &str, args: &[Value]) -> Result<(), Failure> {
    let is_fit = |rest: &str| rest.bytes().take_while(u8::is_ascii_digit).count() <= 3;
    if !text.split("%.").skip(1).all(is_fit) {
        return fault("the precision is too large");
    }
    if args.iter().all(is_ordered) { Ok(()) } else { fault("an object has no order") }
}

/// What is formatted, with numbers as texts show them where a text is wanted: `1000`, not `1000.0`.
fn shown_items(format: &str, items: &[Value]) -> Vec<Value> {
    let format = format.replace("%%", "");
    let is_end = |c: char| c != '.' && !c.is_ascii_digit();
    let verbs = format.split('%').skip(1).map(|rest| rest.chars().find(|c| is_end(*c)));
    let mut verbs = verbs.flatten();
    let shown = |value: &Value| match (verbs.next(), value) {
        (Some('s'), Value::Float(float)) => text_value(&plain_float(*float)),
        _ => value.clone(),
    };
    items.iter().map(shown).collect()
}

/// As Go writes numbers: with an exponent, if they are large or small.
fn plain_float(float: f64) -> String {
    if !float.is_finite() {
        let sign = if float < 0.0 { "-" } else { "+" };
        return if float.is_nan() { "NaN".to_owned() } else { format!("{sign}Inf") };
    }
    let text = format!("{float:e}");
    match text.split_once('e').and_then(|(digits, at)| Some((digits, at.parse::<i32>().ok()?))) {
        Some((digits, at)) if !(-4..6).contains(&at) && float != 0.0 => {
            let sign = if at < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", at.abs())
        }
        _ => float.to_string(),
    }
}

fn is_ordered(value: &Value) -> bool {
    match value {
        Value::List(items) => items.iter().all(is_ordered),
        Value::Map(map) => map.map.len() < 2 && map.map.values().all(is_ordered),
        _ => true,
    }
}

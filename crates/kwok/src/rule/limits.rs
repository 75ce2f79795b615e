//! What expressions know, and how much they may take.

use kube_cel::KubeCelExt;
use kube_cel::cel::common::ast::{CallExpr, Expr};
use kube_cel::cel::extractors::{Arguments, This};
use kube_cel::cel::{Context, ExecutionError, IdedExpr, ResolveResult, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Functions that nobody can name in a text: what it gives counts, or the run fails.
pub(super) const COUNTED: &str = "@counted";
/// What a loop goes through: keys in order.
pub(super) const ORDERED: &str = "@ordered";
/// A number that has an opposite.
pub(super) const NEGATED: &str = "@negated";
/// A text that `format` can take.
pub(super) const PATTERN: &str = "@pattern";
/// What `format` shows the same way each time: no objects, for they have no order.
pub(super) const SHOWN: &str = "@shown";

/// So much may be made in one run: a step counts as one, and each 256 bytes.
const STEPS: usize = 1 << 16;
/// Longer texts and lists are not made.
const LONGEST: usize = 1 << 20;

/// What expressions know.
pub(super) struct Machine {
    context: Context<'static>,
    left: Arc<AtomicUsize>,
}

impl Machine {
    pub(super) fn new() -> Self {
        let left = Arc::new(AtomicUsize::new(0));
        let mut context = Context::default().with_all();
        let counter = left.clone();
        context.add_function(COUNTED, move |value: Value| counted(&counter, value));
        context.add_function(ORDERED, |value: Value| -> ResolveResult { Ok(ordered(value)) });
        context.add_function(NEGATED, negated);
        context.add_function(PATTERN, pattern);
        context.add_function(SHOWN, shown);
        context.add_function("replace", replace);
        context.add_function("join", join);
        context.add_function("lists.range", range);
        Self { context, left }
    }

    /// Whether there is a function of this name.
    pub(super) fn knows(&self, name: &str) -> bool {
        let call = CallExpr { func_name: name.to_owned(), target: None, args: Vec::new() };
        let call = IdedExpr { id: 0, expr: Expr::Call(call) };
        match self.context.resolve(&call) {
            Err(ExecutionError::UndeclaredReference(missing)) => *missing != name,
            _ => true,
        }
    }

    /// What an expression gives for an object, unless it fails or takes too much.
    pub(super) fn run(&self, expr: &IdedExpr, object: Value) -> Option<Value> {
        self.left.store(STEPS, Ordering::Relaxed);
        let mut context = self.context.new_inner_scope();
        context.add_variable_from_value("self", object);
        context.resolve(expr).ok()
    }
}

fn counted(left: &AtomicUsize, value: Value) -> ResolveResult {
    let cost = 1 + weight(&value) / 256;
    let rest = left.load(Ordering::Relaxed).saturating_sub(cost);
    left.store(rest, Ordering::Relaxed);
    if rest == 0 { Err(refused(COUNTED, "this takes too long")) } else { Ok(value) }
}

/// About how many bytes a value takes.
fn weight(value: &Value) -> usize {
    let below = match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.iter().map(weight).sum(),
        Value::Map(map) => map.map.values().map(weight).sum(),
        _ => 0,
    };
    16 + below
}

fn ordered(value: Value) -> Value {
    let Value::Map(map) = value else { return value };
    let mut keys: Vec<_> = map.map.keys().collect();
    keys.sort();
    Value::List(Arc::new(keys.into_iter().map(Value::from).collect()))
}

/// Who negates the least number panics.
fn negated(value: Value) -> ResolveResult {
    match value {
        Value::Int(i64::MIN) => Err(refused(NEGATED, "this has no opposite")),
        _ => Ok(value),
    }
}

/// Who formats with a precision that is too large for it panics.
fn pattern(value: Value) -> ResolveResult {
    let is_fit = |text: &str| {
        let mut after = text.split("%.").skip(1);
        after.all(|rest| rest.bytes().take_while(u8::is_ascii_digit).count() <= 3)
    };
    match &value {
        Value::String(text) if !is_fit(text) => {
            Err(refused("format", "the precision is too large"))
        }
        _ => Ok(value),
    }
}

fn shown(value: Value) -> ResolveResult {
    fn is_ordered(value: &Value) -> bool {
        match value {
            Value::List(items) => items.iter().all(is_ordered),
            Value::Map(map) => map.map.len() < 2 && map.map.values().all(is_ordered),
            _ => true,
        }
    }
    if is_ordered(&value) { Ok(value) } else { Err(refused("format", "an object has no order")) }
}

fn replace(This(text): This<Arc<String>>, Arguments(values): Arguments) -> ResolveResult {
    let (Some(Value::String(from)), Some(Value::String(to))) = (values.first(), values.get(1))
    else {
        return Err(refused("replace", "it takes two strings"));
    };
    let most = match values.get(2) {
        Some(Value::Int(most)) => usize::try_from(*most).unwrap_or(0),
        _ => usize::MAX,
    };
    let places = text.matches(from.as_str()).take(most).count();
    fits("replace", text.len().saturating_add(places.saturating_mul(to.len())))?;
    Ok(Value::String(Arc::new(text.replacen(from.as_str(), to, most))))
}

fn join(This(items): This<Arc<Vec<Value>>>, Arguments(values): Arguments) -> ResolveResult {
    let by = match values.first() {
        Some(Value::String(by)) => by.as_str(),
        _ => "",
    };
    let texts = items.iter().map(|item| match item {
        Value::String(text) => Ok(text.as_str()),
        _ => Err(refused("join", "there is something else than strings")),
    });
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    let own: usize = texts.iter().map(|text| text.len()).sum();
    fits("join", own.saturating_add(by.len().saturating_mul(texts.len())))?;
    Ok(Value::String(Arc::new(texts.join(by))))
}

fn range(count: i64) -> ResolveResult {
    let length = usize::try_from(count).map_err(|_| refused("lists.range", "it is negative"))?;
    fits("lists.range", length.saturating_mul(16))?;
    Ok(Value::List(Arc::new((0..count).map(Value::Int).collect())))
}

fn fits(function: &str, length: usize) -> Result<(), ExecutionError> {
    if length > LONGEST { Err(refused(function, "the result is too long")) } else { Ok(()) }
}

fn refused(function: &str, why: &str) -> ExecutionError {
    ExecutionError::function_error(function, why)
}

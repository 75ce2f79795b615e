//! Functions that take places of texts and lists, with what Kubernetes says of places that there are not.

use super::{list, text_value};
use crate::cel::Failure;
use kube_cel::cel::Value;

/// What one of them gives; none, if it is none of them.
pub(super) fn call(name: &str, target: &Value, args: &[Value]) -> Option<Result<Value, Failure>> {
    Some(match (name, target, args) {
        ("charAt", Value::String(text), [Value::Int(at)]) => char_at(text, *at),
        ("substring", Value::String(text), [Value::Int(start)]) => substring(text, *start, None),
        ("substring", Value::String(text), [Value::Int(start), Value::Int(end)]) => {
            substring(text, *start, Some(*end))
        }
        ("slice", Value::List(items), [Value::Int(start), Value::Int(end)]) => {
            slice(items, *start, *end)
        }
        ("indexOf", Value::String(text), [Value::String(part)]) => Ok(first(text, part, 0)),
        ("lastIndexOf", Value::String(text), [Value::String(part)]) => Ok(last(text, part)),
        _ => return None,
    })
}

fn out_of_range(at: i64) -> Result<Value, Failure> {
    Err(Failure::Fault(format!("index out of range: {at}")))
}

fn char_at(text: &str, at: i64) -> Result<Value, Failure> {
    let Some(place) = usize::try_from(at).ok().filter(|at| *at <= text.chars().count()) else {
        return out_of_range(at);
    };
    let found: String = text.chars().skip(place).take(1).collect();
    Ok(text_value(&found))
}

fn substring(text: &str, start: i64, end: Option<i64>) -> Result<Value, Failure> {
    let length = text.chars().count();
    let fits = |at: i64| usize::try_from(at).ok().filter(|at| *at <= length);
    if let Some(end) = end.filter(|end| start > *end) {
        let why = format!("invalid substring range. start: {start}, end: {end}");
        return Err(Failure::Fault(why));
    }
    let Some(from) = fits(start) else { return out_of_range(start) };
    let to = match end {
        None => length,
        Some(end) => match fits(end) {
            Some(to) => to,
            None => return out_of_range(end),
        },
    };
    let found: String = text.chars().skip(from).take(to - from).collect();
    Ok(text_value(&found))
}

fn slice(items: &[Value], start: i64, end: i64) -> Result<Value, Failure> {
    let fault = |why: String| Err(Failure::Fault(why));
    if start < 0 || end < 0 {
        return fault(format!("cannot slice({start}, {end}), negative indexes not supported"));
    }
    if start > end {
        let why = "start index must be less than or equal to end index";
        return fault(format!("cannot slice({start}, {end}), {why}"));
    }
    let bounds = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    match bounds.and_then(|(start, end)| items.get(start..end)) {
        Some(part) => Ok(list(part.to_vec())),
        None => fault(format!("cannot slice({start}, {end}), list is length {}", items.len())),
    }
}

/// Places are counted in characters.
fn place(text: &str, at: Option<usize>) -> Value {
    let count = at.map(|at| text[..at].chars().count());
    Value::Int(count.and_then(|count| i64::try_from(count).ok()).unwrap_or(-1))
}

fn first(text: &str, part: &str, from: usize) -> Value {
    place(text, text.get(from..).and_then(|rest| rest.find(part)).map(|at| at + from))
}

fn last(text: &str, part: &str) -> Value {
    place(text, text.rfind(part))
}

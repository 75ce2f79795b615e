//! Runs a filter on a value.

use super::budget::Budget;
use super::functions::Kind;
use super::parse::{Expr, Sign};
use crate::number::{float, order};
use std::cmp::Ordering;
use twin_core::tree::Value;

/// A filter does not fit the value.
#[derive(Debug)]
pub(super) struct Failed;

/// Who takes what a filter finds.
type Taker<'a> = dyn FnMut(Value) -> Result<(), Failed> + 'a;

/// Gives what a filter finds to somebody.
pub(super) fn run(
    expr: &Expr,
    input: &Value,
    budget: &Budget,
    take: &mut Taker<'_>,
) -> Result<(), Failed> {
    budget.step()?;
    match expr {
        Expr::Same => take(input.clone()),
        Expr::Below => below(input, budget, take),
        Expr::Literal(value) => take(value.clone()),
        Expr::Index(term, key) => run(term, input, budget, &mut |value| {
            run(key, input, budget, &mut |key| take(index(&value, &key)?))
        }),
        Expr::Each(term) => run(term, input, budget, &mut |value| each(&value, budget, take)),
        Expr::Try(term) => {
            all(term, input, budget).unwrap_or_default().into_iter().try_for_each(take)
        }
        Expr::List(None) => take(Vec::new().into()),
        Expr::List(Some(inner)) => take(budget.made(all(inner, input, budget)?.into())?),
        Expr::Negative(term) => run(term, input, budget, &mut |value| {
            take(calculated(Sign::Minus, &Value::Int(0), &value, budget)?)
        }),
        Expr::Both(sign, sides) => both(*sign, sides, input, budget, take),
        Expr::If(parts) => run(&parts.0, input, budget, &mut |condition| {
            run(if holds(&condition) { &parts.1 } else { &parts.2 }, input, budget, take)
        }),
        Expr::Call(function, arguments) => {
            call(function.kind, arguments.first(), input, budget, take)
        }
    }
}

fn call(
    kind: Kind,
    argument: Option<&Expr>,
    input: &Value,
    budget: &Budget,
    take: &mut Taker<'_>,
) -> Result<(), Failed> {
    match (kind, argument) {
        (Kind::Plain(plain), _) => take(budget.made(plain(input)?)?),
        (Kind::With(with), Some(argument)) => run(argument, input, budget, &mut |argument| {
            take(budget.made(with(input, &argument, budget)?)?)
        }),
        (Kind::Filter(filter), Some(argument)) => filter(argument, input, budget, take),
        (Kind::Empty, _) => Ok(()),
        // The parser gives an argument to whom it belongs.
        (Kind::With(_) | Kind::Filter(_), None) => Err(Failed),
    }
}

/// All that a filter finds.
pub(super) fn all(expr: &Expr, input: &Value, budget: &Budget) -> Result<Vec<Value>, Failed> {
    let mut found = Vec::new();
    run(expr, input, budget, &mut |value| {
        found.push(value);
        Ok(())
    })?;
    Ok(found)
}

/// What counts as true: all but `null` and `false`.
pub(super) fn holds(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

/// The values in a list or an object.
pub(super) fn each(value: &Value, budget: &Budget, take: &mut Taker<'_>) -> Result<(), Failed> {
    let mut one = |item: &Value| {
        budget.step()?;
        take(item.clone())
    };
    match value {
        Value::List(list) => list.iter().try_for_each(one),
        Value::Map(map) => map.iter().try_for_each(|(_, item)| one(item)),
        _ => Err(Failed),
    }
}

fn below(value: &Value, budget: &Budget, take: &mut Taker<'_>) -> Result<(), Failed> {
    budget.step()?;
    take(value.clone())?;
    match value {
        Value::List(list) => list.iter().try_for_each(|item| below(item, budget, take)),
        Value::Map(map) => map.iter().try_for_each(|(_, item)| below(item, budget, take)),
        _ => Ok(()),
    }
}

fn index(value: &Value, key: &Value) -> Result<Value, Failed> {
    match (value, key) {
        (Value::Null, Value::Text(_) | Value::Int(_)) => Ok(Value::Null),
        (Value::Map(map), Value::Text(name)) => Ok(map.get(name).cloned().unwrap_or_default()),
        (Value::List(list), Value::Int(place)) => {
            let count = i64::try_from(list.len()).unwrap_or(i64::MAX);
            let place = if *place < 0 { place.saturating_add(count) } else { *place };
            let item = usize::try_from(place).ok().and_then(|place| list.get(place));
            Ok(item.cloned().unwrap_or_default())
        }
        _ => Err(Failed),
    }
}

fn both(
    sign: Sign,
    (left, right): &(Expr, Expr),
    input: &Value,
    budget: &Budget,
    take: &mut Taker<'_>,
) -> Result<(), Failed> {
    match sign {
        Sign::Pipe => run(left, input, budget, &mut |value| run(right, &value, budget, take)),
        Sign::Comma => {
            run(left, input, budget, take)?;
            run(right, input, budget, take)
        }
        Sign::Else => {
            let mut found = all(left, input, budget).unwrap_or_default();
            found.retain(holds);
            if found.is_empty() {
                return run(right, input, budget, take);
            }
            found.into_iter().try_for_each(take)
        }
        Sign::And | Sign::Or => run(left, input, budget, &mut |left| {
            if holds(&left) == (sign == Sign::Or) {
                return take(Value::Bool(sign == Sign::Or));
            }
            run(right, input, budget, &mut |right| take(Value::Bool(holds(&right))))
        }),
        _ => run(right, input, budget, &mut |right| {
            run(left, input, budget, &mut |left| take(calculated(sign, &left, &right, budget)?))
        }),
    }
}

fn calculated(sign: Sign, left: &Value, right: &Value, budget: &Budget) -> Result<Value, Failed> {
    let order = compared(left, right);
    let truth = match sign {
        Sign::Equal => order.is_eq(),
        Sign::Unequal => order.is_ne(),
        Sign::Less => order.is_lt(),
        Sign::LessOrEqual => order.is_le(),
        Sign::Greater => order.is_gt(),
        Sign::GreaterOrEqual => order.is_ge(),
        _ => return budget.made(arithmetic(sign, left, right, budget)?),
    };
    Ok(Value::Bool(truth))
}

fn arithmetic(sign: Sign, left: &Value, right: &Value, budget: &Budget) -> Result<Value, Failed> {
    match (sign, left, right) {
        (Sign::Plus, Value::Null, other) | (Sign::Plus, other, Value::Null) => Ok(other.clone()),
        (Sign::Plus, Value::Text(left), Value::Text(right)) => {
            Ok(Value::text(format!("{left}{right}")))
        }
        (Sign::Plus, Value::List(left), Value::List(right)) => {
            Ok(left.iter().chain(right.iter()).cloned().collect::<Vec<_>>().into())
        }
        (Sign::Minus, Value::List(left), Value::List(right)) => {
            budget.pay(left.len().saturating_mul(right.len()))?;
            Ok(left.iter().filter(|item| !right.contains(item)).cloned().collect::<Vec<_>>().into())
        }
        (_, Value::Int(left), Value::Int(right)) => match sign {
            Sign::Plus => left.checked_add(*right),
            Sign::Minus => left.checked_sub(*right),
            Sign::Times => left.checked_mul(*right),
            Sign::Divided => left.checked_div(*right).filter(|it| it * right == *left),
            _ => left.checked_rem(*right),
        }
        .map_or_else(|| floats(sign, float(*left), float(*right)), |it| Ok(Value::Int(it))),
        _ => floats(sign, number(left)?, number(right)?),
    }
}

fn floats(sign: Sign, left: f64, right: f64) -> Result<Value, Failed> {
    let result = match sign {
        Sign::Plus => left + right,
        Sign::Minus => left - right,
        Sign::Times => left * right,
        Sign::Divided => left / right,
        _ => left % right,
    };
    if result.is_finite() { Ok(Value::Float(result)) } else { Err(Failed) }
}

fn number(value: &Value) -> Result<f64, Failed> {
    match value {
        Value::Int(int) => Ok(float(*int)),
        Value::Float(float) => Ok(*float),
        _ => Err(Failed),
    }
}

/// The order of jq: null, false, true, numbers, strings, lists, objects.
pub(super) fn compared(left: &Value, right: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Int(_) | Value::Float(_) => 3,
        Value::Text(_) => 4,
        Value::List(_) => 5,
        Value::Map(_) => 6,
    };
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::List(left), Value::List(right)) => {
            let pairs = left.iter().zip(right.iter()).map(|(left, right)| compared(left, right));
            pairs.fold(Ordering::Equal, Ordering::then).then(left.len().cmp(&right.len()))
        }
        (Value::Map(left), Value::Map(right)) => {
            let keys = left.iter().map(|(key, _)| key).cmp(right.iter().map(|(key, _)| key));
            let pairs =
                left.iter().zip(right.iter()).map(|((_, left), (_, right))| compared(left, right));
            pairs.fold(keys, Ordering::then)
        }
        _ => order(left, right).unwrap_or_else(|| rank(left).cmp(&rank(right))),
    }
}

//! From one kind of number to the other.

use std::cmp::Ordering;
use twin_core::tree::Value;

/// A whole number among others: large ones lose their last digits, as in JSON everywhere.
#[expect(clippy::cast_precision_loss, reason = "that is how such numbers are compared")]
pub(crate) fn float(int: i64) -> f64 {
    int as f64
}

/// The whole part of a number; the nearest one that there is, if it has none.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
pub(crate) fn whole(float: f64) -> i64 {
    float as i64
}

/// The order of two numbers: exact, so that large ones of both kinds have one order. None if one
/// is no number.
pub(crate) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::Float(right)) => Some(among_floats(*left, *right)),
        (Value::Float(left), Value::Int(right)) => Some(among_floats(*right, *left).reverse()),
        (Value::Float(left), Value::Float(right)) => {
            // What is no number comes first.
            let order = left.partial_cmp(right);
            Some(order.unwrap_or_else(|| right.is_nan().cmp(&left.is_nan())))
        }
        _ => None,
    }
}

/// 2^63: no whole number reaches it.
const END: f64 = 9_223_372_036_854_775_808.0;

fn among_floats(int: i64, float: f64) -> Ordering {
    if float >= END {
        Ordering::Less
    } else if float < -END || float.is_nan() {
        Ordering::Greater
    } else {
        let rest = 0.0.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal);
        int.cmp(&whole(float)).then(rest)
    }
}

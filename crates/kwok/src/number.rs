//! From one kind of number to the other.

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

//! Numbers that may be said as a percentage.

use twin_core::tree::Value;

/// `maxSurge: 25%`, or `1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    Count(i64),
    Percent(i64),
}

/// Where what is left of a pod goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    Up,
    Down,
}

impl Share {
    /// What is odd or missing is none.
    pub(super) fn read(value: Option<&Value>) -> Self {
        match value {
            Some(Value::Int(count)) => Self::Count(*count),
            Some(Value::Text(text)) => {
                let percent = text.strip_suffix('%').and_then(|text| text.parse::<i32>().ok());
                Self::Percent(percent.map_or(0, i64::from))
            }
            _ => Self::Count(0),
        }
    }

    /// How many of so many; never below zero.
    pub(super) fn of(self, all: i64, rounding: Rounding) -> i64 {
        let count = match (self, rounding) {
            (Self::Count(count), _) => count,
            (Self::Percent(percent), Rounding::Up) => {
                percent.saturating_mul(all).saturating_add(99).div_euclid(100)
            }
            (Self::Percent(percent), Rounding::Down) => percent.saturating_mul(all).div_euclid(100),
        };
        count.clamp(0, i64::from(i32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::{Rounding, Share};
    use twin_core::tree::Value;

    #[test]
    fn shares_are_rounded_for_safety() {
        for (value, up, down) in [
            (Value::from("25%"), 3, 2),
            (Value::from("100%"), 10, 10),
            (Value::from(4), 4, 4),
            (Value::from(-4), 0, 0),
            (Value::from("many"), 0, 0),
            (Value::Null, 0, 0),
        ] {
            let share = Share::read(Some(&value));
            assert_eq!(
                (share.of(10, Rounding::Up), share.of(10, Rounding::Down)),
                (up, down),
                "{value}"
            );
        }
    }
}

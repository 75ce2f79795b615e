//! Moments of a simulation.

use std::ops::{Add, AddAssign, Sub};

/// A moment, or a span between two: seconds with 64 binary places.
///
/// Sums of integers do not depend on their order. So a thousand steps added up one by one end at the same moment as
/// their closed form, and what happens at once is equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(u128);

const SECOND: f64 = 18_446_744_073_709_551_616.0;
/// Longer spans than thirty years are cut off: a hundred million of them can be added.
const LONGEST: f64 = 1e9;

impl Time {
    /// Where every simulation starts.
    pub const ZERO: Time = Time(0);

    /// Of a number of seconds: what is not a number or below zero is zero.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is neither negative nor large: both were cut off"
    )]
    pub fn from_seconds(seconds: f64) -> Time {
        Time((seconds.clamp(0.0, LONGEST) * SECOND) as u128)
    }

    /// As a number of seconds.
    #[allow(clippy::cast_precision_loss, reason = "what is printed has fewer digits")]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / SECOND
    }

    /// How many whole times another span goes into it, unless that is nothing.
    pub(crate) fn over(self, other: Time) -> Option<u128> {
        self.0.checked_div(other.0)
    }

    /// This span, so many times.
    #[must_use]
    pub fn times(self, count: u128) -> Time {
        Time(self.0.saturating_mul(count))
    }
}

impl Add for Time {
    type Output = Time;

    fn add(self, other: Time) -> Time {
        Time(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Time {
    fn add_assign(&mut self, other: Time) {
        *self = *self + other;
    }
}

/// The span since an earlier moment, zero since a later one.
impl Sub for Time {
    type Output = Time;

    fn sub(self, other: Time) -> Time {
        Time(self.0.saturating_sub(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn seconds_go_and_come_back() {
        for seconds in [0.0, 1e-9, 0.25, 3.7, 86_400.5, 1e9] {
            let back = Time::from_seconds(seconds).seconds();
            assert!((back - seconds).abs() <= seconds * 1e-15 + 1e-19, "{seconds} {back}");
        }
    }

    #[test]
    fn nonsense_is_cut_off() {
        assert_eq!(Time::from_seconds(-1.0), Time::ZERO);
        assert_eq!(Time::from_seconds(f64::NAN), Time::ZERO);
        assert_eq!(Time::from_seconds(f64::INFINITY), Time::from_seconds(1e9));
        assert_eq!(Time::from_seconds(1.0) - Time::from_seconds(2.0), Time::ZERO);
    }
}

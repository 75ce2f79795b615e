//! Amounts in Kubernetes' general notation.

use crate::ParseError;
use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::Add;
use std::str::FromStr;

/// An amount of anything that Kubernetes counts: cores, bytes, devices. Exact to a billionth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    nanos: i128,
}

const NANOS: i128 = 1_000_000_000;
/// What the API server can hold: larger amounts are cut to it.
const LARGEST: i128 = i64::MAX as i128 * NANOS;

/// Suffixes with how many billionths one of them is.
const UNITS: &[(&str, i128)] = &[
    ("Ki", NANOS << 10),
    ("Mi", NANOS << 20),
    ("Gi", NANOS << 30),
    ("Ti", NANOS << 40),
    ("Pi", NANOS << 50),
    ("Ei", NANOS << 60),
    ("n", 1),
    ("u", 1_000),
    ("m", 1_000_000),
    ("k", NANOS * 1_000),
    ("M", NANOS * 1_000_000),
    ("G", NANOS * NANOS),
    ("T", NANOS * NANOS * 1_000),
    ("P", NANOS * NANOS * 1_000_000),
    ("E", NANOS * NANOS * NANOS),
];

impl Quantity {
    /// From whole ones.
    pub const fn whole(count: i64) -> Self {
        Self { nanos: count as i128 * NANOS }
    }

    /// Whole ones, rounded up; saturates.
    pub fn count(self) -> i64 {
        self.rounded_up(NANOS)
    }

    /// Thousandths, rounded up; saturates.
    pub fn millis(self) -> i64 {
        self.rounded_up(NANOS / 1_000)
    }

    fn rounded_up(self, unit: i128) -> i64 {
        let (whole, rest) = (self.nanos.div_euclid(unit), self.nanos.rem_euclid(unit));
        let rounded = whole + i128::from(rest > 0);
        i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
    }
}

impl Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { nanos: self.nanos.saturating_add(other.nanos).clamp(-LARGEST, LARGEST) }
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::default(), Add::add)
    }
}

impl FromStr for Quantity {
    type Err = ParseError;

    /// Reads `2`, `0.5`, `100m`, `1Gi`, `1e3`. Fractions below a billionth are rounded up.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).map(|nanos| Self { nanos: nanos.clamp(-LARGEST, LARGEST) }).ok_or_else(|| {
            ParseError {
                text: text.to_owned(),
                expected: "a quantity such as `500m`, `1.5Gi` or `1e3`",
            }
        })
    }
}

fn parse(text: &str) -> Option<i128> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (number, suffix) = rest.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let unit = unit(suffix)?;
    let whole = digits(whole)?.checked_mul(unit).unwrap_or(LARGEST);
    // More digits than these cannot change the result by a billionth, except by rounding up.
    let known = &fraction[..fraction.len().min(18)];
    let scale = 10_i128.pow(u32::try_from(known.len()).ok()?);
    let scaled = digits(known)?.checked_mul(unit)?;
    let lost = fraction[known.len()..].bytes().any(|digit| digit != b'0');
    let part = scaled / scale + i128::from(scaled % scale > 0 || lost);
    Some(sign * whole.saturating_add(part))
}

fn digits(text: &str) -> Option<i128> {
    match text {
        "" => Some(0),
        text if text.len() > 30 => {
            text.bytes().all(|digit| digit.is_ascii_digit()).then_some(LARGEST)
        }
        text => text.parse().ok(),
    }
}

fn unit(suffix: &str) -> Option<i128> {
    if suffix.is_empty() {
        return Some(NANOS);
    }
    if let Some((_, unit)) = UNITS.iter().find(|(name, _)| *name == suffix) {
        return Some(*unit);
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    match exponent.cmp(&-9) {
        Ordering::Less => Some(1),
        _ => Some(10_i128.pow(u32::try_from(exponent + 9).ok()?.min(30))),
    }
}

/// Whole ones, or thousandths, or billionths: the coarsest that is exact.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.nanos {
            nanos if nanos % NANOS == 0 => write!(f, "{}", nanos / NANOS),
            nanos if nanos % (NANOS / 1_000) == 0 => write!(f, "{}m", nanos / (NANOS / 1_000)),
            nanos => write!(f, "{nanos}n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn every_notation_is_read() {
        for (text, count, millis) in [
            ("2", 2, 2_000),
            ("0.5", 1, 500),
            (".5", 1, 500),
            ("100m", 1, 100),
            ("1.5Gi", 1_610_612_736, 1_610_612_736_000),
            ("1e3", 1_000, 1_000_000),
            ("1E3", 1_000, 1_000_000),
            ("1E", 1_000_000_000_000_000_000, i64::MAX),
            ("-1", -1, -1_000),
            ("1n", 1, 1),
            ("1u", 1, 1),
            ("0", 0, 0),
            ("9Ei", i64::MAX, i64::MAX),
            ("99999999999999999999999999999999999999", i64::MAX, i64::MAX),
        ] {
            let quantity: Quantity = text.parse().unwrap();
            assert_eq!((quantity.count(), quantity.millis()), (count, millis), "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in ["", "-", ".", "1.2.3", "x", "1KB", "1 Gi", "1e", "1ex", "e3", "１"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }

    #[test]
    fn sums_are_exact() {
        let sum: Quantity =
            ["100m", "1.9", "1u"].map(|text| text.parse().unwrap()).into_iter().sum();
        assert_eq!(sum.to_string(), "2000001000n");
        assert_eq!((Quantity::whole(1) + "500m".parse().unwrap()).to_string(), "1500m");
    }
}

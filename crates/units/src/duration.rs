//! Durations: whole seconds, as Kubernetes counts them; and shorter ones, as promises name them.

use crate::ParseError;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// A duration in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Seconds(pub u32);

impl FromStr for Seconds {
    type Err = ParseError;

    /// Reads Compose's notation (`1m30s`, `500ms`, `1h`, a bare number is seconds), rounded up to
    /// whole seconds.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let error = || ParseError {
            text: text.to_owned(),
            expected: "a duration such as `30s` or `1m30s`",
        };
        let micros = micros(text.trim()).ok_or_else(error)?;
        u32::try_from(micros.div_ceil(1_000_000)).map(Self).map_err(|_| error())
    }
}

/// The duration in microseconds; `None` if the text is not one.
fn micros(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse::<u64>().ok()?.checked_mul(1_000_000);
    }
    let mut total = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let unit =
            rest[number..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |n| number + n);
        let (whole, fraction) = rest[..number].split_once('.').unwrap_or((&rest[..number], "0"));
        let scale = match &rest[number..unit] {
            "ns" => return part(whole, fraction, 1).map(|n| n / 1000),
            "us" | "µs" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            "d" => 86_400_000_000,
            _ => return None,
        };
        total = total.checked_add(part(whole, fraction, scale)?)?;
        rest = &rest[unit..];
    }
    Some(total)
}

fn part(whole: &str, fraction: &str, scale: u64) -> Option<u64> {
    let digits = u32::try_from(fraction.len()).ok().filter(|n| *n <= 9)?;
    let fraction: u64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let fraction = u128::from(fraction) * u128::from(scale) / 10_u128.pow(digits);
    whole.parse::<u64>().ok()?.checked_mul(scale)?.checked_add(u64::try_from(fraction).ok()?)
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0)
    }
}

/// A duration that may be shorter than a second, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Micros(pub u64);

impl Micros {
    /// The same in seconds.
    pub fn seconds(self) -> f64 {
        // Nobody promises the 285 years from which on this would be rounded.
        #[allow(clippy::cast_precision_loss)]
        let micros = self.0 as f64;
        micros / 1e6
    }
}

impl FromStr for Micros {
    type Err = ParseError;

    /// Reads `500ms` or `1m30s`. A bare number is refused: some mean seconds, others milliseconds.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let text = text.trim();
        let bare = text.bytes().all(|b| b.is_ascii_digit());
        micros(text).filter(|_| !bare).map(Self).ok_or_else(|| ParseError {
            text: text.to_owned(),
            expected: "a duration with its unit, such as `500ms` or `1m30s`",
        })
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            whole if whole >= 1_000_000 && whole.is_multiple_of(1_000_000) => {
                write!(f, "{}s", whole / 1_000_000)
            }
            whole if whole.is_multiple_of(1_000) => write!(f, "{}ms", whole / 1_000),
            whole => write!(f, "{whole}us"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_durations_have_a_unit() {
        for (text, micros, shown) in [
            ("500ms", 500_000, "500ms"),
            ("30s", 30_000_000, "30s"),
            ("1.5s", 1_500_000, "1500ms"),
            ("250us", 250, "250us"),
        ] {
            let read = text.parse::<Micros>().unwrap();
            assert_eq!((read, read.to_string()), (Micros(micros), shown.to_owned()), "{text}");
        }
        for text in ["", "500", "ms", "5 parsecs"] {
            assert!(text.parse::<Micros>().is_err(), "{text}");
        }
    }

    #[test]
    fn reads_composes_notation_and_rounds_up() {
        for (text, seconds) in [
            ("30s", 30),
            ("1m30s", 90),
            ("500ms", 1),
            ("1h5m", 3900),
            ("10", 10),
            ("1.5s", 2),
            ("0s", 0),
        ] {
            assert_eq!(text.parse::<Seconds>().unwrap(), Seconds(seconds), "{text}");
        }
        for text in ["", "s", "five", "1x", "1.2.3s", "99999999999999h"] {
            assert!(text.parse::<Seconds>().is_err(), "{text}");
        }
    }
}

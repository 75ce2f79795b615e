//! CPU time.

use crate::ParseError;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// Thousandths of a CPU core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Cpu(u64);

impl Cpu {
    /// From thousandths of a core.
    pub const fn millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Thousandths of a core.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The same, `factor` times over; saturates.
    #[must_use]
    pub const fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl FromStr for Cpu {
    type Err = ParseError;

    /// Reads `0.5`, `2` (cores) or `250m`. Fractions below a thousandth are rounded up.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let error = || ParseError {
            text: text.to_owned(),
            expected: "a number of CPUs such as `0.5` or `250m`",
        };
        if let Some(millis) = text.strip_suffix('m') {
            return millis.parse().map(Self).map_err(|_| error());
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
            return Err(error());
        }
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| error())? };
        let padded: String = fraction.chars().chain("000".chars()).take(3).collect();
        let mut millis: u64 = padded.parse().map_err(|_| error())?;
        if fraction.bytes().skip(3).any(|b| b != b'0') {
            millis += 1;
        }
        whole.checked_mul(1000).and_then(|w| w.checked_add(millis)).map(Self).ok_or_else(error)
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1000) {
            write!(f, "{}", self.0 / 1000)
        } else {
            write!(f, "{}m", self.0)
        }
    }
}

impl From<Cpu> for String {
    fn from(cpu: Cpu) -> Self {
        cpu.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write_and_prints_what_kubernetes_reads() {
        for (text, printed) in
            [("0.5", "500m"), ("2", "2"), ("250m", "250m"), (".25", "250m"), ("1.0001", "1001m")]
        {
            assert_eq!(text.parse::<Cpu>().unwrap().to_string(), printed);
        }
        for text in ["", ".", "-1", "1e3", "x", "1.2.3", "99999999999999999999"] {
            assert!(text.parse::<Cpu>().is_err(), "{text}");
        }
    }
}

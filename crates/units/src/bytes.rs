//! Memory and storage.

use crate::ParseError;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// An amount of memory or storage in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Bytes(u64);

const KI: u64 = 1 << 10;
const MI: u64 = 1 << 20;
const GI: u64 = 1 << 30;
const TI: u64 = 1 << 40;

impl Bytes {
    /// From bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// From mebibytes.
    pub const fn mib(mib: u64) -> Self {
        Self(mib.saturating_mul(MI))
    }

    /// From gibibytes.
    pub const fn gib(gib: u64) -> Self {
        Self(gib.saturating_mul(GI))
    }

    /// In bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The same, `factor` times over; saturates.
    #[must_use]
    pub const fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// Reads Compose's notation, where `k`, `m`, `g` (with or without `b`) are powers of 1024.
    pub fn from_compose(text: &str) -> Result<Self, ParseError> {
        let lower = text.trim().to_ascii_lowercase();
        let bare = lower.strip_suffix("ib").or_else(|| lower.strip_suffix('b')).unwrap_or(&lower);
        Self::with_units(bare, &[("k", KI), ("m", MI), ("g", GI), ("t", TI)]).ok_or_else(|| {
            ParseError {
                text: text.to_owned(),
                expected: "a size such as `512m`, `1.5g` or a number of bytes",
            }
        })
    }

    fn with_units(text: &str, units: &[(&str, u64)]) -> Option<Self> {
        let (number, unit) = units
            .iter()
            .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)))
            .unwrap_or((text, 1));
        let (whole, fraction) =
            number.trim_end().split_once('.').unwrap_or((number.trim_end(), ""));
        if whole.is_empty() || fraction.len() > 9 {
            return None;
        }
        if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
        let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
        let part = if fraction.is_empty() { 0 } else { fraction.parse::<u128>().ok()? };
        let part = u64::try_from(part * u128::from(unit) / scale).ok()?;
        whole.checked_add(part).map(Self)
    }
}

impl FromStr for Bytes {
    type Err = ParseError;

    /// Reads Kubernetes' notation: `512Mi`, `10Gi`, `1G` (decimal), a bare number of bytes.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let units = [
            ("Ki", KI),
            ("Mi", MI),
            ("Gi", GI),
            ("Ti", TI),
            ("k", 1_000),
            ("M", 1_000_000),
            ("G", 1_000_000_000),
            ("T", 1_000_000_000_000),
        ];
        Self::with_units(text, &units).ok_or_else(|| ParseError {
            text: text.to_owned(),
            expected: "a size such as `512Mi` or `10Gi`",
        })
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (suffix, unit) in [("Ti", TI), ("Gi", GI), ("Mi", MI), ("Ki", KI)] {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return write!(f, "{}{suffix}", self.0 / unit);
            }
        }
        write!(f, "{}", self.0)
    }
}

impl From<Bytes> for String {
    fn from(bytes: Bytes) -> Self {
        bytes.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_notations() {
        for (text, printed) in
            [("512m", "512Mi"), ("1.5g", "1536Mi"), ("64mb", "64Mi"), ("1024", "1Ki")]
        {
            assert_eq!(Bytes::from_compose(text).unwrap().to_string(), printed);
        }
        for (text, printed) in [("10Gi", "10Gi"), ("1G", "1000000000"), ("100Mi", "100Mi")] {
            assert_eq!(text.parse::<Bytes>().unwrap().to_string(), printed);
        }
        for text in ["", "m", "-1m", "1..2", "99999999999999999999g", "lots"] {
            assert!(Bytes::from_compose(text).is_err(), "{text}");
        }
    }
}

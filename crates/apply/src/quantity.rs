//! Amounts that are written differently and are the same: `1000m` is `1`.

/// Whether two texts are the same amount.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a == b || matches!((nanos(a), nanos(b)), (Some(a), Some(b)) if a == b)
}

/// Compares two amounts; `None` if one of them is none.
pub(crate) fn order(a: &str, b: &str) -> Option<std::cmp::Ordering> {
    Some(nanos(a)?.cmp(&nanos(b)?))
}

/// Suffixes with what they multiply billionths by, as powers of a base.
const SUFFIXES: &[(&str, i128, u32)] = &[
    ("Ki", 1024, 1),
    ("Mi", 1024, 2),
    ("Gi", 1024, 3),
    ("Ti", 1024, 4),
    ("Pi", 1024, 5),
    ("Ei", 1024, 6),
    ("k", 1000, 1),
    ("M", 1000, 2),
    ("G", 1000, 3),
    ("T", 1000, 4),
    ("P", 1000, 5),
    ("E", 1000, 6),
];

const NANO: i128 = 1_000_000_000;

fn nanos(text: &str) -> Option<i128> {
    for (suffix, base, power) in SUFFIXES {
        if let Some(number) = text.strip_suffix(suffix) {
            return decimal(number, NANO.checked_mul(base.checked_pow(*power)?)?);
        }
    }
    for (suffix, scale) in [("m", NANO / 1000), ("u", 1000), ("n", 1)] {
        if let Some(number) = text.strip_suffix(suffix) {
            return decimal(number, scale);
        }
    }
    decimal(text, NANO)
}

/// A decimal number times a scale.
fn decimal(text: &str, scale: i128) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let readable = !whole.is_empty() && digits(whole) && digits(fraction) && fraction.len() <= 9;
    if !readable {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    let parts: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let below = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    whole.checked_mul(scale)?.checked_add(parts.checked_mul(scale)? / below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Ordering;

    #[test]
    fn amounts() {
        for (a, b, want) in [
            ("1000m", "1", true),
            ("0.5", "500m", true),
            ("1024Mi", "1Gi", true),
            ("1.5Gi", "1536Mi", true),
            ("1G", "1Gi", false),
            ("latest", "latest", true),
            ("a", "b", false),
            ("", "0", false),
        ] {
            assert_eq!(same(a, b), want, "{a} {b}");
        }
        assert_eq!(order("10Gi", "20Gi"), Some(Ordering::Less));
    }
}

//! Kubernetes quantities: `100m`, `1.5Gi`, `2e3`.

/// A quantity in thousandths, or `None` if the API server would refuse the text.
pub(crate) fn parse_milli(text: &str) -> Option<i128> {
    let digits = text.trim_start_matches(['+', '-']);
    if text.len() - digits.len() > 1 {
        return None;
    }
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    let (number, suffix) = digits.split_at(end);
    let scaled = scale(thousandths(number)?, suffix)?;
    Some(if text.starts_with('-') { -scaled } else { scaled })
}

/// `1.25` as 1250. Digits beyond the third are rounded up, as the API server does.
fn thousandths(number: &str) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    // Nobody owns 10^18 of anything: a longer number is a mistake, and this keeps it in range.
    if whole.len() > 18 {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut milli = 0;
    for i in 0..3 {
        let digit = fraction.as_bytes().get(i).map_or(0, |b| i128::from(b - b'0'));
        milli = milli * 10 + digit;
    }
    let rest = fraction.bytes().skip(3).any(|b| b != b'0');
    Some(whole * 1000 + milli + i128::from(rest))
}

fn scale(milli: i128, suffix: &str) -> Option<i128> {
    let binary = |power: u32| milli.checked_mul(1 << (10 * power));
    let decimal = |power: u32| milli.checked_mul(10_i128.pow(power));
    match suffix {
        "" => Some(milli),
        "n" => Some(milli / 1_000_000_000),
        "u" => Some(milli / 1_000_000),
        "m" => Some(milli / 1000 + i128::from(milli % 1000 != 0)),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => exponent(milli, suffix),
    }
}

fn exponent(milli: i128, suffix: &str) -> Option<i128> {
    let power: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let factor = 10_i128.checked_pow(power.unsigned_abs())?;
    if power < 0 { Some(milli / factor) } else { milli.checked_mul(factor) }
}

#[cfg(test)]
mod tests {
    use super::parse_milli;

    #[test]
    fn reads_what_the_api_server_reads() {
        for (text, milli) in [
            ("1", 1000),
            ("100m", 100),
            ("0.5", 500),
            ("1.5Gi", 1_610_612_736_000),
            ("2e3", 2_000_000),
            (".5", 500),
            ("5.", 5000),
            ("128M", 128_000_000_000),
            ("-1", -1000),
        ] {
            assert_eq!(parse_milli(text), Some(milli), "{text}");
        }
    }

    #[test]
    fn refuses_what_it_refuses() {
        for text in ["", "1GB", "1 Gi", "Gi", "1.2.3", "--1", "1gi", "0x10", "1K"] {
            assert_eq!(parse_milli(text), None, "{text}");
        }
    }
}

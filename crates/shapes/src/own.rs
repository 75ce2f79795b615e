//! Labels and taints that people give their nodes.

use crate::pool::BadPool;

/// What keeps pods away that do not tolerate it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taint {
    pub key: String,
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

impl Taint {
    /// Reads `KEY=VALUE:EFFECT` or `KEY:EFFECT`, as kubectl does.
    pub(crate) fn parse(text: &str) -> Result<Self, BadPool> {
        let bad = || BadPool::Taint(text.to_owned());
        let (what, effect) = text.rsplit_once(':').ok_or_else(bad)?;
        let (key, value) = what.split_once('=').unwrap_or((what, ""));
        let known = ["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect);
        if !known || !is_key(key) || !is_value(value) {
            return Err(bad());
        }
        let [key, value, effect] = [key, value, effect].map(str::to_owned);
        Ok(Self { key, value, effect })
    }
}

/// Whether it can be the key of a label: a name, perhaps after a domain.
pub(crate) fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((domain, name)) => is_domain(domain) && is_word(name),
        None => is_word(key),
    }
}

/// Whether it can be the value of a label.
pub(crate) fn is_value(value: &str) -> bool {
    value.is_empty() || is_word(value)
}

fn is_word(text: &str) -> bool {
    let inside = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
    let ends = |it: Option<&u8>| it.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63 && ends(bytes.first()) && ends(bytes.last()) && text.bytes().all(inside)
}

fn is_domain(text: &str) -> bool {
    let part = |part: &str| {
        let inside = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
        !part.is_empty()
            && part.bytes().all(inside)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(part)
}

#[cfg(test)]
mod tests {
    use super::{Taint, is_key, is_value};

    #[test]
    fn taints_are_written_as_kubectl_takes_them() {
        let taint = Taint::parse("a.b/c=d:NoExecute").unwrap();
        assert_eq!((taint.key.as_str(), taint.value.as_str()), ("a.b/c", "d"));
        assert_eq!(Taint::parse("gpu:NoSchedule").unwrap().value, "");
        for text in ["", "a", "a=b", "a:Never", ":NoSchedule", "a b:NoSchedule", "a=b=c:NoSchedule"]
        {
            assert!(Taint::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn labels_have_the_letters_that_kubernetes_allows() {
        for key in ["a", "a.b/c_D-e", "1", "example.com/x"] {
            assert!(is_key(key), "{key}");
        }
        for key in ["", "/a", "a/", "A.b/c", "-a", "a-", "a/b/c", &"x".repeat(64), "é"] {
            assert!(!is_key(key), "{key}");
        }
        assert!(is_value("") && is_value("v1.2") && !is_value("-") && !is_value("a b"));
    }
}

//! Patterns over names, where `*` stands for any text, including none.

/// Whether the whole of `text` fits `pattern`.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    rest_fits(rest, text)
}

/// Whether `text` fits what follows a star: the parts between stars occur in order, the last one
/// at the end. Taking the first occurrence of each part is enough because stars match anything.
fn rest_fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => text.ends_with(pattern),
        Some((part, rest)) => {
            text.find(part).is_some_and(|at| rest_fits(rest, &text[at + part.len()..]))
        }
    }
}

/// Whether `pattern` names more than one thing.
pub(crate) fn is_glob(pattern: &str) -> bool {
    pattern.contains('*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, expected) in [
            ("postgres", "postgres", true),
            ("postgres", "postgres2", false),
            ("*", "", true),
            ("linuxserver/*", "linuxserver/sonarr", true),
            ("linuxserver/*", "linuxserver", false),
            ("*alpine*", "16-alpine3.20", true),
            ("*-alpine", "16-alpine3.20", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} on {text}");
        }
    }
}

//! Words for what a report holds.

use model::reason::{Certainty, Level};

/// How sure we are, as people say it.
pub(crate) const fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Stated => "you said so",
        Certainty::Known => "certain",
        Certainty::Inferred => "concluded from evidence",
        Certainty::Assumed => "assumed: nothing says otherwise",
    }
}

/// A level of findings: its sign, and its name for one of them.
pub(crate) const fn level(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::Blocker => ("✗", "blocker"),
        Level::Warning => ("▲", "warning"),
        Level::Note => ("·", "note"),
    }
}

/// `1 object`, `2 objects`.
pub(crate) fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {}", plural(one)) }
}

/// The plural of a regular noun.
pub(crate) fn plural(one: &str) -> String {
    match one.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if one.ends_with(['s', 'x']) => format!("{one}es"),
        _ => format!("{one}s"),
    }
}

/// `a, b and c`.
pub(crate) fn joined<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<_> = most.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", most.join(", "), last.as_ref())
        }
    }
}

/// A decision's field as people read it: some are no fields of the object but say what became of
/// an attribute or of a dependency.
pub(crate) fn field_label(field: &str) -> String {
    if field.is_empty() {
        return "the object itself".to_owned();
    }
    if let Some(attribute) = field.strip_prefix("compose.") {
        return format!("Compose's `{attribute}`");
    }
    let inside = |prefix: &str| field.strip_prefix(prefix)?.strip_suffix(']');
    match (inside("depends_on["), inside("connections["), field) {
        (Some(name), ..) => format!("waiting for `{name}`"),
        (_, Some(name), _) => format!("connections of `{name}`"),
        (.., "connections") => "connections".to_owned(),
        _ => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{count, field_label, joined};

    #[test]
    fn nouns_agree_with_numbers() {
        let cases =
            [(1, "entry", "1 entry"), (2, "entry", "2 entries"), (0, "object", "0 objects")];
        for (n, noun, expected) in cases {
            assert_eq!(count(n, noun), expected);
        }
        assert_eq!(joined(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn what_is_no_field_reads_as_words() {
        let cases = [
            ("", "the object itself"),
            ("compose.build", "Compose's `build`"),
            ("depends_on[db]", "waiting for `db`"),
            ("spec.replicas", "spec.replicas"),
        ];
        for (field, expected) in cases {
            assert_eq!(field_label(field), expected);
        }
    }
}

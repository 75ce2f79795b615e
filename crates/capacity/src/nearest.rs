//! The name that a typo most likely meant.

/// The closest of the names; they are compared without regard to case.
pub(crate) fn of<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> &'a str {
    let name: String = name.chars().take(64).collect::<String>().to_lowercase();
    let likeness = |k: &&str| (1e6 * strsim::jaro_winkler(&name, &k.to_lowercase())).round();
    known.max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap_or_default()
}

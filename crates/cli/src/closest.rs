//! "Did you mean".

/// The names that a word was probably meant to be, best first, at most three.
pub(crate) fn closest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut rated: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(word, name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .collect();
    rated.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    rated.into_iter().map(|(_, name)| name).take(3).collect()
}

/// Names as a list in a sentence: "`a`, `b` or `c`"; `None` if there are none.
pub(crate) fn either<S: AsRef<str>>(names: &[S]) -> Option<String> {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    let (last, rest) = quoted.split_last()?;
    Some(if rest.is_empty() { last.clone() } else { format!("{} or {last}", rest.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first() {
        let names = ["web", "worker", "db", "webhook"];
        assert_eq!(closest("wbe", names), ["web"]);
        assert_eq!(closest("workr", names)[0], "worker");
        assert!(closest("zzz", names).is_empty());
    }

    #[test]
    fn lists_read_well() {
        assert_eq!(either::<&str>(&[]), None);
        assert_eq!(either(&["a"]).unwrap(), "`a`");
        assert_eq!(either(&["a", "b", "c"]).unwrap(), "`a`, `b` or `c`");
    }
}

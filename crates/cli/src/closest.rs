//! "Did you mean".

/// The names that a word was probably meant to be, best first, at most three.
pub(crate) fn closest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let near = |name: &&str| {
        let edits = strsim::damerau_levenshtein(word, name);
        edits < word.chars().count() && edits <= 1 + word.len().min(name.len()) / 5
    };
    let alike = |name: &str| strsim::jaro_winkler(word, name);
    let mut names: Vec<&str> =
        names.into_iter().filter(|name| near(name) || alike(name) > 0.87).collect();
    names.sort_by(|a, b| alike(b).total_cmp(&alike(a)).then(a.cmp(b)));
    names.truncate(3);
    names
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

//! Ratchets: what is too long today is listed with its length, and may only get shorter.

use super::Source;
use super::scan::{is_word, item_end, word_places};
use crate::shell::root;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const FUNCTION: usize = 70;
const FILE: usize = 500;

type Lengths = BTreeMap<String, usize>;

pub(super) fn functions(sources: &[Source], bless: bool) -> Result<Vec<String>> {
    let mut long = Lengths::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        for (name, length) in functions_of(&source.code.shipped) {
            if length > FUNCTION {
                long.insert(format!("{}:{name}", source.name), length);
            }
        }
    }
    ratchet("xtask/src/tidy/long-functions.txt", &long, FUNCTION, bless)
}

pub(super) fn files(sources: &[Source], bless: bool) -> Result<Vec<String>> {
    let lengths = sources
        .iter()
        .map(|source| (source.name.clone(), source.code.text.lines().count()))
        .filter(|(_, length)| *length > FILE)
        .collect();
    ratchet("xtask/src/tidy/long-files.txt", &lengths, FILE, bless)
}

/// Each function with its lines, from `fn` to the closing brace.
fn functions_of(text: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for at in word_places(text, "fn") {
        let rest = text[at + 2..].trim_start();
        let name: String = rest.chars().take_while(|c| is_word(*c)).collect();
        // `fn(u8) -> u8` is a type.
        if !name.is_empty() {
            found.push((name, text[at..item_end(text, at)].lines().count()));
        }
    }
    found
}

fn ratchet(list: &str, now: &Lengths, limit: usize, bless: bool) -> Result<Vec<String>> {
    let path = root().join(list);
    if bless {
        std::fs::write(&path, write(now)).with_context(|| format!("cannot write {list}"))?;
        return Ok(Vec::new());
    }
    Ok(compare(&read(&path)?, now, limit)
        .into_iter()
        .map(|complaint| format!("{complaint} ({list})"))
        .collect())
}

fn read(path: &Path) -> Result<Lengths> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}; write it with --bless", path.display()))?;
    let line = |line: &str| -> Option<(String, usize)> {
        let (length, name) = line.split_once(' ')?;
        Some((name.to_owned(), length.parse().ok()?))
    };
    Ok(text.lines().filter_map(line).collect())
}

fn write(lengths: &Lengths) -> String {
    let mut text = String::new();
    for (name, length) in lengths {
        writeln!(text, "{length} {name}").expect("a string takes any text");
    }
    text
}

fn compare(listed: &Lengths, now: &Lengths, limit: usize) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, length) in now {
        match listed.get(name) {
            None => complaints.push(format!("{name}: {length} lines, {limit} are allowed")),
            Some(old) if length > old => {
                complaints.push(format!("{name}: grew from {old} to {length} lines; split it"));
            }
            Some(old) if length < old => complaints
                .push(format!("{name}: thanks, {length} instead of {old} lines; run with --bless")),
            Some(_) => {}
        }
    }
    let gone = listed.keys().filter(|name| !now.contains_key(*name));
    complaints.extend(gone.map(|name| format!("{name}: short or gone; run with --bless")));
    complaints
}

#[cfg(test)]
mod tests {
    use super::{Lengths, compare, functions_of, write};

    fn lengths(entries: &[(&str, usize)]) -> Lengths {
        entries.iter().map(|(name, length)| ((*name).to_owned(), *length)).collect()
    }

    #[test]
    fn functions_have_lines() {
        let text = "fn a() {\n  if b {\n  }\n}\ntrait T { fn c(&self); }\ntype F = fn(u8);";
        assert_eq!(functions_of(text), [("a".to_owned(), 4), ("c".to_owned(), 1)]);
    }

    #[test]
    fn lengths_only_shrink() {
        let listed = lengths(&[("a", 90), ("b", 80), ("c", 71)]);
        assert!(compare(&listed, &listed, 70).is_empty());
        let now = lengths(&[("a", 91), ("b", 79), ("d", 72)]);
        let complaints = compare(&listed, &now, 70);
        let starts = ["a: grew", "b: thanks", "d: 72 lines", "c: short"];
        assert_eq!(complaints.len(), starts.len());
        for (complaint, start) in complaints.iter().zip(starts) {
            assert!(complaint.starts_with(start), "{complaint}");
        }
    }

    #[test]
    fn lists_are_sorted_lines() {
        assert_eq!(write(&lengths(&[("b", 1), ("a", 2)])), "2 a\n1 b\n");
    }
}

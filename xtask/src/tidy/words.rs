//! Words that must not land: leftovers of work, and names that say nothing.

use super::Source;
use super::scan::{is_word, line_of, word_places};

/// Macros of unfinished work.
const MACROS: &[&str] = &["todo", "unimplemented", "dbg"];
/// Marks of unfinished work in comments.
const MARKS: &[&str] = &["FIXME", "XXX", "TODO"];
/// Ends of type names that do not say what the type does.
const EMPTY_ENDS: &[&str] = &["Manager", "Helper"];
/// Modules in which anything could stand.
const EMPTY_MODULES: &[&str] = &["utils", "util", "helpers", "helper", "misc"];

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    sources.iter().flat_map(complaints).collect()
}

fn complaints(source: &Source) -> Vec<String> {
    let code = &source.code;
    let mut found = Vec::new();
    let mut complain = |at: usize, what: String| {
        found.push(format!("{}:{}: {what}", source.name, line_of(&code.text, at)));
    };
    for name in MACROS {
        for at in word_places(&code.text, name) {
            if code.text[at + name.len()..].starts_with('!') {
                complain(at, format!("`{name}!`: finish it, or return an error"));
            }
        }
    }
    for mark in MARKS {
        for at in word_places(&code.comments, mark) {
            let line = line_of(&code.comments, at);
            found.push(format!("{}:{line}: {mark}: do it, or file it", source.name));
        }
    }
    found.extend(names(source));
    found
}

fn names(source: &Source) -> Vec<String> {
    let text = &source.code.text;
    let mut found = Vec::new();
    for keyword in ["struct", "enum", "trait", "type", "mod"] {
        for at in word_places(text, keyword) {
            let rest = text[at + keyword.len()..].trim_start();
            let name: String = rest.chars().take_while(|c| is_word(*c)).collect();
            let empty = if keyword == "mod" {
                EMPTY_MODULES.contains(&name.as_str())
            } else {
                EMPTY_ENDS.iter().any(|end| name.ends_with(end))
            };
            if empty {
                let line = line_of(text, at);
                found.push(format!(
                    "{}:{line}: `{name}` says nothing; name what it does",
                    source.name
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::check;

    fn found(text: &str) -> Vec<String> {
        let complaints = check(&[source("a.rs", text)]);
        complaints.iter().map(|text| text.split(':').nth(1).unwrap().to_owned()).collect()
    }

    #[test]
    fn leftovers_are_found() {
        assert_eq!(found("a\nfn f() { todo!() }\n// FIXME later"), ["2", "3"]);
        assert!(found("\"todo!()\"; // fixme\nlet todo = 1;").is_empty());
    }

    #[test]
    fn empty_names_are_found() {
        assert_eq!(found("struct PodManager;\nmod utils;\nenum Help {}"), ["1", "2"]);
    }
}

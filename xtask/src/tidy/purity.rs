//! Decision crates are functions of their arguments: no file, clock, environment, process or socket
//! is named in what they ship.

use super::Source;
use super::edges::DECISIONS;
use super::scan::{line_of, word_places};

/// Modules and types of the standard library, with what to do instead.
const BANNED: &[(&str, &str)] = &[
    ("std::fs", "take the text as an argument"),
    ("std::env", "take the value as an argument"),
    ("std::process", "return the decision, and let the cli act"),
    ("TcpStream", "take the answer as an argument"),
    ("TcpListener", "take the answer as an argument"),
    ("UdpSocket", "take the answer as an argument"),
    ("ToSocketAddrs", "take the answer as an argument"),
    ("std::thread", "be synchronous"),
    ("SystemTime", "take the time as an argument"),
    ("Instant", "take the time as an argument"),
    ("HashMap", "use BTreeMap: its order is the same on every run"),
    ("HashSet", "use BTreeSet: its order is the same on every run"),
];

/// Files that may use a banned word, with why.
const EXEMPT: &[(&str, &str, &str)] = &[
    ("crates/catalog/src/table.rs", "HashMap", "an index that is only looked into"),
    ("crates/twin-core/src/store/lookup.rs", "HashMap", "nobody can walk it"),
];

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    sources.iter().filter(|source| decides(source)).flat_map(complaints).collect()
}

fn decides(source: &Source) -> bool {
    let mut decisions = DECISIONS.iter();
    decisions.any(|name| source.name.starts_with(&format!("crates/{name}/src/")))
        && !source.is_test()
}

fn complaints(source: &Source) -> Vec<String> {
    let shipped = &source.code.shipped;
    let mut found = Vec::new();
    for (word, instead) in BANNED {
        if EXEMPT.iter().any(|(file, allowed, _)| *file == source.name && allowed == word) {
            continue;
        }
        for at in word_places(shipped, word) {
            let line = line_of(shipped, at);
            found.push(format!("{}:{line}: {word} in a decision crate; {instead}", source.name));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::check;

    #[test]
    fn a_decision_knows_no_file_system() {
        let text = "//! std::fs\nuse std::fs;\n#[cfg(test)]\nmod tests { use std::env; }";
        let found = check(&[source("crates/plan/src/lib.rs", text)]);
        assert_eq!(
            found,
            ["crates/plan/src/lib.rs:2: std::fs in a decision crate; take the text as an argument"]
        );
    }

    #[test]
    fn others_may() {
        let names = ["crates/cli/src/lib.rs", "crates/plan/tests/a.rs", "crates/plan/src/tests.rs"];
        for name in names {
            assert!(check(&[source(name, "use std::fs;")]).is_empty(), "{name}");
        }
    }
}

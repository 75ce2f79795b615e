//! Dead files: Rust compiles what a `mod` names, and silently skips a file that none does.

use super::Source;
use super::scan::{is_word, word_places};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let declared: BTreeSet<PathBuf> = sources.iter().flat_map(children).collect();
    sources
        .iter()
        .filter(|source| !is_root(&source.name) && !declared.contains(&source.path))
        .map(|source| format!("{}: no `mod` names this file, so nothing compiles it", source.name))
        .collect()
}

/// What cargo finds by itself.
fn is_root(name: &str) -> bool {
    let parts: Vec<_> = name.split('/').collect();
    let [.., folder, file] = parts.as_slice() else { return true };
    let source_root = *folder == "src" && ["lib.rs", "main.rs"].contains(file);
    let targets = ["bin", "tests", "benches", "examples", "fuzz_targets"];
    // `src/…/tests/x.rs` is a module; `tests/x.rs` beside `src` is a target.
    let target = targets.contains(folder) && (*folder == "bin" || !parts.contains(&"src"));
    // `tests/x/main.rs` is the target `x`.
    let folders = &parts[..parts.len() - 2];
    let nested = *file == "main.rs" && folders.last().is_some_and(|above| targets.contains(above));
    source_root || target || nested || *file == "build.rs"
}

/// Every place where a file could lie that this one declares.
fn children(source: &Source) -> Vec<PathBuf> {
    let text = &source.code.text;
    let names = word_places(text, "mod").into_iter().filter_map(|at| {
        let rest = text[at + "mod".len()..].trim_start();
        let name: String = rest.chars().take_while(|c| is_word(*c)).collect();
        let declares = rest[name.len()..].trim_start().starts_with(';') && !name.is_empty();
        declares.then_some(name)
    });
    let folder = folder_of_children(&source.path, &source.name);
    names
        .flat_map(|name| [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")])
        .collect()
}

fn folder_of_children(path: &Path, name: &str) -> PathBuf {
    let parent = path.parent().unwrap_or(Path::new("")).to_owned();
    let stem = path.file_stem().unwrap_or_default();
    if stem == "mod" || is_root(name) { parent } else { parent.join(stem) }
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::check;

    #[test]
    fn files_are_reached_by_declarations() {
        let tree = [
            source("crates/a/src/lib.rs", "mod b; pub(crate) mod c; mod inline { mod x {} }"),
            source("crates/a/src/b.rs", "mod d;"),
            source("crates/a/src/b/d.rs", ""),
            source("crates/a/src/c/mod.rs", "#[cfg(test)]\nmod tests;"),
            source("crates/a/src/c/tests.rs", ""),
            source("crates/a/tests/t.rs", "mod common;"),
            source("crates/a/tests/common/mod.rs", ""),
            source("crates/a/tests/big/main.rs", "mod part;"),
            source("crates/a/tests/big/part.rs", ""),
        ];
        assert!(check(&tree).is_empty(), "{:?}", check(&tree));
    }

    #[test]
    fn a_forgotten_file_is_dead() {
        let tree = [source("crates/a/src/lib.rs", "// mod b;"), source("crates/a/src/b.rs", "")];
        assert_eq!(
            check(&tree),
            ["crates/a/src/b.rs: no `mod` names this file, so nothing compiles it"]
        );
    }
}

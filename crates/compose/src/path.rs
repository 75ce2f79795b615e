//! Paths as text: cleaned, compared and moved without looking at a disk.

use std::path::{Component, Path, PathBuf};

/// A path without `.` and, as far as possible, without `..`.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                Some(Component::RootDir) => {}
                _ => out.push(".."),
            },
            other => out.push(other),
        }
    }
    out
}

/// Whether `path` lies in `root` or is `root`.
pub(crate) fn below(root: &Path, path: &Path) -> bool {
    let (root, path) = (clean(root), clean(path));
    if root.as_os_str().is_empty() {
        return !path.is_absolute() && !path.starts_with("..");
    }
    path.strip_prefix(root).is_ok_and(|rest| !rest.starts_with(".."))
}

/// The directory of a file; empty for a bare name.
pub(crate) fn parent(path: &Path) -> PathBuf {
    clean(path.parent().unwrap_or(Path::new("")))
}

/// How to get from one directory to another: `sub/other`, `../common`, empty for the same.
pub(crate) fn relative(from: &Path, to: &Path) -> PathBuf {
    let (from, to) = (clean(from), clean(to));
    if from.is_absolute() != to.is_absolute() {
        return to;
    }
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}

/// Whether a path as written is relative to the project: not `/…`, `~…`, `C:\…` or a URL.
pub(crate) fn is_relative(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(['/', '~', '\\']) && !is_windows(text) && !is_remote(text)
}

/// `C:\…`, `c:/…`.
pub(crate) fn is_windows(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 2
        && bytes[0].is_ascii_alphabetic()
        && bytes[1] == b':'
        && matches!(bytes[2], b'\\' | b'/')
}

/// Something that is fetched: `https://…`, `git@…`, `oci://…`, `github.com/…`.
pub(crate) fn is_remote(text: &str) -> bool {
    text.contains("://")
        || text.starts_with("git@")
        || text.starts_with("github.com/")
        || text.starts_with("docker-image:")
        || text.starts_with("service:")
        || text.starts_with("target:")
}

/// A relative path as seen from a directory further up: `./data` in `sub` is `./sub/data`.
pub(crate) fn moved(prefix: &Path, text: &str) -> String {
    if prefix.as_os_str().is_empty() || !is_relative(text) {
        return text.to_owned();
    }
    let joined = clean(&prefix.join(text));
    let joined = joined.to_string_lossy().replace('\\', "/");
    if joined.is_empty() {
        return ".".to_owned();
    }
    if joined.starts_with("..") || joined.starts_with('/') { joined } else { format!("./{joined}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_and_compared() {
        for (path, want) in
            [("./a/../b/./c", "b/c"), ("../a", "../a"), ("/../a", "/a"), ("a/../..", "..")]
        {
            assert_eq!(clean(Path::new(path)), Path::new(want), "{path}");
        }
        for (root, path, want) in [
            ("", "a", true),
            ("", "../a", false),
            ("p", "p/x", true),
            ("p", "p/../q", false),
            ("", "/etc", false),
            ("/p", "/pq", false),
        ] {
            assert_eq!(below(Path::new(root), Path::new(path)), want, "{root} {path}");
        }
    }

    #[test]
    fn paths_move_with_their_file() {
        for (prefix, path, want) in [
            ("sub", "./data", "./sub/data"),
            ("sub", "../x", "./x"),
            ("../c", "a", "../c/a"),
            ("sub", "/etc", "/etc"),
            ("sub", "~/x", "~/x"),
            ("sub", "..", "."),
            ("", "data", "data"),
        ] {
            assert_eq!(moved(Path::new(prefix), path), want);
        }
        assert_eq!(relative(Path::new("a/b"), Path::new("a/c")), Path::new("../c"));
        assert_eq!(relative(Path::new(""), Path::new("x")), Path::new("x"));
    }
}

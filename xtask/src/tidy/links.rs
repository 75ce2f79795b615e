//! Links in documents lead to files that exist.

use crate::shell::{files, root, shown};
use anyhow::{Context, Result};
use std::path::Path;

pub(super) fn check() -> Result<Vec<String>> {
    let is_markdown = |path: &Path| path.extension().is_some_and(|ending| ending == "md");
    let mut complaints = Vec::new();
    for path in files(root(), &is_markdown) {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let folder = path.parent().unwrap_or(root());
        for (line, target) in targets(&text) {
            if !folder.join(&target).exists() {
                complaints.push(format!("{}:{line}: no file {target}", shown(&path)));
            }
        }
    }
    Ok(complaints)
}

/// Relative targets of `[text](target)`, with their lines, outside code blocks.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for part in line.split("](").skip(1) {
            let target = part.split([')', ' ', '#']).next().unwrap_or_default();
            let outside = target.contains("://") || target.starts_with("mailto:");
            if !target.is_empty() && !outside {
                found.push((number + 1, target.to_owned()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::targets;

    #[test]
    fn relative_links_are_found() {
        let text = "[a](b.md) ![c](d/e.svg \"title\")\n```\n[x](y)\n```\n[f](g.md#h) [i](#j) \
                    [k](https://l.example)";
        let found: Vec<_> = targets(text).into_iter().map(|(_, target)| target).collect();
        assert_eq!(found, ["b.md", "d/e.svg", "g.md"]);
    }
}

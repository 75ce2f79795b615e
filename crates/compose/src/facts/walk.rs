//! The files below a directory.

use crate::context::Context;
use std::path::Path;

/// How far to look.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    files: usize,
    depth: usize,
}

impl Bounds {
    /// A mounted directory.
    pub(super) const MOUNT: Self = Self { files: 200, depth: 8 };
    /// A build context.
    pub(super) const BUILD: Self = Self { files: 400, depth: 6 };
}

/// Directories whose files say nothing about the project itself.
const SKIPPED: [&str; 6] = [".git", "node_modules", ".venv", "__pycache__", ".idea", ".svn"];

/// Relative path and size of the files below a directory, sorted by path; and whether there are
/// more than were listed.
pub(super) fn files(
    dir: &Path,
    bounds: Bounds,
    context: &mut Context<'_>,
) -> (Vec<(String, u64)>, bool) {
    let mut walk = Walk { out: Vec::new(), truncated: false, bounds };
    walk.dir(dir, "", 0, context);
    (walk.out, walk.truncated)
}

struct Walk {
    out: Vec<(String, u64)>,
    truncated: bool,
    bounds: Bounds,
}

impl Walk {
    fn dir(&mut self, dir: &Path, prefix: &str, depth: usize, context: &mut Context<'_>) {
        if depth > self.bounds.depth {
            self.truncated = true;
            return;
        }
        for entry in context.files.list(dir) {
            if self.out.len() >= self.bounds.files || context.budget.entries == 0 {
                self.truncated = true;
                return;
            }
            context.budget.entries -= 1;
            let name = format!("{prefix}{}", entry.name);
            if !entry.directory {
                self.out.push((name, entry.len));
            } else if SKIPPED.contains(&entry.name.as_str()) {
                self.truncated = true;
            } else {
                self.dir(&dir.join(&entry.name), &format!("{name}/"), depth + 1, context);
            }
        }
    }
}

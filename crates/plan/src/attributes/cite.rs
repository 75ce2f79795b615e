//! Reasons that name only what the file really holds.

use crate::world::Subject;
use model::reason::Because;

/// The lines of the file at or below any of the paths, by path: the order in the file never matters.
/// Empty if it holds none of them.
pub(crate) fn cite(subject: &Subject<'_>, paths: &[&str]) -> Vec<Because> {
    let below = |candidate: &str, path: &str| {
        candidate.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let mut found: Vec<_> = subject
        .service
        .fields
        .iter()
        .filter(|field| paths.iter().any(|path| below(&field.path, path)))
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.into_iter().map(|field| subject.line(&field.path, field.span)).collect()
}

/// The same, or the service's own line, for decisions that must rest on something.
pub(crate) fn cite_or_own(subject: &Subject<'_>, paths: &[&str]) -> Vec<Because> {
    let found = cite(subject, paths);
    if found.is_empty() { vec![subject.own_line()] } else { found }
}

/// What the image table knows, else the service's own line.
pub(crate) fn image_or_own(subject: &Subject<'_>) -> Because {
    subject.image_fact().unwrap_or_else(|| subject.own_line())
}

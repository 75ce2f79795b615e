//! What a decision or finding rests on, in words.

use model::reason::Because;
use yaml::{Sources, Span};

/// `file:line` of a place.
pub(crate) fn place(sources: &Sources, span: Span) -> String {
    format!("{}:{}", sources.name(span.file), span.start.line)
}

/// One reason, in full: `compose.yaml:12:5 services.web.ports.0`, `rule database-never-hpa`.
pub(crate) fn phrase(because: &Because, sources: &Sources) -> String {
    match because {
        Because::Line { field, span } => format!("{} {field}", sources.location(*span)),
        Because::Rule(rule) => format!("rule {}", rule.name),
        Because::Image { family } => format!("the image table, entry `{family}`"),
        Because::File { path } => path.clone(),
        Because::Cluster => "what is known of the cluster".to_owned(),
        Because::Option { name } => format!("the option {name}"),
    }
}

/// The best short citation among several reasons: a line of the files, else another file, else the
/// rule.
pub(crate) fn cited(because: &[Because], sources: &Sources) -> Option<String> {
    let rank = |because: &&Because| match because {
        Because::Line { .. } => 0,
        Because::File { .. } => 1,
        Because::Option { .. } => 2,
        Because::Image { .. } => 3,
        Because::Rule(_) => 4,
        Because::Cluster => 5,
    };
    because.iter().min_by_key(rank).map(|best| match best {
        Because::Line { span, .. } => place(sources, *span),
        other => phrase(other, sources),
    })
}

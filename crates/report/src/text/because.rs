//! What a decision or finding rests on, in words.

use model::reason::Because;
use yaml::{Sources, Span};

/// `file:line` of a place.
pub(crate) fn place(sources: &Sources, span: Span) -> String {
    format!("{}:{}", sources.name(span.file), span.start.line)
}

/// One reason, in full: `compose.yaml:12:5 services.web.ports.0`, `rule database-never-hpa`.
fn phrase(because: &Because, sources: &Sources) -> String {
    match because {
        Because::Line { field, span } => format!("{} {field}", sources.location(*span)),
        Because::Rule(rule) => format!("rule {}", rule.name),
        Because::Image { family } => format!("the image table, entry `{family}`"),
        Because::File { path } => path.clone(),
        Because::Cluster => "what is known of the cluster".to_owned(),
        Because::Option { name } => format!("the option {name}"),
    }
}

/// Reasons in full, each once; the items of one list share a phrase.
pub(crate) fn phrases(because: &[Because], sources: &Sources) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut rest = because;
    while let Some(first) = rest.first() {
        let list = item(first);
        let run = rest.iter().take_while(|it| list.is_some() && item(it) == list).count().max(1);
        let mut text = phrase(first, sources);
        if let (Some(Because::Line { field, .. }), true) = (rest[..run].last(), run > 1) {
            text.push_str(" to ");
            text.push_str(field.rsplit('.').next().unwrap_or_default());
        }
        if !all.contains(&text) {
            all.push(text);
        }
        rest = &rest[run..];
    }
    all
}

/// The path of the list that a line is an item of.
fn item(because: &Because) -> Option<&str> {
    let Because::Line { field, .. } = because else { return None };
    let (list, index) = field.rsplit_once('.')?;
    index.bytes().all(|b| b.is_ascii_digit()).then_some(list)
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

#[cfg(test)]
mod tests {
    use super::phrases;
    use model::reason::{Because, Rule};
    use yaml::{Pos, Sources, Span};

    #[test]
    fn items_of_a_list_share_a_phrase() {
        let mut sources = Sources::default();
        let file = sources.add("compose.yaml", "");
        let line = |field: &str, line: u32| {
            let start = Pos { line, column: 5 };
            Because::Line { field: field.to_owned(), span: Span { file, start, end: start } }
        };
        let rule = Because::Rule(Rule { name: "one-writer", why: "" });
        let because =
            [line("a.test.0", 1), line("a.test.1", 2), line("a.x", 3), line("a.x", 3), rule];
        let expected =
            ["compose.yaml:1:5 a.test.0 to 1", "compose.yaml:3:5 a.x", "rule one-writer"];
        assert_eq!(phrases(&because, &sources), expected);
    }
}

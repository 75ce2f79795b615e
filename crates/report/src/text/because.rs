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
    let mut once: Vec<&Because> = Vec::new();
    for reason in because {
        if !once.contains(&reason) {
            once.push(reason);
        }
    }
    let mut all = Vec::new();
    let mut rest = once.as_slice();
    while let Some(first) = rest.first() {
        let run = run(rest);
        let mut text = phrase(first, sources);
        if let Some((_, last)) = item(rest[run - 1]).filter(|_| run > 1) {
            text.push_str(" to ");
            text.push_str(&last.to_string());
        }
        all.push(text);
        rest = &rest[run..];
    }
    all
}

/// How many reasons at the start are items of one list, one after the other.
fn run(because: &[&Because]) -> usize {
    let Some((list, first)) = because.first().and_then(|it| item(it)) else { return 1 };
    let follows = |(n, it): (usize, &&Because)| item(it) == Some((list, first.saturating_add(n)));
    because.iter().enumerate().take_while(|it| follows(*it)).count()
}

/// The path of the list that a line is an item of, and the index in it.
fn item(because: &Because) -> Option<(&str, usize)> {
    let Because::Line { field, .. } = because else { return None };
    let (list, index) = field.rsplit_once('.')?;
    Some((list, index.parse().ok()?))
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
        let because = [
            line("a.test.0", 1),
            line("a.test.1", 2),
            line("a.x", 3),
            line("a.x", 3),
            line("b.0", 3),
            line("b.0", 3),
            rule,
        ];
        let expected = [
            "compose.yaml:1:5 a.test.0 to 1",
            "compose.yaml:3:5 a.x",
            "compose.yaml:3:5 b.0",
            "rule one-writer",
        ];
        assert_eq!(phrases(&because, &sources), expected);
    }
}

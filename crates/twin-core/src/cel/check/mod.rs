//! What an expression is before anybody runs it: its type, or why it can have none.
//!
//! Sentences and places are those of cel-go, which Kubernetes checks rules with when they are written.

mod decl;
mod functions;
mod lint;
mod types;
mod unify;
mod walk;

pub(crate) use decl::declared;
pub(crate) use types::Type;
pub(super) use walk::is_type;

use super::parse::{Dialect, Fault, Places, parse};
use super::read::{self, Unread};
use super::{LEVELS, STACK};
use std::collections::BTreeSet;

/// What was found out.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) ty: Type,
    /// Variables that it names.
    pub(crate) variables: BTreeSet<String>,
}

/// So many mistakes are said.
const SHOWN: usize = 100;

/// Something wrong at a place of a text.
#[derive(Debug)]
struct Issue {
    at: usize,
    message: String,
}

/// Checks an expression over these variables.
///
/// # Errors
/// All that is wrong with it, as Kubernetes lists it.
pub(crate) fn check(text: &str, variables: &[(&str, Type)]) -> Result<Checked, String> {
    read::bounded(text).map_err(|why| plain(text, &why))?;
    let (expr, places) = parse(text, Dialect::Kubernetes).map_err(|why| unread(text, &why))?;
    let levels = read::shallow(&expr).map_err(|why| plain(text, &why))?;
    let run = || {
        let mut walk = walk::Walk::new(&places, variables);
        let found = walk.check(&expr);
        if walk.is_spent() {
            return Err(Unread::TOO_LONG);
        }
        let mut issues = walk.issues;
        if issues.is_empty() {
            lint::lint(&expr, &walk.types, &places, &mut issues);
        }
        Ok((found, walk.used, issues))
    };
    let ran = if levels > LEVELS { stacker::grow(STACK, run) } else { run() };
    let (ty, variables, issues) = ran.map_err(|why| plain(text, &why))?;
    if issues.is_empty() { Ok(Checked { ty, variables }) } else { Err(listed(text, issues)) }
}

fn plain(text: &str, why: &Unread) -> String {
    listed(text, vec![Issue { at: 0, message: why.to_string() }])
}

fn unread(text: &str, why: &Fault) -> String {
    match why {
        Fault::At(at, why) => listed(text, vec![Issue { at: *at, message: (*why).to_owned() }]),
        Fault::TooLarge => plain(text, &Unread::TOO_LONG),
        Fault::Syntax => {
            let issues = read::syntax(text).into_iter();
            let issues: Vec<_> = issues.map(|(at, message)| Issue { at, message }).collect();
            if issues.is_empty() {
                plain(text, &Unread::NotCel("Syntax error".to_owned()))
            } else {
                listed(text, issues)
            }
        }
    }
}

fn listed(text: &str, mut issues: Vec<Issue>) -> String {
    issues.sort_by_key(|issue| issue.at);
    let more = issues.len().saturating_sub(SHOWN);
    issues.truncate(SHOWN);
    let mut lines: Vec<_> = issues.iter().map(|issue| shown(text, issue)).collect();
    if more > 0 {
        lines.push(format!("{more} more errors were truncated"));
    }
    lines.join("\n")
}

/// A mistake with the line in which it is, and a mark below it.
fn shown(text: &str, issue: &Issue) -> String {
    let mut at = issue.at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].split('\n').next().unwrap_or_default();
    let number = before.matches('\n').count() + 1;
    let column = text[start..at].chars().count();
    let dots: String =
        text[start..at].chars().map(|c| if c.len_utf8() > 1 { '\u{ff0e}' } else { '.' }).collect();
    let wide = text[at..].chars().next().is_some_and(|c| c.len_utf8() > 1);
    let mark = if wide { '\u{ff3e}' } else { '^' };
    let (message, line) = (&issue.message, line.replace('\t', " "));
    format!("ERROR: <input>:{number}:{}: {message}\n | {line}\n | {dots}{mark}", column + 1)
}

#[cfg(test)]
mod tests {
    use super::{Type, check};
    use std::time::Instant;

    #[test]
    fn types_that_grow_without_end_are_refused() {
        for text in [
            format!("[1]{}.size() > 0", ".map(a,{a:a})".repeat(30)),
            format!("[1]{}.map(a, [a, 1]) == 1", ".map(a,{a:a})".repeat(30)),
            format!("[1]{}.b", ".map(a,{a:[a]})".repeat(40)),
        ] {
            let why = check(&text, &[]).unwrap_err();
            assert!(why.contains("the expression is too long"), "{why}");
        }
        let few = format!("[1]{}.size() > 0", ".map(a,{a:a})".repeat(8));
        assert_eq!(check(&few, &[]).unwrap().ty, Type::Bool);
    }

    #[test]
    fn tries_take_no_longer_the_more_is_known() {
        let text = format!("self.?a{}", ".optMap(x, x)".repeat(10));
        let begin = Instant::now();
        let _ = check(&text, &[("self", Type::Dyn)]);
        assert!(begin.elapsed().as_secs() < 20);
    }
}

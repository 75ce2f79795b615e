//! Reads expressions: none takes the stack of who reads or runs it.

use super::parse::{Dialect, Fault, Word, parse, words};
use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{EntryExpr, Expr, IdedEntryExpr};
use kube_cel::cel::parser::Parser;

/// An expression that is longer is not read.
const LONGEST: usize = 4 * 1024;
/// Nor is one with more brackets and choices in each other.
const BRACKETS: usize = 32;
/// Nor one whose tree has more levels: whoever runs, copies or drops it needs stack for each.
const LEVELS: usize = 400;
/// What the parser needs for the worst of what is read, ten times over.
const STACK: usize = 32 << 20;

/// Why there is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// Kubernetes may take it; here it would do harm.
    #[error("{0}")]
    Refused(&'static str),
    /// Its syntax is wrong.
    #[error("not CEL: {0}")]
    NotCel(String),
}

const TOO_DEEP: &str = "the expression is nested too deeply";

impl Unread {
    pub(super) const TOO_LONG: Self = Self::Refused("the expression is too long");
}

/// Reads an expression, and says how many levels it has.
pub(super) fn read(text: &str) -> Result<(IdedExpr, usize), Unread> {
    bounded(text)?;
    let (expr, _) = parse(text, Dialect::Wide).map_err(|why| match why {
        Fault::At(_, why) => Unread::NotCel(why.to_owned()),
        Fault::TooLarge => Unread::TOO_LONG,
        Fault::Syntax => {
            let first = syntax(text).into_iter().next().map(|(_, why)| why);
            Unread::NotCel(first.unwrap_or_else(|| "Syntax error".to_owned()))
        }
    })?;
    let levels = shallow(&expr)?;
    Ok((expr, levels))
}

/// Refuses what would take too long, or too much of the stack.
pub(super) fn bounded(text: &str) -> Result<(), Unread> {
    if text.len() > LONGEST {
        return Err(Unread::TOO_LONG);
    }
    if brackets(text) > BRACKETS { Err(Unread::Refused(TOO_DEEP)) } else { Ok(()) }
}

/// How many levels a tree has, if they are not too many.
pub(super) fn shallow(expr: &IdedExpr) -> Result<usize, Unread> {
    levels(expr, 1).ok_or(Unread::Refused(TOO_DEEP))
}

/// What is wrong with the syntax of a text, and where.
pub(super) fn syntax(text: &str) -> Vec<(usize, String)> {
    let parser = Parser::new().enable_optional_syntax(true);
    let Err(errors) = stacker::grow(STACK, || parser.parse(text)) else { return Vec::new() };
    let place = |(line, column): (isize, isize)| {
        let line = usize::try_from(line - 1).unwrap_or(0);
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let column = usize::try_from(column - 1).unwrap_or(0);
        let rest = text.get(start..).unwrap_or_default();
        start + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at)
    };
    let errors = errors.errors.into_iter().filter(|error| error.msg.starts_with("Syntax error"));
    errors.map(|error| (place(error.pos), narrowed(&error.msg))).collect()
}

/// Signs that may follow any value.
const FOLLOWING: &str =
    "'==' '!=' 'in' '<' '<=' '>=' '>' '&&' '||' '[' '.' '-' '?' '+' '*' '/' '%'";

/// What was expected, without what could have followed as well: Go's parser does not say that.
fn narrowed(message: &str) -> String {
    let Some((start, list)) = message.split_once(" expecting {") else {
        return message.to_owned();
    };
    let list = list.trim_end_matches('}').split(", ");
    if !list.clone().any(|sign| sign == "'=='") {
        return message.to_owned();
    }
    let rest: Vec<_> = list.filter(|sign| !FOLLOWING.split(' ').any(|it| it == *sign)).collect();
    match rest[..] {
        [one] => format!("{start} expecting {one}"),
        _ => format!("{start} expecting {{{}}}", rest.join(", ")),
    }
}

/// How many levels a tree has; None, if they are too many.
fn levels(expr: &IdedExpr, level: usize) -> Option<usize> {
    if level > LEVELS {
        return None;
    }
    parts(expr)
        .into_iter()
        .try_fold(level, |deepest, part| levels(part, level + 1).map(|below| below.max(deepest)))
}

/// The parts of an expression.
pub(super) fn parts(expr: &IdedExpr) -> Vec<&IdedExpr> {
    match &expr.expr {
        Expr::Literal(_) | Expr::Ident(_) | Expr::Unspecified => Vec::new(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(sides).collect(),
        Expr::Struct(object) => object.entries.iter().flat_map(sides).collect(),
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Comprehension(it) => {
            vec![&it.iter_range, &it.accu_init, &it.loop_cond, &it.loop_step, &it.result]
        }
    }
}

/// The same, to be changed.
pub(super) fn parts_mut(expr: &mut Expr) -> Vec<&mut IdedExpr> {
    match expr {
        Expr::Literal(_) | Expr::Ident(_) | Expr::Unspecified => Vec::new(),
        Expr::Select(select) => vec![&mut select.operand],
        Expr::List(list) => list.elements.iter_mut().collect(),
        Expr::Map(map) => map.entries.iter_mut().flat_map(sides_mut).collect(),
        Expr::Struct(object) => object.entries.iter_mut().flat_map(sides_mut).collect(),
        Expr::Call(call) => call.target.as_deref_mut().into_iter().chain(&mut call.args).collect(),
        Expr::Comprehension(it) => vec![
            &mut it.iter_range,
            &mut it.accu_init,
            &mut it.loop_cond,
            &mut it.loop_step,
            &mut it.result,
        ],
    }
}

fn sides_mut(entry: &mut IdedEntryExpr) -> Vec<&mut IdedExpr> {
    match &mut entry.expr {
        EntryExpr::StructField(field) => vec![&mut field.value],
        EntryExpr::MapEntry(entry) => vec![&mut entry.key, &mut entry.value],
    }
}

fn sides(entry: &IdedEntryExpr) -> Vec<&IdedExpr> {
    match &entry.expr {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

/// How deeply brackets and choices are nested, at most. Of what has no words each sign counts.
fn brackets(text: &str) -> usize {
    let Some(tokens) = words(text) else {
        return text.matches(['(', '[', '{', '?']).count();
    };
    // How deep it was before each bracket that is open.
    let mut open = Vec::new();
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut before = None;
    for token in tokens {
        let previous = before.replace(token.word.clone());
        match token.word {
            Word::Sign("(" | "[" | "{") => {
                open.push(depth);
                depth += 1;
            }
            // With a bracket the choices in it end.
            Word::Sign(")" | "]" | "}") => depth = open.pop().unwrap_or(depth),
            // In `.?a`, `[?a]` and the like nothing is chosen.
            Word::Sign("?") if !matches!(previous, Some(Word::Sign("." | "[" | "{" | ","))) => {
                depth += 1;
            }
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_the_stack_is_refused() {
        let is_deep = |text: &str| read(text) == Err(Unread::Refused(TOO_DEEP));
        for part in ["(", "[", "{", "!(", "a ? ", "{a:"] {
            assert!(is_deep(&part.repeat(500)), "{part}");
        }
        assert!(is_deep(&format!("{}1", "(\")\" == x ? 1 : ".repeat(40))));
        assert!(read(&vec!["(a ? (b ? 1 : 2) : 3)"; 100].join(" + ")).is_ok());
        assert!(is_deep(&vec!["1"; 2_000].join("+")));
        assert!(is_deep(&format!("a{}", ".b".repeat(2_000))));
        assert!(read(&"!".repeat(4_000)).is_err());
        assert!(read(&format!("self{}", ".?a".repeat(60))).is_ok());
        assert!(read(&vec!["a[?0]"; 60].join(" == ")).is_ok());
        assert!(read(&vec!["1"; 300].join("+")).is_ok());
        assert!(read(&vec!["a"; 1_000].join("||")).is_ok(), "such chains are trees");
        assert!(read(&"1".repeat(LONGEST + 1)).is_err());
        assert!(matches!(read("a b"), Err(Unread::NotCel(_))));
    }
}

//! Reads expressions: none takes the stack of who reads or runs it.

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

/// Reads an expression, and says how many levels it has.
pub(super) fn read(text: &str) -> Result<(IdedExpr, usize), Unread> {
    if text.len() > LONGEST {
        return Err(Unread::Refused("the expression is too long"));
    }
    if brackets(text) > BRACKETS {
        return Err(Unread::Refused(TOO_DEEP));
    }
    stacker::grow(STACK, || parsed(text))
}

fn parsed(text: &str) -> Result<(IdedExpr, usize), Unread> {
    let parser = Parser::new().enable_optional_syntax(true);
    let expr = parser.parse(text).map_err(|errors| {
        let first = errors.errors.first();
        Unread::NotCel(first.map_or_else(|| errors.to_string(), |error| error.msg.clone()))
    })?;
    let levels = levels(&expr, 1).ok_or(Unread::Refused(TOO_DEEP))?;
    Ok((expr, levels))
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

fn parts(expr: &IdedExpr) -> Vec<&IdedExpr> {
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

fn sides(entry: &IdedEntryExpr) -> Vec<&IdedExpr> {
    match &entry.expr {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

/// How deeply brackets and choices are nested, at most: those in strings count too.
fn brackets(text: &str) -> usize {
    let (mut open, mut choices, mut deepest) = (0_usize, 0, 0);
    for letter in text.bytes() {
        match letter {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            b'?' => choices += 1,
            _ => {}
        }
        deepest = deepest.max(open + choices);
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
        assert!(is_deep(&vec!["1"; 2_000].join("+")));
        assert!(is_deep(&format!("a{}", ".b".repeat(2_000))));
        assert!(read(&"!".repeat(4_000)).is_err());
        assert!(read(&vec!["1"; 300].join("+")).is_ok());
        assert!(read(&vec!["a"; 1_000].join("||")).is_ok(), "such chains are trees");
        assert!(read(&"1".repeat(LONGEST + 1)).is_err());
        assert!(matches!(read("a b"), Err(Unread::NotCel(_))));
    }
}

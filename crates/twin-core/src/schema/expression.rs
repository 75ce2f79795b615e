//! Reads expressions in CEL that strangers wrote: none takes the stack of who reads or runs it.

use kube_cel::cel::common::ast::{EntryExpr, Expr, IdedEntryExpr};
use kube_cel::cel::{IdedExpr, Program};

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

/// Reads an expression.
///
/// # Errors
/// It is too long, nested too deeply, makes an object of a type, or is not CEL.
pub fn read(text: &str) -> Result<IdedExpr, Unread> {
    if text.len() > LONGEST {
        return Err(Unread::Refused("the expression is too long"));
    }
    if brackets(text) > BRACKETS {
        return Err(Unread::Refused(TOO_DEEP));
    }
    with_stack(|| parsed(text))
}

const TOO_DEEP: &str = "the expression is nested too deeply";

/// Runs what reads expressions, where there is room for it.
pub(super) fn with_stack<T>(reads: impl FnOnce() -> T) -> T {
    stacker::grow(STACK, reads)
}

fn parsed(text: &str) -> Result<IdedExpr, Unread> {
    let program = Program::compile(text).map_err(|errors| {
        let first = errors.errors.first();
        Unread::NotCel(first.map_or_else(|| errors.to_string(), |error| error.msg.clone()))
    })?;
    let expr = program.expression();
    judge(expr, 0).map_err(Unread::Refused)?;
    Ok(expr.clone())
}

fn judge(expr: &IdedExpr, level: usize) -> Result<(), &'static str> {
    if level > LEVELS {
        return Err(TOO_DEEP);
    }
    let each = |expr: &IdedExpr| judge(expr, level + 1);
    match &expr.expr {
        Expr::Literal(_) | Expr::Ident(_) => Ok(()),
        Expr::Select(select) => each(&select.operand),
        Expr::List(list) => list.elements.iter().try_for_each(each),
        Expr::Map(map) => map.entries.iter().flat_map(sides).try_for_each(each),
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).try_for_each(each),
        Expr::Comprehension(it) => {
            [&it.iter_range, &it.accu_init, &it.loop_cond, &it.loop_step, &it.result]
                .into_iter()
                .try_for_each(each)
        }
        // The crate that runs expressions has no types, and panics.
        Expr::Struct(_) | Expr::Unspecified => Err("objects of a type are not known here"),
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
        let deep = Err(Unread::Refused(TOO_DEEP));
        for part in ["(", "[", "{", "!(", "a ? ", "{a:"] {
            assert_eq!(read(&part.repeat(500)), deep, "{part}");
        }
        assert_eq!(read(&vec!["1"; 2_000].join("+")), deep);
        assert_eq!(read(&format!("a{}", ".b".repeat(2_000))), deep);
        assert!(read(&"!".repeat(4_000)).is_err());
        assert!(read(&vec!["1"; 300].join("+")).is_ok());
        assert!(read(&vec!["a"; 1_000].join("||")).is_ok(), "such chains are trees");
        assert!(read(&"1".repeat(LONGEST + 1)).is_err());
    }

    #[test]
    fn what_cannot_run_is_refused() {
        assert!(matches!(read("Pod{a: 1}"), Err(Unread::Refused(_))));
        assert!(matches!(read("a.all(b, Pod{a: b})"), Err(Unread::Refused(_))));
        assert!(matches!(read("a b"), Err(Unread::NotCel(_))));
    }
}

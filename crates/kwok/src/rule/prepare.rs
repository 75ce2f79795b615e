//! Judges an expression before it runs, and puts limits and an order into it.

use super::limits::{COUNTED, NEGATED, ORDERED, PATTERN, SHOWN};
use crate::fault::Fault;
use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::operators::NEGATE;
use kube_cel::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr};
use std::collections::BTreeSet;

/// Loops that are nested more deeply are refused.
const LOOPS: usize = 3;

/// The expression as it is run: loops go through keys in order, and what they and functions make is
/// counted.
pub(super) fn prepared(
    mut expr: IdedExpr,
    knows: &dyn Fn(&str) -> bool,
) -> Result<IdedExpr, Fault> {
    let mut walk = Walk {
        knows,
        scope: vec!["self".to_owned()],
        loops: 0,
        functions: BTreeSet::new(),
        variables: BTreeSet::new(),
        other: None,
    };
    walk.expr(&mut expr);
    if let Some(why) = walk.other {
        return Err(Fault::new(0, why));
    }
    if let Some(name) = walk.functions.first() {
        return Err(Fault::new(0, format!("the function {name:?} is not known here")));
    }
    if let Some(name) = walk.variables.first() {
        return Err(Fault::new(0, format!("there is only \"self\", not {name:?}")));
    }
    Ok(expr)
}

struct Walk<'a> {
    knows: &'a dyn Fn(&str) -> bool,
    /// Variables that are known here.
    scope: Vec<String>,
    /// Loops that this is in.
    loops: usize,
    /// What is not known.
    functions: BTreeSet<String>,
    variables: BTreeSet<String>,
    /// What else is wrong.
    other: Option<&'static str>,
}

impl Walk<'_> {
    fn expr(&mut self, expr: &mut IdedExpr) {
        match &mut expr.expr {
            Expr::Literal(_) => {}
            Expr::Ident(name) if self.scope.contains(name) => {}
            Expr::Ident(name) => {
                self.variables.insert(name.clone());
            }
            Expr::Select(select) => self.expr(&mut select.operand),
            Expr::List(list) => list.elements.iter_mut().for_each(|it| self.expr(it)),
            Expr::Map(map) => map.entries.iter_mut().for_each(|it| self.entry(it)),
            Expr::Comprehension(looped) => self.comprehension(looped),
            Expr::Call(call) if is_sign(&call.func_name) => {
                call.target.iter_mut().for_each(|it| self.expr(it));
                call.args.iter_mut().for_each(|it| self.expr(it));
                if call.func_name == NEGATE {
                    call.args.iter_mut().for_each(|it| wrap(NEGATED, it));
                }
            }
            Expr::Call(call) => {
                self.call(call);
                wrap(COUNTED, expr);
            }
            Expr::Struct(_) | Expr::Unspecified => {
                self.other = Some("objects of a type are not known here");
            }
        }
    }

    fn entry(&mut self, entry: &mut IdedEntryExpr) {
        match &mut entry.expr {
            EntryExpr::StructField(field) => self.expr(&mut field.value),
            EntryExpr::MapEntry(entry) => {
                self.expr(&mut entry.key);
                self.expr(&mut entry.value);
            }
        }
    }

    fn call(&mut self, call: &mut CallExpr) {
        call.args.iter_mut().for_each(|it| self.expr(it));
        let library = match call.target.as_ref().map(|target| &target.expr) {
            Some(Expr::Ident(name)) => (self.knows)(&format!("{name}.{}", call.func_name)),
            _ => false,
        };
        if library {
            return;
        }
        if !(self.knows)(&call.func_name) {
            self.functions.insert(call.func_name.clone());
        }
        if let Some(target) = &mut call.target {
            self.expr(target);
            if call.func_name == "format" {
                wrap(PATTERN, target);
                call.args.iter_mut().for_each(|it| wrap(SHOWN, it));
            }
        }
    }

    fn comprehension(&mut self, looped: &mut ComprehensionExpr) {
        self.expr(&mut looped.iter_range);
        wrap(ORDERED, &mut looped.iter_range);
        self.expr(&mut looped.accu_init);
        self.loops += 1;
        if self.loops > LOOPS {
            self.other = Some("the loops are nested too deeply");
        }
        let known = self.scope.len();
        self.scope.extend([looped.iter_var.clone(), looped.accu_var.clone()]);
        self.scope.extend(looped.iter_var2.clone());
        self.expr(&mut looped.loop_cond);
        self.expr(&mut looped.loop_step);
        self.expr(&mut looped.result);
        self.scope.truncate(known);
        self.loops -= 1;
        wrap(COUNTED, &mut looped.loop_step);
    }
}

/// Signs are functions to the parser; what people name has only letters, digits and `_`.
fn is_sign(name: &str) -> bool {
    !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Puts a call around an expression.
fn wrap(name: &str, expr: &mut IdedExpr) {
    let inner = std::mem::take(expr);
    expr.id = inner.id;
    expr.expr =
        Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args: vec![inner] });
}

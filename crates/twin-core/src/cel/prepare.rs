//! Makes an expression ready to run: names of libraries, and what it uses that it does not bring.

use super::functions::Machine;
use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr};
use std::collections::BTreeSet;

/// Where loops gather what they give: nobody can name it in a text.
pub(super) const GATHERED: &str = "@result";

/// What an expression uses and does not bring.
#[derive(Default)]
pub(super) struct Found {
    pub(super) variables: BTreeSet<String>,
    pub(super) functions: BTreeSet<String>,
    pub(super) types: BTreeSet<String>,
    /// Fields of `variables`.
    pub(super) composed: BTreeSet<String>,
}

pub(super) fn prepare(expr: &mut IdedExpr, machine: &Machine) -> Found {
    let mut walk = Walk { machine, scope: Vec::new(), found: Found::default() };
    walk.expr(expr);
    walk.found
}

struct Walk<'a> {
    machine: &'a Machine,
    /// Variables that loops around this bind.
    scope: Vec<String>,
    found: Found,
}

impl Walk<'_> {
    fn expr(&mut self, expr: &mut IdedExpr) {
        match &mut expr.expr {
            Expr::Literal(_) | Expr::Unspecified => {}
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) => {
                if matches!(&select.operand.expr, Expr::Ident(name) if name == "variables") {
                    self.found.composed.insert(select.field.clone());
                }
                self.expr(&mut select.operand);
            }
            Expr::List(list) => list.elements.iter_mut().for_each(|it| self.expr(it)),
            Expr::Map(map) => map.entries.iter_mut().for_each(|it| self.entry(it)),
            Expr::Struct(object) => {
                self.found.types.insert(object.type_name.clone());
                object.entries.iter_mut().for_each(|it| self.entry(it));
            }
            Expr::Comprehension(looped) => self.comprehension(looped),
            Expr::Call(call) => self.call(call),
        }
    }

    fn variable(&mut self, name: &str) {
        if !self.scope.iter().any(|known| known == name) {
            self.found.variables.insert(name.to_owned());
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
        if let Some(name) = self.library(call) {
            call.func_name = name;
            call.target = None;
        }
        if is_named(&call.func_name) && !self.machine.knows(&call.func_name) {
            self.found.functions.insert(call.func_name.clone());
        }
        call.target.iter_mut().for_each(|it| self.expr(it));
        call.args.iter_mut().for_each(|it| self.expr(it));
    }

    /// A function of a library, as in `math.greatest(1, 2)`.
    fn library(&self, call: &CallExpr) -> Option<String> {
        let Expr::Ident(library) = &call.target.as_ref()?.expr else { return None };
        let name = format!("{library}.{}", call.func_name);
        let is_bound = self.scope.contains(library);
        (!is_bound && self.machine.knows(&name)).then_some(name)
    }

    fn comprehension(&mut self, looped: &mut ComprehensionExpr) {
        self.expr(&mut looped.iter_range);
        self.expr(&mut looped.accu_init);
        let known = self.scope.len();
        self.scope.extend([looped.iter_var.clone(), looped.accu_var.clone()]);
        self.scope.extend(looped.iter_var2.clone());
        self.expr(&mut looped.loop_cond);
        self.expr(&mut looped.loop_step);
        self.expr(&mut looped.result);
        self.scope.truncate(known);
    }
}

/// Signs are functions to the parser; what people name has only letters, digits and `_`.
fn is_named(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
}

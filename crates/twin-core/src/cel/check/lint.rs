//! What has a type and is wrong all the same: literals that can be none of what they are read as.

use super::types::Type;
use super::unify::is_same;
use super::{Issue, Places};
use crate::cel::literal_fits;
use crate::cel::read::parts;
use crate::schema::PatternReader;
use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{CallExpr, EntryExpr, Expr, LiteralValue};
use std::collections::BTreeMap;

struct Lint<'a> {
    types: &'a BTreeMap<u64, Type>,
    places: &'a Places,
    issues: &'a mut Vec<Issue>,
}

pub(super) fn lint(
    expr: &IdedExpr,
    types: &BTreeMap<u64, Type>,
    places: &Places,
    issues: &mut Vec<Issue>,
) {
    Lint { types, places, issues }.expr(expr, false);
}

impl Lint<'_> {
    fn say(&mut self, id: u64, message: String) {
        self.issues.push(Issue { at: self.places.of(id), message });
    }

    /// `mixes` where items of several types are wanted.
    fn expr(&mut self, expr: &IdedExpr, mixes: bool) {
        let mut below = mixes;
        match &expr.expr {
            Expr::Call(call) => {
                self.call(call);
                below |= call.func_name == "format";
            }
            Expr::List(list) if !mixes => {
                let types = list.elements.iter().enumerate().map(|(at, element)| {
                    (element.id, self.of(element, list.optional_indices.contains(&at)))
                });
                let types: Vec<_> = types.collect();
                if let Some((id, first, other)) = first_other(&types) {
                    self.mismatch(id, &first, &other);
                }
            }
            Expr::Map(map) if !mixes => self.map(&map.entries),
            _ => {}
        }
        for part in parts(expr) {
            self.expr(part, below);
        }
    }

    fn of(&self, expr: &IdedExpr, optional: bool) -> Type {
        let ty = self.types.get(&expr.id).cloned().unwrap_or(Type::Dyn);
        match ty.inner().filter(|_| optional) {
            Some(inner) => inner.clone(),
            None => ty,
        }
    }

    fn mismatch(&mut self, id: u64, wanted: &Type, found: &Type) {
        let message = format!("expected type '{}' but found '{}'", wanted.shown(), found.shown());
        self.say(id, message);
    }

    fn map(&mut self, entries: &[kube_cel::cel::common::ast::IdedEntryExpr]) {
        let mut first: Option<(Type, Type)> = None;
        for entry in entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
            let (key, value) = (self.of(&entry.key, false), self.of(&entry.value, entry.optional));
            let Some((keys, values)) = &first else {
                first = Some((key, value));
                continue;
            };
            let (keys, values) = (keys.clone(), values.clone());
            if !is_same(&keys, &key) {
                self.mismatch(entry.key.id, &keys, &key);
            }
            if !is_same(&values, &value) {
                self.mismatch(entry.value.id, &values, &value);
            }
        }
    }

    fn call(&mut self, call: &CallExpr) {
        let Some(arg) = call.args.first() else { return };
        let Expr::Literal(literal) = &arg.expr else { return };
        let name = call.func_name.as_str();
        let fits = match (name, literal) {
            ("duration" | "timestamp", literal) => literal_fits(name, literal),
            ("matches", LiteralValue::String(pattern)) => {
                PatternReader::default().fault(pattern.inner()).is_none()
            }
            _ => true,
        };
        if !fits {
            self.say(arg.id, format!("invalid {name} argument"));
        }
    }
}

/// The first item of another type than the one before all others.
fn first_other(types: &[(u64, Type)]) -> Option<(u64, Type, Type)> {
    let (_, first) = types.first()?;
    let (id, other) = types.iter().find(|(_, ty)| !is_same(first, ty))?;
    Some((*id, first.clone(), other.clone()))
}

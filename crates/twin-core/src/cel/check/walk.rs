//! Goes through an expression and finds what each of its parts is.

use super::functions::{FUNCTIONS, Overload};
use super::types::Type;
use super::unify::Mapping;
use super::{Issue, Places};
use crate::tree::Text;
use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::operators::{LOGICAL_AND, LOGICAL_OR, OPT_SELECT};
use kube_cel::cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, ListExpr, LiteralValue, MapExpr, StructExpr,
};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Walk<'a> {
    places: &'a Places,
    /// The innermost comes last.
    scope: Vec<(String, Type)>,
    /// How many of them were there before.
    given: usize,
    mapping: Mapping,
    /// What parts were found to be, by their number.
    pub(super) types: BTreeMap<u64, Type>,
    pub(super) used: BTreeSet<String>,
    pub(super) issues: Vec<Issue>,
}

/// Types by the names that expressions have for them.
fn named_type(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "bytes" => Type::Bytes,
        "double" => Type::Double,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "string" => Type::String,
        "null_type" => Type::Null,
        "list" => Type::list(Type::Dyn),
        "map" => Type::map(Type::Dyn, Type::Dyn),
        "type" => Type::Meta(Type::Dyn.into()),
        "google.protobuf.Duration" => Type::Duration,
        "google.protobuf.Timestamp" => Type::Timestamp,
        "optional_type" => Type::optional(Type::Dyn),
        "net.IP"
        | "net.CIDR"
        | "kubernetes.URL"
        | "kubernetes.Quantity"
        | "kubernetes.Semver"
        | "kubernetes.NamedFormat" => Type::Opaque(Text::new(name), [].into()),
        _ => return None,
    })
}

/// Whether a type is called so.
pub(in crate::cel) fn is_type(name: &str) -> bool {
    named_type(name).is_some()
}

impl<'a> Walk<'a> {
    pub(super) fn new(places: &'a Places, variables: &[(&str, Type)]) -> Self {
        let scope: Vec<_> =
            variables.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect();
        Self {
            places,
            given: scope.len(),
            scope,
            mapping: Mapping::default(),
            types: BTreeMap::new(),
            used: BTreeSet::new(),
            issues: Vec::new(),
        }
    }

    /// The type of the whole, where nothing is left open.
    pub(super) fn check(&mut self, expr: &IdedExpr) -> Type {
        self.expr(expr);
        for ty in self.types.values_mut() {
            *ty = self.mapping.settled(ty);
        }
        self.types.get(&expr.id).cloned().unwrap_or(Type::Error)
    }

    /// Whether types were too large to find out anything.
    pub(super) fn is_spent(&self) -> bool {
        self.mapping.is_spent()
    }

    fn say(&mut self, id: u64, message: String) {
        self.issues.push(Issue { at: self.places.of(id), message });
    }

    fn undeclared(&mut self, id: u64, name: &str) -> Type {
        self.say(id, format!("undeclared reference to '{name}' (in container '')"));
        Type::Error
    }

    fn mismatch(&mut self, id: u64, wanted: &Type, found: &Type) {
        let message = format!("expected type '{}' but found '{}'", wanted.shown(), found.shown());
        self.say(id, message);
    }

    fn expr(&mut self, expr: &IdedExpr) -> Type {
        let ty = match &expr.expr {
            Expr::Literal(literal) => of_literal(literal),
            Expr::Ident(name) => {
                let found = self.resolved(name);
                found.unwrap_or_else(|| self.undeclared(expr.id, name))
            }
            Expr::Select(select) => {
                let whole = qualified(expr).filter(|_| !select.test);
                whole.and_then(|name| self.resolved(&name)).unwrap_or_else(|| {
                    let ty = self.field(expr.id, &select.operand, &select.field, false);
                    if select.test { Type::Bool } else { self.mapping.known(&ty) }
                })
            }
            Expr::List(list) => self.list(list),
            Expr::Map(map) => self.map(map),
            Expr::Struct(made) => self.made(expr.id, made),
            Expr::Comprehension(looped) => self.looped(looped),
            Expr::Call(call) => self.call(expr.id, call),
            Expr::Unspecified => Type::Error,
        };
        self.types.insert(expr.id, ty.clone());
        ty
    }

    fn resolved(&mut self, name: &str) -> Option<Type> {
        let name = name.trim_start_matches('.');
        let at = self.scope.iter().rposition(|(known, _)| known == name);
        let Some(at) = at else {
            return named_type(name).map(|ty| Type::Meta(ty.into()));
        };
        if at < self.given {
            self.used.insert(name.to_owned());
        }
        Some(self.scope[at].1.clone())
    }

    fn field(&mut self, id: u64, operand: &IdedExpr, field: &str, optional: bool) -> Type {
        let operand = self.expr(operand);
        let operand = self.mapping.known(&operand);
        let target = operand.inner().unwrap_or(&operand);
        let found = match target {
            Type::Map(parts) => parts.1.clone(),
            Type::Object(_, fields) => fields.get(field).cloned().unwrap_or_else(|| {
                self.say(id, format!("undefined field '{field}'"));
                Type::Error
            }),
            Type::Param(_) => {
                self.mapping.fits(&Type::Dyn, target);
                Type::Dyn
            }
            Type::Dyn | Type::Error => Type::Dyn,
            Type::Opaque(name, _) => {
                let message = format!("unexpected failed resolution of '{name}'");
                self.say(id, message);
                Type::Error
            }
            other => {
                let shown = other.shown();
                self.say(id, format!("type '{shown}' does not support field selection"));
                Type::Dyn
            }
        };
        if optional || operand.inner().is_some() { Type::optional(found) } else { found }
    }

    fn call(&mut self, id: u64, call: &CallExpr) -> Type {
        let name = call.func_name.as_str();
        if name == OPT_SELECT {
            let [operand, IdedExpr { expr: Expr::Literal(LiteralValue::String(field)), .. }] =
                &call.args[..]
            else {
                return Type::Error;
            };
            let ty = self.field(id, operand, field.inner(), true);
            return self.mapping.known(&ty);
        }
        let args: Vec<_> = call.args.iter().map(|arg| self.expr(arg)).collect();
        let ids: Vec<_> = call.args.iter().map(|arg| arg.id).collect();
        let Some(target) = &call.target else {
            let plain = name.trim_start_matches('.');
            return match FUNCTIONS.get(plain) {
                Some(overloads) => self.resolve(id, plain, overloads, Style::Global, &args, &ids),
                None => self.undeclared(id, name),
            };
        };
        if let Some(prefix) = qualified(target) {
            let full = format!("{prefix}.{name}");
            if let Some(overloads) = FUNCTIONS.get(full.trim_start_matches('.')) {
                return self.resolve(id, &full, overloads, Style::Global, &args, &ids);
            }
        }
        let target = self.expr(target);
        let all: Vec<_> = std::iter::once(target).chain(args).collect();
        match FUNCTIONS.get(name) {
            Some(overloads) => self.resolve(id, name, overloads, Style::Member, &all, &ids),
            None => self.undeclared(id, name),
        }
    }

    fn resolve(
        &mut self,
        id: u64,
        name: &str,
        overloads: &[Overload],
        style: Style,
        args: &[Type],
        ids: &[u64],
    ) -> Type {
        if matches!(name, LOGICAL_AND | LOGICAL_OR) {
            return self.logical(args, ids);
        }
        let mut result: Option<Type> = None;
        for overload in overloads {
            if overload.is_member != (style == Style::Member) || !overload.takes(args.len()) {
                continue;
            }
            let (wanted, gives) = overload.instance(&mut self.mapping);
            if self.mapping.all_fit(args, &wanted) {
                let gives = self.mapping.known(&gives);
                result = Some(match result {
                    None => gives,
                    Some(known) if known == Type::Dyn || self.mapping.is_same(&known, &gives) => {
                        known
                    }
                    Some(_) => Type::Dyn,
                });
            }
        }
        result.unwrap_or_else(|| {
            let shown: Vec<_> = args.iter().map(|arg| self.mapping.settled(arg).shown()).collect();
            let signature = match (style, shown.split_first()) {
                (Style::Member, Some((target, rest))) => format!("{target}.({})", rest.join(", ")),
                _ => format!("({})", shown.join(", ")),
            };
            let message =
                format!("found no matching overload for '{name}' applied to '{signature}'");
            self.say(id, message);
            Type::Error
        })
    }

    fn logical(&mut self, args: &[Type], ids: &[u64]) -> Type {
        let mut result = Type::Bool;
        for (arg, id) in args.iter().zip(ids) {
            if !self.mapping.fits(arg, &Type::Bool) {
                self.mismatch(*id, &Type::Bool, arg);
                result = Type::Error;
            }
        }
        result
    }

    /// The type of a part that may be missing, without that.
    fn present(&mut self, id: u64, ty: Type, optional: bool) -> Type {
        if !optional {
            return ty;
        }
        if let Some(inner) = ty.inner() {
            return inner.clone();
        }
        if ty != Type::Dyn {
            self.mismatch(id, &Type::optional(ty.clone()), &ty);
        }
        ty
    }

    /// What two parts of a list or a map have in common; that they differ is said of literals only.
    fn joined(&mut self, previous: Option<Type>, current: Type) -> Type {
        match previous {
            None => current,
            Some(previous) if self.mapping.fits(&previous, &current) => {
                self.mapping.most_general(&previous, &current)
            }
            Some(_) => Type::Dyn,
        }
    }

    fn list(&mut self, list: &ListExpr) -> Type {
        let mut items = None;
        for (at, element) in list.elements.iter().enumerate() {
            let ty = self.expr(element);
            let ty = self.present(element.id, ty, list.optional_indices.contains(&at));
            items = Some(self.joined(items, ty));
        }
        Type::list(items.unwrap_or_else(|| self.mapping.fresh()))
    }

    fn map(&mut self, map: &MapExpr) -> Type {
        let (mut keys, mut values) = (None, None);
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
            let ty = self.expr(&entry.key);
            keys = Some(self.joined(keys, ty));
            let ty = self.expr(&entry.value);
            let ty = self.present(entry.value.id, ty, entry.optional);
            values = Some(self.joined(values, ty));
        }
        let key = keys.unwrap_or_else(|| self.mapping.fresh());
        Type::map(key, values.unwrap_or_else(|| self.mapping.fresh()))
    }

    /// Rules know no types whose objects they could make.
    fn made(&mut self, id: u64, made: &StructExpr) -> Type {
        match named_type(made.type_name.trim_start_matches('.')) {
            None => self.undeclared(id, &made.type_name),
            Some(ty) => {
                self.say(id, format!("'{}' is not a message type", ty.shown()));
                Type::Error
            }
        }
    }

    fn looped(&mut self, looped: &ComprehensionExpr) -> Type {
        let range = self.expr(&looped.iter_range);
        let start = self.expr(&looped.accu_init);
        let range = self.mapping.known(&range);
        let has_two = looped.iter_var2.is_some();
        let (first, second) = match &range {
            Type::List(item) if has_two => (Type::Int, (**item).clone()),
            Type::List(item) => ((**item).clone(), Type::Dyn),
            Type::Map(parts) => (parts.0.clone(), parts.1.clone()),
            Type::Dyn | Type::Error | Type::Param(_) => {
                self.mapping.fits(&Type::Dyn, &range);
                (Type::Dyn, Type::Dyn)
            }
            other => {
                let shown = other.shown();
                self.say(looped.iter_range.id, format!("expression of type '{shown}' cannot be range of a comprehension (must be list, map, or dynamic)"));
                (Type::Error, Type::Error)
            }
        };
        let known = self.scope.len();
        self.scope.push((looped.accu_var.clone(), start.clone()));
        self.scope.push((looped.iter_var.clone(), first));
        self.scope.extend(looped.iter_var2.clone().map(|name| (name, second)));
        self.asserted(&looped.loop_cond, &Type::Bool);
        self.asserted(&looped.loop_step, &start);
        self.scope.truncate(known + 1);
        let result = self.expr(&looped.result);
        self.scope.truncate(known);
        self.mapping.known(&result)
    }

    fn asserted(&mut self, expr: &IdedExpr, wanted: &Type) {
        let found = self.expr(expr);
        if !self.mapping.fits(wanted, &found) {
            self.mismatch(expr.id, wanted, &found);
        }
    }
}

/// How a function is called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Global,
    Member,
}

fn of_literal(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Bytes(_) => Type::Bytes,
        LiteralValue::Double(_) => Type::Double,
        LiteralValue::Int(_) => Type::Int,
        LiteralValue::Null => Type::Null,
        LiteralValue::String(_) => Type::String,
        LiteralValue::UInt(_) => Type::Uint,
    }
}

/// A name with dots: `a.b.c`.
fn qualified(expr: &IdedExpr) -> Option<String> {
    match &expr.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            Some(format!("{}.{}", qualified(&select.operand)?, select.field))
        }
        _ => None,
    }
}

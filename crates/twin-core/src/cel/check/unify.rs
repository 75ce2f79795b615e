//! Which types fit which, and what that says of those that are not known yet.

use super::types::Type;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many parts of types one check looks at: types can double with each part of an expression.
const FUEL: u32 = 1 << 20;

/// What is known of types that were not known.
#[derive(Debug)]
pub(super) struct Mapping {
    found: BTreeMap<u32, Type>,
    next: u32,
    /// What was known before of those that were learned since the last try began.
    learned: Vec<(u32, Option<Type>)>,
    fuel: Cell<u32>,
}

impl Default for Mapping {
    fn default() -> Self {
        let (found, learned) = (BTreeMap::new(), Vec::new());
        Self { found, next: 0, learned, fuel: Cell::new(FUEL) }
    }
}

impl Mapping {
    /// Takes the fuel for a look at one part of a type, if there is any left.
    fn spends(&self) -> bool {
        let left = self.fuel.get();
        self.fuel.set(left.saturating_sub(1));
        left > 0
    }

    /// Whether types were too large: then nothing that was found out counts.
    pub(super) fn is_spent(&self) -> bool {
        self.fuel.get() == 0
    }

    fn learn(&mut self, number: u32, ty: Type) {
        let before = self.found.insert(number, ty);
        self.learned.push((number, before));
    }

    fn forget(&mut self) {
        while let Some((number, before)) = self.learned.pop() {
            match before {
                Some(before) => self.found.insert(number, before),
                None => self.found.remove(&number),
            };
        }
    }

    /// A type of which nothing is known.
    pub(super) fn fresh(&mut self) -> Type {
        self.next += 1;
        Type::Param(self.next - 1)
    }

    fn find(&self, ty: &Type) -> Option<&Type> {
        match ty {
            Type::Param(number) => self.found.get(number),
            _ => None,
        }
    }

    /// Whether a type fits another one; then what follows from it is kept.
    pub(super) fn fits(&mut self, one: &Type, other: &Type) -> bool {
        self.all_fit(std::slice::from_ref(one), std::slice::from_ref(other))
    }

    pub(super) fn all_fit(&mut self, ones: &[Type], others: &[Type]) -> bool {
        self.learned.clear();
        let fit = self.list_fits(ones, others);
        if !fit {
            self.forget();
        }
        fit
    }

    fn list_fits(&mut self, ones: &[Type], others: &[Type]) -> bool {
        ones.len() == others.len()
            && ones.iter().zip(others).all(|(one, other)| self.assigns(one, other))
    }

    fn assigns(&mut self, one: &Type, other: &Type) -> bool {
        if !self.spends() {
            return false;
        }
        if let Type::Param(_) = other {
            match self.substitutes(one, other) {
                Substitutes::Yes => return true,
                Substitutes::NoKnown => return false,
                Substitutes::No => {}
            }
        }
        if let Type::Param(_) = one {
            return matches!(self.substitutes(other, one), Substitutes::Yes);
        }
        if is_open(one) || is_open(other) {
            return true;
        }
        match (one, other) {
            (Type::Null, ty) | (ty, Type::Null) => is_nullable(ty),
            (Type::Meta(_), Type::Meta(_)) => true,
            (Type::List(one), Type::List(other)) => self.assigns(one, other),
            (Type::Map(one), Type::Map(other)) => {
                self.assigns(&one.0, &other.0) && self.assigns(&one.1, &other.1)
            }
            (Type::Opaque(name, ones), Type::Opaque(other, others)) => {
                name == other && self.list_fits(ones, others)
            }
            (Type::Object(..), Type::Object(..)) => self.is_same(one, other),
            (one, other) => one == other,
        }
    }

    /// Whether `ty` can stand for `param`.
    fn substitutes(&mut self, ty: &Type, param: &Type) -> Substitutes {
        if self.is_same(ty, param) {
            return Substitutes::Yes;
        }
        let Type::Param(number) = param else { return Substitutes::No };
        if let Some(known) = self.found.get(number).cloned() {
            if self.is_same(ty, &known) {
                return Substitutes::Yes;
            }
            if !self.assigns(ty, &known) {
                return Substitutes::NoKnown;
            }
            let general = self.most_general(ty, &known);
            if self.is_absent(param, &general) {
                self.learn(*number, general);
            }
            return Substitutes::Yes;
        }
        if self.is_absent(param, ty) {
            self.learn(*number, ty.clone());
            return Substitutes::Yes;
        }
        Substitutes::No
    }

    /// Whether a type is no part of another one.
    fn is_absent(&self, ty: &Type, within: &Type) -> bool {
        if !self.spends() || self.is_same(ty, within) {
            return false;
        }
        match within {
            Type::Param(_) => self.find(within).is_none_or(|known| self.is_absent(ty, known)),
            Type::List(item) => self.is_absent(ty, item),
            Type::Meta(of) => self.is_absent(ty, of),
            Type::Map(parts) => self.is_absent(ty, &parts.0) && self.is_absent(ty, &parts.1),
            Type::Opaque(_, params) => params.iter().all(|param| self.is_absent(ty, param)),
            _ => true,
        }
    }

    /// The type with all that is known of its parts.
    pub(super) fn known(&self, ty: &Type) -> Type {
        self.replaced(ty, &|param| param)
    }

    /// The same, where nothing is left open.
    pub(super) fn settled(&self, ty: &Type) -> Type {
        self.replaced(ty, &|_| Type::Dyn)
    }

    fn replaced(&self, ty: &Type, open: &dyn Fn(Type) -> Type) -> Type {
        if !self.spends() {
            return Type::Error;
        }
        match ty {
            Type::Param(_) => match self.find(ty) {
                Some(known) => self.replaced(known, open),
                None => open(ty.clone()),
            },
            Type::List(item) => Type::list(self.replaced(item, open)),
            Type::Map(parts) => {
                Type::map(self.replaced(&parts.0, open), self.replaced(&parts.1, open))
            }
            Type::Meta(of) => Type::Meta(self.replaced(of, open).into()),
            Type::Opaque(name, params) => Type::Opaque(
                name.clone(),
                params.iter().map(|param| self.replaced(param, open)).collect(),
            ),
            other => other.clone(),
        }
    }

    /// Whether two types are one.
    pub(super) fn is_same(&self, one: &Type, other: &Type) -> bool {
        alike(one, other, &|| self.spends())
    }

    /// The type that says less.
    pub(super) fn most_general(&self, one: &Type, other: &Type) -> Type {
        if self.says_less(one, other) { one.clone() } else { other.clone() }
    }

    fn says_less(&self, one: &Type, other: &Type) -> bool {
        if !self.spends() {
            return false;
        }
        match (one, other) {
            (Type::Dyn | Type::Param(_), _) | (Type::Meta(_), Type::Meta(_)) => true,
            (_, Type::Dyn | Type::Param(_)) => false,
            (Type::List(one), Type::List(other)) => self.says_less(one, other),
            (Type::Map(one), Type::Map(other)) => {
                self.says_less(&one.0, &other.0) && self.says_less(&one.1, &other.1)
            }
            (Type::Opaque(name, ones), Type::Opaque(other, others)) => {
                let mut pairs = ones.iter().zip(others.iter());
                name == other
                    && ones.len() == others.len()
                    && pairs.all(|(one, other)| self.says_less(one, other))
            }
            (one, other) => self.is_same(one, other),
        }
    }
}

enum Substitutes {
    Yes,
    No,
    /// What is known says no.
    NoKnown,
}

/// Whether two settled types are one: those of a check are no larger together than its fuel.
pub(super) fn is_same(one: &Type, other: &Type) -> bool {
    alike(one, other, &|| true)
}

/// Of objects, which may be large, each is declared once.
fn alike(one: &Type, other: &Type, goes_on: &dyn Fn() -> bool) -> bool {
    if !goes_on() {
        return false;
    }
    match (one, other) {
        (Type::Object(_, one), Type::Object(_, other)) => Arc::ptr_eq(one, other),
        (Type::List(one), Type::List(other)) | (Type::Meta(one), Type::Meta(other)) => {
            alike(one, other, goes_on)
        }
        (Type::Map(one), Type::Map(other)) => {
            alike(&one.0, &other.0, goes_on) && alike(&one.1, &other.1, goes_on)
        }
        (Type::Opaque(name, ones), Type::Opaque(other, others)) => {
            let mut pairs = ones.iter().zip(others.iter());
            name == other
                && ones.len() == others.len()
                && pairs.all(|(one, other)| alike(one, other, goes_on))
        }
        (one, other) => one == other,
    }
}

fn is_open(ty: &Type) -> bool {
    matches!(ty, Type::Dyn | Type::Error)
}

fn is_nullable(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Null | Type::Opaque(..) | Type::Object(..) | Type::Duration | Type::Timestamp
    )
}

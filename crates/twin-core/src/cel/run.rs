//! Runs an expression, and counts what that costs.

use super::cost::{LIST, MAP, STRUCT, of_call, weight};
use super::functions::{Machine, named_type, undeclared};
use super::operators::{as_optional, binary, has, select, turns, unary, unwrapped};
use super::prepare::GATHERED;
use super::values::object;
use super::{Failure, PER_CALL};
use kube_cel::cel::common::ast::operators::{
    ADD, CONDITIONAL, LOGICAL_AND, LOGICAL_OR, NOT_STRICTLY_FALSE, OPT_INDEX, OPT_SELECT,
};
use kube_cel::cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, ListExpr, LiteralValue, MapExpr,
    StructExpr,
};
use kube_cel::cel::objects::{Key, Map};
use kube_cel::cel::{IdedExpr, Value};
use std::sync::Arc;

/// So much more work than it costs may be done: Kubernetes does not count all that values consist of.
const WORK: u64 = 4;
/// What `sortBy` becomes.
const SORT: &str = "@sortByAssociatedKeys";
/// What it takes to read a pattern.
const PATTERN: u64 = 50_000;

/// One run.
pub(super) struct Run<'a> {
    machine: &'a Machine,
    /// The innermost comes last.
    scope: Vec<(&'a str, Value)>,
    cost: u64,
    work: u64,
}

impl<'a> Run<'a> {
    pub(super) fn new(machine: &'a Machine, variables: &[(&'a str, Value)]) -> Self {
        Self { machine, scope: variables.to_vec(), cost: 0, work: 0 }
    }

    /// What it has cost until now.
    pub(super) fn cost(&self) -> u64 {
        self.cost.max(self.work / WORK)
    }

    fn spend(&mut self, cost: u64) -> Result<(), Failure> {
        self.cost = self.cost.saturating_add(cost);
        if self.cost > PER_CALL { Err(Failure::Limit) } else { Ok(()) }
    }

    fn toil(&mut self, work: u64) -> Result<(), Failure> {
        self.work = self.work.saturating_add(work);
        if self.cost() > PER_CALL { Err(Failure::Limit) } else { Ok(()) }
    }

    /// Counts a look at all that a value consists of.
    fn weigh(&mut self, value: &Value) -> Result<(), Failure> {
        self.toil(weight(value, PER_CALL.saturating_mul(WORK)))
    }

    pub(super) fn eval(&mut self, expr: &'a IdedExpr) -> Result<Value, Failure> {
        match &expr.expr {
            Expr::Literal(literal) => Ok(value(literal)),
            Expr::Ident(name) => self.variable(name),
            Expr::Select(it) => {
                let operand = self.eval(&it.operand)?;
                if it.test {
                    return has(&operand, &it.field);
                }
                self.spend(1)?;
                select(&operand, &it.field)
            }
            Expr::List(list) => self.list(list),
            Expr::Map(map) => self.map(map),
            Expr::Struct(made) => self.made(made),
            Expr::Comprehension(looped) => self.looped(looped),
            Expr::Call(call) => self.call(call),
            Expr::Unspecified => Err(Failure::NoOverload),
        }
    }

    fn variable(&mut self, name: &str) -> Result<Value, Failure> {
        self.spend(1)?;
        let known = self.scope.iter().rev().find(|(known, _)| *known == name);
        let known = known.map(|(_, value)| value.clone()).or_else(|| named_type(name));
        known.ok_or_else(|| Failure::Fault(undeclared(name)))
    }

    fn list(&mut self, list: &'a ListExpr) -> Result<Value, Failure> {
        let mut items = Vec::with_capacity(list.elements.len());
        for (at, element) in list.elements.iter().enumerate() {
            let item = self.eval(element)?;
            self.toil(1)?;
            if list.optional_indices.contains(&at) {
                items.extend(unwrapped(item));
            } else {
                items.push(item);
            }
        }
        self.spend(LIST)?;
        Ok(Value::List(Arc::new(items)))
    }

    fn map(&mut self, map: &'a MapExpr) -> Result<Value, Failure> {
        let mut entries: Vec<(Key, Value)> = Vec::new();
        for IdedEntryExpr { expr, .. } in &map.entries {
            let EntryExpr::MapEntry(entry) = expr else { return Err(Failure::NoOverload) };
            let key: Key = self.eval(&entry.key)?.try_into().map_err(|_| Failure::NoOverload)?;
            let value = self.eval(&entry.value)?;
            self.toil(1)?;
            let value = if entry.optional { unwrapped(value) } else { Some(value) };
            entries.extend(value.map(|value| (key, value)));
        }
        self.spend(MAP)?;
        Ok(Value::Map(Map { map: Arc::new(entries.into_iter().collect()) }))
    }

    /// An object of a type: what it is made of.
    fn made(&mut self, made: &'a StructExpr) -> Result<Value, Failure> {
        let mut fields = Vec::new();
        for IdedEntryExpr { expr, .. } in &made.entries {
            let EntryExpr::StructField(field) = expr else { return Err(Failure::NoOverload) };
            let value = self.eval(&field.value)?;
            self.toil(1)?;
            let value = if field.optional { unwrapped(value) } else { Some(value) };
            fields.extend(value.map(|value| (field.field.clone(), value)));
        }
        self.spend(STRUCT)?;
        Ok(object(fields.into_iter()))
    }

    fn looped(&mut self, looped: &'a ComprehensionExpr) -> Result<Value, Failure> {
        let range = self.eval(&looped.iter_range)?;
        let turns = turns(&range)?;
        self.toil(u64::try_from(turns.len()).unwrap_or(u64::MAX))?;
        let start = self.eval(&looped.accu_init)?;
        let base = self.scope.len();
        self.scope.push((&looped.accu_var, start));
        self.scope.push((&looped.iter_var, Value::Null));
        self.scope.extend(looped.iter_var2.as_deref().map(|name| (name, Value::Null)));
        let result = self.turned(looped, turns, matches!(range, Value::Map(_)), base);
        self.scope.truncate(base);
        result
    }

    fn turned(
        &mut self,
        looped: &'a ComprehensionExpr,
        turns: Vec<(Value, Value)>,
        by_key: bool,
        base: usize,
    ) -> Result<Value, Failure> {
        let start = self.scope[base].1.clone();
        let mut fault = None;
        for (place, item) in turns {
            if looped.iter_var2.is_some() {
                self.scope[base + 1].1 = place;
                self.scope[base + 2].1 = item;
            } else {
                self.scope[base + 1].1 = if by_key { place } else { item };
            }
            if self.eval(&looped.loop_cond)? != Value::Bool(true) {
                break;
            }
            match self.eval(&looped.loop_step) {
                Ok(value) => self.scope[base].1 = value,
                // A later turn may still decide, whatever happened in this one.
                Err(why) if why != Failure::Limit && is_logical(&looped.loop_step) => {
                    fault.get_or_insert(why);
                }
                Err(why) => return Err(why),
            }
        }
        let result = self.eval(&looped.result)?;
        match fault {
            Some(why) if result == start => Err(why),
            _ => Ok(result),
        }
    }

    fn call(&mut self, call: &'a CallExpr) -> Result<Value, Failure> {
        match (call.func_name.as_str(), &call.args[..]) {
            (CONDITIONAL, [condition, yes, no]) => match self.eval(condition)? {
                Value::Bool(true) => self.eval(yes),
                Value::Bool(false) => self.eval(no),
                _ => Err(Failure::NoOverload),
            },
            (LOGICAL_AND, [left, right]) => self.logical(left, right, false),
            (LOGICAL_OR, [left, right]) => self.logical(left, right, true),
            (NOT_STRICTLY_FALSE, [arg]) => {
                self.spend(1)?;
                match self.eval(arg) {
                    Err(Failure::Limit) => Err(Failure::Limit),
                    Ok(Value::Bool(bool)) => Ok(Value::Bool(bool)),
                    _ => Ok(Value::Bool(true)),
                }
            }
            (ADD, [left, right]) if is_gathered(left) => self.gather(right),
            ("or" | "orValue", [other]) if call.target.is_some() => self.otherwise(call, other),
            _ => self.computed(call),
        }
    }

    /// `&&` and `||`: one side decides if it is `decisive`, whatever happens on the other.
    fn logical(
        &mut self,
        left: &'a IdedExpr,
        right: &'a IdedExpr,
        decisive: bool,
    ) -> Result<Value, Failure> {
        let left = self.side(left)?;
        if left == Ok(decisive) {
            return Ok(Value::Bool(decisive));
        }
        let right = self.side(right)?;
        if right == Ok(decisive) {
            return Ok(Value::Bool(decisive));
        }
        left.and(right).map(Value::Bool)
    }

    /// What may be missing, or what stands for it: that is not asked if nothing is missing.
    fn otherwise(&mut self, call: &'a CallExpr, other: &'a IdedExpr) -> Result<Value, Failure> {
        let target = call.target.as_deref().ok_or(Failure::NoOverload)?;
        let target = self.eval(target)?;
        self.weigh(&target)?;
        self.spend(1)?;
        match as_optional(&target).map(|optional| optional.value().cloned()) {
            None => Err(Failure::NoOverload),
            Some(None) => self.eval(other),
            Some(Some(_)) if call.func_name == "or" => Ok(target),
            Some(Some(value)) => Ok(value),
        }
    }

    /// What one side says, or why it says nothing; the error is that there is nothing more to spend.
    fn side(&mut self, expr: &'a IdedExpr) -> Result<Result<bool, Failure>, Failure> {
        match self.eval(expr) {
            Ok(Value::Bool(bool)) => Ok(Ok(bool)),
            Ok(_) => Ok(Err(Failure::NoOverload)),
            Err(Failure::Limit) => Err(Failure::Limit),
            Err(other) => Ok(Err(other)),
        }
    }

    /// Adds to what the innermost loop gathers, without a copy of it.
    fn gather(&mut self, right: &'a IdedExpr) -> Result<Value, Failure> {
        self.spend(2)?;
        let own = self.scope.iter_mut().rev().find(|(name, _)| *name == GATHERED);
        let Some((_, own)) = own else { return Err(Failure::NoOverload) };
        let own = std::mem::replace(own, Value::Null);
        let right = self.eval(right)?;
        self.toil(1)?;
        binary(ADD, own, right).unwrap_or(Err(Failure::NoOverload))
    }

    fn computed(&mut self, call: &'a CallExpr) -> Result<Value, Failure> {
        let target = call.target.as_deref().map(|it| self.eval(it)).transpose()?;
        let mut values: Vec<_> = target.into_iter().collect();
        for arg in &call.args {
            values.push(self.eval(arg)?);
        }
        let name = call.func_name.as_str();
        for value in values.iter().filter(|_| !matches!(name, OPT_SELECT | OPT_INDEX)) {
            self.weigh(value)?;
        }
        if let ("matches" | "find" | "findAll", Some(Value::String(pattern))) =
            (name, values.last())
            && self.machine.is_new(pattern)
        {
            self.toil(PATTERN)?;
        }
        // What is known beforehand is paid beforehand.
        self.spend(of_call(name, &values, &Value::Null))?;
        let result = self.outcome(call, values)?;
        if !is_operator(name) {
            self.weigh(&result)?;
        }
        Ok(result)
    }

    fn outcome(&self, call: &CallExpr, mut values: Vec<Value>) -> Result<Value, Failure> {
        let name = call.func_name.as_str();
        if is_operator(name) && values.len() == 2 {
            let (Some(right), Some(left)) = (values.pop(), values.pop()) else {
                return Err(Failure::NoOverload);
            };
            return binary(name, left, right).unwrap_or(Err(Failure::NoOverload));
        }
        if let [value] = &values[..]
            && let Some(result) = unary(name, value)
        {
            return result;
        }
        let target = call.target.as_ref().map(|_| values.remove(0));
        self.machine.call(name, target, values)
    }
}

fn is_operator(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name != SORT
}

fn is_logical(expr: &IdedExpr) -> bool {
    matches!(&expr.expr, Expr::Call(call) if matches!(call.func_name.as_str(), LOGICAL_AND | LOGICAL_OR))
}

fn is_gathered(expr: &IdedExpr) -> bool {
    matches!(&expr.expr, Expr::Ident(name) if name == GATHERED)
}

/// The value of a literal.
pub(super) fn value(literal: &LiteralValue) -> Value {
    match literal {
        LiteralValue::Boolean(bool) => Value::Bool(*bool.inner()),
        LiteralValue::Bytes(bytes) => Value::Bytes(Arc::new(bytes.inner().to_vec())),
        LiteralValue::Double(double) => Value::Float(*double.inner()),
        LiteralValue::Int(int) => Value::Int(*int.inner()),
        LiteralValue::Null => Value::Null,
        LiteralValue::String(text) => Value::String(Arc::new(text.inner().to_owned())),
        LiteralValue::UInt(uint) => Value::UInt(*uint.inner()),
    }
}

//! Goes through an object and asks its rules.

use super::{Rule, Rules};
use crate::causes::Causes;
use crate::cel::{CelValue, Expression, Failure, PER_OBJECT, escaped, maybe};
use crate::tree::{List, Map, Text, Value};
use kube_cel::cel::objects::{self, KeyRef};
use std::collections::BTreeMap;

/// A part of an object, as it is and as rules know it.
pub(super) struct Side<'a> {
    pub(super) tree: &'a Value,
    pub(super) cel: CelValue,
}

/// Nothing more is judged.
pub(super) struct Stop;

pub(super) struct Walk<'a> {
    /// What rules may still cost.
    left: u64,
    path: String,
    found: &'a mut Causes,
}

impl<'a> Walk<'a> {
    pub(super) fn new(found: &'a mut Causes) -> Self {
        Self { left: PER_OBJECT, path: String::new(), found }
    }
}

impl Walk<'_> {
    pub(super) fn part(
        &mut self,
        rules: &Rules,
        now: &Side<'_>,
        old: Option<&Side<'_>>,
    ) -> Result<(), Stop> {
        if now.tree.is_null() {
            return Ok(());
        }
        if self.left == 0 && !rules.own.is_empty() {
            return self.spent(rules);
        }
        for rule in &rules.own {
            self.rule(rules, rule, now, old)?;
        }
        for also in &rules.also {
            self.part(also, now, old)?;
        }
        match (now.tree, &now.cel) {
            (Value::Map(map), CelValue::Map(cel)) => self.map(rules, map, cel, old),
            (Value::List(list), CelValue::List(cel)) => self.list(rules, list, cel, old),
            _ => Ok(()),
        }
    }

    fn map(
        &mut self,
        rules: &Rules,
        map: &Map,
        cel: &objects::Map,
        old: Option<&Side<'_>>,
    ) -> Result<(), Stop> {
        for (key, tree) in map {
            let (below, name, step) = match (rules.properties.get(key), &rules.values) {
                (Some(below), _) => (below, escaped(key), format!(".{key}")),
                (None, Some(below)) => (&**below, key.to_string(), format!("[{key}]")),
                (None, None) => continue,
            };
            let Some(cel) = cel.get(&KeyRef::String(&name)) else { continue };
            let old = old.and_then(|old| {
                let CelValue::Map(cel) = &old.cel else { return None };
                let cel = cel.get(&KeyRef::String(&name))?.clone();
                Some(Side { tree: old.tree.at(&[key])?, cel })
            });
            self.below(&step, |walk| {
                walk.part(below, &Side { tree, cel: cel.clone() }, old.as_ref())
            })?;
        }
        Ok(())
    }

    fn list(
        &mut self,
        rules: &Rules,
        list: &List,
        cel: &[CelValue],
        old: Option<&Side<'_>>,
    ) -> Result<(), Stop> {
        let Some(below) = &rules.items else { return Ok(()) };
        let old = Earlier::of(rules, old);
        for (at, (tree, cel)) in list.iter().zip(cel).enumerate() {
            let old = old.find(tree);
            self.below(&format!("[{at}]"), |walk| {
                walk.part(below, &Side { tree, cel: cel.clone() }, old.as_ref())
            })?;
        }
        Ok(())
    }

    fn below<T>(&mut self, step: &str, judge: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        self.path.push_str(if length == 0 { step.trim_start_matches('.') } else { step });
        let result = judge(self);
        self.path.truncate(length);
        result
    }

    fn say(&mut self, reason: &'static str, path: &str, message: String) -> Result<(), Stop> {
        let field = format!("{}{path}", self.path);
        let field = field.trim_start_matches('.');
        self.found.say(reason, if field.is_empty() { "<nil>" } else { field }, message);
        if self.found.is_full() { Err(Stop) } else { Ok(()) }
    }

    /// Says what a rule could not find out.
    fn failed(&mut self, rules: &Rules, why: &str) -> Result<(), Stop> {
        self.say("FieldValueInvalid", "", format!("Invalid value: {:?}: {why}", rules.ty.as_str()))
    }

    fn spent(&mut self, rules: &Rules) -> Result<(), Stop> {
        let _ = self.failed(rules, "validation failed due to running out of cost budget, no further validation rules will be run");
        Err(Stop)
    }

    /// Takes from what rules may cost.
    fn pay(&mut self, rules: &Rules, cost: u64) -> Result<(), Stop> {
        match self.left.checked_sub(cost) {
            Some(left) => self.left = left,
            None => return self.spent(rules),
        }
        Ok(())
    }

    fn rule(
        &mut self,
        rules: &Rules,
        rule: &Rule,
        now: &Side<'_>,
        old: Option<&Side<'_>>,
    ) -> Result<(), Stop> {
        let expression = match &rule.expression {
            Ok(expression) => expression,
            Err(why) => return self.failed(rules, &format!("rule compile error: {why}")),
        };
        let about_change = rule.speaks_of_old();
        if about_change && old.is_none() && !rule.optional {
            return Ok(());
        }
        // Who did not change what was wrong before is not asked to mend it.
        if !about_change && old.is_some_and(|old| old.tree == now.tree) {
            return Ok(());
        }
        let variables = variables(rule, now, old);
        let ran = expression.run(&variables);
        self.pay(rules, ran.cost)?;
        match ran.result {
            Ok(CelValue::Bool(true)) => Ok(()),
            Ok(_) => self.broken(rules, rule, now, &variables),
            Err(why) => self.faulty(rules, rule, &why),
        }
    }

    fn faulty(&mut self, rules: &Rules, rule: &Rule, why: &Failure) -> Result<(), Stop> {
        let name = rule.name();
        match why {
            Failure::Limit => {
                let _ = self.failed(rules, &format!("'{why}': no further validation rules will be run due to call cost exceeds limit for rule: {name}"));
                Err(Stop)
            }
            Failure::NoOverload => self.failed(rules, &format!("'{why}': call arguments did not match a supported operator, function or macro signature for rule: {name}")),
            Failure::Fault(_) => self.failed(rules, &format!("{why} evaluating rule: {name}")),
        }
    }

    fn broken(
        &mut self,
        rules: &Rules,
        rule: &Rule,
        now: &Side<'_>,
        variables: &[(&str, CelValue)],
    ) -> Result<(), Stop> {
        let said = match &rule.message_expression {
            Some(expression) => self.said(rules, rule, expression, variables)?,
            None => None,
        };
        let message = said.unwrap_or_else(|| match rule.message.as_str() {
            "" => format!("failed rule: {}", rule.text),
            message => message.to_owned(),
        });
        let shown = match now.tree {
            // Objects and lists are not shown.
            Value::Map(_) | Value::List(_) => String::new(),
            value => format!("{value}: "),
        };
        let message = match rule.reason {
            "FieldValueForbidden" => format!("Forbidden: {message}"),
            "FieldValueRequired" => format!("Required value: {message}"),
            "FieldValueDuplicate" if shown.is_empty() => "Duplicate value".to_owned(),
            "FieldValueDuplicate" => format!("Duplicate value: {}", now.tree),
            _ => format!("Invalid value: {shown}{message}"),
        };
        self.say(rule.reason, &rule.path, message)
    }

    /// What the expression for a message gives, if it is fit for one.
    fn said(
        &mut self,
        rules: &Rules,
        rule: &Rule,
        expression: &Expression,
        variables: &[(&str, CelValue)],
    ) -> Result<Option<String>, Stop> {
        let ran = expression.run(variables);
        if ran.cost > self.left {
            let _ = self.failed(rules, "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run");
            return Err(Stop);
        }
        self.left -= ran.cost;
        match ran.result {
            Ok(text) => Ok(message(&text)),
            Err(Failure::Limit) => {
                let _ = self.failed(rules, &format!("no further validation rules will be run due to call cost exceeds limit for messageExpression: {:?}", rule.text));
                Err(Stop)
            }
            Err(_) => Ok(None),
        }
    }
}

/// A longer message is not shown.
const LONGEST: usize = 5 * 1024;

/// A text that is fit for a message.
pub(crate) fn message(text: &CelValue) -> Option<String> {
    let CelValue::String(text) = text else { return None };
    let text = text.trim();
    let is_fit = !text.is_empty() && text.len() <= LONGEST && !text.contains('\n');
    is_fit.then(|| text.to_owned())
}

fn variables(rule: &Rule, now: &Side<'_>, old: Option<&Side<'_>>) -> Vec<(&'static str, CelValue)> {
    let mut variables = vec![("self", now.cel.clone())];
    let old = old.map(|old| old.cel.clone());
    if rule.optional {
        variables.push(("oldSelf", maybe(old)));
    } else if let Some(old) = old {
        variables.push(("oldSelf", old));
    }
    variables
}

/// What the items of a list were before, by what tells them apart.
struct Earlier<'a> {
    keys: &'a [Text],
    items: BTreeMap<String, (&'a Value, CelValue)>,
}

impl<'a> Earlier<'a> {
    fn of(rules: &'a Rules, old: Option<&Side<'a>>) -> Self {
        let mut items = BTreeMap::new();
        if let Some(Side { tree: Value::List(trees), cel: CelValue::List(cels) }) = old
            && !rules.keys.is_empty()
        {
            for (tree, cel) in trees.iter().zip(cels.iter()) {
                items.insert(identity(&rules.keys, tree), (tree, cel.clone()));
            }
        }
        Self { keys: &rules.keys, items }
    }

    fn find(&self, item: &Value) -> Option<Side<'a>> {
        if self.items.is_empty() {
            return None;
        }
        let (tree, cel) = self.items.get(&identity(self.keys, item))?;
        Some(Side { tree, cel: cel.clone() })
    }
}

fn identity(keys: &[Text], item: &Value) -> String {
    let parts = keys.iter().map(|key| item.at(&[key]).map(ToString::to_string).unwrap_or_default());
    parts.collect::<Vec<_>>().join("\0")
}

//! Sets of fields, as `managedFields` keeps them.
//!
//! A step of a path is kept in the form in which `fieldsV1` writes it: `f:spec`, `k:{"name":"a"}`,
//! `v:"x"`. So equal steps are equal texts, and a set is written as it stands.

use crate::tree::{Text, Value, decode};
use std::collections::{BTreeMap, BTreeSet};

/// One step of a path.
pub(super) type Step = Text;

/// Fields that belong to somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    members: BTreeSet<Step>,
    children: BTreeMap<Step, FieldSet>,
}

/// A step into a field of a struct or an entry of a map.
pub fn field_step(name: &str) -> Step {
    Text::from(format!("f:{name}"))
}

/// A step to the item of a list with these key fields.
pub(super) fn key_step(keys: &Value) -> Step {
    Text::from(format!("k:{}", json(keys)))
}

/// A step to an item that is its own key.
pub(super) fn item_step(item: &Value) -> Step {
    Text::from(format!("v:{}", json(item)))
}

fn json(value: &Value) -> String {
    serde_json::to_string(value).expect("keys are strings")
}

impl FieldSet {
    /// Whether nobody owns anything.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.values().all(FieldSet::is_empty)
    }

    /// Adds the field at a path. The whole object, the empty path, is never a member.
    pub fn insert(&mut self, path: &[Step]) {
        match path {
            [] => {}
            [last] => {
                self.members.insert(last.clone());
            }
            [first, rest @ ..] => self.children.entry(first.clone()).or_default().insert(rest),
        }
    }

    /// Whether the field one step away is a member.
    pub fn has(&self, step: &str) -> bool {
        self.members.contains(step)
    }

    /// What lies below a step, if anything does.
    pub fn below(&self, step: &str) -> Option<&FieldSet> {
        self.children.get(step).filter(|set| !set.is_empty())
    }

    /// The steps of its own members.
    pub fn members(&self) -> impl Iterator<Item = &Step> {
        self.members.iter()
    }

    /// The steps to other sets, with them.
    pub fn children(&self) -> impl Iterator<Item = (&Step, &FieldSet)> {
        self.children.iter()
    }

    /// A set of these parts.
    pub fn of(members: BTreeSet<Step>, children: BTreeMap<Step, FieldSet>) -> Self {
        Self { members, children }
    }

    /// The fields of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut result = self.clone();
        result.members.extend(other.members.iter().cloned());
        for (step, set) in &other.children {
            let child = result.children.entry(step.clone()).or_default();
            *child = child.union(set);
        }
        result
    }

    /// The fields that are in `other` too.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let members = self.members.intersection(&other.members).cloned().collect();
        let shared = |(step, set): (&Step, &FieldSet)| {
            let set = set.intersection(other.children.get(step)?);
            (!set.is_empty()).then(|| (step.clone(), set))
        };
        Self { members, children: self.children.iter().filter_map(shared).collect() }
    }

    /// The fields that are not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let members = self.members.difference(&other.members).cloned().collect();
        let left = |(step, set): (&Step, &FieldSet)| {
            let set = other.children.get(step).map_or_else(|| set.clone(), |o| set.difference(o));
            (!set.is_empty()).then(|| (step.clone(), set))
        };
        Self { members, children: self.children.iter().filter_map(left).collect() }
    }

    /// The fields that are neither in `other` nor below one that is.
    #[must_use]
    pub fn outside(&self, other: &Self) -> Self {
        let members = self.members.difference(&other.members).cloned().collect();
        let left = |(step, set): (&Step, &FieldSet)| {
            if other.members.contains(step) {
                return None;
            }
            let set = other.children.get(step).map_or_else(|| set.clone(), |o| set.outside(o));
            (!set.is_empty()).then(|| (step.clone(), set))
        };
        Self { members, children: self.children.iter().filter_map(left).collect() }
    }

    /// Each field's path: those near the root first.
    pub fn paths(&self) -> Vec<Vec<Step>> {
        let mut found = Vec::new();
        self.collect(&mut Vec::new(), &mut found);
        found
    }

    fn collect(&self, prefix: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
        for member in &self.members {
            prefix.push(member.clone());
            found.push(prefix.clone());
            prefix.pop();
        }
        for (step, set) in &self.children {
            prefix.push(step.clone());
            set.collect(prefix, found);
            prefix.pop();
        }
    }

    /// As `fieldsV1` has it.
    pub fn encoded(&self) -> Value {
        let mut entries = BTreeMap::new();
        for member in &self.members {
            entries.insert(member.clone(), Value::Map(crate::tree::Map::default()));
        }
        for (step, set) in self.children.iter().filter(|(_, set)| !set.is_empty()) {
            let inner = set.encoded();
            let own = Value::Map(crate::tree::Map::default());
            let inner = if self.has(step) { inner.with(&["."], own) } else { inner };
            entries.insert(step.clone(), inner);
        }
        Value::Map(entries.into_iter().collect())
    }

    /// From what `fieldsV1` has. Steps of another form make it nothing.
    pub fn decoded(fields: &Value) -> Option<Self> {
        let mut set = Self::default();
        for (step, inner) in fields.as_map()? {
            if step == "." {
                continue;
            }
            let step = canonical(step)?;
            let map = inner.as_map()?;
            if map.is_empty() || map.get(".").is_some() {
                set.members.insert(step.clone());
            }
            let below = Self::decoded(inner)?;
            if !below.is_empty() {
                set.children.insert(step, below);
            }
        }
        Some(set)
    }
}

fn canonical(step: &str) -> Option<Step> {
    let (kind, rest) = step.split_once(':')?;
    match kind {
        "f" | "i" => Some(Text::new(step)),
        "k" => {
            Some(key_step(&decode(rest.as_bytes()).ok().filter(|keys| keys.as_map().is_some())?))
        }
        "v" => Some(item_step(&decode(rest.as_bytes()).ok()?)),
        _ => None,
    }
}

/// A path as people read it: `.spec.containers[name="a"].image`.
pub fn shown(path: &[Step]) -> String {
    path.iter().map(|step| shown_step(step)).collect()
}

/// A step as people read it.
pub(super) fn shown_step(step: &str) -> String {
    match step.split_once(':') {
        Some(("f", name)) => format!(".{name}"),
        Some(("k", keys)) => {
            let keys = decode(keys.as_bytes()).unwrap_or_default();
            let entries = keys.as_map().map(crate::tree::Map::iter).into_iter().flatten();
            let shown: Vec<_> =
                entries.map(|(key, value)| format!("{key}={}", json(value))).collect();
            format!("[{}]", shown.join(","))
        }
        Some(("v", value)) => format!("[={value}]"),
        Some((_, index)) => format!("[{index}]"),
        None => step.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldSet, shown};
    use crate::tree::decode;
    use proptest::prelude::*;

    fn set(text: &str) -> FieldSet {
        FieldSet::decoded(&decode(text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn sets_are_written_as_they_are_read() {
        let text = r#"{"f:a":{},"f:b":{".":{},"k:{\"name\":\"x\",\"port\":1}":{".":{},"f:c":{}},"v:\"y\"":{}}}"#;
        assert_eq!(set(text).encoded().to_string(), text);
        let paths: Vec<_> = set(text).paths().iter().map(|path| shown(path)).collect();
        assert_eq!(
            paths,
            [".a", ".b", ".b[name=\"x\",port=1]", ".b[=\"y\"]", ".b[name=\"x\",port=1].c"]
        );
    }

    #[test]
    fn other_steps_are_refused() {
        for text in ["[]", r#"{"x:a":{}}"#, r#"{"k:1":{}}"#, r#"{"f:a":1}"#, r#"{"fa":{}}"#] {
            assert_eq!(FieldSet::decoded(&decode(text.as_bytes()).unwrap()), None, "{text}");
        }
    }

    fn any_set() -> impl Strategy<Value = FieldSet> {
        let step = prop_oneof![Just("f:a"), Just("f:b"), Just("v:1")];
        let path = proptest::collection::vec(step.prop_map(super::Text::new), 1..4);
        proptest::collection::vec(path, 0..8).prop_map(|paths| {
            let mut set = FieldSet::default();
            for path in &paths {
                set.insert(path);
            }
            set
        })
    }

    proptest! {
        #[test]
        fn sets_obey_the_laws(a in any_set(), b in any_set()) {
            prop_assert_eq!(a.difference(&b).union(&a.intersection(&b)).paths(), a.paths());
            prop_assert!(a.difference(&b).intersection(&b).is_empty());
            prop_assert_eq!(a.union(&b).paths(), b.union(&a).paths());
            prop_assert_eq!(FieldSet::decoded(&a.encoded()).unwrap().paths(), a.paths());
        }
    }
}

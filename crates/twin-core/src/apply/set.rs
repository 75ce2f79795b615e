//! Sets of fields, as `managedFields` keeps them.
//!
//! A set is kept in the form in which `fieldsV1` writes it: a map from steps to what lies below them,
//! where an empty map is a field of the set, and a `.` says the same where more lies below. A step is
//! `f:spec`, `k:{"name":"a"}`, `v:"x"`. So a set is written as it stands, and sets that resemble each
//! other share what they have in common.

use crate::tree::{Map, Text, Value, decode};

/// One step of a path.
pub(super) type Step = Text;

/// Says that a field is a member, where others lie below it.
pub(super) const OWN: &str = ".";

/// Fields that belong to somebody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSet(Map);

/// A field while its set is made.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Whether it is in the set itself.
    pub(super) member: Membership,
    /// What lies below, each step once.
    pub(super) below: Vec<(Step, Map)>,
}

/// Whether a field is in a set, beside what lies below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Membership {
    #[default]
    Absent,
    Member,
}

impl Node {
    /// Adds what lies behind a step.
    pub(super) fn add(&mut self, step: Step, node: Self) {
        self.below.extend(node.written().map(|map| (step, map)));
    }

    /// As `fieldsV1` has it; nothing, if nothing is in the set.
    fn written(self) -> Option<Map> {
        match (self.member, self.below.is_empty()) {
            (Membership::Absent, true) => None,
            (Membership::Member, true) => Some(Map::default()),
            (Membership::Absent, false) => Some(map_of(self.below)),
            (Membership::Member, false) => {
                let own = (Step::new_static(OWN), Map::default());
                Some(map_of(std::iter::once(own).chain(self.below)))
            }
        }
    }
}

fn map_of(entries: impl IntoIterator<Item = (Step, Map)>) -> Map {
    entries.into_iter().map(|(step, map)| (step, Value::Map(map))).collect()
}

impl From<Node> for FieldSet {
    /// The whole object is never a member.
    fn from(node: Node) -> Self {
        Self(map_of(node.below))
    }
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

/// The steps of a written set, with what lies below each.
fn steps(map: &Map) -> impl Iterator<Item = (&Step, &Map)> {
    let entries = map.iter().filter(|(step, _)| step != OWN);
    entries.filter_map(|(step, below)| Some((step, below.as_map()?)))
}

fn at<'a>(map: &'a Map, step: &str) -> Option<&'a Map> {
    map.get(step)?.as_map()
}

fn membership(below: &Map) -> Membership {
    if below.is_empty() || below.get(OWN).is_some() {
        Membership::Member
    } else {
        Membership::Absent
    }
}

impl FieldSet {
    /// Whether nobody owns anything.
    pub fn is_empty(&self) -> bool {
        steps(&self.0).next().is_none()
    }

    /// The set with the field at a path. The whole object, the empty path, is never a member.
    #[must_use]
    pub fn with(&self, path: &[Step]) -> Self {
        let Some((first, rest)) = path.split_first() else { return self.clone() };
        let known = at(&self.0, first);
        let below = match (known, rest) {
            (Some(below), []) if below.is_empty() => below.clone(),
            (Some(below), []) => below.with(OWN, Value::Map(Map::default())),
            (None, []) => Map::default(),
            (None, rest) => Self::default().with(rest).0,
            (Some(below), rest) => union(below, &Self::default().with(rest).0),
        };
        Self(self.0.with(first, Value::Map(below)))
    }

    /// Whether the field one step away is a member.
    pub fn has(&self, step: &str) -> bool {
        at(&self.0, step).is_some_and(|below| membership(below) == Membership::Member)
    }

    /// What lies below a step, if anything does.
    pub fn below(&self, step: &str) -> Option<FieldSet> {
        at(&self.0, step).map(|below| Self(below.clone())).filter(|set| !set.is_empty())
    }

    /// Its steps, with whether each is a member, and what lies below.
    pub(super) fn steps(&self) -> impl Iterator<Item = (&Step, Membership, FieldSet)> {
        steps(&self.0).map(|(step, below)| (step, membership(below), Self(below.clone())))
    }

    /// The fields of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        match (self.0.is_empty(), other.0.is_empty()) {
            (true, _) => other.clone(),
            (_, true) => self.clone(),
            _ => Self(merged(&self.0, &other.0)),
        }
    }

    /// The fields that are in `other` too.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        intersection(&self.0, &other.0).into()
    }

    /// The fields that are not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.less(other, Below::Stays)
    }

    /// The fields that are neither in `other` nor below one that is.
    #[must_use]
    pub fn outside(&self, other: &Self) -> Self {
        self.less(other, Below::Goes)
    }

    fn less(&self, other: &Self, below: Below) -> Self {
        Self(less(&self.0, &other.0, below).unwrap_or_default())
    }

    /// Each field's path: those near the root first.
    pub fn paths(&self) -> Vec<Vec<Step>> {
        let mut found = Vec::new();
        collect(&self.0, &mut Vec::new(), &mut found);
        found
    }

    /// As `fieldsV1` has it.
    pub fn encoded(&self) -> Value {
        Value::Map(self.0.clone())
    }

    /// From what `fieldsV1` has. Steps of another form make it nothing.
    pub fn decoded(fields: &Value) -> Option<Self> {
        Some(node(fields.as_map()?)?.into())
    }

    /// From what was written by [`FieldSet::encoded`].
    pub(super) fn stored(fields: &Value) -> Option<Self> {
        fields.as_map().cloned().map(Self)
    }
}

/// What becomes of fields below one that is taken out.
#[derive(Clone, Copy)]
enum Below {
    Stays,
    Goes,
}

fn union(a: &Map, b: &Map) -> Map {
    let own = || (Step::new_static(OWN), Map::default());
    match (a.is_empty(), b.is_empty()) {
        (true, true) => a.clone(),
        (true, false) if b.get(OWN).is_some() => b.clone(),
        (true, false) => map_of(std::iter::once(own()).chain(owned(b))),
        (false, true) => union(b, a),
        (false, false) => merged(a, b),
    }
}

fn owned(map: &Map) -> impl Iterator<Item = (Step, Map)> {
    steps(map).map(|(step, below)| (step.clone(), below.clone()))
}

/// The entries of both; a `.` is one of them.
fn merged(a: &Map, b: &Map) -> Map {
    let entry = |(step, value): &(Step, Value)| {
        let own = value.as_map().cloned().unwrap_or_default();
        (step.clone(), at(b, step).map_or(own.clone(), |other| union(&own, other)))
    };
    let mut all: Vec<(Step, Map)> = a.iter().map(entry).collect();
    let news = b.iter().filter(|(step, _)| a.get(step).is_none());
    all.extend(
        news.map(|(step, value)| (step.clone(), value.as_map().cloned().unwrap_or_default())),
    );
    map_of(all)
}

fn intersection(a: &Map, b: &Map) -> Node {
    let mut node = Node::default();
    for (step, below) in steps(a) {
        let Some(other) = at(b, step) else { continue };
        let mut child = intersection(below, other);
        if [below, other].into_iter().all(|it| membership(it) == Membership::Member) {
            child.member = Membership::Member;
        }
        node.add(step.clone(), child);
    }
    node
}

/// What of `a` is not in `b`; nothing, if nothing is. What is not touched stays shared.
fn less(a: &Map, b: &Map, how: Below) -> Option<Map> {
    if !steps(a).any(|(step, _)| b.get(step).is_some()) {
        return Some(a.clone()).filter(|map| !map.is_empty());
    }
    let mut node = Node::default();
    for (step, below) in steps(a) {
        match at(b, step) {
            None => node.below.push((step.clone(), below.clone())),
            Some(other) => match (membership(other), how) {
                (Membership::Member, Below::Goes) => {}
                (gone, _) => {
                    let rest = left(below, other, gone, how);
                    node.below.extend(rest.map(|rest| (step.clone(), rest)));
                }
            },
        }
    }
    node.written()
}

/// What is left of a field and what lies below it.
fn left(below: &Map, other: &Map, gone: Membership, how: Below) -> Option<Map> {
    let rest: Vec<_> = less(below, other, how).map(|it| owned(&it).collect()).unwrap_or_default();
    let stays = gone == Membership::Absent && membership(below) == Membership::Member;
    let member = if stays { Membership::Member } else { Membership::Absent };
    Node { member, below: rest }.written()
}

fn collect(map: &Map, prefix: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    for (step, _) in steps(map).filter(|(_, below)| membership(below) == Membership::Member) {
        found.push(prefix.iter().chain([step]).cloned().collect());
    }
    for (step, below) in steps(map) {
        prefix.push(step.clone());
        collect(below, prefix, found);
        prefix.pop();
    }
}

/// A set as somebody wrote it.
fn node(map: &Map) -> Option<Node> {
    let mut node = Node { member: membership(map), below: Vec::new() };
    // A later version may know steps of other kinds; here nobody owns what lies behind them.
    for (step, below) in map.iter().filter(|(step, _)| step != OWN && !is_of_other_kind(step)) {
        node.add(canonical(step)?, self::node(below.as_map()?)?);
    }
    Some(node)
}

fn is_of_other_kind(step: &str) -> bool {
    matches!(step.as_bytes(), [kind, b':', ..] if !b"fikv".contains(kind))
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
            let entries = keys.as_map().map(Map::iter).into_iter().flatten();
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
        assert_eq!(set(r#"{"f:a":{},"x:a":{}}"#), set(r#"{"f:a":{}}"#));
        for text in ["[]", r#"{"k:1":{}}"#, r#"{"f:a":1}"#, r#"{"fa":{}}"#] {
            assert_eq!(FieldSet::decoded(&decode(text.as_bytes()).unwrap()), None, "{text}");
        }
    }

    fn any_set() -> impl Strategy<Value = FieldSet> {
        let step = prop_oneof![Just("f:a"), Just("f:b"), Just("v:1")];
        let path = proptest::collection::vec(step.prop_map(super::Text::new), 1..4);
        proptest::collection::vec(path, 0..8)
            .prop_map(|paths| paths.iter().fold(FieldSet::default(), |set, path| set.with(path)))
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

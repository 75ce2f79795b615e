//! Amounts by the names of resources.

use crate::tree::{Map, Text, Value};
use crate::validation::nanos;
use std::collections::BTreeMap;

const NANO: i128 = 1_000_000_000;
/// Suffixes of amounts of memory, each 1,024 times the one before.
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// Amounts in billionths, as `hard`, `used` or `requests` have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amounts(BTreeMap<Text, i128>);

impl Amounts {
    /// What cannot be read is not there.
    pub fn read(amounts: Option<&Value>) -> Self {
        let map = amounts.and_then(Value::as_map);
        let entries = map.map(Map::iter).into_iter().flatten();
        Self(entries.filter_map(|(name, it)| Some((name.clone(), nanos(it)?))).collect())
    }

    /// Adds so many pieces.
    pub(super) fn count(&mut self, name: impl AsRef<str>, pieces: usize) {
        let pieces = i128::try_from(pieces).unwrap_or(i128::MAX / NANO);
        self.add(name, pieces.saturating_mul(NANO));
    }

    pub(super) fn add(&mut self, name: impl AsRef<str>, amount: i128) {
        let sum = self.0.entry(Text::new(name)).or_default();
        *sum = sum.saturating_add(amount);
    }

    pub(super) fn get(&self, name: &str) -> i128 {
        self.0.get(name).copied().unwrap_or(0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, i128)> {
        self.0.iter().map(|(name, amount)| (name.as_str(), *amount))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The names of resources.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(Text::as_str)
    }

    /// Those that these have too.
    #[must_use]
    pub fn only(mut self, others: &Self) -> Self {
        self.0.retain(|name, _| others.has(name));
        self
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, more: &Self) -> Self {
        let mut sum = self.clone();
        more.iter().for_each(|(name, amount)| sum.add(name, amount));
        sum
    }

    /// What is more here, or less, than there.
    pub(super) fn minus(&self, less: &Self) -> Self {
        let mut rest = self.clone();
        less.iter().for_each(|(name, amount)| rest.add(name, amount.saturating_neg()));
        rest.0.retain(|_, amount| *amount != 0);
        rest
    }

    /// The greater of both, resource by resource.
    pub(super) fn most(&self, other: &Self) -> Self {
        let mut most = self.clone();
        for (name, amount) in other.iter() {
            let known = most.0.entry(Text::new(name)).or_default();
            *known = amount.max(*known);
        }
        most
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that are above zero.
    pub(super) fn rising(&self) -> impl Iterator<Item = &str> {
        self.iter().filter(|(_, amount)| *amount > 0).map(|(name, _)| name)
    }

    /// As a field has them; of these names each one.
    pub fn value<'a>(&self, names: impl Iterator<Item = &'a str>) -> Value {
        let entry = |name: &str| (Text::new(name), Value::text(shown(name, self.get(name))));
        Value::Map(names.map(entry).collect())
    }

    /// As sentences have them: `cpu=1,pods=2`.
    pub(super) fn shown(&self, names: &[String]) -> String {
        let shown: Vec<_> =
            names.iter().map(|name| format!("{name}={}", shown(name, self.get(name)))).collect();
        shown.join(",")
    }
}

/// An amount as people write it: memory in powers of 1,024, the rest in pieces and thousandths.
pub(super) fn shown(name: &str, amount: i128) -> String {
    if amount % NANO != 0 {
        return format!("{}m", amount.div_euclid(NANO / 1000));
    }
    let mut whole = amount / NANO;
    let mut suffix = "";
    let binary = ["memory", "storage", "hugepages"].iter().any(|word| name.contains(word));
    for next in BINARY.iter().filter(|_| binary) {
        if whole == 0 || whole % 1024 != 0 {
            break;
        }
        whole /= 1024;
        suffix = next;
    }
    format!("{whole}{suffix}")
}

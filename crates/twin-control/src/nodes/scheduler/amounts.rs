//! What pods ask for, and what nodes have, as numbers.

use std::collections::BTreeMap;
use twin_core::tree::{Map, Text, Value};
use units::Quantity;

/// A resource, as a place in tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Resource(pub(super) usize);

pub(super) const CPU: Resource = Resource(0);
pub(super) const MEMORY: Resource = Resource(1);
pub(super) const PODS: Resource = Resource(2);

/// A pod without a request counts as much when nodes are compared: thousandths of a core.
const SMALL_CPU: i64 = 100;
/// Bytes.
const SMALL_MEMORY: i64 = 200 << 20;

/// All resources that anybody has or wants.
#[derive(Debug)]
pub(super) struct Resources {
    names: Vec<Text>,
    places: BTreeMap<Text, Resource>,
}

impl Default for Resources {
    fn default() -> Self {
        let mut resources = Self { names: Vec::new(), places: BTreeMap::new() };
        for name in ["cpu", "memory", "pods"] {
            resources.place(name);
        }
        resources
    }
}

impl Resources {
    /// The place of a resource; new ones get the next.
    pub(super) fn place(&mut self, name: &str) -> Resource {
        if let Some(known) = self.places.get(name) {
            return *known;
        }
        let place = Resource(self.names.len());
        self.names.push(Text::new(name));
        self.places.insert(Text::new(name), place);
        place
    }

    /// How messages name it.
    pub(super) fn name(&self, resource: Resource) -> &str {
        self.names.get(resource.0).map_or("", Text::as_str)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// A map of quantities as numbers: CPU in thousandths, all else whole.
    pub(super) fn read(&mut self, map: Option<&Map>) -> BTreeMap<Resource, i64> {
        let mut amounts = BTreeMap::new();
        for (name, value) in map.map(Map::iter).into_iter().flatten() {
            let amount = match value {
                Value::Int(count) => Quantity::whole(*count),
                Value::Text(text) => text.parse().unwrap_or_default(),
                _ => Quantity::default(),
            };
            let resource = self.place(name);
            let number = if resource == CPU { amount.millis() } else { amount.count() };
            amounts.insert(resource, number.max(0));
        }
        amounts
    }
}

/// What a pod takes from its node.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Request {
    /// More than nothing of each, the number of pods included.
    pub(super) amounts: Vec<(Resource, i64)>,
    /// What it counts when nodes are compared: CPU and memory.
    pub(super) weight: [i64; 2],
}

/// Adds up a pod: the containers together, or what an init container needs beside the sidecars that
/// were started before it, whichever is more.
pub(super) fn request(spec: &Value, resources: &mut Resources) -> Request {
    let mut sum = Sum::default();
    for container in list(spec, "containers") {
        sum.add(&of_container(container, resources));
    }
    let (mut sidecars, mut peak) = (Sum::default(), Sum::default());
    for container in list(spec, "initContainers") {
        let own = of_container(container, resources);
        if container.str_at(&["restartPolicy"]) == Some("Always") {
            sum.add(&own);
            sidecars.add(&own);
            peak.raise(&sidecars);
        } else {
            let mut now = sidecars.clone();
            now.add(&own);
            peak.raise(&now);
        }
    }
    sum.raise(&peak);
    let whole = resources.read(spec.at(&["resources", "requests"]).and_then(Value::as_map));
    for (resource, amount) in whole {
        sum.amounts.insert(resource, amount);
        match resource {
            CPU => sum.weight[0] = amount,
            MEMORY => sum.weight[1] = amount,
            _ => {}
        }
    }
    let overhead = resources.read(spec.at(&["overhead"]).and_then(Value::as_map));
    sum.add(&Sum { weight: weight(&overhead, [0, 0]), amounts: overhead });
    sum.amounts.insert(PODS, 1);
    let amounts = sum.amounts.into_iter().filter(|(_, amount)| *amount > 0).collect();
    Request { amounts, weight: sum.weight }
}

#[derive(Clone, Debug, Default)]
struct Sum {
    amounts: BTreeMap<Resource, i64>,
    weight: [i64; 2],
}

impl Sum {
    fn add(&mut self, other: &Self) {
        for (resource, amount) in &other.amounts {
            let known = self.amounts.entry(*resource).or_default();
            *known = known.saturating_add(*amount);
        }
        for (known, more) in self.weight.iter_mut().zip(other.weight) {
            *known = known.saturating_add(more);
        }
    }

    fn raise(&mut self, other: &Self) {
        for (resource, amount) in &other.amounts {
            let known = self.amounts.entry(*resource).or_default();
            *known = (*known).max(*amount);
        }
        for (known, more) in self.weight.iter_mut().zip(other.weight) {
            *known = (*known).max(more);
        }
    }
}

fn of_container(container: &Value, resources: &mut Resources) -> Sum {
    let map = container.at(&["resources", "requests"]).and_then(Value::as_map);
    let amounts = resources.read(map);
    Sum { weight: weight(&amounts, [SMALL_CPU, SMALL_MEMORY]), amounts }
}

fn weight(amounts: &BTreeMap<Resource, i64>, without: [i64; 2]) -> [i64; 2] {
    [
        amounts.get(&CPU).copied().unwrap_or(without[0]),
        amounts.get(&MEMORY).copied().unwrap_or(without[1]),
    ]
}

/// The items of a list of a spec.
pub(super) fn list<'a>(spec: &'a Value, field: &str) -> &'a [Value] {
    spec.at(&[field]).and_then(Value::as_list).map_or(&[], |list| list)
}

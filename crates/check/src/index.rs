//! Ways into the set that do not look at every object: by name, by kind, by label.

use std::collections::BTreeMap;

use crate::selector::{Labels, Selector};
use crate::set::{Object, Pod};

/// Where what is asked for stands in the lists of the set.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) kinds: BTreeMap<String, Vec<usize>>,
    pub(crate) names: Names,
    /// `HorizontalPodAutoscaler`s by what they scale.
    pub(crate) hpas: Names,
    /// Pods by the object that holds them.
    pub(crate) templates: Names,
    pub(crate) pods: Labeled,
    pub(crate) pods_of: BTreeMap<String, Labeled>,
    /// What selects pods, by kind and namespace.
    pub(crate) selectors: BTreeMap<(&'static str, String), Selectors>,
}

/// Kinds that select pods, and where their selector stands. A Service's holds plain labels.
const SELECTING: &[(&str, &str)] = &[
    ("Service", "spec.selector"),
    ("NetworkPolicy", "spec.podSelector"),
    ("PodDisruptionBudget", "spec.selector"),
];

impl Index {
    pub(crate) fn new(objects: &[Object<'_>], pods: &[Pod<'_>]) -> Self {
        let mut index = Self::default();
        for (i, object) in objects.iter().enumerate() {
            index.kinds.entry(object.kind.to_owned()).or_default().push(i);
            index.names.add(object.kind, &object.namespace, &object.name, i);
            if object.kind == "HorizontalPodAutoscaler" {
                let target = object.spec().at("scaleTargetRef");
                if let (Some(kind), Some(name)) =
                    (target.at("kind").str(), target.at("name").text())
                {
                    index.hpas.add(kind, &object.namespace, &name, i);
                }
            }
        }
        for (i, pod) in pods.iter().enumerate() {
            let owner = &pod.owner;
            index.templates.add(owner.kind, &owner.namespace, &owner.name, i);
            index.pods.add(&pod.labels, i);
            index.pods_of.entry(owner.namespace.clone()).or_default().add(&pod.labels, i);
        }
        index.selectors = selectors(objects);
        index
    }
}

fn selectors(objects: &[Object<'_>]) -> BTreeMap<(&'static str, String), Selectors> {
    let mut lists: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (i, object) in objects.iter().enumerate() {
        let Some((kind, path)) = SELECTING.iter().find(|(kind, _)| *kind == object.kind) else {
            continue;
        };
        let at = object.root.dig(path);
        let is_service = *kind == "Service";
        let selector =
            if is_service { Selector::plain(&at) } else { Selector::label_selector(&at) };
        if !(is_service && selector.is_empty()) {
            let list = lists.entry((*kind, object.namespace.clone())).or_default();
            list.push((selector, i));
        }
    }
    lists.into_iter().map(|(key, list)| (key, Selectors::new(list))).collect()
}

/// Positions by kind, namespace and name. The first of several of one name counts.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<String, BTreeMap<String, BTreeMap<String, usize>>>);

impl Names {
    pub(crate) fn add(&mut self, kind: &str, namespace: &str, name: &str, position: usize) {
        let kind = self.0.entry(kind.to_owned()).or_default();
        let namespace = kind.entry(namespace.to_owned()).or_default();
        namespace.entry(name.to_owned()).or_insert(position);
    }

    pub(crate) fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<usize> {
        self.0.get(kind)?.get(namespace)?.get(name).copied()
    }
}

/// Positions by one label: key, then value.
#[derive(Debug, Default)]
struct ByLabel(BTreeMap<String, BTreeMap<String, Vec<usize>>>);

impl ByLabel {
    fn add(&mut self, key: &str, value: &str, position: usize) {
        let values = self.0.entry(key.to_owned()).or_default();
        values.entry(value.to_owned()).or_default().push(position);
    }

    fn get(&self, key: &str, value: &str) -> &[usize] {
        self.0.get(key).and_then(|values| values.get(value)).map_or(&[], Vec::as_slice)
    }

    /// The label of a selector that fewest have.
    fn rarest<'s>(&self, selector: &'s Selector) -> Option<(&'s str, &'s str)> {
        selector.labels().min_by_key(|(key, value)| self.get(key, value).len())
    }
}

/// Things with labels, found by a selector.
#[derive(Debug, Default)]
pub(crate) struct Labeled {
    all: Vec<usize>,
    by_label: ByLabel,
}

impl Labeled {
    pub(crate) fn add(&mut self, labels: &Labels, position: usize) {
        self.all.push(position);
        for (key, value) in labels {
            self.by_label.add(key, value, position);
        }
    }

    /// Those that may match the selector, in order; whether they do is still to be asked.
    pub(crate) fn candidates(&self, selector: &Selector) -> &[usize] {
        match self.by_label.rarest(selector) {
            Some((key, value)) => self.by_label.get(key, value),
            None => &self.all,
        }
    }
}

/// Selectors, found by the labels that they select.
#[derive(Debug, Default)]
pub(crate) struct Selectors {
    list: Vec<(Selector, usize)>,
    by_label: ByLabel,
    without_label: Vec<usize>,
}

impl Selectors {
    /// Of selectors, each with the position of what has it.
    pub(crate) fn new(list: Vec<(Selector, usize)>) -> Self {
        let mut count = ByLabel::default();
        for (i, (selector, _)) in list.iter().enumerate() {
            for (key, value) in selector.labels() {
                count.add(key, value, i);
            }
        }
        let mut found = Self::default();
        for (i, (selector, _)) in list.iter().enumerate() {
            // Under a label that all share, all would be found for every pod.
            match count.rarest(selector) {
                Some((key, value)) => found.by_label.add(key, value, i),
                None => found.without_label.push(i),
            }
        }
        Self { list, ..found }
    }

    /// The positions of those that select a pod with these labels.
    pub(crate) fn of<'s>(&'s self, labels: &'s Labels) -> impl Iterator<Item = usize> + 's {
        let labeled = labels.iter().flat_map(|(key, value)| self.by_label.get(key, value));
        let all = labeled.chain(&self.without_label).filter_map(|i| self.list.get(*i));
        all.filter(|(selector, _)| selector.matches(labels)).map(|(_, position)| *position)
    }
}

#[cfg(test)]
mod tests {
    use super::{Labeled, Selectors};
    use crate::selector::{Labels, Selector};

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    /// A thousand applications that share a label: each has one candidate, not a thousand.
    #[test]
    fn a_shared_label_finds_few() {
        let of = |i: usize| labels(&[("app", &format!("app-{i}")), ("a-product", "shop")]);
        let mut labeled = Labeled::default();
        (0..1000).for_each(|i| labeled.add(&of(i), i));
        let selectors =
            Selectors::new((0..1000).map(|i| (Selector::of_labels(of(i)), i)).collect());
        for i in [0, 17, 999] {
            assert_eq!(labeled.candidates(&Selector::of_labels(of(i))), [i]);
            assert_eq!(selectors.of(&of(i)).collect::<Vec<_>>(), [i]);
            let shared = selectors.by_label.get("a-product", "shop");
            assert!(shared.is_empty(), "{} would be asked", shared.len());
        }
    }

    #[test]
    fn a_selector_without_labels_is_always_asked() {
        let selectors = Selectors::new(vec![(Selector::of_labels(Labels::new()), 7)]);
        assert_eq!(selectors.of(&labels(&[("app", "web")])).collect::<Vec<_>>(), [7]);
        assert_eq!(selectors.of(&Labels::new()).collect::<Vec<_>>(), [7]);
    }
}

//! What pods say about nodes, taints and other pods.

use super::amounts::list;
use twin_core::selector::LabelSelector;
use twin_core::tree::{Map, Text, Value};

const REQUIRED: &[&str] =
    &["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];

/// Which nodes a pod may use, by their names and labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeFilter {
    /// All of these labels.
    labels: LabelSelector,
    /// And one of these, if it is said.
    terms: Option<Vec<NodeTerm>>,
}

/// One alternative.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeTerm {
    labels: LabelSelector,
    name: LabelSelector,
}

impl NodeTerm {
    /// A term without requirements, or one that cannot be read, means no node.
    fn read(term: &Value) -> Option<Self> {
        let fields = list(term, "matchFields");
        if fields.is_empty() && list(term, "matchExpressions").is_empty() {
            return None;
        }
        let name = Value::from([("matchExpressions", fields.to_vec().into())]);
        Some(Self {
            labels: LabelSelector::of_object(&term.without(&["matchLabels"]))?,
            name: LabelSelector::of_object(&name)?,
        })
    }

    pub(super) fn matches(&self, name: &str, labels: Option<&Map>) -> bool {
        let named = || -> Map {
            [(Text::new_static("metadata.name"), Value::text(name))].into_iter().collect()
        };
        self.labels.matches(labels) && (self.name.is_empty() || self.name.matches(Some(&named())))
    }
}

impl NodeFilter {
    /// A node selector, as volumes have it. None lets every node through.
    pub(super) fn of_selector(selector: Option<&Value>) -> Self {
        let terms = selector.map(|selector| {
            list(selector, "nodeSelectorTerms").iter().filter_map(NodeTerm::read).collect()
        });
        Self { labels: LabelSelector::default(), terms }
    }

    /// What a pod says.
    pub(super) fn read(spec: &Value) -> Self {
        let labels = spec.at(&["nodeSelector"]).and_then(Value::as_map);
        let labels = labels
            .map(Map::iter)
            .into_iter()
            .flatten()
            .fold(LabelSelector::default(), |selector, (key, value)| {
                selector.and(key, value.as_str().unwrap_or_default())
            });
        Self { labels, ..Self::of_selector(spec.at(REQUIRED)) }
    }

    /// Whether it lets every node through.
    pub(super) fn is_open(&self) -> bool {
        self.labels.is_empty() && self.terms.is_none()
    }

    pub(super) fn matches(&self, name: &str, labels: Option<&Map>) -> bool {
        self.labels.matches(labels)
            && self
                .terms
                .as_ref()
                .is_none_or(|terms| terms.iter().any(|term| term.matches(name, labels)))
    }
}

/// The one node that a pod names by affinity: that of a `DaemonSet`.
pub(super) fn only_node(spec: &Value) -> Option<Text> {
    let [term] = list(spec.at(REQUIRED)?, "nodeSelectorTerms") else { return None };
    let [field] = list(term, "matchFields") else { return None };
    let [name] = list(field, "values") else { return None };
    (field.str_at(&["operator"]) == Some("In")).then(|| name.as_str().map(Text::new)).flatten()
}

/// Nodes that a pod likes, with how much: between 1 and 100.
pub(super) fn preferred(spec: &Value) -> Vec<(i64, NodeTerm)> {
    let path = ["affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"];
    let terms = spec.at(&path).and_then(Value::as_list);
    let terms = terms.into_iter().flat_map(|list| list.iter());
    let read = |term: &Value| {
        let weight = term.at(&["weight"]).and_then(Value::as_int).unwrap_or(1);
        Some((weight.clamp(0, 100), NodeTerm::read(term.at(&["preference"])?)?))
    };
    terms.filter_map(read).collect()
}

/// What keeps pods away from a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Taint {
    pub(in super::super) key: Text,
    pub(in super::super) value: Text,
    pub(in super::super) effect: Text,
}

/// The taints of a node.
pub(in super::super) fn taints(node: &Value) -> Vec<Taint> {
    let text = |taint: &Value, field: &str| Text::new(taint.str_at(&[field]).unwrap_or_default());
    let read = |taint: &Value| Taint {
        key: text(taint, "key"),
        value: text(taint, "value"),
        effect: text(taint, "effect"),
    };
    node.at(&["spec"])
        .map_or(&[] as &[Value], |spec| list(spec, "taints"))
        .iter()
        .map(read)
        .collect()
}

/// What a pod bears.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Toleration {
    key: Text,
    operator: Text,
    value: Text,
    effect: Text,
}

pub(in super::super) fn tolerations(spec: &Value) -> Vec<Toleration> {
    let text = |it: &Value, field: &str| Text::new(it.str_at(&[field]).unwrap_or_default());
    let read = |it: &Value| Toleration {
        key: text(it, "key"),
        operator: text(it, "operator"),
        value: text(it, "value"),
        effect: text(it, "effect"),
    };
    list(spec, "tolerations").iter().map(read).collect()
}

impl Toleration {
    pub(in super::super) fn bears(&self, taint: &Taint) -> bool {
        let number = |text: &Text| text.parse::<i64>().ok();
        let compared = |wanted: fn(i64, i64) -> bool| {
            number(&taint.value)
                .zip(number(&self.value))
                .is_some_and(|(taint, own)| wanted(taint, own))
        };
        (self.effect.is_empty() || self.effect == taint.effect)
            && (self.key.is_empty() || self.key == taint.key)
            && match self.operator.as_str() {
                "Exists" => true,
                "" | "Equal" => !self.key.is_empty() && self.value == taint.value,
                "Gt" => compared(|taint, own| taint > own),
                "Lt" => compared(|taint, own| taint < own),
                _ => false,
            }
    }
}

/// Pods that are meant, by namespace and labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PodFilter {
    namespaces: Vec<Text>,
    namespace_labels: Option<LabelSelector>,
    labels: LabelSelector,
}

/// A pod as others see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbour<'a> {
    pub(super) namespace: &'a str,
    pub(super) labels: Option<&'a Map>,
    pub(super) namespace_labels: Option<&'a Map>,
}

impl PodFilter {
    pub(super) fn matches(&self, pod: Neighbour<'_>) -> bool {
        let here = self.namespaces.iter().any(|name| name == pod.namespace)
            || self
                .namespace_labels
                .as_ref()
                .is_some_and(|selector| selector.matches(pod.namespace_labels));
        here && self.labels.matches(pod.labels)
    }

    /// Of a term in a pod. A term without a selector means no pod.
    fn read(term: &Value, pod: Neighbour<'_>) -> Option<Self> {
        let labels = LabelSelector::of_object(term.at(&["labelSelector"])?)?;
        let mut namespaces: Vec<_> =
            list(term, "namespaces").iter().filter_map(Value::as_str).map(Text::new).collect();
        let namespace_labels = term.at(&["namespaceSelector"]).and_then(LabelSelector::of_object);
        if namespaces.is_empty() && namespace_labels.is_none() {
            namespaces.push(Text::new(pod.namespace));
        }
        Some(Self { namespaces, namespace_labels, labels })
    }
}

/// Pods that a pod wants near, or not near: in one domain of the topology.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PodTerm {
    pub(super) pods: PodFilter,
    pub(super) topology: Text,
}

/// The required terms of `podAffinity` or `podAntiAffinity`.
pub(super) fn pod_terms(spec: &Value, kind: &str, pod: Neighbour<'_>) -> Vec<PodTerm> {
    let path = ["affinity", kind, "requiredDuringSchedulingIgnoredDuringExecution"];
    let terms = spec.at(&path).and_then(Value::as_list);
    let read = |term: &Value| {
        let topology = Text::new(term.str_at(&["topologyKey"])?);
        Some(PodTerm { pods: PodFilter::read(term, pod)?, topology })
    };
    terms.into_iter().flat_map(|list| list.iter()).filter_map(read).collect()
}

/// How evenly pods lie in the domains of a topology.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spread {
    pub(super) term: PodTerm,
    pub(super) skew: i64,
    pub(super) domains: i64,
    /// Nodes that count.
    pub(super) nodes: NodeFilter,
    /// Taints that make a node not count are compared with these.
    pub(super) bears: Option<Vec<Toleration>>,
}

/// The constraints that must hold.
pub(super) fn spreads(spec: &Value, pod: Neighbour<'_>) -> Vec<Spread> {
    let must = |it: &&Value| it.str_at(&["whenUnsatisfiable"]) != Some("ScheduleAnyway");
    let number = |it: &Value, field: &str| it.at(&[field]).and_then(Value::as_int).unwrap_or(1);
    let read = |it: &Value| {
        let topology = Text::new(it.str_at(&["topologyKey"])?);
        let honoured = it.str_at(&["nodeAffinityPolicy"]) != Some("Ignore");
        Some(Spread {
            term: PodTerm { pods: PodFilter::read(it, pod)?, topology },
            skew: number(it, "maxSkew"),
            domains: number(it, "minDomains"),
            nodes: if honoured { NodeFilter::read(spec) } else { NodeFilter::default() },
            bears: (it.str_at(&["nodeTaintsPolicy"]) == Some("Honor")).then(|| tolerations(spec)),
        })
    };
    list(spec, "topologySpreadConstraints").iter().filter(must).filter_map(read).collect()
}

//! Why a pod got no node, in Kubernetes' words.

use std::collections::BTreeMap;
use twin_core::tree::Text;

/// What keeps a pod from a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hurdle {
    Cordoned,
    Taint,
    /// Its node selector or affinity.
    Elsewhere,
    Ports,
    /// These resources; more of one than the node has at all.
    Room(Vec<Text>, Remedy),
    /// A volume that is not there.
    Volume,
    /// There is no volume yet that could be bound there.
    NoVolume,
    NoDomain,
    Uneven,
    Alone,
    Avoids,
    Avoided,
}

/// Whether a node could take the pod if others left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Remedy {
    Others,
    Nothing,
}

impl Hurdle {
    fn remedy(&self) -> Remedy {
        match self {
            Self::Room(_, remedy) => *remedy,
            Self::Ports | Self::Uneven | Self::Avoids | Self::Avoided => Remedy::Others,
            _ => Remedy::Nothing,
        }
    }

    fn reasons(&self) -> Vec<Text> {
        let one = |text: &'static str| vec![Text::new_static(text)];
        match self {
            Self::Cordoned => one("node(s) were unschedulable"),
            Self::Taint => one("node(s) had untolerated taint(s)"),
            Self::Elsewhere => one("node(s) didn't match Pod's node affinity/selector"),
            Self::Ports => one("node(s) didn't have free ports for the requested pod ports"),
            Self::Room(resources, _) => resources
                .iter()
                .map(|name| match name.as_str() {
                    "pods" => Text::new_static("Too many pods"),
                    name => Text::from(format!("Insufficient {name}")),
                })
                .collect(),
            Self::Volume => one("node(s) didn't match PersistentVolume's node affinity"),
            Self::NoVolume => one("node(s) didn't find available persistent volumes to bind"),
            Self::NoDomain => {
                one("node(s) didn't match pod topology spread constraints (missing required label)")
            }
            Self::Uneven => one("node(s) didn't match pod topology spread constraints"),
            Self::Alone => one("node(s) didn't match pod affinity rules"),
            Self::Avoids => one("node(s) didn't match pod anti-affinity rules"),
            Self::Avoided => one("node(s) didn't satisfy existing pods anti-affinity rules"),
        }
    }
}

/// Why all nodes refused a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    nodes: usize,
    reasons: BTreeMap<Text, usize>,
    remedies: BTreeMap<Remedy, usize>,
    /// Why no node was asked.
    unasked: Option<Text>,
}

impl Refusals {
    /// Of so many nodes, none of which was asked for this reason.
    pub(super) fn unasked(nodes: usize, why: impl Into<Text>) -> Self {
        let remedies = [(Remedy::Nothing, nodes)].into();
        Self { nodes, remedies, unasked: Some(why.into()), ..Self::default() }
    }

    /// One more node refused.
    pub(super) fn note(&mut self, hurdle: &Hurdle) {
        self.nodes += 1;
        for reason in hurdle.reasons() {
            *self.reasons.entry(reason).or_default() += 1;
        }
        *self.remedies.entry(hurdle.remedy()).or_default() += 1;
    }

    /// `0/3 nodes are available: 3 Insufficient cpu. …`
    pub(super) fn message(&self) -> String {
        let nodes = self.nodes;
        if nodes == 0 {
            return "no nodes available to schedule pods".to_owned();
        }
        let reasons = match &self.unasked {
            Some(why) => why.to_string(),
            None => sentence(self.reasons.iter().map(|(reason, count)| (reason.as_str(), *count))),
        };
        let helps = self.remedies.iter().map(|(remedy, count)| match remedy {
            Remedy::Others => ("No preemption victims found for incoming pod", *count),
            Remedy::Nothing => ("Preemption is not helpful for scheduling", *count),
        });
        format!(
            "0/{nodes} nodes are available: {reasons}. no new claims to deallocate, \
             preemption: 0/{nodes} nodes are available: {}.",
            sentence(helps)
        )
    }
}

/// Counted reasons, in the order of their texts.
fn sentence<'a>(counted: impl Iterator<Item = (&'a str, usize)>) -> String {
    let mut parts: Vec<_> = counted.map(|(reason, count)| format!("{count} {reason}")).collect();
    parts.sort();
    parts.join(", ")
}

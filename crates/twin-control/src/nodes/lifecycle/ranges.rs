//! Each node gets a range of addresses for its pods.

use crate::controller::{Controller, Outcome, View, Wake};
use crate::nodes::kubelet::Range;
use crate::tables::NODES;
use std::collections::BTreeSet;
use twin_core::store::{Change, ChangeKind, Key, TableName};
use twin_core::tree::{Text, Value};

/// The addresses of all pods.
pub(super) const PODS: &str = "10.128.0.0/9";
/// How many addresses a node gets.
const SIZE: u32 = 256;

/// Gives ranges out.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    taken: BTreeSet<u32>,
}

/// The number of a range among all.
pub(super) fn number(range: &str) -> Option<u32> {
    let address = range.split('/').next()?.parse().ok()?;
    Range::parse(PODS)?.place(address).map(|place| place / SIZE)
}

impl Controller for Ranges {
    fn name(&self) -> &'static str {
        "node-ipam-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        if *table != NODES {
            return;
        }
        let node = &change.object;
        match (node.tree.str_at(&["spec", "podCIDR"]).map(number), change.kind) {
            (Some(Some(number)), ChangeKind::Deleted) => {
                self.taken.remove(&number);
            }
            (Some(Some(number)), _) => {
                self.taken.insert(number);
            }
            (Some(None), _) | (None, ChangeKind::Deleted) => {}
            (None, _) => wake.key(node.key.clone()),
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let (Some(node), Some(all)) = (view.get(&NODES, key), Range::parse(PODS)) else {
            return outcome;
        };
        if node.tree.at(&["spec", "podCIDR"]).is_some() {
            return outcome;
        }
        // The last that was given is mostly the last that is taken.
        let next = self.taken.last().map_or(0, |last| last + 1);
        let mut numbers = (next..all.count() / SIZE).chain(0..next);
        if let Some(number) = numbers.find(|number| !self.taken.contains(number)) {
            self.taken.insert(number);
            let range = Text::from(format!("{}/24", all.at(number * SIZE)));
            let node = node
                .tree
                .with(&["spec", "podCIDR"], range.clone().into())
                .with(&["spec", "podCIDRs"], vec![Value::from(range)].into());
            outcome.update(NODES, key, node);
        }
        outcome
    }
}

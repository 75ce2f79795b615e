//! Addresses of pods: each node has a range, and gives them out in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use twin_core::tree::Text;

/// A range of addresses: `10.128.3.0/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    first: u32,
    count: u32,
}

impl Range {
    /// Reads a range.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let address: Ipv4Addr = address.parse().ok()?;
        let bits = bits.parse::<u32>().ok().filter(|bits| (8..=30).contains(bits))?;
        let count = 1_u32 << (32 - bits);
        Some(Self { first: u32::from(address) & !(count - 1), count })
    }

    /// The address at a place.
    pub(crate) fn at(self, place: u32) -> Ipv4Addr {
        Ipv4Addr::from(self.first + place)
    }

    /// The place of an address, if it is one of the range.
    pub(crate) fn place(self, address: Ipv4Addr) -> Option<u32> {
        let place = u32::from(address).checked_sub(self.first)?;
        (place < self.count).then_some(place)
    }

    /// How many addresses it has, its own and the last included.
    pub(crate) fn count(self) -> u32 {
        self.count
    }
}

#[derive(Debug, Default)]
struct Given {
    taken: BTreeSet<Ipv4Addr>,
    last: u32,
}

/// What nodes have given out.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    nodes: BTreeMap<Text, Given>,
}

impl Addresses {
    /// The next free address of a node. The first of a range belongs to the node.
    pub(super) fn give(&mut self, node: &str, range: Range) -> Option<Ipv4Addr> {
        let given = self.nodes.entry(Text::new(node)).or_default();
        let usable = range.count().saturating_sub(3);
        let mut places = (0..usable).map(|step| 2 + (given.last + step) % usable);
        let place = places.find(|place| !given.taken.contains(&range.at(*place)))?;
        given.last = place - 1;
        given.taken.insert(range.at(place));
        Some(range.at(place))
    }

    /// An address that is in use already.
    pub(super) fn take(&mut self, node: &str, address: Ipv4Addr) {
        self.nodes.entry(Text::new(node)).or_default().taken.insert(address);
    }

    pub(super) fn release(&mut self, node: &str, address: Ipv4Addr) {
        let Some(given) = self.nodes.get_mut(node) else { return };
        given.taken.remove(&address);
    }
}

#[cfg(test)]
mod tests {
    use super::{Addresses, Range};

    #[test]
    fn addresses_are_given_in_turn_and_once() {
        let range = Range::parse("10.1.2.0/29").unwrap();
        let mut addresses = Addresses::default();
        let give = |addresses: &mut Addresses| {
            addresses.give("n", range).map(|address| address.to_string()).unwrap_or_default()
        };
        let given: Vec<_> = (0..6).map(|_| give(&mut addresses)).collect();
        assert_eq!(given, ["10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.2.5", "10.1.2.6", ""]);
        addresses.release("n", "10.1.2.3".parse().unwrap());
        assert_eq!(give(&mut addresses), "10.1.2.3");
        for text in ["", "10.0.0.0", "10.0.0.0/31", "10.0.0.0/x", "::/64"] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }
}

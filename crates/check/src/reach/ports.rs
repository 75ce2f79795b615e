//! Sets of ports.

use std::collections::BTreeMap;
use std::fmt;

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP, which is what is meant when nothing is said.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// A port of the destination: of the pod, not of a Service before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    /// The number.
    pub number: u16,
    /// The protocol.
    pub protocol: Protocol,
}

/// First and last.
type Range = (u16, u16);

/// Every port there is.
const WHOLE: Range = (0, u16::MAX);

/// Some of all ports of all protocols.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortSet {
    /// Sorted, with gaps between them; never empty.
    ranges: BTreeMap<Protocol, Vec<Range>>,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];
}

impl PortSet {
    /// All ports of all protocols.
    pub fn all() -> Self {
        Self { ranges: Protocol::ALL.map(|protocol| (protocol, vec![WHOLE])).into() }
    }

    /// The ports of one protocol from the first to the last.
    pub fn range(protocol: Protocol, first: u16, last: u16) -> Self {
        let ranges = if first <= last { vec![(first, last)] } else { Vec::new() };
        Self { ranges: BTreeMap::from([(protocol, ranges)]) }.tidy()
    }

    /// All ports of one protocol.
    pub fn of(protocol: Protocol) -> Self {
        Self::range(protocol, WHOLE.0, WHOLE.1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether there are all.
    pub fn is_all(&self) -> bool {
        *self == Self::all()
    }

    /// Whether a port is among them.
    pub fn holds(&self, port: Port) -> bool {
        let ranges = self.ranges.get(&port.protocol).into_iter().flatten();
        ranges.into_iter().any(|(first, last)| (*first..=*last).contains(&port.number))
    }

    /// Those that are in either.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        for (protocol, ranges) in &other.ranges {
            self.ranges.entry(*protocol).or_default().extend(ranges);
        }
        self.tidy()
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let common = |(a, b): (Range, Range)| (a.0.max(b.0), a.1.min(b.1));
        let ranges = self.ranges.iter().map(|(protocol, own)| {
            let others = other.ranges.get(protocol).into_iter().flatten();
            let pairs = others.flat_map(|b| own.iter().map(move |a| (*a, *b)));
            (*protocol, pairs.map(common).filter(|(first, last)| first <= last).collect())
        });
        Self { ranges: ranges.collect() }.tidy()
    }

    /// Those of this set that are not in the other.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.and(&other.rest())
    }

    /// All that it does not hold.
    fn rest(&self) -> Self {
        let ranges = Protocol::ALL.map(|protocol| {
            let own = self.ranges.get(&protocol).into_iter().flatten();
            let ends = own.clone().map(|(_, last)| last.checked_add(1));
            let starts = std::iter::once(Some(WHOLE.0)).chain(ends);
            let stops = own.map(|(first, _)| first.checked_sub(1)).chain([Some(WHOLE.1)]);
            let gaps = starts.zip(stops).filter_map(|(first, last)| Some((first?, last?)));
            (protocol, gaps.filter(|(first, last)| first <= last).collect())
        });
        Self { ranges: ranges.into() }.tidy()
    }

    /// Sorted, joined where they touch, without what is empty.
    fn tidy(mut self) -> Self {
        for ranges in self.ranges.values_mut() {
            ranges.sort_unstable();
            let mut joined: Vec<Range> = Vec::new();
            for (first, last) in ranges.drain(..) {
                match joined.last_mut() {
                    Some(before) if first <= before.1.saturating_add(1) => {
                        before.1 = before.1.max(last);
                    }
                    _ => joined.push((first, last)),
                }
            }
            *ranges = joined;
        }
        self.ranges.retain(|_, ranges| !ranges.is_empty());
        self
    }
}

impl FromIterator<Port> for PortSet {
    fn from_iter<T: IntoIterator<Item = Port>>(ports: T) -> Self {
        let one = |port: Port| Self::range(port.protocol, port.number, port.number);
        ports.into_iter().fold(Self::default(), |set, port| set.or(&one(port)))
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        })
    }
}

/// As people write them: `all`, `80, 8000-8010, 53/UDP, all/SCTP`; TCP goes without saying.
impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str("all");
        }
        let words = self.ranges.iter().flat_map(|(protocol, ranges)| {
            let suffix = match protocol {
                Protocol::Tcp => String::new(),
                other => format!("/{other}"),
            };
            ranges.iter().map(move |range| match *range {
                WHOLE => format!("all/{protocol}"),
                (first, last) if first == last => format!("{first}{suffix}"),
                (first, last) => format!("{first}-{last}{suffix}"),
            })
        });
        f.write_str(&words.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::{PortSet, Protocol};

    fn tcp(first: u16, last: u16) -> PortSet {
        PortSet::range(Protocol::Tcp, first, last)
    }

    #[test]
    fn sets_are_what_they_hold() {
        let cases = [
            (tcp(80, 80), "80"),
            (tcp(81, 80), ""),
            (tcp(80, 81).or(&tcp(82, 90)).or(&tcp(443, 443)), "80-90, 443"),
            (tcp(0, 65535).or(&tcp(80, 80)), "all/TCP"),
            (PortSet::all(), "all"),
            (PortSet::all().and(&tcp(53, 53)), "53"),
            (tcp(53, 53).or(&PortSet::range(Protocol::Udp, 53, 53)), "53, 53/UDP"),
            (tcp(1, 10).or(&tcp(20, 30)).and(&tcp(5, 25)), "5-10, 20-25"),
            (tcp(1, 10).and(&PortSet::of(Protocol::Udp)), ""),
            (tcp(1, 10).without(&tcp(4, 5).or(&tcp(10, 20))), "1-3, 6-9"),
            (tcp(0, 65535).without(&tcp(0, 9).or(&tcp(65535, 65535))), "10-65534"),
            (tcp(1, 10).without(&PortSet::all()), ""),
            (PortSet::all().without(&PortSet::default()), "all"),
        ];
        for (set, expected) in cases {
            assert_eq!(set.to_string(), expected);
            assert_eq!(set.is_empty(), expected.is_empty());
        }
    }
}

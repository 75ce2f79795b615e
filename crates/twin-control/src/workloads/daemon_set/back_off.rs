//! How long a set waits before it ends a failed pod again on the same node: where a kubelet refuses its pods, they
//! would come and go without end.

use std::collections::BTreeMap;
use std::time::Duration;
use twin_core::time::Timestamp;
use twin_core::tree::Text;

const FIRST: Duration = Duration::from_secs(1);
const LAST: Duration = Duration::from_mins(15);

/// A set, its generation and a node.
pub(super) type Spot = (Text, i64, Text);

/// Waits by spots.
#[derive(Debug, Default)]
pub(super) struct BackOff(BTreeMap<Spot, Wait>);

#[derive(Clone, Copy, Debug)]
struct Wait {
    since: Timestamp,
    lasts: Duration,
}

impl Wait {
    /// Nothing happened there for so long that it starts anew.
    fn is_stale(self, now: Timestamp) -> bool {
        now.since(self.since) > LAST * 2
    }
}

impl BackOff {
    /// Forgets what is too long ago to count; once a look, as there may be many spots.
    pub(super) fn forget_stale(&mut self, now: Timestamp) {
        self.0.retain(|_, wait| !wait.is_stale(now));
    }

    /// How long it has to wait; nothing, if it may end a pod there now, after which it waits longer.
    pub(super) fn turn(&mut self, spot: Spot, now: Timestamp) -> Result<(), Duration> {
        let known = self.0.get(&spot).filter(|wait| !wait.is_stale(now));
        let lasts = match known {
            Some(wait) if now.since(wait.since) < wait.lasts => {
                return Err(wait.since.plus(wait.lasts).since(now));
            }
            Some(wait) => (wait.lasts * 2).min(LAST),
            None => FIRST,
        };
        self.0.insert(spot, Wait { since: now, lasts });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::BackOff;
    use std::time::Duration;
    use twin_core::time::Timestamp;
    use twin_core::tree::Text;

    #[test]
    fn waits_get_longer_and_are_forgotten() {
        let mut waits = BackOff::default();
        let mut turn = |node: &str, at: i64| {
            let now = Timestamp::default().plus_seconds(at);
            waits.turn((Text::new("u"), 1, Text::new(node)), now)
        };
        assert_eq!(turn("a", 0), Ok(()));
        assert_eq!(turn("a", 0), Err(Duration::from_secs(1)));
        assert_eq!((turn("b", 0), turn("a", 1)), (Ok(()), Ok(())));
        assert_eq!(turn("a", 2), Err(Duration::from_secs(1)));
        assert_eq!((turn("a", 3), turn("a", 5)), (Ok(()), Err(Duration::from_secs(2))));
        assert_eq!(turn("a", 3_000), Ok(()));
        assert_eq!(turn("a", 3_000), Err(Duration::from_secs(1)));
        assert_eq!(waits.0.len(), 2);
        waits.forget_stale(Timestamp::default().plus_seconds(3_000));
        assert_eq!(waits.0.len(), 1);
    }
}

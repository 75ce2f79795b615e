//! How fast replicas may change: stabilisation windows and policies of `spec.behavior`.

use std::time::Duration;
use twin_core::time::Timestamp;
use twin_core::tree::Value;

/// More is wanted, or less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

/// One limit: so many pods or percent within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Policy {
    amount: Amount,
    period: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Amount {
    Pods(u64),
    Percent(u64),
}

/// Which of several limits counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Select {
    Most,
    Least,
    None,
}

/// The rules of one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    direction: Direction,
    window: Duration,
    select: Select,
    policies: Vec<Policy>,
}

/// What was recommended and done before.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    recommended: Vec<(Timestamp, u64)>,
    /// Replicas that were added (or taken away, if negative).
    changed: Vec<(Timestamp, i64)>,
}

/// Nothing older than this matters: the longest period and window that Kubernetes allows.
const REMEMBERED: Duration = Duration::from_hours(1);

impl Rules {
    /// The rules of a direction, with Kubernetes' defaults where nothing is said.
    pub(super) fn of(scaler: &Value, direction: Direction) -> Self {
        let field = if direction == Direction::Up { "scaleUp" } else { "scaleDown" };
        let said = scaler.at(&["spec", "behavior", field]);
        let number = |value: &Value, field: &str| {
            value.at(&[field]).and_then(Value::as_int).and_then(|it| u64::try_from(it).ok())
        };
        let default_window = if direction == Direction::Up { 0 } else { 300 };
        let window = said.and_then(|said| number(said, "stabilizationWindowSeconds"));
        let select = match said.and_then(|said| said.str_at(&["selectPolicy"])) {
            Some("Min") => Select::Least,
            Some("Disabled") => Select::None,
            _ => Select::Most,
        };
        let listed = said.and_then(|said| said.at(&["policies"])).and_then(Value::as_list);
        let listed = listed.filter(|list| !list.is_empty()).map(|list| {
            let policy = |policy: &Value| {
                let value = number(policy, "value")?;
                let amount = match policy.str_at(&["type"])? {
                    "Pods" => Amount::Pods(value),
                    _ => Amount::Percent(value),
                };
                let period = Duration::from_secs(number(policy, "periodSeconds")?);
                Some(Policy { amount, period })
            };
            list.iter().filter_map(policy).collect()
        });
        let policies = listed.unwrap_or_else(|| default_policies(direction));
        let window = Duration::from_secs(window.unwrap_or(default_window));
        Self { direction, window, select, policies }
    }

    /// How far replicas may go at this moment.
    pub(super) fn limit(&self, past: &Past, current: u64, now: Timestamp) -> u64 {
        let limits = self.policies.iter().map(|policy| {
            let start = past.before(current, policy.period, self.direction, now);
            match (self.direction, policy.amount) {
                (Direction::Up, Amount::Pods(pods)) => start.saturating_add(pods),
                (Direction::Down, Amount::Pods(pods)) => start.saturating_sub(pods),
                (Direction::Up, Amount::Percent(part)) => {
                    start.saturating_add(start.saturating_mul(part).div_ceil(100))
                }
                (Direction::Down, Amount::Percent(part)) => {
                    start.saturating_mul(100_u64.saturating_sub(part)) / 100
                }
            }
        });
        let found = match (self.select, self.direction) {
            (Select::None, _) => None,
            (Select::Most, Direction::Up) | (Select::Least, Direction::Down) => limits.max(),
            (Select::Least, Direction::Up) | (Select::Most, Direction::Down) => limits.min(),
        };
        found.unwrap_or(current)
    }
}

fn default_policies(direction: Direction) -> Vec<Policy> {
    let period = Duration::from_secs(15);
    let all = Policy { amount: Amount::Percent(100), period };
    match direction {
        Direction::Up => vec![all, Policy { amount: Amount::Pods(4), period }],
        Direction::Down => vec![all],
    }
}

impl Past {
    /// Notes a recommendation, and gives the one that holds: the lowest of the window on the way up,
    /// the highest on the way down.
    pub(super) fn stabilised(
        &mut self,
        wanted: u64,
        current: u64,
        up: &Rules,
        down: &Rules,
        now: Timestamp,
    ) -> u64 {
        self.recommended.retain(|(at, _)| now.since(*at) <= REMEMBERED);
        self.recommended.push((now, wanted));
        let within = |rules: &Rules| {
            let window = rules.window;
            let recent = self.recommended.iter().filter(move |(at, _)| now.since(*at) <= window);
            recent.map(|(_, replicas)| *replicas).collect::<Vec<_>>()
        };
        let lowest = within(up).into_iter().min().unwrap_or(wanted);
        let highest = within(down).into_iter().max().unwrap_or(wanted);
        current.max(lowest).min(highest)
    }

    /// Notes what was done.
    pub(super) fn changed(&mut self, from: u64, to: u64, now: Timestamp) {
        self.changed.retain(|(at, _)| now.since(*at) <= REMEMBERED);
        let signed = |replicas| i64::try_from(replicas).unwrap_or(i64::MAX);
        self.changed.push((now, signed(to) - signed(from)));
    }

    /// Replicas at the beginning of a period, as far as this direction's changes tell.
    fn before(&self, current: u64, period: Duration, direction: Direction, now: Timestamp) -> u64 {
        let recent = self.changed.iter().filter(|(at, _)| now.since(*at) < period);
        let sum = |wanted: fn(&i64) -> bool| {
            recent.map(|(_, by)| by).filter(|by| wanted(by)).map(|by| by.unsigned_abs()).sum()
        };
        match direction {
            Direction::Up => current.saturating_sub(sum(|by| *by > 0)),
            Direction::Down => current.saturating_add(sum(|by| *by < 0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Direction, Past, Rules};
    use twin_core::time::Timestamp;
    use twin_core::tree::decode;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::default().plus_seconds(seconds)
    }

    #[test]
    fn defaults_double_or_add_four() {
        let up = Rules::of(&decode(b"{}").unwrap(), Direction::Up);
        let mut past = Past::default();
        assert_eq!(up.limit(&past, 2, at(0)), 6);
        assert_eq!(up.limit(&past, 10, at(0)), 20);
        past.changed(2, 6, at(0));
        assert_eq!(up.limit(&past, 6, at(10)), 6);
        assert_eq!(up.limit(&past, 6, at(15)), 12);
    }

    #[test]
    fn policies_are_read() {
        let scaler = br#"{"spec":{"behavior":{"scaleDown":{"stabilizationWindowSeconds":60,
            "policies":[{"type":"Pods","value":1,"periodSeconds":30}]},
            "scaleUp":{"selectPolicy":"Disabled"}}}}"#;
        let scaler = decode(scaler).unwrap();
        let past = Past::default();
        assert_eq!(Rules::of(&scaler, Direction::Down).limit(&past, 5, at(0)), 4);
        assert_eq!(Rules::of(&scaler, Direction::Up).limit(&past, 5, at(0)), 5);
    }

    #[test]
    fn fewer_are_wanted_for_five_minutes_before_there_are_fewer() {
        let spec = decode(b"{}").unwrap();
        let (up, down) = (Rules::of(&spec, Direction::Up), Rules::of(&spec, Direction::Down));
        let mut past = Past::default();
        assert_eq!(past.stabilised(8, 8, &up, &down, at(0)), 8);
        assert_eq!(past.stabilised(2, 8, &up, &down, at(15)), 8);
        assert_eq!(past.stabilised(2, 8, &up, &down, at(300)), 8);
        assert_eq!(past.stabilised(2, 8, &up, &down, at(301)), 2);
    }
}

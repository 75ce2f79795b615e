//! How long a stage waits, and how likely it is.

use crate::number::whole;
use crate::query::Query;
use crate::rule::Rule;
use crate::site::Site;
use std::time::Duration;
use twin_core::time::Timestamp;
use twin_core::tree::Value;

/// Where a number comes from, if not from the stage itself.
#[derive(Debug)]
pub(crate) enum Source {
    Query(Query),
    Rule(Rule),
}

impl Source {
    fn run(&self, object: &Value) -> Option<Value> {
        match self {
            Self::Query(query) => query.run(object)?.into_iter().next(),
            Self::Rule(rule) => rule.run(object),
        }
    }
}

/// How likely a stage is among others that fit.
#[derive(Debug, Default)]
pub(crate) struct Weight {
    pub(crate) value: u32,
    pub(crate) from: Option<Source>,
}

impl Weight {
    /// None if the object says something that is no weight.
    pub(crate) fn of(&self, object: &Value) -> Option<u64> {
        let own = u64::from(self.value);
        match self.from.as_ref().and_then(|from| from.run(object)) {
            Some(Value::Int(int)) => Some(u64::try_from(int).unwrap_or(0)),
            Some(Value::Float(float)) => Some(u64::try_from(whole(float)).unwrap_or(0)),
            Some(Value::Text(text)) => text.parse().ok(),
            None | Some(_) => Some(own),
        }
    }
}

/// A length of time.
#[derive(Debug, Default)]
pub(crate) struct Length {
    pub(crate) value: Option<Duration>,
    pub(crate) from: Option<Source>,
}

impl Length {
    fn of(&self, object: &Value, now: Timestamp) -> Option<Duration> {
        match self.from.as_ref().and_then(|from| from.run(object)) {
            Some(Value::Text(text)) if text.is_empty() => None,
            Some(Value::Text(text)) => match Timestamp::parse(&text) {
                Some(time) => Some(time.since(now)),
                None => go_duration(&text).or(self.value),
            },
            // As Go counts durations.
            Some(Value::Int(nanos)) => {
                Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(0)))
            }
            _ => self.value,
        }
    }
}

/// How long a stage waits.
#[derive(Debug, Default)]
pub(crate) struct Delay {
    pub(crate) length: Length,
    /// The most that it waits; if that is less, it is what counts.
    pub(crate) most: Option<Length>,
}

impl Delay {
    pub(crate) fn of(&self, object: &Value, site: &mut dyn Site) -> Duration {
        let now = site.now();
        let Some(least) = self.length.of(object, now) else { return Duration::ZERO };
        match self.most.as_ref().and_then(|most| most.of(object, now)) {
            None => least,
            Some(most) if most <= least => most,
            Some(most) => {
                let span = most.saturating_sub(least).as_micros();
                let span = u64::try_from(span).unwrap_or(u64::MAX);
                least.saturating_add(Duration::from_micros(site.chance(span)))
            }
        }
    }
}

/// Reads a duration as Go writes it: `1m30s`, `1.5h`, `200ms`. One before zero is none.
pub fn go_duration(text: &str) -> Option<Duration> {
    let (text, negative) = match text.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (mut rest, mut sum) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let digits = rest.find(|next: char| !(next.is_ascii_digit() || next == '.'))?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|next: char| next.is_ascii_digit() || next == '.');
        let (unit, after) = rest.split_at(letters.unwrap_or(rest.len()));
        let seconds = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        sum = sum.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = after;
    }
    if text.is_empty() { None } else { Some(if negative { Duration::ZERO } else { sum }) }
}

#[cfg(test)]
mod tests {
    use super::go_duration;
    use std::time::Duration;

    #[test]
    fn durations_are_read_as_go_does() {
        let millis = |text| go_duration(text).map(|it| it.as_millis());
        assert_eq!(millis("1m30s"), Some(90_000));
        assert_eq!(millis("1.5h"), Some(5_400_000));
        assert_eq!(millis("200ms"), Some(200));
        assert_eq!(millis("0"), Some(0));
        assert_eq!(millis("-3s"), Some(0));
        assert_eq!(go_duration("7us"), Some(Duration::from_micros(7)));
        for text in ["", "s", "5", "1x", "1..s", "999999999999999999999h"] {
            assert_eq!(go_duration(text), None, "{text}");
        }
    }
}

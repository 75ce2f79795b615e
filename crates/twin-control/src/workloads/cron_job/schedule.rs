//! A schedule: five fields, and the times that they mean on the walls of a zone, or a pause.
//!
//! A time that a clock passes over when it is turned forward does not come; one that it shows twice
//! when it is turned back comes twice.

use std::ops::RangeInclusive;
use twin_core::time::Timestamp;
use twin_core::zones::Zone;

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// A schedule that means no time within these days means none: the next 29th of February may be
/// eight years away.
const DAYS: i64 = 8 * 366;

const MONTHS: &[&str] =
    &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// What is wrong with a schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unparseable {
    #[error("expected exactly 5 fields, found {0}")]
    Fields(usize),
    #[error("unrecognized descriptor: {0}")]
    Descriptor(String),
    #[error("failed to parse {0:?}")]
    Part(String),
    #[error("{0:?} is out of range or turned around")]
    Range(String),
}

/// The values of a field, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    bits: u64,
    /// It says `*`: then it does not choose days.
    is_open: bool,
}

impl Field {
    fn has(self, value: i64) -> bool {
        u32::try_from(value).is_ok_and(|value| value < 64 && self.bits & (1 << value) != 0)
    }

    fn read(text: &str, range: RangeInclusive<i64>, names: &[&str]) -> Result<Self, Unparseable> {
        let mut field = Self { bits: 0, is_open: false };
        for part in text.split(',') {
            let (values, step) = match part.split_once('/') {
                Some((values, step)) => (values, number(step, part, &[], 0)?),
                None => (part, 1),
            };
            let open = matches!(values, "*" | "?");
            let has_step = part.contains('/');
            let (first, last) = match values.split_once('-') {
                _ if open => (*range.start(), *range.end()),
                Some((first, last)) => (
                    number(first, part, names, *range.start())?,
                    number(last, part, names, *range.start())?,
                ),
                None => {
                    let first = number(values, part, names, *range.start())?;
                    (first, if has_step { *range.end() } else { first })
                }
            };
            if step < 1 || first > last || !range.contains(&first) || !range.contains(&last) {
                return Err(Unparseable::Range(part.to_owned()));
            }
            field.is_open |= open && step == 1;
            let mut value = first;
            while value <= last {
                field.bits |= 1 << value;
                value = value.saturating_add(step);
            }
        }
        Ok(field)
    }
}

/// A number or a name; names count from `first`.
fn number(text: &str, part: &str, names: &[&str], first: i64) -> Result<i64, Unparseable> {
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    if let Some(at) = named.and_then(|at| i64::try_from(at).ok()) {
        return Ok(first + at);
    }
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let digits = text.parse::<u16>().ok().filter(|_| plain);
    digits.map(i64::from).ok_or_else(|| Unparseable::Part(part.to_owned()))
}

/// When something is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schedule {
    Fields(Fields),
    /// So many seconds after the last time.
    Every(i64),
}

impl Schedule {
    /// Reads five fields, a word for them (`@daily`), or a pause (`@every 5m`).
    pub(super) fn parse(text: &str) -> Result<Self, Unparseable> {
        match text.trim().strip_prefix("@every ") {
            Some(pause) => {
                let pause = kwok::go_duration(pause).map(|pause| pause.as_secs());
                let pause = pause.ok_or_else(|| Unparseable::Part(text.to_owned()))?;
                // The least is a second, and parts of one do not count.
                Ok(Self::Every(i64::try_from(pause).unwrap_or(i64::MAX).max(1)))
            }
            None => Fields::parse(text).map(Self::Fields),
        }
    }

    /// The first time after this one in a zone.
    pub(super) fn next(&self, after: Timestamp, zone: &Zone) -> Option<Timestamp> {
        match self {
            Self::Fields(fields) => fields.next(after, zone),
            Self::Every(seconds) => Some(whole(after).plus_seconds(*seconds)),
        }
    }

    /// The last time after `from` that is not after `until`.
    pub(super) fn last(&self, from: Timestamp, until: Timestamp, zone: &Zone) -> Option<Timestamp> {
        match self {
            Self::Fields(fields) => fields.last(from, until, zone),
            Self::Every(seconds) => {
                let from = whole(from);
                let times = until.seconds().saturating_sub(from.seconds()) / seconds;
                (times > 0).then(|| from.plus_seconds(times * seconds))
            }
        }
    }
}

fn whole(time: Timestamp) -> Timestamp {
    Timestamp::default().plus_seconds(time.seconds())
}

/// Five fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

impl Fields {
    fn parse(text: &str) -> Result<Self, Unparseable> {
        let text = match text.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other if other.starts_with('@') => {
                return Err(Unparseable::Descriptor(other.to_owned()));
            }
            other => other,
        };
        let fields: Vec<_> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(Unparseable::Fields(fields.len()));
        };
        Ok(Self {
            minute: Field::read(minute, 0..=59, &[])?,
            hour: Field::read(hour, 0..=23, &[])?,
            day: Field::read(day, 1..=31, &[])?,
            month: Field::read(month, 1..=12, MONTHS)?,
            weekday: Field::read(weekday, 0..=6, WEEKDAYS)?,
        })
    }

    /// The first time after this one in a zone.
    fn next(&self, after: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let last = after.plus_seconds(DAYS * DAY);
        let (mut from, mut offset) = (after, zone.offset(after));
        let mut turn = zone.next_turn(after);
        loop {
            let shown = self.next_shown(from.plus_seconds(offset));
            let found = shown.map(|shown| shown.plus_seconds(-offset));
            let Some(turned) = turn.filter(|turn| found.is_none_or(|found| found >= *turn)) else {
                return found;
            };
            if turned > last {
                return None;
            }
            // The first second of the turned clock counts.
            (from, offset) = (turned.plus_seconds(-1), zone.offset(turned));
            turn = zone.next_turn(turned);
        }
    }

    /// The first time after this one, on a clock that nobody turns.
    fn next_shown(&self, after: Timestamp) -> Option<Timestamp> {
        let start = (after.seconds().div_euclid(MINUTE) + 1).checked_mul(MINUTE)?;
        let (first, within) = (start.div_euclid(DAY), start.rem_euclid(DAY));
        (first..=first + DAYS).find_map(|day| {
            let time = Timestamp::default().plus_seconds(day * DAY);
            let from = if day == first { within } else { 0 };
            self.has_day(time, day)
                .then(|| self.within(from))
                .flatten()
                .map(|it| time.plus_seconds(it))
        })
    }

    /// The last time after `from` that is not after `until`.
    fn last(&self, from: Timestamp, until: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let is_past = |time: Timestamp| self.next(time, zone).is_some_and(|next| next <= until);
        if !is_past(from) {
            return None;
        }
        // Before the last time the next one is past, and from it on it is not: halve the minutes.
        let (mut low, mut high) = (0, (until.seconds() - from.seconds()) / MINUTE + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if is_past(from.plus_seconds(middle * MINUTE)) { low = middle } else { high = middle }
        }
        self.next(from.plus_seconds(low * MINUTE), zone)
    }

    /// A day that is chosen twice, by its number and its weekday, has to be only one of both.
    fn has_day(&self, time: Timestamp, days: i64) -> bool {
        let (_, month, day) = time.date();
        // The first day of 1970 was a Thursday.
        let (by_day, by_weekday) = (self.day.has(day), self.weekday.has((days + 4).rem_euclid(7)));
        let chosen = if self.day.is_open || self.weekday.is_open {
            by_day && by_weekday
        } else {
            by_day || by_weekday
        };
        chosen && self.month.has(month)
    }

    /// The first second of a day from this one on.
    fn within(&self, from: i64) -> Option<i64> {
        let minutes = (from / MINUTE)..(DAY / MINUTE);
        let mut chosen = minutes.filter(|minute| {
            self.hour.has(minute * MINUTE / HOUR) && self.minute.has(minute % (HOUR / MINUTE))
        });
        chosen.next().map(|minute| minute * MINUTE)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, MINUTE, Schedule};
    use proptest::prelude::*;
    use twin_core::time::Timestamp;
    use twin_core::zones::Zone;

    fn utc() -> Zone {
        Zone::named("UTC").unwrap()
    }

    #[test]
    fn schedules_mean_what_they_say() {
        // The 25th of November 2026 is a Wednesday.
        for (text, next) in [
            ("* * * * *", "2026-11-25T12:31:00Z"),
            ("*/15 * * * *", "2026-11-25T12:45:00Z"),
            ("5/20 * * * *", "2026-11-25T12:45:00Z"),
            ("0 9-17/4 * * *", "2026-11-25T13:00:00Z"),
            ("30 12 * * *", "2026-11-26T12:30:00Z"),
            ("@hourly", "2026-11-25T13:00:00Z"),
            ("@daily", "2026-11-26T00:00:00Z"),
            ("@weekly", "2026-11-29T00:00:00Z"),
            ("@monthly", "2026-12-01T00:00:00Z"),
            ("@yearly", "2027-01-01T00:00:00Z"),
            ("0 0 29 feb *", "2028-02-29T00:00:00Z"),
            ("0 0 * * MON-tue", "2026-11-30T00:00:00Z"),
            ("0 0 1 * fri", "2026-11-27T00:00:00Z"),
            ("0 0 1 * ?", "2026-12-01T00:00:00Z"),
            ("0 0 13 * *", "2026-12-13T00:00:00Z"),
            ("@every 5m", "2026-11-25T12:35:30Z"),
            ("@every 1h30m10.9s", "2026-11-25T14:00:40Z"),
            ("@every 1ms", "2026-11-25T12:30:31Z"),
        ] {
            let now = Timestamp::parse("2026-11-25T12:30:30Z").unwrap();
            let found = Schedule::parse(text).unwrap().next(now, &utc());
            assert_eq!(found, Timestamp::parse(next), "{text}");
        }
        assert_eq!(Schedule::parse("0 0 30 2 *").unwrap().next(Timestamp::default(), &utc()), None);
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 7",
            "*/0 * * * *",
            "5-3 * * * *",
            "a * * * *",
            "@every",
            "@every 5",
            "@every x",
            "@reboot",
            "-1 * * * *",
            "1,,2 * * * *",
            "* * * * +1",
            "*/99999999999 * * * *",
        ] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }

    /// The times of a schedule from one on, as a wall there shows them.
    fn shown(text: &str, zone: &str, after: &str, times: usize) -> Vec<String> {
        let (zone, schedule) = (Zone::named(zone).unwrap(), Schedule::parse(text).unwrap());
        let mut at = Timestamp::parse(after).unwrap();
        let next = std::iter::from_fn(|| {
            at = schedule.next(at, &zone)?;
            Some(at.to_string())
        });
        next.take(times).collect()
    }

    #[test]
    fn walls_show_the_times_of_their_zone() {
        // It is an hour earlier in UTC, and two in summer.
        let daily = shown("30 2 * * *", "Europe/Berlin", "2027-03-26T12:00:00Z", 3);
        let skipped = ["2027-03-27T01:30:00Z", "2027-03-29T00:30:00Z", "2027-03-30T00:30:00Z"];
        assert_eq!(daily, skipped, "there is no half past two on the 28th");
        let twice = shown("30 2 * * *", "Europe/Berlin", "2027-10-30T12:00:00Z", 3);
        assert_eq!(twice, ["2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z", "2027-11-01T01:30:00Z"]);
        let hourly = shown("0 * * * *", "America/New_York", "2026-11-01T05:10:00Z", 2);
        assert_eq!(hourly, ["2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z"]);
        let first = shown("0 3 * * *", "Europe/Berlin", "2027-03-28T00:00:00Z", 1);
        assert_eq!(first, ["2027-03-28T01:00:00Z"], "the first moment of the turned clock");
        let monthly = shown("@monthly", "Asia/Kolkata", "2026-12-01T00:00:00Z", 1);
        assert_eq!(monthly, ["2026-12-31T18:30:00Z"]);
        assert_eq!(shown("0 0 30 2 *", "Europe/Berlin", "2026-12-01T00:00:00Z", 1), [""; 0]);
    }

    fn field(low: i64, high: i64) -> impl Strategy<Value = String> {
        prop_oneof![
            3 => Just("*".to_owned()),
            2 => (low..=high).prop_map(|value| value.to_string()),
            1 => (2..9i64).prop_map(|step| format!("*/{step}")),
            1 => (low..=high, low..=high).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
            1 => (low..=high, low..=high).prop_map(|(a, b)| format!("{a},{b}")),
        ]
    }

    proptest! {
        #[test]
        fn the_next_time_is_the_first_that_fits(
            fields in (field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6)),
            seconds in 1_700_000_000..1_900_000_000i64,
        ) {
            let (minute, hour, day, month, weekday) = fields;
            let schedule = Schedule::parse(&format!("{minute} {hour} {day} {month} {weekday}")).unwrap();
            let now = Timestamp::default().plus_seconds(seconds);
            let Some(next) = schedule.next(now, &utc()) else { return Ok(()) };
            prop_assert!(next > now && next.seconds() % MINUTE == 0);
            // It fits, and none between now and then does: the time before it leads to it too.
            let just_before = next.plus_seconds(-1);
            prop_assert_eq!(schedule.next(just_before, &utc()), Some(next));
            let middle = now.plus_seconds((next.seconds() - now.seconds()) / 2);
            if middle < next {
                prop_assert_eq!(schedule.next(middle, &utc()), Some(next));
            }
            prop_assert_eq!(schedule.last(now, just_before, &utc()), None);
            prop_assert_eq!(schedule.last(now, next, &utc()), Some(next));
        }

        #[test]
        fn the_last_time_of_a_pause_is_the_last(pause in 1..5_000i64, span in 0..200_000i64) {
            let schedule = Schedule::parse(&format!("@every {pause}s")).unwrap();
            let from = Timestamp::default().plus_seconds(1_795_000_000);
            let until = from.plus_seconds(span);
            let mut walked = None;
            while let Some(next) = schedule.next(walked.unwrap_or(from), &utc()).filter(|it| *it <= until) {
                walked = Some(next);
            }
            prop_assert_eq!(schedule.last(from, until, &utc()), walked);
        }

        #[test]
        fn the_last_time_is_the_last(text in field(0, 59), hours in field(0, 23), span in 0..200_000i64) {
            let schedule = Schedule::parse(&format!("{text} {hours} * * *")).unwrap();
            let from = Timestamp::default().plus_seconds(1_795_000_000);
            let until = from.plus_seconds(span);
            let mut walked = None;
            let mut at = from;
            while let Some(next) = schedule.next(at, &utc()).filter(|next| *next <= until) {
                walked = Some(next);
                at = next;
            }
            prop_assert_eq!(schedule.last(from, until, &utc()), walked);
        }

        #[test]
        fn the_next_time_in_a_zone_is_the_first_minute_that_fits(
            (minute, hour) in (field(0, 59), field(0, 23)),
            seconds in 1_793_400_000..1_793_600_000i64,
            zone in prop_oneof![Just("America/New_York"), Just("Australia/Lord_Howe"), Just("Europe/Berlin")],
        ) {
            let text = format!("{minute} {hour} * * *");
            let (schedule, fields) = (Schedule::parse(&text).unwrap(), Fields::parse(&text).unwrap());
            let zone = Zone::named(zone).unwrap();
            let now = Timestamp::default().plus_seconds(seconds);
            let next = schedule.next(now, &zone).unwrap();
            let fits = |at: Timestamp| {
                let wall = at.plus_seconds(zone.offset(at)).seconds().rem_euclid(86_400);
                fields.minute.has(wall / 60 % 60) && fields.hour.has(wall / 3_600)
            };
            let first = (seconds.div_euclid(60) + 1..).map(|minute| minute * 60);
            let walked = first.map(|at| Timestamp::default().plus_seconds(at)).find(|at| fits(*at));
            prop_assert_eq!(Some(next), walked);
        }

        #[test]
        fn nothing_panics(text in ".{0,30}", seconds in any::<i64>()) {
            if let Ok(schedule) = Schedule::parse(&text) {
                let _ = schedule.next(Timestamp::from_micros(seconds), &utc());
            }
        }
    }
}

//! Points in time, as Kubernetes writes them. Nobody asks for the time here: it is an argument.

use crate::tree::{Text, Value};
use std::fmt::{Display, Formatter, Result as FmtResult};
use std::time::Duration;

/// A point in time: microseconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400;

impl Timestamp {
    /// From microseconds since 1970.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// So many seconds later.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(SECOND)))
    }

    /// This much later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` it is; nothing, if it is before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The year, the month and the day.
    pub fn date(self) -> (i64, i64, i64) {
        civil(self.seconds().div_euclid(DAY))
    }

    /// Reads what [`Display`] writes, and `metav1.MicroTime`.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let mut date = date.splitn(3, '-').map(str::parse::<i64>);
        let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
        let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
        let mut parts = time.splitn(3, ':').map(str::parse::<i64>);
        let (hour, minute, second) =
            (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
        let calendar =
            (0..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        let clock =
            (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
        if !calendar || !clock {
            return None;
        }
        let micros = format!("{fraction:0<6}").get(..6)?.parse::<i64>().ok()?;
        let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
        Some(Self(seconds * SECOND + micros))
    }

    /// As `metav1.Time` in an object.
    pub fn value(self) -> Value {
        let Some(text) = self.digits() else { return Value::Text(Text::from(self.to_string())) };
        Value::text(String::from_utf8_lossy(&text))
    }

    /// What [`Display`] writes, of a year with four digits: two of them stand in most objects.
    fn digits(self) -> Option<[u8; 20]> {
        let (year, month, day) = self.date();
        let second = self.seconds().rem_euclid(DAY);
        if !(0..=9999).contains(&year) {
            return None;
        }
        let mut text = *b"0000-00-00T00:00:00Z";
        let parts = [(3, year), (6, month), (9, day)];
        let clock = [(12, second / 3600), (15, second / 60 % 60), (18, second % 60)];
        for (last, number) in parts.into_iter().chain(clock) {
            let (mut place, mut rest) = (last, number);
            while rest > 0 {
                text[place] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
                (place, rest) = (place.saturating_sub(1), rest / 10);
            }
        }
        Some(text)
    }

    /// As `metav1.MicroTime` in an object, which always has six digits of a second.
    pub fn micro_value(self) -> Value {
        let seconds = self.to_string();
        let whole = seconds.trim_end_matches('Z');
        Value::Text(Text::from(format!("{whole}.{:06}Z", self.0.rem_euclid(SECOND))))
    }
}

/// `2026-11-25T22:13:31Z`
impl Display for Timestamp {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> FmtResult {
        let (days, second) = (self.seconds().div_euclid(DAY), self.seconds().rem_euclid(DAY));
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(formatter, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// The date of a day counted from 1970: counted in eras of 400 years that start in March.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The day of a date, counted from 1970: the inverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn dates_are_right() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_644_811, "2026-11-25T22:13:31Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            let time = Timestamp::default().plus_seconds(seconds);
            assert_eq!(time.to_string(), text);
            assert_eq!(time.value().as_str(), Some(text));
            assert_eq!(Timestamp::parse(text), Some(time));
        }
        for odd in [Timestamp::from_micros(i64::MAX), Timestamp::from_micros(i64::MIN)] {
            assert_eq!(odd.value().as_str(), Some(odd.to_string().as_str()));
        }
        let time = Timestamp::from_micros(-1);
        assert_eq!(time.micro_value().as_str(), Some("1969-12-31T23:59:59.999999Z"));
        assert_eq!(Timestamp::parse("1969-12-31T23:59:59.999999Z"), Some(time));
    }
}

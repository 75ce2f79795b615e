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
    pub written: Vec<Entry>,
}

/// What was written at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: Timestamp,
    pub text: Text,
}

/// Which run of a container is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Last,
    /// That before the last restart.
    Previous,
}

/// The logs of pods that are there: of each container those of its last two runs.
#[derive(Debug, Default)]
pub(crate) struct Logs(BTreeMap<Text, Vec<Log>>);

impl Logs {
    /// Keeps a log. One of the same run is replaced.
    pub(crate) fn keep(&mut self, log: Log) {
        let logs = self.0.entry(log.pod.clone()).or_default();
        let own = |it: &Log| it.container == log.container;
        if let Some(known) = logs.iter_mut().find(|it| own(it) && it.since == log.since) {
            *known = log;
            return;
        }
        let mut known = logs.iter().enumerate().filter(|(_, it)| own(it)).map(|(place, _)| place);
        if let (Some(oldest), Some(_)) = (known.next(), known.next()) {
            logs.remove(oldest);
        }
        logs.push(log);
    }

    pub(crate) fn forget(&mut self, pod: &str) {
        self.0.remove(pod);
    }

    /// The lines that a container wrote by now, each with its time.
    pub(crate) fn lines(
        &self,
        pod: &str,
        container: &str,
        which: Which,
        now: Timestamp,
    ) -> Vec<(Timestamp, String)> {
        let logs = self.0.get(pod).into_iter().flatten();
        let mut own = logs.rev().filter(|it| it.container == container);
        let log = match which {
            Which::Last => own.next(),
            Which::Previous => own.nth(1),
        };
        let written = log.into_iter().flat_map(|log| &log.written);
        let mut lines: Vec<(Timestamp, String)> = Vec::new();
        for entry in written.filter(|entry| entry.at <= now) {
            for piece in entry.text.split_inclusive('\n') {
                match lines.last_mut().filter(|(_, line)| !line.ends_with('\n')) {
                    Some((at, line)) => {
                        *at = entry.at;
                        line.push_str(piece);
                    }
                    None => lines.push((entry.at, piece.to_owned())),
                }
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Log, Logs, Which};
    use crate::time::Timestamp;
    use crate::tree::Text;

    fn log(since: i64, texts: &[&str]) -> Log {
        let at = |place: usize| Timestamp::from_micros(since + i64::try_from(place).unwrap());
        let written = texts.iter().enumerate();
        let written = written.map(|(place, text)| Entry { at: at(place), text: Text::new(text) });
        let (pod, container) = (Text::new("p"), Text::new("c"));
        Log { pod, container, since: Timestamp::from_micros(since), written: written.collect() }
    }

    fn text(logs: &Logs, which: Which, now: i64) -> Vec<String> {
        let lines = logs.lines("p", "c", which, Timestamp::from_micros(now));
        lines.into_iter().map(|(_, line)| line).collect()
    }

    #[test]
    fn the_last_two_runs_are_kept_line_by_line() {
        let mut logs = Logs::default();
        logs.keep(log(0, &["old\n"]));
        logs.keep(log(10, &["a", "b\nc\n", "d"]));
        assert_eq!(text(&logs, Which::Last, 100), ["ab\n", "c\n", "d"]);
        assert_eq!(text(&logs, Which::Last, 10), ["a"]);
        assert_eq!(text(&logs, Which::Previous, 100), ["old\n"]);
        logs.keep(log(20, &["new\n"]));
        logs.keep(log(20, &[]));
        assert_eq!(text(&logs, Which::Last, 100), [""; 0]);
        assert_eq!(text(&logs, Which::Previous, 100), ["ab\n", "c\n", "d"]);
        logs.forget("p");
        assert_eq!(text(&logs, Which::Previous, 100), [""; 0]);
    }
}

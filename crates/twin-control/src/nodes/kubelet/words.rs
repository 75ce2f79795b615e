//! What a program wrote, as a kubelet keeps it: the log, and the last words.

use super::behaviour::MessagePolicy;
use super::container::Container;
use crate::program::{Course, Written};
use std::time::Duration;
use twin_core::logs::{Entry, Log};
use twin_core::time::Timestamp;
use twin_core::tree::Text;

/// No more of the file of last words is read.
const LONGEST: usize = 4 << 10;
/// No more of a log is taken for last words.
const LONGEST_LOG: usize = 2 << 10;
const MOST_LINES: usize = 80;

/// The log of the run of a container that began then, up to its end if that is known.
pub(super) fn log(
    pod: &Text,
    container: &Container,
    since: Timestamp,
    end: Option<Timestamp>,
) -> Option<Log> {
    let course = container.course.as_deref()?;
    let entry = |it: &Written| Entry { at: since.plus(it.after), text: Text::new(&it.text) };
    let in_time = |it: &Entry| end.is_none_or(|end| it.at <= end);
    let written = course.written.iter().map(entry).filter(in_time).collect();
    let (pod, container) = (pod.clone(), container.name.clone());
    (!course.written.is_empty()).then_some(Log { pod, container, since, end, written })
}

/// The last words of a container that ran this long.
pub(super) fn last_words(
    course: &Course,
    ran: Duration,
    code: i64,
    policy: MessagePolicy,
) -> Option<Text> {
    let message = course.messages.iter().rfind(|it| it.after <= ran);
    let message = message.map_or("", |it| it.text.as_str());
    if message.is_empty() && code != 0 && policy == MessagePolicy::FileOrLog {
        let log: String =
            course.written.iter().filter(|it| it.after <= ran).map(|it| it.text.as_str()).collect();
        let lines: Vec<_> = log.split_inclusive('\n').collect();
        let last = lines[lines.len().saturating_sub(MOST_LINES)..].concat();
        let from = last.ceil_char_boundary(last.len().saturating_sub(LONGEST_LOG));
        return Some(Text::new(&last[from..])).filter(|text| !text.is_empty());
    }
    let end = message.floor_char_boundary(LONGEST);
    Some(Text::new(&message[..end])).filter(|text| !text.is_empty())
}

//! What runs right after the start of a container, and before it is stopped.

use super::fields::items;
use super::program::Room;
use std::time::Duration;
use twin_core::tree::Value;

/// Who was busy with a hook for all of its grace period has so long for the rest.
const LEAST: Duration = Duration::from_secs(2);

/// What a hook does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hook {
    pub(super) takes: Duration,
    pub(super) end: HookEnd,
}

/// How a hook ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum HookEnd {
    #[default]
    Well,
    Failed,
}

/// Whether a container has a hook that may take its time.
pub(super) fn is_timed(container: &Value) -> bool {
    ["postStart", "preStop"].iter().any(|name| {
        let hook = container.at(&["lifecycle", name]);
        hook.is_some_and(|hook| hook.at(&["exec"]).or_else(|| hook.at(&["sleep"])).is_some())
    })
}

impl Hook {
    /// The hook of this name. One of which nothing is known ends at once, and well.
    pub(super) fn of(container: &Value, name: &str, room: Option<&Room<'_>>) -> Self {
        let Some(hook) = container.at(&["lifecycle", name]) else { return Self::default() };
        if let Some(seconds) = hook.at(&["sleep", "seconds"]).and_then(Value::as_int) {
            let takes = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
            return Self { takes, ..Self::default() };
        }
        let words: Vec<_> = items(hook, &["exec", "command"]).filter_map(Value::as_str).collect();
        let course = room.and_then(|room| room.beside(&words, None, Duration::ZERO));
        let Some(course) = course else { return Self::default() };
        course.end.map_or(Self { takes: Duration::MAX, ..Self::default() }, |end| {
            let well = if end.code == 0 { HookEnd::Well } else { HookEnd::Failed };
            Self { takes: end.after, end: well }
        })
    }

    /// How long a container takes to stop after it, and whether it has to be killed, if it is given so long.
    pub(super) fn stop(self, own: Duration, grace: Duration) -> (Duration, i64) {
        let hook = self.takes.min(grace);
        let rest = if hook.is_zero() { grace } else { grace.saturating_sub(hook).max(LEAST) };
        (hook.saturating_add(own.min(rest)), if own > rest { 137 } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::Hook;
    use std::time::Duration;

    #[test]
    fn a_hook_takes_its_time_of_the_grace_period() {
        let seconds = Duration::from_secs;
        let hook = |takes| Hook { takes: seconds(takes), ..Hook::default() };
        for (takes, own, grace, ends) in [
            (0, 1, 30, (1, 0)),
            (10, 1, 30, (11, 0)),
            (40, 1, 30, (31, 0)),
            (40, 9, 30, (32, 137)),
            (0, 9, 5, (5, 137)),
            (10, 1, 0, (0, 137)),
        ] {
            let (time, code) = hook(takes).stop(seconds(own), seconds(grace));
            assert_eq!((time.as_secs(), code), ends, "{takes} {own} {grace}");
        }
    }
}

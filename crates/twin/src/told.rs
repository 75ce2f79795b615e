//! A value that many wait for.
//!
//! As tokio's `watch`, except for whom it wakes first: who waited first. There chance decides, and with it
//! the order of requests; so equal seeds would not give equal histories.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(crate) struct Told<T> {
    value: Mutex<T>,
    notify: Notify,
}

impl<T> Told<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Mutex::new(value), notify: Notify::new() }
    }

    pub(crate) fn now(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes it, and tells all who wait.
    pub(crate) fn tell(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.now());
        self.notify.notify_waiters();
    }

    /// Waits until the value gives an answer.
    pub(crate) async fn until<R>(&self, mut answer: impl FnMut(&T) -> Option<R>) -> R {
        loop {
            let mut told = pin!(self.notify.notified());
            // From here on nothing is missed.
            told.as_mut().enable();
            let found = answer(&self.now());
            if let Some(found) = found {
                return found;
            }
            told.await;
        }
    }
}

/// What happens to a world, as far as those have to know who look at it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bell {
    changes: u64,
    /// How often its API server was started again.
    starts: u64,
    ended: bool,
}

impl Bell {
    pub(crate) fn change(&mut self) {
        self.changes += 1;
    }

    pub(crate) fn start_again(&mut self) {
        self.starts += 1;
        self.changes += 1;
    }

    pub(crate) fn end(&mut self) {
        self.ended = true;
    }
}

/// The world does not go on, or not for those who listened before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Over;

/// Somebody who wants to know when something changed.
#[derive(Debug)]
pub(crate) struct Listener {
    bell: Arc<Told<Bell>>,
    heard: Bell,
}

impl Listener {
    pub(crate) fn new(bell: &Arc<Told<Bell>>) -> Self {
        Self { heard: *bell.now(), bell: bell.clone() }
    }

    /// From now on only later changes count.
    pub(crate) fn listen(&mut self) -> Result<(), Over> {
        let now = *self.bell.now();
        self.heard.changes = now.changes;
        if now.ended || now.starts != self.heard.starts { Err(Over) } else { Ok(()) }
    }

    /// Waits for a change.
    pub(crate) async fn changed(&self) {
        let heard = self.heard;
        let news = |bell: &Bell| (bell.ended || bell.changes != heard.changes).then_some(());
        self.bell.until(news).await;
    }
}

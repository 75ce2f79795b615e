//! A product on a cluster: what is there, changing it, waiting until it serves.
//!
//! ```text
//! session ──▶ decide ──▶ changes ──▶ carry_out ──▶ wait
//! what is      (apply)    shown        written      progress, until it serves
//! ```

mod carry_out;
mod changes;
pub(crate) mod faults;
pub(crate) mod file;
mod identity;
mod judge;
mod known;
mod lock;
mod nodes;
mod pools;
pub(crate) mod progress;
mod remember;
mod removal;
mod rights;
mod rollback;
pub(crate) mod services;
mod session;
mod stopwatch;
mod tour;
mod trouble;
mod wait;

pub(crate) use carry_out::{Order, Patience, Work};
pub(crate) use changes::{events, table};
pub(crate) use judge::judge;
pub(crate) use known::{Known, name_label};
pub(crate) use lock::lock;
pub(crate) use progress::Progress;
pub(crate) use removal::{Data, Removal, remove};
pub(crate) use rights::Purpose;
pub(crate) use rollback::{Former, go_back};
pub(crate) use session::{Place, Session, connect, written};
pub(crate) use stopwatch::Stopwatch;
pub(crate) use tour::{Extent, tour};
pub(crate) use trouble::not_serving;
pub(crate) use wait::{Verdict, Watching, standing};

use crate::error::Error;
use std::io::{BufRead, IsTerminal, Write};

/// Runs a command that talks to a cluster, on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| Error::Disk {
        doing: "start",
        path: "the runtime".into(),
        source,
    })?;
    runtime.block_on(work)
}

/// Does something until it is done, or somebody presses Ctrl-C or asks us to end.
pub(crate) async fn interruptible<T>(
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        biased;
        () = interrupted() => Err(Error::Interrupted),
        done = work => done,
    }
}

#[cfg(unix)]
pub(crate) async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    // Where signals cannot be listened to, they end the program as ever.
    let Ok(mut ended) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = ended.recv() => {}
    }
}

#[cfg(not(unix))]
pub(crate) async fn interrupted() {
    // Where signals cannot be listened to, they end the program as ever.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

/// Asks a person; where there is none, nothing is done.
pub(crate) fn ask(question: &str) -> Result<Answer, Error> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Error::Refused {
            message: "nobody can be asked: standard input is no terminal".to_owned(),
            hint: "look at the changes, and add --yes".to_owned(),
        });
    }
    let mut stderr = std::io::stderr();
    // When standard error is gone, the answer to a question that nobody saw is no.
    if write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush()).is_err() {
        return Ok(Answer::No);
    }
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    let yes = read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes");
    Ok(if yes { Answer::Yes } else { Answer::No })
}

/// What a person said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
}

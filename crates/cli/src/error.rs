//! Why a command could not answer.

use crate::exit::Exit;
use std::io;
use std::path::{Path, PathBuf};

/// Why a command could not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for, or a file that was read, is wrong.
    #[error("{message}")]
    Input {
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Doing it would harm something.
    #[error("{message}")]
    Refused {
        /// What was not done.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// The disk said no.
    #[error("cannot {doing} {}", path.display())]
    Disk {
        /// A verb, such as `write`.
        doing: &'static str,
        /// Of what.
        path: PathBuf,
        /// Its words.
        source: io::Error,
    },
    /// The cluster cannot be asked, or says no.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// Who asks may not do that.
    #[error("{message}")]
    NoRights {
        /// What is missing, for people.
        message: String,
        /// The same, for programs.
        missing: Vec<String>,
        /// Objects that allow it, as YAML, if they have not been shown yet.
        role: Option<String>,
    },
    /// What is on the cluster is not ours to change.
    #[error("{message}")]
    Conflict {
        /// What is whose.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// The product does not serve.
    #[error("{message}")]
    NotServing {
        /// What stands in the way.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// It failed, and then it was rolled back.
    #[error("{failure}\n{how}")]
    RolledBack {
        /// Why it failed.
        failure: Box<Error>,
        /// What became of going back.
        how: String,
    },
    /// Somebody pressed Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// Whoever reads our output has left or takes no more.
    #[error("cannot write the result")]
    Output(#[source] io::Error),
}

impl Error {
    /// Something wrong that needs no advice.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::Input { message: message.into(), hint: None }
    }

    /// Something wrong, and what to do.
    pub(crate) fn advised(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Input { message: message.into(), hint: Some(hint.into()) }
    }

    /// For `map_err` on what the disk says.
    pub(crate) fn disk(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Disk { doing, path, source }
    }

    /// What to do about it, if that can be said.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Input { hint, .. } => hint.as_deref(),
            Self::Refused { hint, .. }
            | Self::Conflict { hint, .. }
            | Self::NotServing { hint, .. } => Some(hint),
            Self::RolledBack { failure, .. } => failure.hint(),
            Self::NoRights { .. } => Some(
                "have the objects on standard output applied by somebody who may: they allow this \
                 product and nothing else",
            ),
            Self::Interrupted => Some("the same command goes on from here"),
            Self::Cluster(error) => cluster_hint(error),
            Self::Disk { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Some("make room and run it again; no file was left half-written")
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Some("choose a place that you may write, or change its permissions")
                }
                _ => None,
            },
            Self::Output(_) => None,
        }
    }

    /// How a run that meets it ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Input { .. } => Exit::WrongInput,
            Self::Output(source) if source.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Cluster(error) => cluster_exit(error),
            Self::RolledBack { failure, .. } => failure.exit(),
            Self::NoRights { .. } => Exit::NoCluster,
            Self::Conflict { .. } => Exit::Conflict,
            Self::NotServing { .. } => Exit::NotServing,
            Self::Interrupted => Exit::Interrupted,
            Self::Refused { .. } | Self::Disk { .. } | Self::Output(_) => Exit::Failed,
        }
    }
}

fn cluster_exit(error: &cluster::Error) -> Exit {
    use cluster::Error;
    match error {
        Error::Locked { .. } | Error::Overtaken { .. } | Error::Conflict { .. } => Exit::Conflict,
        Error::NotServed { .. } | Error::Refused { .. } | Error::Inventory { .. } => Exit::Failed,
        Error::NoContext { .. } => Exit::WrongInput,
        _ => Exit::NoCluster,
    }
}

fn cluster_hint(error: &cluster::Error) -> Option<&'static str> {
    use cluster::Error;
    Some(match error {
        Error::NoConfig => "set KUBECONFIG, or write ~/.kube/config as your provider tells",
        Error::BadConfig(_) => "`kubectl config view` shows what is in it",
        Error::Unreachable { .. } | Error::Timeout { .. } => {
            "see whether it is up, and whether --context names the right one; nothing is lost, run \
             the command again"
        }
        Error::Unauthorized { .. } => "log in again, as your provider tells",
        Error::Forbidden { .. } => "ask for a Role that allows it in this namespace",
        Error::TooOld { .. } => "upgrade the cluster",
        Error::NotServed { .. } => "`muster doctor` says what the cluster lacks for this plan",
        Error::Locked { .. } => "wait until that run has ended",
        Error::Conflict { .. } | Error::Overtaken { .. } => {
            "run the command again: it decides anew"
        }
        Error::Api { code: 429 | 500.., .. } | Error::Broken { .. } => {
            "the cluster is in trouble; run the command again later: it goes on from here"
        }
        Error::Inventory { .. } => "rename it; muster makes its own",
        Error::NoContext { .. } | Error::Refused { .. } | Error::Api { .. } => return None,
    })
}

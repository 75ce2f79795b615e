//! What the loader learned from the files that a Compose file names.

use std::collections::BTreeMap;

/// The content of a file, as far as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// UTF-8 text of at most 1 MiB.
    Text(String),
    /// Not text; its size in bytes.
    Binary(u64),
    /// Not read: too large or over the budget; its size in bytes.
    Unread(u64),
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Size in bytes.
    pub bytes: u64,
    /// What it holds.
    pub content: Content,
}

/// What stands at the host side of a bind mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindSource {
    /// Outside the project directory: never read. The path as written.
    Host,
    /// Inside the project directory, but not there.
    Missing,
    /// A file.
    File(FileFacts),
    /// A directory: relative path → file, at most 200 of them.
    Directory {
        /// The files, below all levels.
        files: BTreeMap<String, FileFacts>,
        /// Whether there are more than were listed.
        truncated: bool,
    },
}

/// What a Dockerfile says about the stage that is built.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dockerfile {
    /// Its path, as people would write it.
    pub path: String,
    /// The image below the first stage of the chain (`python:3.10`, `scratch`).
    pub base: Option<String>,
    /// `EXPOSE`: port and line.
    pub expose: Vec<(u16, super::Protocol, u32)>,
    /// `USER`.
    pub user: Option<String>,
    /// `WORKDIR`.
    pub workdir: Option<String>,
    /// `VOLUME`.
    pub volumes: Vec<String>,
    /// `ENV` and defaulted `ARG` of the chain.
    pub env: BTreeMap<String, String>,
    /// `ENTRYPOINT`.
    pub entrypoint: Option<Vec<String>>,
    /// `CMD`.
    pub command: Option<Vec<String>>,
    /// `HEALTHCHECK CMD`.
    pub healthcheck: Option<super::Healthcheck>,
    /// `STOPSIGNAL`.
    pub stop_signal: Option<String>,
}

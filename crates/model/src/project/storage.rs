//! Mounts, volumes, configs and secrets.

use super::files::BindSource;
use crate::SecretText;
use std::collections::BTreeMap;
use units::Bytes;
use yaml::{Span, Spanned};

/// One entry of `volumes` at a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    /// The entry.
    pub span: Span,
    /// Its index in `volumes`.
    pub index: usize,
    /// Path in the container.
    pub target: String,
    /// `ro`.
    pub read_only: bool,
    /// What is mounted.
    pub kind: MountKind,
    /// `volume.subpath`, `image.subpath`.
    pub subpath: Option<String>,
    /// `volume.nocopy`.
    pub no_copy: bool,
    /// `z`, `Z`, `cached`, `delegated`, propagation and whatever else was said.
    pub options: Vec<String>,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq)]
pub enum MountKind {
    /// A path of the host, as written, and what stands there.
    Bind {
        /// The path as written.
        source: String,
        /// What stands there.
        facts: BindSource,
    },
    /// A volume of the project, by its key.
    Named(String),
    /// A volume without a name.
    Anonymous,
    /// Memory.
    Tmpfs(Option<Bytes>),
    /// The files of an image.
    Image(String),
    /// `npipe`, `cluster`: the type as written.
    Other(String),
}

/// A named volume.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Volume {
    /// Its key in the file.
    pub span: Span,
    /// `external`: it exists already.
    pub external: bool,
    /// `name`.
    pub name: Option<Spanned<String>>,
    /// `driver`.
    pub driver: Option<Spanned<String>>,
    /// `driver_opts`.
    pub driver_opts: BTreeMap<String, Spanned<String>>,
    /// `labels`.
    pub labels: BTreeMap<String, Spanned<String>>,
    /// `x-muster.size` at the volume.
    pub size: Option<Spanned<Bytes>>,
    /// `x-muster.class` at the volume: a storage class.
    pub class: Option<Spanned<String>>,
}

/// An entry of `configs:` or `secrets:`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileObject {
    /// Its key in the file.
    pub span: Span,
    /// `external`: it exists already.
    pub external: bool,
    /// `name`.
    pub name: Option<Spanned<String>>,
    /// `file`, as written.
    pub file: Option<Spanned<String>>,
    /// `environment`.
    pub environment: Option<Spanned<String>>,
    /// Whether `content` was written in the Compose file.
    pub inline: bool,
    /// What it holds; `None` if the file or the variable is missing.
    pub content: Option<SecretText>,
    /// For a `file` that is a directory: relative path → content.
    pub directory: BTreeMap<String, SecretText>,
    /// Not UTF-8: its bytes, which the content cannot hold.
    pub binary: Option<Vec<u8>>,
}

/// A `secrets` or `configs` entry at a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileGrant {
    /// The entry.
    pub span: Span,
    /// Its index in the list.
    pub index: usize,
    /// Name of the object.
    pub source: String,
    /// Path or file name in the container; `None` is the default (`/run/secrets/<source>`, `/<source>`).
    pub target: Option<String>,
    /// `uid`.
    pub uid: Option<String>,
    /// `gid`.
    pub gid: Option<String>,
    /// `mode`, as a number.
    pub mode: Option<u32>,
}

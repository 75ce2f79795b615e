//! Objects as files.

pub(crate) mod files;
pub(crate) mod helm;
mod image;
pub(crate) mod kustomize;
pub(crate) mod plain;
mod scalar;
pub(crate) mod yaml;

/// A file to be written, by its path below the output directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutFile {
    /// Its path, with slashes.
    pub path: String,
    /// Its content.
    pub text: String,
    /// Whether it holds secret values, so that only its owner may read it.
    pub secret: bool,
}

impl OutFile {
    /// A file that anybody may read.
    pub(crate) fn open(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), secret: false }
    }
}

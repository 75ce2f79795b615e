//! Compose files to a [`Project`](model::project::Project): interpolation, merge, `extends`,
//! `include`, profiles, and the facts that stand in the files that a project names.
//!
//! The loader reads through a [`Files`] window, so that it runs as well on memory as on a disk, and
//! within budgets, so that no input exhausts the machine. What is wrong becomes a
//! [`yaml::Diagnostic`] with its place; nothing panics.

mod build;
mod check;
mod context;
mod deploy;
mod disk;
mod dotenv;
mod environment;
mod extends;
mod facts;
mod fields;
mod files;
mod grants;
mod health;
mod hooks;
mod include;
mod intent;
mod interpolate;
mod layers;
mod load;
mod merge;
mod mounts;
mod normalize;
mod objects;
mod path;
mod ports;
mod profiles;
mod project;
mod read;
mod rebase;
mod relations;
mod restart;
mod schema;
mod service;
mod suggest;
mod tree;
mod words;

pub use disk::DiskFiles;
pub use files::{DirEntry, FileError, FileKind, Files, LIST_LIMIT, MemoryFiles};
pub use load::{Loaded, Request, default_file, load, override_file};
pub use yaml::Severity;

//! What is known about common container images, as one readable table.
//!
//! The knowledge lives in `images/*.toml`, one entry per [`Family`] of images. [`lookup`] finds
//! the family an image belongs to by its repository; [`guess`] falls back to weaker evidence (a
//! telling name, environment keys, mount paths) and always says why. Nothing here reads a
//! registry: the table is embedded, so the same input gives the same plan everywhere.
//!
//! ```
//! let image = catalog::ImageRef::parse("postgres:16-alpine").unwrap();
//! let family = catalog::lookup(&image).unwrap();
//! assert_eq!(family.id, "postgres");
//! assert_eq!(family.user_for(&image).uid, Some(70));
//! ```

mod container;
mod family;
mod guess;
mod image;
mod markdown;
mod note;
mod pattern;
mod probe;
mod service;
mod table;

#[cfg(test)]
mod tests;

pub use container::{
    DataKind, DataPath, EnvValue, KnownPort, PortEnv, PortUse, Protocol, Resources, RootFilesystem,
    Stop, Swap, Unprivileged, User,
};
pub use family::{Certainty, Engine, Family, Hints, Role, Variant};
pub use guess::{Because, Evidence, Strength, guess};
pub use image::{BadImage, ImageRef, Version};
pub use markdown::markdown;
pub use note::{Note, Usage};
pub use probe::{Check, HttpCheck, Probe, Probes};
pub use service::{Backup, ClientPool, Connections, Env, Metrics, Replicas};
pub use table::{families, family, lookup};

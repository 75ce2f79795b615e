//! Configuration, secrets and storage of a service: what its container is told and what it mounts.
//!
//! ```text
//! environment ─ sensitive ─> book (one entry for each secret) ─> env
//! volumes ─ fate ─> claim │ files │ scratch │ dropped │ lost
//! configs, secrets ─ grants ─> files
//! ```

mod binds;
mod book;
mod env;
mod fate;
mod files;
mod grants;
mod sensitive;
mod storage;
mod volumes;

pub(crate) use book::{SecretBook, is_secret, secrets};
pub(crate) use env::sort as sort_env;
pub(crate) use fate::{Sharers, sharers};
pub(crate) use storage::{StorageNeed, claim_size, storage_need};

use crate::log::Log;
use crate::world::{Shared, Subject, World};
use model::plan::{Claim, EnvVar, Mounted, PodVolume};
use std::collections::BTreeSet;
use volumes::Mounting;

/// What configuration and storage add to a service's pod.
#[derive(Debug, Default)]
pub(crate) struct Configured {
    pub(crate) env: Vec<EnvVar>,
    pub(crate) mounts: Vec<Mounted>,
    pub(crate) volumes: Vec<PodVolume>,
    /// Claim templates, for a `StatefulSet`.
    pub(crate) templates: Vec<Claim>,
}

/// Plans environment, mounts and volumes of a service.
pub(crate) fn configure(
    world: &World<'_>,
    subject: &Subject<'_>,
    book: &SecretBook,
    shared: &mut Shared,
    log: &mut Log,
) -> Configured {
    let mut out = Configured::default();
    env::environment(subject, book, &mut out, log);
    let mounting = Mounting { world, subject, book };
    volumes::volumes(&mounting, shared, &mut out, log);
    grants::grants(&mounting, shared, &mut out, log);
    one_at_each_path(&mut out);
    out
}

/// Kubernetes refuses two mounts at one path: the first, which is the file's own, stays.
fn one_at_each_path(out: &mut Configured) {
    let mut taken = BTreeSet::new();
    out.mounts.retain(|mount| taken.insert(mount.path.clone()));
    let used: BTreeSet<&str> = out.mounts.iter().map(|mount| mount.volume.as_str()).collect();
    out.volumes.retain(|volume| used.contains(volume.name.as_str()));
    out.templates.retain(|claim| used.contains(claim.name.as_str()));
}

/// A text in which Kubernetes expands nothing: `$` is doubled before `$` and `(`.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        out.push(c);
        if c == '$' && rest.peek().is_some_and(|next| matches!(next, '$' | '(')) {
            out.push('$');
        }
    }
    out
}

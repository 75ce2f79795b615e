//! Writing: server-side apply, and deletes.

use crate::connect::Cluster;
use crate::error::Error;
use apply::{Id, MANAGER};
use futures::StreamExt;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions, ValidationDirective};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::watch_object;
use serde_json::Value;
use std::time::Duration;

/// Whether fields of others are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// They are a conflict.
    Respect,
    /// A person has said so.
    TakeOver,
}

/// Whether a write is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is.
    Store,
    /// The server judges it and forgets it.
    DryRun,
}

/// What becomes of what an object owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// It goes later.
    Background,
    /// It goes first.
    Foreground,
    /// It stays.
    Orphan,
}

/// How long something may take to go away.
const GOING: Duration = Duration::from_mins(2);

impl Cluster {
    /// Applies an object as ours.
    pub async fn apply(
        &self,
        id: &Id,
        object: &Value,
        force: Force,
        mode: Mode,
    ) -> Result<Value, Error> {
        let (api, ask) = self.place("patch", id)?;
        let mut params = PatchParams::apply(MANAGER);
        params.force = force == Force::TakeOver;
        params.dry_run = mode == Mode::DryRun;
        params.field_validation = Some(ValidationDirective::Strict);
        let patch = Patch::Apply(object);
        let stored = self.ask(&ask, || api.patch(&id.name, &params, &patch)).await?;
        Ok(serde_json::to_value(stored).unwrap_or_default())
    }

    /// Deletes an object, if it is still the one that was read.
    pub async fn delete(&self, live: &Value, propagation: Propagation) -> Result<(), Error> {
        let Some(id) = Id::of(live) else { return Ok(()) };
        let (api, ask) = self.place("delete", &id)?;
        let uid = live.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned);
        let params = DeleteParams {
            preconditions: Some(Preconditions { uid, resource_version: None }),
            ..match propagation {
                Propagation::Background => DeleteParams::background(),
                Propagation::Foreground => DeleteParams::foreground(),
                Propagation::Orphan => DeleteParams::orphan(),
            }
        };
        match self.ask(&ask, || api.delete(&id.name, &params)).await {
            Err(Error::Api { code: 404, .. }) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Waits until an object is gone.
    pub async fn gone(&self, id: &Id) -> Result<(), Error> {
        let (api, ask) = self.place("watch", id)?;
        let mut states = std::pin::pin!(watch_object(api, &id.name).default_backoff());
        let waiting = async {
            // A watch that breaks starts anew by itself.
            while !matches!(states.next().await, Some(Ok(None)) | None) {}
        };
        let late =
            |_| Error::Timeout { doing: format!("{} until it is gone", ask.doing()), limit: GOING };
        tokio::time::timeout(GOING, waiting).await.map_err(late)
    }
}

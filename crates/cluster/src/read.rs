//! Live objects, by id.

use crate::connect::Cluster;
use crate::error::Error;
use apply::Id;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Requests at the same time.
const PARALLEL: usize = 16;

impl Cluster {
    /// Those of these objects that are there.
    pub async fn read(
        &self,
        ids: impl IntoIterator<Item = &Id>,
    ) -> Result<BTreeMap<Id, Value>, Error> {
        let found: Vec<Option<(Id, Value)>> = stream::iter(ids)
            .map(|id| async move { Ok(self.get(id).await?.map(|object| (id.clone(), object))) })
            .buffer_unordered(PARALLEL)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// One object, if it is there. Of a kind that the cluster does not serve, none is.
    pub async fn get(&self, id: &Id) -> Result<Option<Value>, Error> {
        let (api, ask) = match self.place("get", id) {
            Err(Error::NotServed { .. }) => return Ok(None),
            place => place?,
        };
        match self.ask(&ask, || api.get_opt(&id.name)).await {
            Ok(Some(object)) => Ok(serde_json::to_value(object).ok()),
            Ok(None) => Ok(None),
            // Whoever has one namespace only may not look at it, and it is there.
            Err(Error::Forbidden { .. }) if id.kind == "Namespace" => Ok(Some(json!({
                "apiVersion": id.api_version, "kind": id.kind, "metadata": {"name": id.name},
            }))),
            Err(error) => Err(error),
        }
    }
}

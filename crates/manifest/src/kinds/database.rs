//! Databases that an operator runs.

use super::postgres;
use crate::labels::Scope;
use crate::object::{Object, stage};
use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use model::plan::{DatabaseCluster, DatabaseKind};
use serde::Serialize;
use std::collections::BTreeMap;

/// `apiVersion` of [`Database`].
pub const API_VERSION: &str = "muster.dev/v1alpha1";

/// A replicated database that the Muster operator runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Database {
    /// [`API_VERSION`].
    pub api_version: String,
    /// `Database`.
    pub kind: String,
    /// The usual metadata.
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: DatabaseSpec,
}

/// What is wanted of a [`Database`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseSpec {
    /// The server's protocol and tools.
    pub engine: Engine,
    /// Image of the server, the same for all members.
    pub image: String,
    /// How members share the data.
    pub topology: Topology,
    /// Members; odd where they vote.
    pub replicas: u32,
    /// Storage of each member.
    pub storage: Storage,
    /// Secret with the credentials, in the same namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<String>,
    /// Database that is created with the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Owner of that database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Server settings by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// Requests and limits of each member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
    /// When backups are made and how many are kept; none without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<Backup>,
}

/// The engine of a [`Database`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// `MariaDB`.
    Mariadb,
}

/// How the members of a [`Database`] share the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Topology {
    /// Every member has all data and may be written; a commit is on all of them.
    Galera,
    /// One member is written, the others follow.
    Replication,
}

/// Storage of each member of a [`Database`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// Size of the claim.
    pub size: String,
    /// Storage class; without it, the cluster's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
}

/// Backups of a [`Database`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    /// Five cron fields, in UTC.
    pub schedule: String,
    /// Backups that are kept.
    pub keep: u32,
}

/// The objects of a database.
pub(crate) fn objects(scope: &Scope<'_>, planned: &DatabaseCluster) -> Vec<Object> {
    match planned.kind {
        DatabaseKind::Galera => vec![database(scope, planned, Topology::Galera)],
        DatabaseKind::Replication => vec![database(scope, planned, Topology::Replication)],
        DatabaseKind::CloudNativePg => postgres::objects(scope, planned),
    }
}

fn database(scope: &Scope<'_>, planned: &DatabaseCluster, topology: Topology) -> Object {
    let spec = DatabaseSpec {
        engine: Engine::Mariadb,
        image: planned.image.clone(),
        topology,
        replicas: planned.replicas,
        storage: Storage { size: planned.size.to_string(), class: planned.class.clone() },
        secret_name: planned.secret.clone(),
        database: planned.database.clone(),
        owner: planned.owner.clone(),
        settings: planned.settings.clone(),
        resources: crate::pods::resources(&planned.resources),
        backup: planned
            .backup
            .as_ref()
            .map(|(schedule, keep)| Backup { schedule: schedule.clone(), keep: *keep }),
    };
    let database = Database {
        api_version: API_VERSION.to_owned(),
        kind: "Database".to_owned(),
        metadata: scope.meta(&planned.name, scope.labels(&planned.name, "database")),
        spec,
    };
    Object::new(stage::CUSTOM, Some(&planned.service), &database)
}

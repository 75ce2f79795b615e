//! `PostgreSQL` through `CloudNativePG`.

use crate::labels::{Map, Scope};
use crate::object::{Object, stage};
use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use model::plan::DatabaseCluster;
use serde::Serialize;
use std::collections::BTreeMap;

const API_VERSION: &str = "postgresql.cnpg.io/v1";

/// Any kind of this API.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource<S> {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMeta,
    spec: S,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ClusterSpec {
    instances: u32,
    image_name: String,
    storage: Storage,
    #[serde(skip_serializing_if = "Option::is_none")]
    bootstrap: Option<Bootstrap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postgresql: Option<Settings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<ResourceRequirements>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup: Option<Snapshots>,
    /// Labels of what the operator makes, so that policies find its pods.
    inherited_metadata: Inherited,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Storage {
    size: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class: Option<String>,
}

#[derive(Debug, Serialize)]
struct Bootstrap {
    initdb: InitDb,
}

#[derive(Debug, Serialize)]
struct InitDb {
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Named>,
}

#[derive(Debug, Serialize)]
struct Named {
    name: String,
}

#[derive(Debug, Serialize)]
struct Settings {
    parameters: BTreeMap<String, String>,
}

/// Backups as volume snapshots of the cluster's default class.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Snapshots {
    volume_snapshot: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
struct Inherited {
    labels: Map,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ScheduledBackupSpec {
    schedule: String,
    cluster: Named,
    method: &'static str,
    backup_owner_reference: &'static str,
}

/// The `Cluster`, and its `ScheduledBackup` if there are backups.
pub(crate) fn objects(scope: &Scope<'_>, planned: &DatabaseCluster) -> Vec<Object> {
    let labels = scope.labels(&planned.name, "database");
    let cluster = Resource {
        api_version: API_VERSION,
        kind: "Cluster",
        metadata: scope.meta(&planned.name, labels.clone()),
        spec: spec(planned, labels.clone()),
    };
    let mut all = vec![Object::new(stage::CUSTOM, Some(&planned.service), &cluster)];
    if let Some((schedule, _)) = &planned.backup {
        let backup = Resource {
            api_version: API_VERSION,
            kind: "ScheduledBackup",
            metadata: scope.meta(&planned.name, labels),
            spec: backup(planned, schedule),
        };
        all.push(Object::new(stage::CUSTOM + 1, Some(&planned.service), &backup));
    }
    all
}

fn spec(planned: &DatabaseCluster, labels: Map) -> ClusterSpec {
    let settings = planned.settings.clone();
    let named = planned.database.is_some() || planned.owner.is_some() || planned.secret.is_some();
    let initdb = || InitDb {
        database: planned.database.clone(),
        owner: planned.owner.clone(),
        secret: planned.secret.clone().map(|name| Named { name }),
    };
    ClusterSpec {
        instances: planned.replicas,
        image_name: planned.image.clone(),
        storage: Storage { size: planned.size.to_string(), storage_class: planned.class.clone() },
        bootstrap: named.then(|| Bootstrap { initdb: initdb() }),
        postgresql: (!settings.is_empty()).then_some(Settings { parameters: settings }),
        resources: crate::pods::resources(&planned.resources),
        backup: planned.backup.is_some().then(|| Snapshots { volume_snapshot: BTreeMap::new() }),
        inherited_metadata: Inherited { labels },
    }
}

/// The operator's schedule begins with seconds.
fn backup(planned: &DatabaseCluster, schedule: &str) -> ScheduledBackupSpec {
    ScheduledBackupSpec {
        schedule: format!("0 {schedule}"),
        cluster: Named { name: planned.name.clone() },
        method: "volumeSnapshot",
        backup_owner_reference: "cluster",
    }
}

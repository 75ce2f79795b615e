//! Claims for storage.

use crate::labels::{Map, Scope};
use crate::object::{Object, stage};
use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimSpec, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use model::plan::{AccessMode, Claim};
use std::collections::BTreeMap;

/// A claim that stands on its own; `None` if it exists already.
pub(crate) fn claim(scope: &Scope<'_>, claim: &Claim) -> Option<Object> {
    if claim.external {
        return None;
    }
    let volume = PersistentVolumeClaim {
        metadata: scope.meta(&claim.name, scope.labels_of_service(&claim.service, "storage")),
        spec: Some(spec(claim)),
        ..PersistentVolumeClaim::default()
    };
    Some(Object::new(stage::CLAIMS, Some(&claim.service), &volume))
}

/// A claim of which each pod of a `StatefulSet` gets its own.
pub(crate) fn template(claim: &Claim, labels: Map) -> PersistentVolumeClaim {
    let metadata = ObjectMeta {
        name: Some(claim.name.clone()),
        labels: Some(labels),
        ..ObjectMeta::default()
    };
    PersistentVolumeClaim { metadata, spec: Some(spec(claim)), ..PersistentVolumeClaim::default() }
}

fn spec(claim: &Claim) -> PersistentVolumeClaimSpec {
    let requests = BTreeMap::from([("storage".to_owned(), super::quantity(&claim.size))]);
    PersistentVolumeClaimSpec {
        access_modes: Some(vec![access(claim.access).to_owned()]),
        resources: Some(VolumeResourceRequirements { requests: Some(requests), limits: None }),
        storage_class_name: claim.class.clone(),
        ..PersistentVolumeClaimSpec::default()
    }
}

const fn access(mode: AccessMode) -> &'static str {
    match mode {
        AccessMode::ReadWriteOnce => "ReadWriteOnce",
        AccessMode::ReadWriteOncePod => "ReadWriteOncePod",
        AccessMode::ReadWriteMany => "ReadWriteMany",
        AccessMode::ReadOnlyMany => "ReadOnlyMany",
    }
}

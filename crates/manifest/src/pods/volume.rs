//! Volumes of a pod.

use crate::kinds::{count, quantity};
use crate::labels::{Map, some};
use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, EmptyDirVolumeSource, HostPathVolumeSource, ImageVolumeSource,
    KeyToPath, PersistentVolumeClaimVolumeSource, SecretVolumeSource, Volume,
};
use model::plan::{PodVolume, VolumeSource};

/// Volumes in their order; `None` if there are none.
pub(super) fn volumes(volumes: &[PodVolume]) -> Option<Vec<Volume>> {
    some(volumes.iter().map(volume).collect())
}

fn volume(planned: &PodVolume) -> Volume {
    let mut out = Volume { name: planned.name.clone(), ..Volume::default() };
    match &planned.source {
        VolumeSource::Empty { memory, limit } => {
            out.empty_dir = Some(EmptyDirVolumeSource {
                medium: memory.then(|| "Memory".to_owned()),
                size_limit: limit.as_ref().map(quantity),
            });
        }
        VolumeSource::ConfigMap { name, items, mode } => {
            out.config_map = Some(ConfigMapVolumeSource {
                name: name.clone(),
                items: keys(items),
                default_mode: mode.map(count),
                optional: None,
            });
        }
        VolumeSource::Secret { name, items, mode } => {
            out.secret = Some(SecretVolumeSource {
                secret_name: Some(name.clone()),
                items: keys(items),
                default_mode: mode.map(count),
                optional: None,
            });
        }
        VolumeSource::Claim { name, read_only } => {
            out.persistent_volume_claim = Some(PersistentVolumeClaimVolumeSource {
                claim_name: name.clone(),
                read_only: read_only.then_some(true),
            });
        }
        VolumeSource::Host(path) => {
            out.host_path = Some(HostPathVolumeSource { path: path.clone(), type_: None });
        }
        VolumeSource::Image(reference) => out.image = Some(image(reference)),
    }
    out
}

fn image(reference: &str) -> ImageVolumeSource {
    ImageVolumeSource {
        reference: Some(reference.to_owned()),
        pull_policy: Some("IfNotPresent".to_owned()),
    }
}

fn keys(items: &Map) -> Option<Vec<KeyToPath>> {
    let item = |(key, path): (&String, &String)| KeyToPath {
        key: key.clone(),
        path: path.clone(),
        mode: None,
    };
    some(items.iter().map(item).collect())
}

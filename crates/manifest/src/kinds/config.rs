//! Configuration files.

use crate::labels::{Scope, some};
use crate::object::{Object, stage};
use base64::Engine as _;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::ConfigMap;
use model::plan::ConfigFiles;

/// The `ConfigMap`. Its name ends in a hash of its content, so nobody needs to change it in place,
/// and kubelets need not watch it.
pub(crate) fn config_map(scope: &Scope<'_>, files: &ConfigFiles) -> Object {
    let engine = base64::engine::general_purpose::STANDARD;
    let binary = files.binary.iter().filter_map(|(key, text)| {
        engine.decode(text).ok().map(|bytes| (key.clone(), ByteString(bytes)))
    });
    let config_map = ConfigMap {
        metadata: scope.meta(&files.name, scope.labels_of_service(&files.owner, "config")),
        data: some(files.data.clone()),
        binary_data: some(binary.collect()),
        immutable: Some(true),
    };
    let owner = scope.plan.workloads.iter().any(|workload| workload.service == files.owner);
    Object::new(stage::CONFIG, owner.then_some(files.owner.as_str()), &config_map)
}

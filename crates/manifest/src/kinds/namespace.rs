//! The namespace and the identity of its pods.

use crate::labels::{Scope, map};
use crate::object::{Object, stage};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use model::plan::PodSecurityLevel;

/// The namespace, with the level of Pod Security that it enforces. What would break `restricted` is
/// still warned of and written to the audit log.
pub(crate) fn namespace(scope: &Scope<'_>) -> Object {
    let mut labels = scope.labels(&scope.plan.app, "namespace");
    labels.extend(map([
        ("pod-security.kubernetes.io/enforce", scope.plan.pod_security.name()),
        ("pod-security.kubernetes.io/warn", PodSecurityLevel::Restricted.name()),
        ("pod-security.kubernetes.io/audit", PodSecurityLevel::Restricted.name()),
    ]));
    let mut metadata = scope.meta(&scope.plan.namespace, labels);
    metadata.namespace = None;
    Object::new(stage::NAMESPACE, None, &Namespace { metadata, ..Namespace::default() })
}

/// One identity for all pods, without a token: nothing in the product talks to the API server.
pub(crate) fn account(scope: &Scope<'_>) -> Object {
    let account = ServiceAccount {
        metadata: scope.meta(&scope.plan.app, scope.labels(&scope.plan.app, "identity")),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    };
    Object::new(stage::ACCOUNT, None, &account)
}

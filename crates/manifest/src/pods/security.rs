//! What pods and containers may do.

use crate::labels::some;
use k8s_openapi::api::core::v1::{
    Capabilities, PodSecurityContext, SeccompProfile, SecurityContext, Sysctl,
};
use model::plan::{ContainerSecurity, PodSecurity};

/// The pod's security context.
pub(super) fn pod(security: &PodSecurity) -> PodSecurityContext {
    let profile = if security.seccomp { "RuntimeDefault" } else { "Unconfined" };
    let sysctl =
        |(name, value): (&String, &String)| Sysctl { name: name.clone(), value: value.clone() };
    PodSecurityContext {
        run_as_non_root: Some(security.non_root),
        run_as_user: security.user.map(i64::from),
        run_as_group: security.group.map(i64::from),
        fs_group: security.fs_group.map(i64::from),
        fs_group_change_policy: security.fs_group.map(|_| "OnRootMismatch".to_owned()),
        supplemental_groups: some(security.groups.iter().copied().map(i64::from).collect()),
        sysctls: some(security.sysctls.iter().map(sysctl).collect()),
        seccomp_profile: Some(SeccompProfile {
            type_: profile.to_owned(),
            localhost_profile: None,
        }),
        ..PodSecurityContext::default()
    }
}

/// A container's security context.
pub(super) fn container(security: &ContainerSecurity) -> SecurityContext {
    let capabilities = Capabilities {
        drop: security.drop_all.then(|| vec!["ALL".to_owned()]),
        add: some(security.add.clone()),
    };
    SecurityContext {
        allow_privilege_escalation: Some(security.escalation),
        privileged: security.privileged.then_some(true),
        read_only_root_filesystem: Some(security.read_only_root),
        capabilities: some(capabilities),
        ..SecurityContext::default()
    }
}

//! Resources that a container cannot take in while it runs.

use super::fields::items;
use twin_core::tree::Value;

/// The resources that a container starts with, if others of them ask for another start.
#[derive(Clone, Debug)]
pub(super) struct Pinned(Vec<(&'static str, Value)>);

const RESIZABLE: [&str; 2] = ["cpu", "memory"];

impl Pinned {
    pub(super) fn of(container: &Value) -> Option<Box<Self>> {
        let asks = |resource: &&str| {
            items(container, &["resizePolicy"]).any(|policy| {
                policy.str_at(&["resourceName"]) == Some(resource)
                    && policy.str_at(&["restartPolicy"]) == Some("RestartContainer")
            })
        };
        let pinned: Vec<_> = RESIZABLE
            .into_iter()
            .filter(asks)
            .map(|resource| (resource, amounts(container, resource)))
            .collect();
        (!pinned.is_empty()).then(|| Box::new(Self(pinned)))
    }

    /// Whether a container has others now.
    pub(super) fn differs(&self, container: &Value) -> bool {
        self.0.iter().any(|(resource, known)| amounts(container, resource) != *known)
    }
}

/// What a container asks for of a resource, and may have.
fn amounts(container: &Value, resource: &str) -> Value {
    let side = |side: &str| container.at(&["resources", side, resource]).cloned();
    ["requests", "limits"].map(|name| side(name).unwrap_or_default()).to_vec().into()
}

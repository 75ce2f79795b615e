//! Volumes that a pod claims, and where these let it run.

use super::amounts::list;
use super::fleet::Host;
use super::refusal::Hurdle;
use super::terms::NodeFilter;
use crate::controller::View;
use crate::storage::{Binding, binding_of, claim_of, fits};
use crate::tables::{CLAIMS, VOLUMES};
use twin_core::store::{Key, Object};
use twin_core::tree::Value;

/// What a pod's claims mean for its node.
#[derive(Debug, Default)]
pub struct Claims {
    /// Where the volumes of bound claims are.
    bound: Vec<NodeFilter>,
    /// Of each claim that takes one of the volumes there are: where these are.
    choices: Vec<Vec<NodeFilter>>,
    /// Claims that wait to hear of a node.
    pub(super) waiting: Vec<Key>,
}

impl Claims {
    /// Looks at the claims of a pod.
    ///
    /// # Errors
    /// Why no node can take it yet.
    pub(super) fn of(pod: &Object, view: &View<'_>) -> Result<Self, String> {
        let mut claims = Self::default();
        let Some(spec) = pod.tree.at(&["spec"]) else { return Ok(claims) };
        for volume in list(spec, "volumes") {
            let Some(name) = claim_of(pod.key.name(), volume) else { continue };
            claims.add(&Key::new(pod.key.namespace(), &name), view)?;
        }
        Ok(claims)
    }

    fn add(&mut self, key: &Key, view: &View<'_>) -> Result<(), String> {
        let name = key.name();
        let Some(claim) = view.get(&CLAIMS, key) else {
            return Err(format!("persistentvolumeclaim {name:?} not found"));
        };
        if claim.tree.str_at(&["metadata", "deletionTimestamp"]).is_some() {
            return Err(format!("persistentvolumeclaim {name:?} is being deleted"));
        }
        if let Some(volume) = bound(&claim.tree) {
            let volume = view.get(&VOLUMES, &Key::new("", volume));
            self.bound.extend(volume.map(|volume| home(volume)));
            return Ok(());
        }
        match binding_of(&claim.tree, view) {
            Binding::Immediate => {
                Err("pod has unbound immediate PersistentVolumeClaims".to_owned())
            }
            Binding::Delayed => {
                self.waiting.push(key.clone());
                Ok(())
            }
            Binding::DelayedStatic => {
                let volumes = view.all(&VOLUMES, "").filter(|volume| fits(volume, claim));
                self.choices.push(volumes.map(|volume| home(volume)).collect());
                self.waiting.push(key.clone());
                Ok(())
            }
        }
    }

    /// Whether they let the pod run anywhere.
    pub(super) fn is_empty(&self) -> bool {
        self.bound.is_empty() && self.choices.is_empty()
    }

    /// What keeps the pod from a node.
    pub(super) fn hurdle(&self, host: &Host) -> Option<Hurdle> {
        let here = |home: &NodeFilter| home.matches(&host.name, host.labels.as_ref());
        if !self.bound.iter().all(here) {
            return Some(Hurdle::Volume);
        }
        let open = |homes: &Vec<NodeFilter>| homes.iter().any(here);
        (!self.choices.iter().all(open)).then_some(Hurdle::NoVolume)
    }
}

fn home(volume: &Object) -> NodeFilter {
    NodeFilter::of_selector(volume.tree.at(&["spec", "nodeAffinity", "required"]))
}

fn bound(claim: &Value) -> Option<&str> {
    let volume = claim.str_at(&["spec", "volumeName"]).filter(|name| !name.is_empty());
    volume.filter(|_| claim.str_at(&["status", "phase"]) == Some("Bound"))
}

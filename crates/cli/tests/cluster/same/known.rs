//! Differences that are known, each with its reason; `docs/twin-fidelity.md` says the same in words.

use super::difference::Difference;
use super::normal::fits;
use std::collections::BTreeSet;

/// Whether a difference is there each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Occurs {
    /// If it is not, the test fails, so that nobody believes in it for ever.
    Always,
    /// By chance, or because no program runs.
    AtTimes,
}
use Occurs::{Always, AtTimes};

/// One that may be there.
#[derive(Debug)]
struct Known {
    /// Words of its object, path included; `*` is any word, `**` any number of them.
    what: &'static str,
    occurs: Occurs,
    why: &'static str,
}

const fn known(what: &'static str, occurs: Occurs, why: &'static str) -> Known {
    Known { what, occurs, why }
}

const KNOWN: &[Known] = &[
    known("Event/Pod * Unhealthy **", AtTimes, "probes of the twin pass at once"),
    known("Event/Pod * FailedMount **", AtTimes, "a kubelet waits for its copy of a Secret"),
    known("Event/HorizontalPodAutoscaler * **", AtTimes, "metrics of new pods come late there"),
    known("HorizontalPodAutoscaler/* status conditions **", AtTimes, "only real programs use CPU"),
    known("EndpointSlice/migrate-*1 **", AtTimes, "Kubernetes may keep a pod that ended"),
    known("Endpoints/migrate **", AtTimes, "Kubernetes may keep a pod that ended"),
    known("Event/Pod migrate-* TaintManagerEviction **", AtTimes, "if it was on the lost node"),
    known("Pod/migrate-* status podIP* **", AtTimes, "gone if its node started again"),
    known("Pod/migrate-*", AtTimes, "it goes with the node that is drained, if it was there"),
    known("Pod/* status * edge state waiting reason", AtTimes, "one word for each try to pull"),
    known(
        "Event/PersistentVolumeClaim * ProvisioningSucceeded **",
        Always,
        "the test cluster's provisioner does not say it",
    ),
    known("Event/Node * CgroupV1 **", AtTimes, "the machines of the test cluster"),
    known("Event/Node * NodeAllocatableEnforced **", Always, "there are no cgroups"),
    known("Pod/* status conditions * lastProbeTime", Always, "a null that nobody reads"),
    known("Pod/* status conditions * observedGeneration", Always, "not noted for each condition"),
    known("Pod/* status resources **", Always, "not added up for the whole pod"),
    known("Pod/* status allocatedResources **", Always, "not added up for the whole pod"),
    known("Pod/* status *ontainerStatuses * user **", Always, "no program runs, as nobody"),
    known("Pod/* status *ontainerStatuses * volumeMounts **", Always, "nothing is mounted"),
    known("Pod/* status * * lastState terminated message", Always, "no program writes"),
];

/// What was found in all steps.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Places in the table.
    met: BTreeSet<usize>,
    seen: BTreeSet<Difference>,
    unexpected: Vec<String>,
}

impl Ledger {
    /// Whether nothing new is among these differences.
    pub(super) fn expects(&self, differences: &[Difference]) -> bool {
        differences.iter().all(|it| self.seen.contains(it) || place(it).is_some())
    }

    /// Notes what differs after a step; how much of it is new and unexpected.
    pub(super) fn enter(&mut self, step: &str, differences: Vec<Difference>) -> usize {
        let before = self.unexpected.len();
        for difference in differences {
            match place(&difference) {
                Some(place) => {
                    self.met.insert(place);
                }
                None if self.seen.contains(&difference) => {}
                None => {
                    let text = format!("{step}: {difference}");
                    println!("{text}");
                    self.unexpected.push(text);
                }
            }
            self.seen.insert(difference);
        }
        self.unexpected.len() - before
    }

    /// Fails if anything was unexpected, or if something listed is no more.
    #[track_caller]
    pub(super) fn close(self) {
        let stale = KNOWN.iter().enumerate();
        let stale = stale.filter(|(at, it)| it.occurs == Always && !self.met.contains(at));
        let stale = stale.map(|(_, it)| format!("no longer differs: {} ({})", it.what, it.why));
        let all: Vec<_> = self.unexpected.iter().cloned().chain(stale).collect();
        assert!(all.is_empty(), "{} differences that nobody knows:\n{}", all.len(), all.join("\n"));
    }
}

/// Where a difference is listed.
fn place(difference: &Difference) -> Option<usize> {
    let text = format!("{} {}", difference.object, difference.path);
    let words: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
    KNOWN.iter().position(|known| fits(known.what, &words))
}

//! Pods that keep a stateful set from its new version.

use crate::id::Id;
use crate::observed::Observed;
use serde_json::Value;

/// Which pods of an older version stand in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Those that have failed: their container ended, or cannot start. One that runs for the first
    /// time may be making its data.
    Failing,
    /// All that are not ready: they have had their time.
    NotReady,
}

/// Pods of a stateful set that it waits for before it gives them the version that it should have. It
/// replaces a pod only after all others are ready, and so waits forever for one that never will be.
pub fn stuck<'a>(set: &Id, observed: &'a Observed, blame: Blame) -> Vec<&'a Value> {
    let Some(live) = observed.get(set) else { return Vec::new() };
    let wanted = &live["status"]["updateRevision"];
    let is_old = |pod: &&Value| {
        let revision = &pod["metadata"]["labels"]["controller-revision-hash"];
        wanted.is_string() && revision.is_string() && revision != wanted
    };
    let is_going = |pod: &&Value| pod["metadata"]["deletionTimestamp"].is_string();
    let pods = observed.owned_by("Pod", live).filter(is_old).filter(|pod| !is_going(pod));
    let blamed = pods.filter(|pod| !is_ready(pod) && (blame == Blame::NotReady || failed(pod)));
    blamed.collect()
}

/// Whether the controller of an object has seen its newest version.
pub fn is_noticed(live: &Value) -> bool {
    let generation = live["metadata"]["generation"].as_u64();
    live["status"]["observedGeneration"].as_u64() >= generation
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|it| it["type"] == "Ready" && it["status"] == "True")
}

fn failed(pod: &Value) -> bool {
    const STARTING: &[&str] = &["ContainerCreating", "PodInitializing"];
    let list = |field: &str| pod["status"][field].as_array().into_iter().flatten();
    list("initContainerStatuses").chain(list("containerStatuses")).any(|status| {
        let waits = status["state"]["waiting"]["reason"].as_str();
        status["restartCount"].as_u64() > Some(0) || waits.is_some_and(|it| !STARTING.contains(&it))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(pods: &[&Value]) -> Vec<String> {
        pods.iter().map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn only_pods_of_an_older_version_that_are_not_ready() {
        let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": "db", "uid": "1", "generation": 2},
            "status": {"updateRevision": "new", "observedGeneration": 2}});
        let pod = |name: &str, revision: &str, ready: &str, status: Value| {
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name,
                "ownerReferences": [{"uid": "1"}], "labels": {"controller-revision-hash": revision}},
                "status": {"conditions": [{"type": "Ready", "status": ready}],
                    "containerStatuses": [status]}})
        };
        let crashed =
            json!({"restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}});
        let running = json!({"restartCount": 0, "state": {"running": {}}});
        let creating = json!({"state": {"waiting": {"reason": "ContainerCreating"}}});
        let pulling = json!({"state": {"waiting": {"reason": "ErrImagePull"}}});
        let mut observed = Observed::default();
        let id = Id::of(&set).unwrap();
        assert!(is_noticed(&set));
        for object in [
            set,
            pod("a-crashed", "old", "False", crashed.clone()),
            pod("b-running", "old", "False", running),
            pod("c-creating", "old", "False", creating),
            pod("d-pulling", "old", "False", pulling),
            pod("e-ready", "old", "True", crashed.clone()),
            pod("f-new", "new", "False", crashed),
        ] {
            observed.apply(object);
        }
        let failing = stuck(&id, &observed, Blame::Failing);
        assert_eq!(names(&failing), ["a-crashed", "d-pulling"]);
        assert_eq!(stuck(&id, &observed, Blame::NotReady).len(), 4);
    }
}

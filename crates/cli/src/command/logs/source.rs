//! Who writes a log.

use serde_json::Value;

/// One run of a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    pub(super) service: String,
    pub(super) pod: String,
    uid: String,
    pub(super) container: String,
    /// How often it was started anew.
    restarts: u64,
    /// Whether the pod has other containers.
    others: bool,
    /// What it waits for, if it has not started.
    pub(super) waits: Option<String>,
}

impl Source {
    /// The pod, and the container where it has several.
    pub(super) fn name(&self) -> String {
        if self.others { format!("{}/{}", self.pod, self.container) } else { self.pod.clone() }
    }

    pub(super) fn has_started(&self) -> bool {
        self.waits.is_none()
    }
}

/// The containers of a pod. Those that only wait for others have nothing to say.
pub(super) fn of_pod(pod: &Value, service: &str) -> Vec<Source> {
    let text = |field: &str| pod["metadata"][field].as_str().unwrap_or_default().to_owned();
    let names = |field: &str| pod["spec"][field].as_array().into_iter().flatten();
    let sidecars = names("initContainers").filter(|it| it["restartPolicy"] == "Always");
    let containers: Vec<&Value> = names("containers").chain(sidecars).collect();
    let others = containers.len() > 1;
    containers
        .iter()
        .map(|container| {
            let name = container["name"].as_str().unwrap_or_default();
            let status = status(pod, name);
            Source {
                service: service.to_owned(),
                pod: text("name"),
                uid: text("uid"),
                container: name.to_owned(),
                restarts: status.and_then(|it| it["restartCount"].as_u64()).unwrap_or_default(),
                others,
                waits: waits(status),
            }
        })
        .collect()
}

fn status<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    let list = |field: &str| pod["status"][field].as_array().into_iter().flatten();
    let mut all = list("containerStatuses").chain(list("initContainerStatuses"));
    all.find(|it| it["name"] == container)
}

fn waits(status: Option<&Value>) -> Option<String> {
    let Some(state) = status.map(|it| &it["state"]) else { return Some("not started".to_owned()) };
    let waiting = state.get("waiting")?;
    // What ran before is there to be read.
    if status.is_some_and(|it| it["lastState"].get("terminated").is_some()) {
        return None;
    }
    Some(waiting["reason"].as_str().unwrap_or("not started").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn containers_of_a_pod() {
        let pod = json!({"metadata": {"name": "web-1", "uid": "7"},
            "spec": {"containers": [{"name": "web"}], "initContainers": [{"name": "wait-for-db"},
                {"name": "proxy", "restartPolicy": "Always"}]},
            "status": {"containerStatuses": [{"name": "web", "restartCount": 2,
                "state": {"waiting": {"reason": "ContainerCreating"}}}]}});
        let found = of_pod(&pod, "web");
        let names: Vec<_> = found.iter().map(Source::name).collect();
        assert_eq!(names, ["web-1/web", "web-1/proxy"]);
        assert_eq!(found[0].waits.as_deref(), Some("ContainerCreating"));
        assert_eq!(found[0].restarts, 2);
        assert!(!found[1].has_started());
    }
}

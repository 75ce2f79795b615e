//! A Service that every node joins, and what its watchers are told when one node is lost.

use super::asking::{Asking, Json};
use super::crowd::{Crowd, Told};
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;
use twin::Twin;

/// What all watchers were told of one change, and what the formula says of it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) told: Told,
    pub(crate) watchers: u64,
    /// How many entries are sent again with each change.
    pub(crate) entries: u64,
    /// Bytes of one entry: that of the pod on the lost node.
    pub(crate) entry: u64,
}

impl Row {
    /// KEP-752, "Estimation": a change costs the bytes of an entry, times all entries that are sent with it, times
    /// all who watch. With Endpoints these are all entries of the Service, with `EndpointSlices` those of one slice.
    pub(crate) fn formula(&self) -> u64 {
        self.watchers * self.entries * self.entry
    }
}

/// A Service `agent` of a `DaemonSet`, ready on all nodes.
pub(crate) async fn joined(nodes: u32) -> Twin {
    let twin = Twin::builder().nodes(nodes).origin(Duration::from_hours(500_000)).start();
    let labels = json!({ "app": "agent" });
    let service = json!({ "metadata": { "name": "agent" },
        "spec": { "selector": labels, "ports": [{ "port": 9_100 }] } });
    let daemons = json!({ "metadata": { "name": "agent" },
        "spec": { "selector": { "matchLabels": labels }, "template": { "metadata": { "labels": labels },
            "spec": { "containers": [{ "name": "agent", "image": "registry.example/agent:1" }] } } } });
    twin.ask("POST", "/api/v1/namespaces/default/services", &service).await;
    twin.ask("POST", "/apis/apps/v1/namespaces/default/daemonsets", &daemons).await;
    sleep(Duration::from_mins(5)).await;
    twin
}

const ENDPOINTS: &str = "/api/v1/namespaces/default/endpoints";
/// Those of the Service.
pub(crate) const SLICES: &str = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dagent";

/// Loses a node, and says what its watchers were told: of Endpoints with all addresses, of Endpoints as they
/// are today, of slices.
pub(crate) async fn lose_one(twin: &Twin, watchers: u32) -> [Row; 3] {
    twin.ask("POST", ENDPOINTS, &whole(twin).await).await;
    let named = |name: &str| format!("{ENDPOINTS}?fieldSelector=metadata.name%3D{name}");
    let [old, today, slices] = [named("whole"), named("agent"), SLICES.to_owned()];
    let old = Crowd::gather(twin, &old, watchers).await;
    let today = Crowd::gather(twin, &today, watchers).await;
    let slices = Crowd::gather(twin, &slices, watchers).await;
    let (pod, node) = first(twin).await;
    twin.lose(&node).expect("it is there");
    sleep(Duration::from_mins(2)).await;
    twin.ask("PUT", &format!("{ENDPOINTS}/whole"), &whole(twin).await).await;
    sleep(Duration::from_secs(1)).await;
    let row = |what, crowd: &Crowd, (entries, entry)| Row {
        what,
        told: crowd.take(),
        watchers: watchers.into(),
        entries,
        entry,
    };
    [
        row("Endpoints with all addresses", &old, addresses(twin, "whole", &pod).await),
        row("Endpoints as today, 1,000 at most", &today, addresses(twin, "agent", &pod).await),
        row("EndpointSlices", &slices, sliced(twin, &pod).await),
    ]
}

/// The first pod by name and its node: Endpoints that leave addresses out have that one.
async fn first(twin: &Twin) -> (String, String) {
    let endpoints = twin.get(&format!("{ENDPOINTS}/agent")).await;
    let address = &endpoints["subsets"][0]["addresses"][0];
    let text = |value: &Json| value.as_str().expect("a pod that runs has it").to_owned();
    (text(&address["targetRef"]["name"]), text(&address["nodeName"]))
}

/// Endpoints as the controller wrote them before Kubernetes 1.22: nobody is left out.
async fn whole(twin: &Twin) -> Json {
    let (mut ready, mut idle) = (Vec::new(), Vec::new());
    for slice in items(&twin.get(SLICES).await) {
        for endpoint in items_of(slice, "endpoints") {
            let address = json!({ "ip": endpoint["addresses"][0], "nodeName": endpoint["nodeName"],
                "targetRef": endpoint["targetRef"] });
            let is_ready = endpoint["conditions"]["ready"] == true;
            if is_ready { ready.push(address) } else { idle.push(address) }
        }
    }
    let mut subset = json!({ "addresses": ready, "ports": [{ "port": 9_100, "protocol": "TCP" }] });
    if !idle.is_empty() {
        subset["notReadyAddresses"] = idle.into();
    }
    json!({ "metadata": { "name": "whole" }, "subsets": [subset] })
}

/// How many addresses an object has, and the bytes of that of a pod.
async fn addresses(twin: &Twin, name: &str, pod: &str) -> (u64, u64) {
    let endpoints = twin.get(&format!("{ENDPOINTS}/{name}")).await;
    let subset = &endpoints["subsets"][0];
    let all: Vec<_> = ["addresses", "notReadyAddresses"]
        .into_iter()
        .flat_map(|field| items_of(subset, field))
        .collect();
    // One that is not ready may have been left out; all have equally long names.
    (
        all.len() as u64,
        all.iter().find(|it| is_of(it, pod)).map_or_else(|| bytes(all[0]), |it| bytes(it)),
    )
}

/// How many endpoints the slice of a pod has, and the bytes of that of the pod.
async fn sliced(twin: &Twin, pod: &str) -> (u64, u64) {
    let slices = twin.get(SLICES).await;
    let all = items(&slices).iter().map(|slice| items_of(slice, "endpoints"));
    let mut found = all
        .filter_map(|all| Some((all.len() as u64, bytes(all.iter().find(|it| is_of(it, pod))?))));
    found.next().expect("the pod is still behind its Service")
}

fn is_of(entry: &Json, pod: &str) -> bool {
    entry["targetRef"]["name"] == pod
}

fn bytes(entry: &Json) -> u64 {
    entry.to_string().len() as u64
}

fn items(list: &Json) -> &[Json] {
    items_of(list, "items")
}

fn items_of<'a>(object: &'a Json, field: &str) -> &'a [Json] {
    object[field].as_array().map(Vec::as_slice).unwrap_or_default()
}

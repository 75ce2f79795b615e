//! What happens to the product.

use super::side::Side;
use crate::kit::Shop;

/// One event.
pub(super) struct Step {
    pub(super) name: &'static str,
    /// Lets it happen, and waits until it is over.
    pub(super) act: fn(&mut Side),
}

/// In this order. Pods of everybody but the database move to one node in the first half, so that it is
/// known what is lost with it.
pub(super) const STEPS: &[Step] = &[
    Step { name: "up", act: up },
    Step { name: "scale", act: scale },
    Step { name: "rollout", act: rollout },
    Step { name: "failed image", act: failed_image },
    Step { name: "repair", act: repair },
    Step { name: "lost pod", act: lost_pod },
    Step { name: "drained node", act: drained_node },
    Step { name: "lost node", act: lost_node },
    Step { name: "node is back", act: node_is_back },
    Step { name: "down", act: down },
];

/// Images of a new release.
const RELEASE: &str = "--image app=local/shop-app:1.0.1 --image worker=local/shop-app:1.0.1 \
    --image cache=local/shop-cache:1.0.1";

fn up(side: &mut Side) {
    side.begin();
    side.shop.up("").exits(0);
    side.until_calm();
    side.name_nodes();
    // What starts from here on starts on one node.
    for role in ["node-of-db", "node-spare"] {
        side.kubectl(&format!("cordon {}", side.node(role)));
    }
}

fn scale(side: &mut Side) {
    side.kubectl("scale deployment/cache --replicas=3 -n shop");
    side.until_calm();
}

/// Takes back what somebody scaled.
fn rollout(side: &mut Side) {
    side.shop.up(&format!("--take-over {RELEASE}")).exits(0);
    side.until_calm();
}

fn failed_image(side: &mut Side) {
    let image = "--image edge=registry.invalid/edge:1.0.0";
    side.shop.up(&format!("{RELEASE} {image} --timeout 5s")).exits(4);
    side.until("the pull is given up for now", |side| {
        let pods = side.pods("edge");
        let states = pods.iter().map(|pod| &pod["status"]["containerStatuses"][0]["state"]);
        states.into_iter().any(|state| state["waiting"]["reason"] == "ImagePullBackOff")
    });
}

fn repair(side: &mut Side) {
    side.shop.up(&format!("{RELEASE} --image edge=local/shop-edge:1.0.1")).exits(0);
    side.until_calm();
}

fn lost_pod(side: &mut Side) {
    let pod = side.pods("worker")[0]["metadata"]["name"].clone();
    side.kubectl(&format!("delete pod -n shop {}", pod.as_str().expect("pods have names")));
    side.until_calm();
    let home = side.node("node-of-db");
    side.kubectl(&format!("uncordon {home}"));
    side.kubectl("delete pod -n shop db-0");
    side.until_calm();
    side.kubectl(&format!("cordon {home}"));
}

/// Everybody has to go from one node to another.
fn drained_node(side: &mut Side) {
    side.kubectl(&format!("uncordon {}", side.node("node-spare")));
    let node = side.node("node-of-all");
    side.kubectl(&format!(
        "drain {node} --ignore-daemonsets --delete-emptydir-data --force --timeout=120s"
    ));
    side.until_calm();
}

/// The node to which everybody went.
fn lost_node(side: &mut Side) {
    side.uncordon_all();
    side.lose(&side.node("node-spare"));
    side.until("nobody serves there", |side| {
        let nodes = side.pods("edge");
        let ready = |pod: &serde_json::Value| {
            let conditions = pod["status"]["conditions"].as_array();
            conditions
                .into_iter()
                .flatten()
                .any(|it| it["type"] == "Ready" && it["status"] == "True")
        };
        !nodes.iter().any(ready)
    });
}

fn node_is_back(side: &mut Side) {
    side.bring_back(&side.node("node-spare"));
    side.until_calm();
}

fn down(side: &mut Side) {
    side.shop.down("--delete-data").exits(0);
    side.until("nothing runs", |side| side.shop.place.list(Shop::NAMESPACE, "pods").is_empty());
}

//! Time that goes faster in the twin than outside.

#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use k8s_openapi::api::apps::v1::Deployment;
use kube::Client;
use kube::api::{Api, PostParams};
use serde_json::json;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::sleep;
use twin::Twin;

/// A Deployment whose program needs two minutes to be ready.
async fn deploy(client: Client) -> Api<Deployment> {
    let slow = json!({ "muster.dev/ready-seconds": "120" });
    let deployment = json!({ "metadata": { "name": "slow" },
        "spec": { "replicas": 1, "selector": { "matchLabels": { "app": "slow" } },
            "template": { "metadata": { "labels": { "app": "slow" }, "annotations": slow },
                "spec": { "containers": [{ "name": "c", "image": "i:1" }] } } } });
    let deployments: Api<Deployment> = Api::default_namespaced(client);
    let deployment = serde_json::from_value(deployment).unwrap();
    deployments.create(&PostParams::default(), &deployment).await.unwrap();
    deployments
}

async fn ready(deployments: &Api<Deployment>) -> Option<i32> {
    deployments.get("slow").await.unwrap().status?.ready_replicas
}

#[tokio::test(start_paused = true)]
async fn a_slow_start_is_over_sixty_times_sooner() {
    for (speed, soon, late) in [(1, 60, 180), (60, 1, 3)] {
        let speed = NonZeroU32::new(speed).unwrap();
        let twin = Twin::builder().nodes(1).speed(speed).start();
        let before = twin.now();
        let deployments = deploy(twin.client()).await;
        sleep(Duration::from_secs(soon)).await;
        assert_eq!(ready(&deployments).await, None, "{speed}");
        sleep(Duration::from_secs(late - soon)).await;
        assert_eq!(ready(&deployments).await, Some(1), "{speed}");
        assert_eq!(twin.now().duration_since(before).unwrap().as_secs(), 180);
        // What was written says so too.
        let deployment = deployments.get("slow").await.unwrap();
        let conditions = deployment.status.unwrap().conditions.unwrap();
        let available = conditions.iter().find(|it| it.type_ == "Available").unwrap();
        let since = available.last_transition_time.as_ref().unwrap().0;
        let since =
            since.as_second() - deployment.metadata.creation_timestamp.unwrap().0.as_second();
        assert!((120..125).contains(&since), "{since} s");
    }
}

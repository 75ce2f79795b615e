//! Leases of nodes: renewed by the clock, written by nobody.

#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Node;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams, WatchEvent, WatchParams};
use std::time::Duration;
use tokio::time::sleep;
use twin::Twin;

fn leases(twin: &Twin) -> Api<Lease> {
    Api::namespaced(twin.client(), "kube-node-lease")
}

/// How long ago it was renewed, in seconds.
fn age(lease: &Lease, twin: &Twin) -> i64 {
    let renewed = lease.spec.as_ref().unwrap().renew_time.as_ref().unwrap().0.as_second();
    let now = twin.now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() - renewed
}

async fn seconds(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_and_nothing_is_written() {
    let twin = Twin::builder().nodes(3).start();
    seconds(60).await;
    let all = leases(&twin).list(&ListParams::default()).await.unwrap();
    assert_eq!(all.items.len(), 3);
    let version = all.metadata.resource_version.unwrap();
    for _ in 0..5 {
        seconds(77).await;
        let lease = leases(&twin).get("node-1").await.unwrap();
        assert!(age(&lease, &twin) < 10);
        let spec = lease.spec.as_ref().unwrap();
        assert_eq!(spec.holder_identity.as_deref(), Some("node-1"));
        assert_eq!(spec.lease_duration_seconds, Some(40));
        assert_eq!(lease.owner_references()[0].kind, "Node");
        let all = leases(&twin).list(&ListParams::default()).await.unwrap();
        assert!(all.items.iter().all(|lease| age(lease, &twin) < 10));
        assert_eq!(all.metadata.resource_version.unwrap(), version);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_node_renews_no_more_until_it_is_back() {
    let twin = Twin::builder().nodes(2).start();
    seconds(60).await;
    twin.lose("node-1").unwrap();
    seconds(600).await;
    let ages = || async {
        let all = leases(&twin).list(&ListParams::default()).await.unwrap().items;
        all.iter().map(|lease| age(lease, &twin)).collect::<Vec<_>>()
    };
    let [well, lost] = ages().await[..] else { panic!("two leases") };
    assert!(well < 10 && (600..=610).contains(&lost), "{well}, {lost}");
    twin.bring_back("node-1").unwrap();
    seconds(60).await;
    assert!(ages().await.iter().all(|age| *age < 10));
}

#[tokio::test(start_paused = true)]
async fn who_watches_is_told_of_renewals() {
    let twin = Twin::builder().nodes(2).start();
    seconds(60).await;
    let params = WatchParams { bookmarks: false, ..WatchParams::default() };
    let mut watch = leases(&twin).watch(&params, "0").await.unwrap().boxed();
    let mut told = 0;
    for _ in 0..6 {
        match watch.try_next().await.unwrap().unwrap() {
            WatchEvent::Added(lease) => assert!(age(&lease, &twin) < 10),
            WatchEvent::Modified(lease) => {
                assert_eq!(age(&lease, &twin), 0);
                told += 1;
            }
            event => panic!("{event:?}"),
        }
    }
    assert_eq!(told, 4);
}

#[tokio::test(start_paused = true)]
async fn a_lease_goes_with_its_node() {
    let twin = Twin::builder().nodes(2).start();
    seconds(60).await;
    let nodes: Api<Node> = Api::all(twin.client());
    nodes.delete("node-0", &DeleteParams::default()).await.unwrap();
    seconds(60).await;
    let all = leases(&twin).list(&ListParams::default()).await.unwrap().items;
    assert_eq!(all.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["node-1"]);
}

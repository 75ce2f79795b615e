//! A controller of yours, tested in virtual time: a day passes in no time.
//!
//! It removes each `ConfigMap` whose annotation `example.com/hours` says how long it lives.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example that fails is to say so")]

use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams, PostParams};
use kube::runtime::controller::{Action, Controller};
use kube::runtime::watcher;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use twin::Twin;

const HOURS: &str = "example.com/hours";

/// What the controller works with. The time comes from outside, as everything does that tests set.
struct Context {
    maps: Api<ConfigMap>,
    twin: Twin,
}

async fn reconcile(map: Arc<ConfigMap>, context: Arc<Context>) -> Result<Action, kube::Error> {
    let Some(hours) = map.annotations().get(HOURS).and_then(|hours| hours.parse().ok()) else {
        return Ok(Action::await_change());
    };
    let made = map.creation_timestamp().map(|time| SystemTime::from(time.0));
    let end = made.unwrap_or(UNIX_EPOCH) + Duration::from_hours(hours);
    if let Ok(left) = end.duration_since(context.twin.now())
        && !left.is_zero()
    {
        return Ok(Action::requeue(left));
    }
    context.maps.delete(&map.name_any(), &DeleteParams::default()).await?;
    Ok(Action::await_change())
}

fn again(_: Arc<ConfigMap>, _: &kube::Error, _: Arc<Context>) -> Action {
    Action::requeue(Duration::from_secs(5))
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    // No socket, no container, no cluster: requests are answered in this process.
    let twin = Twin::builder().start();
    let maps: Api<ConfigMap> = Api::default_namespaced(twin.client());

    let controller = Controller::new(maps.clone(), watcher::Config::default());
    let context = Arc::new(Context { maps: maps.clone(), twin: twin.clone() });
    tokio::spawn(controller.run(reconcile, again, context).for_each(|_| async {}));

    for (name, hours) in [("brief", "1"), ("long", "24")] {
        let mut map = ConfigMap::default();
        map.metadata.name = Some(name.to_owned());
        map.annotations_mut().insert(HOURS.to_owned(), hours.to_owned());
        maps.create(&PostParams::default(), &map).await.unwrap();
    }

    let expected: [(u64, &[&str]); 3] = [(0, &["brief", "long"]), (2, &["long"]), (25, &[])];
    let mut hour = 0;
    for (at, names) in expected {
        // Time is paused: it goes on when all there is has nothing to do but wait.
        tokio::time::sleep(Duration::from_hours(at - hour) + Duration::from_secs(1)).await;
        hour = at;
        let labelled = maps.list(&ListParams::default()).await.unwrap().items;
        let own = labelled.iter().filter(|map| map.annotations().contains_key(HOURS));
        let own: Vec<_> = own.map(ResourceExt::name_any).collect();
        println!("after {at} hours: {own:?}");
        assert_eq!(own, names);
    }
}

#[test]
fn it_does_what_it_says() {
    main();
}

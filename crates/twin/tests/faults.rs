//! A reflector comes to the true state, whatever happens to it; and what happens follows from a seed.

#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::reflector::Store;
use kube::runtime::utils::Backoff;
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Client, Config, ResourceExt};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::sleep;
use twin::{Fault, Faults, Happened, Motion, Percent, Twin};

const SECOND: Duration = Duration::from_secs(1);
const OFTEN: Percent = Percent::new(30);

fn twin() -> Twin {
    Twin::builder().motion(Motion::Still).origin(Duration::from_hours(500_000)).start()
}

fn maps(client: Client) -> Api<ConfigMap> {
    Api::default_namespaced(client)
}

fn map(name: &str, number: u32) -> ConfigMap {
    let value = json!({ "metadata": { "name": name }, "data": { "n": number.to_string() } });
    serde_json::from_value(value).unwrap()
}

/// Makes, changes and deletes ten objects, a step each quarter of a second.
async fn churn(client: Client) {
    let maps = maps(client);
    for step in 0..120 {
        let name = format!("m{}", step % 10);
        let (new, params) = (map(&name, step), PostParams::default());
        let done = match (step / 10) % 4 {
            0 => maps.create(&params, &new).await.map(drop),
            3 => maps.delete(&name, &DeleteParams::default()).await.map(drop),
            _ => maps.replace(&name, &params, &new).await.map(drop),
        };
        done.unwrap();
        sleep(SECOND / 4).await;
    }
    for at in 0..5 {
        maps.create(&PostParams::default(), &map(&format!("last-{at}"), at)).await.unwrap();
    }
}

/// Waits a second before each new try. What a client draws by itself follows from no seed.
struct Steady;

impl Iterator for Steady {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(SECOND)
    }
}

impl Backoff for Steady {
    fn reset(&mut self) {}
}

fn watched(client: Client, config: watcher::Config) -> Store<ConfigMap> {
    let (reader, writer) = reflector::store();
    let stream = watcher(maps(client), config).backoff(Steady);
    let mut seen = reflector(writer, stream).boxed();
    tokio::spawn(async move { while seen.next().await.is_some() {} });
    reader
}

fn state<'a>(maps: impl IntoIterator<Item = &'a ConfigMap>) -> BTreeMap<String, Option<String>> {
    maps.into_iter().map(|map| (map.name_any(), map.resource_version())).collect()
}

/// What went wrong for a reflector that saw the true state in the end.
async fn recovered(faults: Faults, config: watcher::Config) -> Vec<Happened> {
    let twin = twin();
    let (client, log) = twin.client_with(faults);
    let reader = watched(client, config);
    churn(twin.client()).await;
    // Longer than anything takes to be noticed.
    sleep(10 * 60 * SECOND).await;
    let truth = maps(twin.client()).list(&ListParams::default()).await.unwrap().items;
    let seen: Vec<_> = reader.state();
    assert_eq!(state(seen.iter().map(|map| &**map)), state(&truth));
    log.history()
}

type Is = fn(Fault) -> bool;

fn each() -> Vec<(Faults, Is)> {
    let faults = || Faults::seeded(7);
    // Who is never cut off asks for little.
    let asking = || faults().cuts_watches(OFTEN);
    vec![
        (asking().throttles(OFTEN, SECOND), |it| it == Fault::Throttled),
        (asking().fails(OFTEN), |it| it == Fault::Failed),
        (asking().stale_reads(Percent::ALWAYS, 30), |it| matches!(it, Fault::Stale(_))),
        (faults().delays_events(OFTEN, 3 * SECOND), |it| matches!(it, Fault::Delayed(_))),
        (faults().drops_events(OFTEN, 20 * SECOND), |it| it == Fault::Dropped),
        (faults().doubles_events(OFTEN), |it| it == Fault::Doubled),
        (faults().reorders_events(OFTEN, 2 * SECOND), |it| it == Fault::Overtaken),
        (faults().cuts_watches(OFTEN), |it| it == Fault::Cut),
    ]
}

fn everything(seed: u64) -> Faults {
    Faults::seeded(seed)
        .throttles(Percent::new(5), SECOND)
        .fails(Percent::new(5))
        .stale_reads(Percent::new(20), 30)
        .delays_events(Percent::new(10), SECOND)
        .drops_events(Percent::new(5), 20 * SECOND)
        .doubles_events(Percent::new(10))
        .reorders_events(Percent::new(20), SECOND)
        .cuts_watches(Percent::new(5))
}

#[tokio::test(start_paused = true)]
async fn a_reflector_recovers_from_each_fault() {
    for (faults, is) in each() {
        let history = recovered(faults.clone(), watcher::Config::default()).await;
        assert!(history.iter().any(|it| is(it.fault)), "{faults:?}");
        recovered(faults, watcher::Config::default().streaming_lists()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_reflector_recovers_from_all_of_them_and_chance_follows_from_the_seed() {
    for seed in 0..8 {
        let history = recovered(everything(seed), watcher::Config::default()).await;
        assert!(history.len() > 30, "{} faults", history.len());
        let again = recovered(everything(seed), watcher::Config::default()).await;
        assert!(history == again, "seed {seed}");
        let other = recovered(everything(seed + 100), watcher::Config::default()).await;
        assert!(history != other, "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reflector_recovers_from_a_restart() {
    let twin = twin();
    let reader = watched(twin.client(), watcher::Config::default());
    let churn = tokio::spawn(churn(twin.client()));
    for _ in 0..5 {
        sleep(5 * SECOND).await;
        twin.restart();
    }
    churn.await.unwrap();
    sleep(60 * SECOND).await;
    let truth = maps(twin.client()).list(&ListParams::default()).await.unwrap().items;
    assert_eq!(state(reader.state().iter().map(|map| &**map)), state(&truth));
}

#[tokio::test(start_paused = true)]
async fn writes_are_refused_lost_and_slow() {
    let twin = twin();
    let always = Percent::ALWAYS;
    let code = |error: kube::Error| match error {
        kube::Error::Api(status) => status.code,
        error => panic!("{error}"),
    };
    let (client, _) = twin.client_with(Faults::seeded(1).conflicts(always));
    let made = maps(client.clone()).create(&PostParams::default(), &map("a", 1)).await.unwrap();
    let replaced = maps(client.clone()).replace("a", &PostParams::default(), &made).await;
    assert_eq!(code(replaced.unwrap_err()), 409);
    let patch = Patch::Merge(json!({ "data": { "n": "2" } }));
    let patched = maps(client).patch("a", &PatchParams::default(), &patch).await;
    assert_eq!(code(patched.unwrap_err()), 409);

    let (client, log) = twin.client_with(Faults::seeded(1).loses_answers(always));
    let unknown = maps(client.clone()).create(&PostParams::default(), &map("b", 1)).await;
    assert_eq!(code(unknown.unwrap_err()), 500);
    maps(client).get("b").await.unwrap();
    assert_eq!(log.count(|fault| fault == Fault::AnswerLost), 1);

    let (client, log) = twin.client_with(Faults::seeded(1).slows_writes(always, 60 * SECOND));
    let before = twin.now();
    maps(client).create(&PostParams::default(), &map("c", 1)).await.unwrap();
    let took = twin.now().duration_since(before).unwrap();
    assert!(log.count(|fault| fault == Fault::Slowed(took)) == 1, "{took:?}");

    let (client, _) = twin.client_with(Faults::seeded(1).throttles(always, 9 * SECOND));
    let error = maps(client).get("a").await.unwrap_err();
    let kube::Error::Api(status) = error else { panic!("{error}") };
    assert_eq!((status.code, status.details.unwrap().retry_after_seconds), (429, 9));
}

#[tokio::test(start_paused = true)]
async fn a_stale_read_shows_what_was() {
    let twin = twin();
    let fresh = maps(twin.client());
    fresh.create(&PostParams::default(), &map("a", 1)).await.unwrap();
    let (client, _) = twin.client_with(Faults::seeded(1).stale_reads(Percent::ALWAYS, 1));
    assert!(maps(client.clone()).get_opt("a").await.unwrap().is_none());
    assert!(maps(client).list(&ListParams::default()).await.unwrap().items.is_empty());
    assert_eq!(fresh.list(&ListParams::default()).await.unwrap().items.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stale_read_shows_what_it_asks_for() {
    let twin = twin();
    let made = maps(twin.client()).create(&PostParams::default(), &map("a", 1)).await.unwrap();
    let (client, log) = twin.client_with(Faults::seeded(1).stale_reads(Percent::ALWAYS, 1));
    let version = made.resource_version().unwrap();
    let path = format!("/api/v1/namespaces/default/configmaps/a?resourceVersion={version}");
    let request = http::Request::get(path).body(Vec::new()).unwrap();
    assert_eq!(client.request::<ConfigMap>(request).await.unwrap(), made);
    assert_eq!(log.count(|fault| matches!(fault, Fault::Stale(_))), 1);
}

#[tokio::test]
async fn over_https_they_happen_to_those_with_their_token() {
    let served = twin().serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let client = |text: &str| {
        let config = Kubeconfig::from_yaml(text).unwrap();
        let options = KubeConfigOptions::default();
        async move {
            let config = Config::from_custom_kubeconfig(config, &options).await.unwrap();
            Client::try_from(config).unwrap()
        }
    };
    let faults = Faults::seeded(1).conflicts(Percent::ALWAYS);
    let (text, log) = served.kubeconfig_with(faults).unwrap();
    let (well, unwell) = (client(served.kubeconfig()).await, client(&text).await);
    let made = maps(unwell.clone()).create(&PostParams::default(), &map("a", 1)).await.unwrap();
    let params = PostParams::default();
    assert!(maps(unwell).replace("a", &params, &map("a", 2)).await.is_err());
    maps(well).replace("a", &params, &map("a", 2)).await.unwrap();
    assert_eq!(log.count(|fault| fault == Fault::Conflicted), 1, "{made:?}");
    served.end().await;
}

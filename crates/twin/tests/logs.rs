//! Logs that are followed.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "all of it is a test")]

use futures::{AsyncBufReadExt, TryStreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, DeleteParams, LogParams, PostParams};
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::json;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use twin::Twin;

const WORDS: &str = "echo a; sleep 10; echo b; sleep 5; echo -n c; sleep 5; echo d; sleep 1";

async fn pod(client: Client, words: &str, policy: &str) -> Api<Pod> {
    let pods: Api<Pod> = Api::default_namespaced(client);
    let pod = json!({ "metadata": { "name": "a" }, "spec": { "restartPolicy": policy,
        "containers": [{ "name": "c", "image": "i:1", "command": ["sh", "-c", words] }] } });
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    pods
}

/// What is heard, each line with the seconds since it was asked for, and when that ends.
async fn heard(pods: &Api<Pod>, asked: LogParams) -> (Vec<(u64, String)>, u64) {
    let since = Instant::now();
    let follow = LogParams { follow: true, ..asked };
    let mut lines = pods.log_stream("a", &follow).await.unwrap().lines();
    let mut all = Vec::new();
    while let Some(line) = lines.try_next().await.unwrap() {
        all.push((since.elapsed().as_secs(), line));
    }
    (all, since.elapsed().as_secs())
}

fn texts(all: &[(u64, String)]) -> Vec<&str> {
    all.iter().map(|(_, line)| line.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn lines_come_when_they_are_written() {
    let twin = Twin::builder().nodes(1).start();
    let pods = pod(twin.client(), WORDS, "Never").await;
    sleep(Duration::from_secs(3)).await;
    let (lines, end) = heard(&pods, LogParams::default()).await;
    assert_eq!(texts(&lines), ["a", "b", "cd"]);
    let times: Vec<_> = lines.iter().map(|(at, _)| *at).collect();
    assert!(times[0] == 0 && (7..=9).contains(&times[1]), "{times:?}");
    assert_eq!(times[2], times[1] + 10, "a line comes as a whole");
    assert_eq!(end, times[2] + 1, "the end of the container is that of its log");
    let (again, end) = heard(&pods, LogParams::default()).await;
    assert_eq!((texts(&again), end), (texts(&lines), 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_is_heard_and_no_more() {
    let twin = Twin::builder().nodes(1).start();
    let pods = pod(twin.client(), WORDS, "Never").await;
    sleep(Duration::from_secs(3)).await;
    let none = LogParams { tail_lines: Some(0), ..LogParams::default() };
    let short = LogParams { limit_bytes: Some(3), ..LogParams::default() };
    let timed = LogParams { timestamps: true, ..LogParams::default() };
    let late = LogParams { since_seconds: Some(1), ..LogParams::default() };
    let (none, short, timed, late) = tokio::join!(
        heard(&pods, none),
        heard(&pods, short),
        heard(&pods, timed),
        heard(&pods, late)
    );
    assert_eq!(texts(&none.0), ["b", "cd"]);
    assert_eq!(texts(&short.0), ["a", "b"]);
    assert!(short.1 < none.1, "it ends with its last byte");
    assert!(timed.0[2].1.ends_with("Z cd"), "{:?}", timed.0);
    assert_eq!(texts(&late.0), ["b", "cd"]);
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_the_run_and_with_the_pod() {
    let twin = Twin::builder().nodes(1).start();
    let pods = pod(twin.client(), "echo a; sleep 5; exit 1", "Always").await;
    sleep(Duration::from_secs(3)).await;
    let (lines, end) = heard(&pods, LogParams::default()).await;
    assert_eq!(texts(&lines), ["a"]);
    assert!(end <= 5, "another run is another log");
    let previous = LogParams { previous: true, ..LogParams::default() };
    sleep(Duration::from_secs(2)).await;
    assert_eq!(heard(&pods, previous).await, (vec![(0, "a".to_owned())], 0));
    pods.delete("a", &DeleteParams::default().grace_period(0)).await.unwrap();
    let pods = pod(twin.client(), "echo a; sleep 1000", "Always").await;
    sleep(Duration::from_secs(3)).await;
    let (heard, ()) = tokio::join!(heard(&pods, LogParams::default()), async {
        sleep(Duration::from_secs(7)).await;
        pods.delete("a", &DeleteParams::default()).await.unwrap();
    });
    assert_eq!(texts(&heard.0), ["a"]);
    assert!((7..10).contains(&heard.1), "{}", heard.1);
}

#[tokio::test]
async fn logs_are_followed_over_https() {
    let speed = NonZeroU32::new(20).unwrap();
    let twin = Twin::builder().nodes(1).speed(speed).start();
    let served = twin.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let known = Kubeconfig::from_yaml(served.kubeconfig()).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(known, &options).await.unwrap();
    let pods = pod(Client::try_from(config).unwrap(), WORDS, "Never").await;
    sleep(Duration::from_millis(150)).await;
    let heard = timeout(Duration::from_secs(20), heard(&pods, LogParams::default()));
    let (lines, _) = heard.await.expect("it ends");
    assert_eq!(texts(&lines), ["a", "b", "cd"]);
    served.end().await;
}

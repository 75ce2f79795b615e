//! Finds a mistake that shows when answers are lost, and shows that its repair holds.
//!
//! Both clients want one Job for an order. The first lets the API server name it, and tries again
//! when it hears nothing: if only the answer was lost, there are two. The second names it after the
//! order, so that the second try finds it.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example that fails is to say so")]

use k8s_openapi::api::batch::v1::Job;
use kube::Client;
use kube::api::{Api, ListParams, ObjectMeta, PostParams};
use serde_json::json;
use twin::{Faults, Motion, Percent, Twin};

fn job(metadata: ObjectMeta) -> Job {
    let spec = json!({ "template": { "spec": { "restartPolicy": "Never",
        "containers": [{ "name": "c", "image": "registry.example/ship:1" }] } } });
    Job { metadata, spec: serde_json::from_value(spec).unwrap(), ..Job::default() }
}

async fn careless(client: Client) {
    let jobs: Api<Job> = Api::default_namespaced(client);
    let name = ObjectMeta { generate_name: Some("order-7-".to_owned()), ..ObjectMeta::default() };
    while jobs.create(&PostParams::default(), &job(name.clone())).await.is_err() {}
}

async fn careful(client: Client) {
    let jobs: Api<Job> = Api::default_namespaced(client);
    let name = ObjectMeta { name: Some("order-7".to_owned()), ..ObjectMeta::default() };
    loop {
        match jobs.create(&PostParams::default(), &job(name.clone())).await {
            Ok(_) => return,
            Err(kube::Error::Api(status)) if status.is_already_exists() => return,
            Err(_) => {}
        }
    }
}

/// How many Jobs there are after a client had a bad day, and what was bad about it.
async fn jobs_after<F: Future<Output = ()>>(seed: u64, order: impl Fn(Client) -> F) -> usize {
    let twin = Twin::builder().motion(Motion::Still).start();
    let faults = Faults::seeded(seed).loses_answers(Percent::new(30)).fails(Percent::new(30));
    let (client, log) = twin.client_with(faults);
    order(client).await;
    let jobs: Api<Job> = Api::default_namespaced(twin.client());
    let count = jobs.list(&ListParams::default()).await.unwrap().items.len();
    if count != 1 {
        println!("seed {seed}: {count} Jobs, because of");
        log.history().iter().for_each(|happened| println!("  {happened}"));
    }
    count
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let mut found = None;
    for seed in 0..100 {
        if jobs_after(seed, careless).await != 1 {
            found = Some(seed);
            break;
        }
    }
    // The seed brings the mistake back each time.
    let seed = found.expect("some answer is lost");
    assert!(jobs_after(seed, careless).await > 1);
    for seed in 0..100 {
        assert_eq!(jobs_after(seed, careful).await, 1);
    }
    println!("careful: one Job with each of 100 seeds");
}

#[test]
fn it_does_what_it_says() {
    main();
}

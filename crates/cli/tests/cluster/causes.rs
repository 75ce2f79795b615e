//! What stands in the way is named soon, by its cause, with the documented exit code.

use crate::kit::{Product, skip};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A service that will not serve, and how `up` must put it.
struct Broken {
    name: &'static str,
    services: &'static str,
    /// The word of the cause among the events.
    reason: &'static str,
    /// What people must read.
    says: &'static [&'static str],
}

/// Runs `up`, and prints how long after Kubernetes' first word the cause was named.
fn named(broken: &Broken) {
    let product = Product::new(broken.name, broken.services);
    named_of(&product, broken);
}

fn named_of(product: &Product, broken: &Broken) {
    let began = Instant::now();
    let mut up = product.command("up --yes --json --timeout 90s");
    up.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = up.spawn().unwrap();
    let mut first: Option<(Duration, SystemTime, Value)> = None;
    let mut all = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let event: Value = serde_json::from_str(&line).unwrap();
        let causes = event["causes"].as_array().into_iter().flatten();
        for cause in causes.filter(|cause| cause["reason"] == broken.reason) {
            first.get_or_insert_with(|| (began.elapsed(), SystemTime::now(), cause.clone()));
        }
        all.push_str(&line);
        all.push('\n');
        // The verdict of a probe that may still pass comes with the time limit; nobody waits here.
        if first.is_some() && broken.reason == "probe-failing" {
            break;
        }
    }
    let Some((after, at, cause)) = first else {
        let output = child.wait_with_output().unwrap();
        panic!(
            "{} was never named:\n{all}\n{}",
            broken.reason,
            String::from_utf8_lossy(&output.stderr)
        );
    };
    println!(
        "{}: named {:.1} s after `up` began, {} after Kubernetes knew: {}",
        broken.name,
        after.as_secs_f64(),
        since_known(product, &cause, at),
        cause["says"].as_str().unwrap()
    );
    let _ = child.kill();
    let _ = child.wait();
    // As people see it, and to the end.
    let run = product.muster("up --yes --timeout 20s").exits(4);
    for text in broken.says {
        assert!(run.said().contains(text), "`{text}` is not in\n{}", run.said());
    }
}

/// How long before this moment the API server had the first event that says so; in whole seconds,
/// as events have it.
fn since_known(product: &Product, cause: &Value, named: SystemTime) -> String {
    let object = cause["object"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let events = product.place.list(product.name, "events");
    let about = events
        .iter()
        .filter(|it| it["involvedObject"]["name"] == *object && it["type"] == "Warning");
    let times = about.filter_map(|it| {
        let at = it["eventTime"].as_str().or(it["firstTimestamp"].as_str())?;
        seconds(at)
    });
    match times.min() {
        Some(known) => {
            let now = named.duration_since(UNIX_EPOCH).unwrap().as_secs();
            format!("{} s", now.saturating_sub(known))
        }
        None => "(no event)".to_owned(),
    }
}

/// Seconds since 1970 of `2026-01-31T12:34:56Z`, by the machine's own `date`.
fn seconds(time: &str) -> Option<u64> {
    let output = std::process::Command::new("date").args(["-d", time, "+%s"]).output().ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_missing_image() {
    named(&Broken {
        name: "no-image",
        services: "services: {web: {image: 'registry.invalid/nobody/nothing:1.0'}}",
        reason: "image-missing",
        says: &["image missing: registry.invalid/nobody/nothing:1.0", "--image"],
    });
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_probe_that_never_passes() {
    named(&Broken {
        name: "no-health",
        services: "
services:
  web:
    image: busybox:1.37.0
    command: [sleep, infinity]
    healthcheck: {test: [CMD, 'false'], interval: 2s, retries: 2, start_period: 1s}
",
        reason: "probe-failing",
        says: &["probe fails", "start_period"],
    });
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_claim_that_cannot_bind() {
    named(&Broken {
        name: "no-volume",
        services: "
services:
  store: {image: 'busybox:1.37.0', command: [sleep, infinity], volumes: ['data:/data']}
volumes:
  data: {x-muster: {class: nowhere}}
",
        reason: "claim-unbound",
        says: &["claim unbound", "nowhere", "doctor"],
    });
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_crash_loop() {
    named(&Broken {
        name: "crashes",
        services: "
services:
  web: {image: 'busybox:1.37.0', command: [sh, -c, 'echo cannot find my hat; exit 3']}
",
        reason: "crash-loop",
        says: &["ended with 3", "cannot find my hat"],
    });
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn too_little_cpu() {
    named(&Broken {
        name: "too-big",
        services: "
services:
  web:
    image: busybox:1.37.0
    command: [sleep, infinity]
    deploy: {resources: {reservations: {cpus: '512'}}}
",
        reason: "unschedulable",
        says: &["no node takes it", "cpu", "reservations"],
    });
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_missing_secret() {
    named(&Broken {
        name: "no-secret",
        services: "
services:
  web: {image: 'busybox:1.37.0', command: [sleep, infinity], secrets: [token]}
secrets:
  token: {external: true}
",
        reason: "secret-missing",
        says: &["secret missing: token", "create the Secret"],
    });
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_job_that_fails() {
    named(&Broken {
        name: "no-job",
        services: "
services:
  web:
    image: busybox:1.37.0
    command: [sleep, infinity]
    depends_on: {migrate: {condition: service_completed_successfully}}
  migrate:
    image: busybox:1.37.0
    command: [sh, -c, 'echo the table is on fire; exit 2']
    restart: 'no'
",
        reason: "job-failed",
        says: &["migrate", "job failed", "the table is on fire"],
    });
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_quota_that_is_full() {
    let services = "services: {web: {image: 'busybox:1.37.0', command: [sleep, infinity]}}";
    let product = Product::new("no-quota", services);
    product.place.apply(
        "{apiVersion: v1, kind: Namespace, metadata: {name: no-quota}}
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: none, namespace: no-quota}, spec: {hard: {pods: '0'}}}",
    );
    named_of(
        &product,
        &Broken { name: "no-quota", services, reason: "quota-exceeded", says: &["quota exceeded"] },
    );
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_policy_that_refuses() {
    let services = "
services:
  web: {image: 'busybox:1.37.0', command: [sleep, infinity], user: '0:0'}
";
    let product = Product::new("no-root", services);
    if product.place.machines().is_none() {
        return skip("a policy that refuses", "other clusters have policies of their own");
    }
    // Somebody else's namespace: its rules are not ours to soften.
    product.place.apply(
        "{apiVersion: v1, kind: Namespace, metadata: {name: no-root, labels: {pod-security.kubernetes.io/enforce: restricted}}}",
    );
    named_of(
        &product,
        &Broken {
            name: "no-root",
            services,
            reason: "admission-denied",
            says: &["refused by admission", "restricted"],
        },
    );
}

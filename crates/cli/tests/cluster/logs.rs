//! What containers write, as people look for it.

use crate::kit::{Product, within};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

const SERVICES: &str = "
services:
  talker:
    image: busybox:1.37.0
    command: [sh, -c, 'i=0; while true; do i=$$((i+1)); echo word $$i; sleep 0.2; done']
    deploy: {replicas: 2}
  quiet: {image: 'busybox:1.37.0', command: [sleep, infinity]}
";

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn lines_of_all_pods_and_of_those_that_come_later() {
    let product = Product::new("talk", SERVICES);
    product.muster("up --yes").exits(0);
    let run = product.muster("logs talker --tail 2").exits(0);
    let lines: Vec<_> = run.stdout.lines().filter(|line| line.contains("word")).collect();
    assert!(lines.len() >= 2, "{}", run.said());
    assert!(lines.iter().all(|line| line.starts_with("talker-")), "{lines:#?}");
    product.muster("logs talkr").exits(2).says("did you mean `talker`");

    let mut follow = product.command("logs talker --follow --tail 0");
    let mut child = follow.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let pod = |line: String| line.split(' ').next().unwrap().to_owned();
    let old = pod(lines.next().unwrap().unwrap());
    product.place.kubectl(&[
        "delete",
        "pods",
        "-n",
        "talk",
        "--all",
        "--wait=false",
        "--grace-period=1",
    ]);
    within(Duration::from_mins(1), "a pod that came later", || {
        let of = pod(lines.next()?.ok()?);
        let fresh =
            product.place.pods("talk", "talker").iter().any(|it| it["metadata"]["name"] == *of);
        (of != old && fresh).then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
}

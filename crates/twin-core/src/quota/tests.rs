//! Quotas and limit ranges, held against objects.

use super::{Amounts, Charge, charge, limits, usage};
use crate::registry::{Registry, Resource};
use crate::schema::Schema;
use crate::tree::{Value, decode};
use std::sync::Arc;

fn tree(text: &str) -> Value {
    decode(text.as_bytes()).unwrap()
}

fn resource(plural: &str) -> Arc<Resource> {
    Registry::builtin(Schema::builtin()).find("", "v1", plural).unwrap().clone()
}

fn pod(resources: &str, more: &str) -> Value {
    tree(&format!(
        r#"{{"spec":{{"containers":[{{"name":"c","resources":{resources}}}]{more}}},"status":{{"phase":"Pending"}}}}"#
    ))
}

fn quota(spec: &str, hard: &str, used: &str) -> Value {
    tree(&format!(
        r#"{{"metadata":{{"name":"q"}},"spec":{spec},"status":{{"hard":{hard},"used":{used}}}}}"#
    ))
}

fn said(quota: &Value, pod: &Value) -> Result<String, String> {
    match charge(quota, &resource("pods"), None, pod) {
        Charge::Nothing => Ok(String::new()),
        Charge::Fits(used) => Ok(used.value(used.names()).to_string()),
        Charge::Exceeds(why) => Err(why),
    }
}

#[test]
fn a_pod_takes_what_its_containers_ask_for() {
    let init = r#","initContainers":[{"name":"s","restartPolicy":"Always","resources":{"requests":{"cpu":"100m"}}},{"name":"i","resources":{"requests":{"cpu":"2"}}}]"#;
    let pod =
        pod(r#"{"requests":{"cpu":"500m","memory":"1Gi","gpu/x":"1"},"limits":{"cpu":"1"}}"#, init);
    let used = usage::of(&resource("pods"), &pod);
    let names =
        ["cpu", "requests.cpu", "limits.cpu", "memory", "requests.gpu/x", "pods", "count/pods"];
    assert_eq!(
        used.value(names.into_iter()),
        tree(
            r#"{"cpu":"2100m","requests.cpu":"2100m","limits.cpu":"1","memory":"1Gi","requests.gpu/x":"1","pods":"1","count/pods":"1"}"#
        )
    );
    let ended = pod.with(&["status", "phase"], "Failed".into());
    let names: Vec<_> = usage::of(&resource("pods"), &ended).names().map(str::to_owned).collect();
    assert_eq!(names, ["count/pods"]);
}

#[test]
fn services_take_ports_and_claims_take_storage() {
    let service = tree(r#"{"spec":{"type":"LoadBalancer","ports":[{"port":1},{"port":2}]}}"#);
    let used = usage::of(&resource("services"), &service);
    let names = ["services", "services.nodeports", "services.loadbalancers"];
    let wanted = r#"{"services":"1","services.loadbalancers":"1","services.nodeports":"2"}"#;
    assert_eq!(used.value(names.into_iter()), tree(wanted));
    let claim =
        tree(r#"{"spec":{"storageClassName":"gold","resources":{"requests":{"storage":"2Gi"}}}}"#);
    let used = usage::of(&resource("persistentvolumeclaims"), &claim);
    let names = ["requests.storage", "gold.storageclass.storage.k8s.io/persistentvolumeclaims"];
    assert_eq!(
        used.value(names.into_iter()),
        tree(
            r#"{"gold.storageclass.storage.k8s.io/persistentvolumeclaims":"1","requests.storage":"2Gi"}"#
        )
    );
}

#[test]
fn what_exceeds_a_quota_is_refused() {
    let full = quota("{}", r#"{"pods":"2","cpu":"1"}"#, r#"{"pods":"1","cpu":"700m"}"#);
    let asks = |cpu: &str| pod(&format!(r#"{{"requests":{{"cpu":"{cpu}"}}}}"#), "");
    assert_eq!(said(&full, &asks("300m")), Ok(r#"{"cpu":"1","pods":"2"}"#.to_owned()));
    assert_eq!(
        said(&full, &asks("301m")),
        Err("exceeded quota: q, requested: cpu=301m, used: cpu=700m, limited: cpu=1".to_owned())
    );
    assert_eq!(
        said(&full, &pod("{}", "")),
        Err("failed quota: q: must specify cpu for: c".to_owned())
    );
    let new = quota("{}", r#"{"pods":"2"}"#, "{}");
    assert_eq!(
        said(&new, &pod("{}", "")),
        Err("status unknown for quota: q, resources: pods".to_owned())
    );
    // A quota that nobody has looked at yet has no limits.
    assert_eq!(said(&quota("{}", "{}", "{}"), &pod("{}", "")), Ok(String::new()));
}

#[test]
fn scopes_choose_pods() {
    let counts = |spec: &str, pod: &Value| {
        said(&quota(spec, r#"{"pods":"9"}"#, r#"{"pods":"0"}"#), pod)
            == Ok(r#"{"pods":"1"}"#.to_owned())
    };
    let (plain, short) = (pod("{}", ""), pod("{}", r#","activeDeadlineSeconds":5"#));
    let high = pod(r#"{"limits":{"cpu":"1"}}"#, r#","priorityClassName":"high""#);
    for (spec, chosen) in [
        (r#"{"scopes":["Terminating"]}"#, [false, true, false]),
        (r#"{"scopes":["NotTerminating"]}"#, [true, false, true]),
        (r#"{"scopes":["BestEffort","NotTerminating"]}"#, [true, false, false]),
        (r#"{"scopes":["NotBestEffort"]}"#, [false, false, true]),
        (
            r#"{"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"In","values":["high"]}]}}"#,
            [false, false, true],
        ),
        (r#"{"scopes":["Unheard"]}"#, [false; 3]),
    ] {
        assert_eq!([&plain, &short, &high].map(|pod| counts(spec, pod)), chosen, "{spec}");
    }
}

#[test]
fn ranges_fill_and_bound() {
    let range = tree(
        r#"{"spec":{"limits":[{"type":"Container","default":{"cpu":"500m"},"defaultRequest":{"cpu":"100m"},"min":{"cpu":"50m"},"max":{"cpu":"500m"}}]}}"#,
    );
    let pods = resource("pods");
    let filled = limits::filled(&pods, &pod("{}", ""), &[&range]);
    let full = pod(r#"{"limits":{"cpu":"500m"},"requests":{"cpu":"100m"}}"#, "");
    let told = "LimitRanger plugin set: cpu request for container c; cpu limit for container c";
    let note = ["metadata", "annotations", "kubernetes.io/limit-ranger"];
    assert_eq!(filled, full.with(&note, told.into()));
    // Who says all of it gets nothing, and hears nothing.
    assert_eq!(limits::filled(&pods, &full, &[&range]), full);
    assert!(limits::faults(&pods, &filled, &[&range]).is_empty());
    let huge = pod(r#"{"limits":{"cpu":"600m"},"requests":{"cpu":"10m"}}"#, "");
    assert_eq!(
        limits::faults(&pods, &huge, &[&range]),
        [
            "minimum cpu usage per Container is 50m, but request is 10m",
            "maximum cpu usage per Container is 500m, but limit is 600m",
        ]
    );
    let mute = limits::faults(&pods, &pod("{}", ""), &[&range]);
    assert_eq!(mute.len(), 2);
}

#[test]
fn odd_amounts_are_none() {
    assert_eq!(Amounts::read(Some(&tree(r#"{"cpu":"x","a":[]}"#))), Amounts::default());
}

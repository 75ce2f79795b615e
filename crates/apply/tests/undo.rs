//! The way back from a run that failed.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]
#![allow(clippy::needless_pass_by_value, reason = "literals read better without a `&`")]

mod server;

use apply::{Action, After, Before, Desired, Inventory, Stage, Step, Undo, decide, undo};
use serde_json::{Value, json};
use server::Server;

fn object(kind: &str, name: &str, rest: Value) -> Desired {
    let api_version = match kind {
        "Deployment" | "StatefulSet" => "apps/v1",
        "Job" => "batch/v1",
        _ => "v1",
    };
    let mut object = json!({"apiVersion": api_version, "kind": kind,
        "metadata": {"name": name, "namespace": "shop"}});
    for (name, value) in rest.as_object().unwrap() {
        object[name] = value.clone();
    }
    Desired::new(object, Stage(0), Some(name.to_owned())).unwrap()
}

fn web(image: &str) -> Desired {
    let template = json!({"spec": {"containers": [{"name": "a", "image": image}]}});
    object("Deployment", "web", json!({"spec": {"replicas": 2, "template": template}}))
}

fn inventory(objects: &[Desired]) -> Inventory {
    let mut inventory = Inventory::new("shop");
    for it in objects {
        inventory.note(&it.id, it.service.as_deref());
    }
    inventory
}

/// Runs `old`, then `new` without removing what it does not name; `edit` is what happened since.
fn run(old: &[Desired], new: &[Desired], edit: impl FnOnce(&mut Server)) -> (Server, Server, Undo) {
    let mut server = Server::default();
    for it in old {
        server.apply(it);
    }
    let before = Server { objects: server.objects.clone() };
    let mut decision = decide(new, &server.objects, &inventory(old));
    decision.changes.retain(|it| it.action != Action::Prune);
    server.carry_out(&decision, new);
    edit(&mut server);
    let both = inventory(&[old, new].concat());
    let undo = undo(
        Before { live: &before.objects, inventory: &inventory(old) },
        After { live: &server.objects, inventory: &both, desired: new },
    );
    server.carry_out(&undo.decision, &undo.desired);
    (before, server, undo)
}

#[test]
fn changed_goes_back_new_goes_and_removed_has_stayed() {
    let config = |name: &str| object("ConfigMap", name, json!({"data": {"a": name}}));
    let old = [web("web:1"), config("web-1")];
    let new = [web("web:broken"), config("web-2")];
    let (before, after, undo) = run(&old, &new, |_| {});
    assert_eq!(after.objects, before.objects);
    assert_eq!(undo.inventory, inventory(&old));
    assert!(undo.stays.is_empty(), "{:?}", undo.stays);
    let actions: Vec<_> = undo.decision.changes.iter().map(|it| &it.action).collect();
    assert!(matches!(actions.as_slice(), [Action::Update(_), Action::Keep, Action::Prune]));
}

#[test]
fn a_first_run_leaves_its_claims_only() {
    let claim = object("PersistentVolumeClaim", "data", json!({"spec": {"accessModes": ["a"]}}));
    let (_, after, undo) = run(&[], &[web("web:broken"), claim.clone()], |_| {});
    assert_eq!(after.objects.keys().collect::<Vec<_>>(), [&claim.id]);
    assert_eq!(undo.inventory, inventory(&[claim]));
}

#[test]
fn what_has_run_has_run() {
    let job = |image: &str| object("Job", "migrate", json!({"spec": {"template": image}}));
    let (_, after, undo) = run(&[job("1")], &[job("2")], |_| {});
    assert_eq!(after.objects[&job("2").id]["spec"]["template"], "2");
    assert!(undo.stays[0].1.starts_with("it has run"), "{:?}", undo.stays);
    // A new Job goes; that it completed is said.
    let completed = |server: &mut Server| {
        for job in server.objects.values_mut() {
            job["status"] = json!({"succeeded": 1});
        }
    };
    let (_, after, undo) = run(&[], &[job("2")], completed);
    assert!(after.objects.is_empty());
    assert!(undo.stays[0].1.contains("stays done"), "{:?}", undo.stays);
}

#[test]
fn claims_do_not_shrink_and_sets_are_replaced_again() {
    let claim = |size: &str| {
        let spec = json!({"resources": {"requests": {"storage": size}}});
        object("PersistentVolumeClaim", "data", json!({"spec": spec}))
    };
    let (_, after, undo) = run(&[claim("1Gi")], &[claim("2Gi")], |_| {});
    let live = &after.objects[&claim("1Gi").id];
    assert_eq!(live["spec"]["resources"]["requests"]["storage"], "2Gi");
    assert!(undo.stays[0].1.contains("shrink"), "{:?}", undo.stays);
    let set = |name: &str| object("StatefulSet", "db", json!({"spec": {"serviceName": name}}));
    let (before, after, undo) = run(&[set("a")], &[set("b")], |_| {});
    let Action::Replace { sequence, .. } = &undo.decision.changes[0].action else {
        panic!("{undo:?}");
    };
    assert_eq!(*sequence, [Step::DeleteKeepingPods, Step::Create]);
    assert_eq!(after.objects, before.objects);
}

#[test]
fn what_others_changed_meanwhile_is_theirs() {
    let scaled = |server: &mut Server| {
        let live = server.objects.values_mut().next().unwrap();
        live["spec"]["replicas"] = json!(7);
        server::own(live, "kubectl", &json!({"f:spec": {"f:replicas": {}}}));
    };
    let (_, after, undo) = run(&[web("web:1")], &[web("web:2")], scaled);
    assert_eq!(after.objects.values().next().unwrap()["spec"]["replicas"], 7);
    assert!(undo.stays[0].1.contains("kubectl"), "{:?}", undo.stays);
}

//! Decisions from objects as the API server returns them, and that carrying one out settles it.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]
#![allow(clippy::needless_pass_by_value, reason = "literals read better without a `&`")]

mod server;

use apply::{Action, Decision, Desired, Id, Inventory, Mark, Record, Stage, Step, decide};
use serde_json::{Value, json};
use server::Server;
use std::collections::BTreeMap;

fn desired(object: Value) -> Desired {
    Desired::new(object, Stage(0), None).unwrap()
}

fn object(api_version: &str, kind: &str, rest: Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind,
        "metadata": {"name": "a", "namespace": "shop",
            "labels": {"app.kubernetes.io/managed-by": "muster", "app.kubernetes.io/part-of": "shop"}}});
    for (name, value) in rest.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

/// Decides about `after` where `before` was applied by us, and then `edit` happened.
fn change(before: Value, edit: impl FnOnce(&mut Value), after: Value) -> Action {
    let mut server = Server::default();
    let before = desired(before);
    server.apply(&before);
    edit(server.objects.get_mut(&before.id).unwrap());
    decide(&[desired(after)], &server.objects, &Inventory::new("shop")).changes.remove(0).action
}

fn fields(action: &Action) -> Vec<&str> {
    match action {
        Action::Update(fields) => fields.iter().map(|it| it.field.as_str()).collect(),
        _ => panic!("{action:?}"),
    }
}

fn deployment(spec: Value) -> Value {
    object("apps/v1", "Deployment", json!({"spec": spec}))
}

#[test]
fn nothing_changes_twice() {
    let spec = json!({"replicas": 2, "template": {"spec": {"containers": [
        {"name": "a", "image": "i", "resources": {"limits": {"cpu": "1000m"}}}]}}});
    let edit = |live: &mut Value| {
        live["spec"]["progressDeadlineSeconds"] = json!(600);
        live["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"] =
            json!("1");
        live["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "1"});
    };
    assert_eq!(change(deployment(spec.clone()), edit, deployment(spec)), Action::Keep);
}

#[test]
fn changed_and_dropped_fields_are_named() {
    let before = deployment(json!({"replicas": 2, "paused": true}));
    let action = change(before, |_| {}, deployment(json!({"replicas": 3})));
    assert_eq!(fields(&action), ["spec.replicas", "spec.paused"]);
}

#[test]
fn a_field_of_somebody_else_is_a_conflict() {
    let scaled = |live: &mut Value| {
        live["spec"]["replicas"] = json!(7);
        server::own(live, "kubectl", &json!({"f:spec": {"f:replicas": {}}}));
    };
    let spec = || deployment(json!({"replicas": 2}));
    let action = change(spec(), scaled, spec());
    let Action::Conflict { fields: conflicts, .. } = &action else { panic!("{action:?}") };
    assert_eq!(
        (conflicts[0].field.as_str(), conflicts[0].owner.as_str()),
        ("spec.replicas", "kubectl")
    );
    // What somebody else owns and we want as it is, is none.
    let action = change(spec(), scaled, deployment(json!({"replicas": 7})));
    assert_eq!(action, Action::Keep);
}

#[test]
fn taking_over_does_not_get_around_what_is_forbidden() {
    let taken = |before: Value, owned: Value, after: Value| {
        let mut server = Server::default();
        let (before, after) = (desired(before), desired(after));
        server.apply(&before);
        server::own(server.objects.get_mut(&before.id).unwrap(), "kubectl", &owned);
        let decision = decide(&[after], &server.objects, &Inventory::new("shop"));
        assert!(matches!(decision.changes[0].action, Action::Conflict { .. }), "{decision:?}");
        decision.taking_over().changes.remove(0).action
    };
    let selector =
        |name: &str| deployment(json!({"selector": {"matchLabels": {"app": name}}, "replicas": 1}));
    let owned = json!({"f:spec": {"f:selector": {}}});
    let action = taken(selector("a"), owned, selector("b"));
    assert_eq!(sequence(&action), [Step::DeleteWithPods, Step::Create]);
    let claim = |mode: &str| {
        object("v1", "PersistentVolumeClaim", json!({"spec": {"accessModes": [mode]}}))
    };
    let owned = json!({"f:spec": {"f:accessModes": {}}});
    let action = taken(claim("ReadWriteOnce"), owned, claim("ReadWriteMany"));
    assert!(matches!(action, Action::Blocked { .. }), "{action:?}");
    let replicas = |many: u32| deployment(json!({"replicas": many}));
    let action = taken(replicas(1), json!({"f:spec": {"f:replicas": {}}}), replicas(2));
    assert_eq!(fields(&action), ["spec.replicas"]);
}

fn sequence(action: &Action) -> &[Step] {
    match action {
        Action::Replace { sequence, .. } => sequence,
        _ => panic!("{action:?}"),
    }
}

#[test]
fn what_kubernetes_forbids_is_replaced() {
    let set = |spec: Value| object("apps/v1", "StatefulSet", json!({"spec": spec}));
    let claims = |size: &str| {
        json!({"volumeClaimTemplates": [{"metadata": {"name": "data"},
            "spec": {"resources": {"requests": {"storage": size}}}}]})
    };
    let job = |image: &str| {
        let template = json!({"spec": {"containers": [{"name": "a", "image": image}]}});
        object("batch/v1", "Job", json!({"spec": {"template": template}}))
    };
    let service = |spec: Value| object("v1", "Service", json!({"spec": spec}));
    let config =
        |text: &str| object("v1", "ConfigMap", json!({"immutable": true, "data": {"a": text}}));
    let selector = |name: &str| json!({"selector": {"matchLabels": {"app": name}}});
    let keep = [Step::DeleteKeepingPods, Step::Create];
    let stop = [Step::DeleteWithPods, Step::Create];
    let delete = [Step::Delete, Step::Create];
    for (before, after, steps) in [
        (set(claims("1Gi")), set(claims("2Gi")), keep),
        (set(json!({"serviceName": "a"})), set(json!({"serviceName": "b"})), keep),
        (
            set(json!({"podManagementPolicy": "OrderedReady"})),
            set(json!({"podManagementPolicy": "Parallel"})),
            keep,
        ),
        (set(selector("a")), set(selector("b")), stop),
        (deployment(selector("a")), deployment(selector("b")), stop),
        (job("a:1"), job("a:2"), stop),
        (service(json!({"clusterIP": "None"})), service(json!({"type": "ClusterIP"})), delete),
        (config("a"), config("b"), delete),
    ] {
        let action = change(before, |_| {}, after);
        assert_eq!(sequence(&action), steps, "{action:?}");
    }
    let addressed = |live: &mut Value| live["spec"]["clusterIP"] = json!("10.0.0.1");
    let headless = service(json!({"clusterIP": "None"}));
    assert_eq!(sequence(&change(service(json!({})), addressed, headless)), delete);
    let scaled = change(set(json!({"replicas": 1})), |_| {}, set(json!({"replicas": 2})));
    assert_eq!(fields(&scaled), ["spec.replicas"]);
}

#[test]
fn claims_grow_only() {
    let claim = |size: &str| {
        let spec = json!({"resources": {"requests": {"storage": size}}});
        object("v1", "PersistentVolumeClaim", json!({"spec": spec}))
    };
    let grown = change(claim("1Gi"), |_| {}, claim("2Gi"));
    assert_eq!(fields(&grown), ["spec.resources.requests.storage"]);
    assert!(matches!(change(claim("2Gi"), |_| {}, claim("1Gi")), Action::Blocked { .. }));
    let pending = |live: &mut Value| live["status"] = json!({"phase": "Pending"});
    assert!(matches!(change(claim("1Gi"), pending, claim("2Gi")), Action::Blocked { .. }));
    let modes = |mode: &str| {
        object("v1", "PersistentVolumeClaim", json!({"spec": {"accessModes": [mode]}}))
    };
    let action = change(modes("ReadWriteOnce"), |_| {}, modes("ReadWriteMany"));
    assert!(matches!(action, Action::Blocked { .. }));
}

#[test]
fn secrets_show_their_keys_only() {
    let secret = |text: &str| object("v1", "Secret", json!({"stringData": {"password": text}}));
    let action = change(secret("old"), |_| {}, secret("new"));
    let Action::Update(fields) = &action else { panic!("{action:?}") };
    assert_eq!(fields[0].field, "data.password");
    assert_eq!((&fields[0].before, &fields[0].after), (&None, &None));
}

#[test]
fn what_is_not_ours_is_foreign() {
    let plain = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "shop"}, "data": {"a": "1"}});
    let mut live = plain.clone();
    server::own(&mut live, "helm", &json!({"f:data": {"f:a": {}}}));
    let ours = desired(object("v1", "ConfigMap", json!({"data": {"a": "1"}})));
    let map = BTreeMap::from([(ours.id.clone(), live.clone())]);
    let decision = decide(std::slice::from_ref(&ours), &map, &Inventory::new("shop"));
    assert_eq!(decision.changes[0].action, Action::Foreign { managers: vec!["helm".into()] });
    assert_eq!(decision.refusals().count(), 1);

    let mut namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    let wanted = desired(namespace.clone());
    server::own(&mut namespace, "kubectl", &json!({}));
    let map = BTreeMap::from([(wanted.id.clone(), namespace)]);
    let decision = decide(&[wanted], &map, &Inventory::new("shop"));
    assert_eq!(decision.changes[0].action, Action::Keep);
}

#[test]
fn what_left_the_file_is_pruned_by_inventory() {
    let mut server = Server::default();
    let mut inventory = Inventory::new("shop");
    let kinds = [("apps/v1", "Deployment"), ("v1", "PersistentVolumeClaim"), ("v1", "Secret")];
    for (api_version, kind) in kinds {
        let it = desired(object(api_version, kind, json!({})));
        server.apply(&it);
        if kind != "Secret" {
            inventory.note(&it.id, None);
        }
    }
    let decision = decide(&[], &server.objects, &inventory);
    let actions: Vec<_> =
        decision.changes.iter().map(|it| (it.id.kind.as_str(), it.action.writes())).collect();
    assert_eq!(actions, [("Deployment", true), ("PersistentVolumeClaim", false)]);
}

#[test]
fn a_job_that_completed_and_was_cleaned_up_is_done() {
    let job = desired(object("batch/v1", "Job", json!({})));
    let mut inventory = Inventory::new("shop");
    let action = |inventory: &Inventory| {
        decide(std::slice::from_ref(&job), &BTreeMap::new(), inventory).changes.remove(0).action
    };
    inventory.note(&job.id, None);
    assert_eq!(action(&inventory), Action::Create);
    inventory.objects.insert(job.id.clone(), Record { mark: Mark::Done, service: None });
    assert_eq!(action(&inventory), Action::Keep);
}

#[test]
fn what_is_going_away_is_waited_for() {
    let config = || object("v1", "ConfigMap", json!({"data": {"a": "1"}}));
    let deleted =
        |live: &mut Value| live["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let action = change(config(), deleted, config());
    assert_eq!(sequence(&action), [Step::AwaitGone, Step::Create]);
}

mod settles {
    use super::*;
    use proptest::prelude::*;

    fn scalar() -> impl Strategy<Value = Value> {
        prop_oneof![(1..4_i64).prop_map(Value::from), "[a-c]{1,2}".prop_map(Value::from)]
    }

    fn tree() -> impl Strategy<Value = Value> {
        let fields = ["args", "labels", "template", "replicas", "containers", "env", "x.y/z"];
        scalar().prop_recursive(4, 24, 4, move |inner| {
            let name = proptest::sample::select(fields.to_vec());
            let named =
                ("[a-c]", inner.clone()).prop_map(|(name, it)| json!({"name": name, "it": it}));
            prop_oneof![
                proptest::collection::vec(inner.clone(), 1..3).prop_map(Value::from),
                proptest::collection::vec(named, 1..3).prop_map(unique),
                proptest::collection::btree_map(name.prop_map(str::to_owned), inner, 1..3)
                    .prop_map(|it| json!(it)),
            ]
        })
    }

    /// Two items of one name are no valid object.
    fn unique(mut items: Vec<Value>) -> Value {
        items.sort_by_key(|item| item["name"].to_string());
        items.dedup_by_key(|item| item["name"].to_string());
        items.into()
    }

    fn kind() -> impl Strategy<Value = (&'static str, &'static str)> {
        proptest::sample::select(vec![
            ("apps/v1", "Deployment"),
            ("apps/v1", "StatefulSet"),
            ("batch/v1", "Job"),
            ("v1", "ConfigMap"),
        ])
    }

    fn product() -> impl Strategy<Value = Vec<Desired>> {
        let one = (kind(), "[a-c]", tree());
        proptest::collection::vec(one, 0..5).prop_map(|parts| {
            let objects = parts.into_iter().map(|((api_version, kind), name, spec)| {
                let mut it = object(api_version, kind, json!({"spec": {"template": spec}}));
                it["metadata"]["name"] = name.into();
                let it = desired(it);
                (it.id.clone(), it)
            });
            objects.collect::<BTreeMap<Id, Desired>>().into_values().collect()
        })
    }

    fn inventory(product: &[Desired]) -> Inventory {
        let mut inventory = Inventory::new("shop");
        for it in product {
            inventory.note(&it.id, None);
        }
        inventory
    }

    fn kept(decision: &Decision) -> bool {
        decision.changes.iter().all(|change| change.action == Action::Keep)
    }

    proptest! {
        #[test]
        fn carrying_out_a_decision_leaves_nothing_to_do(old in product(), new in product()) {
            let mut server = Server::default();
            server.carry_out(&decide(&old, &server.objects, &inventory(&[])), &old);
            let again = decide(&old, &server.objects, &inventory(&old));
            prop_assert!(kept(&again), "{again:?}");
            server.carry_out(&decide(&new, &server.objects, &inventory(&old)), &new);
            let again = decide(&new, &server.objects, &inventory(&new));
            prop_assert!(kept(&again), "{again:?}");
        }
    }
}

use super::Subject;
use crate::tables::{CONFIG_MAPS, DEPLOYMENTS, PODS, REPLICA_SETS};
use crate::workloads::read::{list, meta};
use crate::workloads::stage::{Stage, pods_of};
use proptest::prelude::*;
use twin_core::api::Method;
use twin_core::store::Key;

const PATH: &str = "/apis/apps/v1/namespaces/x/deployments";
const MAPS: &str = "/api/v1/namespaces/x/configmaps";

fn running() -> Stage {
    let mut stage = Stage::new();
    let body = format!(
        r#"{{"metadata":{{"name":"web"}},"spec":{{"replicas":3,{}}}}}"#,
        pods_of("web", "i")
    );
    stage.post(PATH, &body);
    stage.pass(10);
    assert_eq!(stage.names(&PODS).len(), 3);
    stage
}

fn counts(stage: &Stage) -> [usize; 3] {
    [&DEPLOYMENTS, &REPLICA_SETS, &PODS].map(|table| stage.names(table).len())
}

#[test]
fn subjects_are_keys() {
    for subject in [
        Subject::Left("u".into()),
        Subject::Object(PODS, Key::new("x", "a")),
        Subject::Object(CONFIG_MAPS, Key::new("", "b")),
    ] {
        assert_eq!(Subject::of(&subject.key()), subject);
    }
}

#[test]
fn what_nobody_owns_goes() {
    let mut stage = running();
    stage.delete(&format!("{PATH}/web"));
    assert_eq!(counts(&stage), [0, 1, 3]);
    stage.pass(10);
    assert_eq!(counts(&stage), [0, 0, 0]);
}

#[test]
fn an_owner_waits_for_what_blocks_it() {
    let mut stage = running();
    stage.delete(&format!("{PATH}/web?propagationPolicy=Foreground"));
    let mut order = Vec::new();
    stage.pass_with(10, |stage| order.push(counts(stage)));
    assert_eq!(counts(&stage), [0, 0, 0]);
    // Nothing outlives its owner.
    for [deployments, sets, pods] in order {
        assert!(pods == 0 || sets == 1);
        assert!(sets == 0 || deployments == 1);
    }
}

#[test]
fn orphans_stay() {
    let mut stage = running();
    stage.delete(&format!("{PATH}/web?propagationPolicy=Orphan"));
    stage.pass(10);
    assert_eq!(counts(&stage), [0, 1, 3]);
    let set = stage.all(&REPLICA_SETS)[0].clone();
    assert!(list(&set.tree, &["metadata", "ownerReferences"]).is_empty());
}

#[test]
fn who_has_another_owner_stays() {
    let mut stage = Stage::new();
    let mut references = Vec::new();
    for name in ["a", "b"] {
        let made = stage.post(MAPS, &format!(r#"{{"metadata":{{"name":"{name}"}}}}"#));
        let uid = meta(&made, "uid");
        references.push(format!(
            r#"{{"apiVersion":"v1","kind":"ConfigMap","name":"{name}","uid":"{uid}"}}"#
        ));
    }
    let owned =
        format!(r#"{{"metadata":{{"name":"c","ownerReferences":[{}]}}}}"#, references.join(","));
    stage.post(MAPS, &owned);
    stage.delete(&format!("{MAPS}/a"));
    stage.pass(5);
    assert_eq!(list(&stage.tree(&CONFIG_MAPS, "c"), &["metadata", "ownerReferences"]).len(), 1);
    stage.delete(&format!("{MAPS}/b"));
    stage.pass(5);
    assert_eq!(stage.get(&CONFIG_MAPS, "c"), None);
}

#[test]
fn an_owner_that_never_was_counts_as_gone() {
    let mut stage = Stage::new();
    for (name, owner) in [
        ("gone", r#"{"apiVersion":"v1","kind":"ConfigMap","name":"none","uid":"u"}"#),
        ("kept", r#"{"apiVersion":"example/v1","kind":"Unknown","name":"none","uid":"u"}"#),
    ] {
        stage.post(
            MAPS,
            &format!(r#"{{"metadata":{{"name":"{name}","ownerReferences":[{owner}]}}}}"#),
        );
    }
    stage.pass(5);
    assert_eq!(stage.get(&CONFIG_MAPS, "gone"), None);
    assert!(stage.get(&CONFIG_MAPS, "kept").is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn trees_of_owners_go_whole(
        parents in proptest::collection::vec(0..6usize, 1..10),
        blocks in any::<bool>(),
        policy in 0..3usize,
    ) {
        let mut stage = Stage::new();
        let mut uids = vec![];
        for (at, parent) in std::iter::once(&0).chain(&parents).enumerate() {
            let owner = uids.get(*parent % at.max(1)).map(|uid| format!(
                r#","ownerReferences":[{{"apiVersion":"v1","kind":"ConfigMap","name":"m{}","uid":"{uid}","blockOwnerDeletion":{blocks}}}]"#,
                *parent % at.max(1)
            ));
            let body = format!(r#"{{"metadata":{{"name":"m{at}"{}}}}}"#, owner.unwrap_or_default());
            uids.push(meta(&stage.post(MAPS, &body), "uid").to_owned());
        }
        stage.pass(1);
        let policy = ["Background", "Foreground", "Orphan"][policy];
        stage.ask(Method::Delete, &format!("{MAPS}/m0?propagationPolicy={policy}"), "");
        stage.pass(30);
        let left = if policy == "Orphan" { parents.len() } else { 0 };
        prop_assert_eq!(stage.names(&CONFIG_MAPS).len(), left);
    }
}

#[test]
fn a_circle_of_owners_does_not_wait_for_itself() {
    let mut stage = Stage::new();
    let uid = |stage: &Stage, name: &str| meta(&stage.tree(&CONFIG_MAPS, name), "uid").to_owned();
    for name in ["a", "b", "c"] {
        stage.post(MAPS, &format!(r#"{{"metadata":{{"name":"{name}"}}}}"#));
    }
    for (name, owner) in [("a", "c"), ("b", "a"), ("c", "b")] {
        let uid = uid(&stage, owner);
        let owner = format!(
            r#"{{"apiVersion":"v1","kind":"ConfigMap","name":"{owner}","uid":"{uid}","blockOwnerDeletion":true}}"#
        );
        let body = format!(r#"{{"metadata":{{"ownerReferences":[{owner}]}}}}"#);
        stage.patch(&format!("{MAPS}/{name}"), &body);
    }
    stage.pass(5);
    stage.delete(&format!("{MAPS}/a?propagationPolicy=Foreground"));
    stage.pass(10);
    assert!(stage.names(&CONFIG_MAPS).is_empty(), "{:?}", stage.names(&CONFIG_MAPS));
}

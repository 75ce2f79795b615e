//! Pods that are simply there, and a scaler over them.

use super::super::LOAD;
use crate::tables::{DEPLOYMENTS, POD_SCALERS, PODS, REPLICA_SETS};
use crate::world::World;
use proptest::prelude::*;
use twin_core::api::{Act, Body, Deed, Method, Request};
use twin_core::store::{Key, Narrow, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value, decode};

fn at(seconds: i64) -> Timestamp {
    Timestamp::default().plus_seconds(seconds)
}

fn key(name: &str) -> Key {
    Key::new("x", name)
}

fn parse(text: &str) -> Value {
    decode(text.as_bytes()).unwrap()
}

struct Stage {
    world: World,
    time: i64,
}

impl Stage {
    fn new(scaler: &str) -> Self {
        let mut stage = Self { world: World::new(super::super::controllers(), 1), time: 0 };
        let template = r#"{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"100m","memory":"64Mi"}}}]}}"#;
        let workload = |kind: &str, more: &str| {
            format!(
                r#"{{"kind":"{kind}","metadata":{{"name":"web"{more}}},"spec":{{"replicas":2,"selector":{{"matchLabels":{{"app":"a"}}}},"template":{template}}}}}"#
            )
        };
        stage.act(
            &Key::new("", "x"),
            &TableName(Text::new("/namespaces")),
            Deed::Create(parse(r#"{"metadata":{"name":"x"}}"#)),
        );
        stage.act(&key("web"), &DEPLOYMENTS, Deed::Create(parse(&workload("Deployment", ""))));
        let owner = stage.owner(&DEPLOYMENTS, "Deployment");
        stage.act(&key("web"), &REPLICA_SETS, Deed::Create(parse(&workload("ReplicaSet", &owner))));
        stage.act(&key("web"), &POD_SCALERS, Deed::Create(parse(scaler)));
        stage
    }

    fn act(&mut self, key: &Key, table: &TableName, deed: Deed) {
        let act = Act { table: table.clone(), key: key.clone(), deed };
        self.world.act("test", &act, at(self.time)).unwrap();
    }

    fn tree(&self, table: &TableName) -> Value {
        self.world.api().store().get(table, &key("web")).unwrap().tree.clone()
    }

    fn owner(&self, table: &TableName, kind: &str) -> String {
        let tree = self.tree(table);
        let uid = tree.str_at(&["metadata", "uid"]).unwrap();
        format!(
            r#","ownerReferences":[{{"kind":"{kind}","apiVersion":"apps/v1","name":"web","uid":"{uid}","controller":true}}]"#
        )
    }

    fn load(&mut self, cpu: &str) {
        let tree = self.tree(&DEPLOYMENTS).with(&["metadata", "annotations", LOAD], cpu.into());
        self.act(&key("web"), &DEPLOYMENTS, Deed::Update(tree));
    }

    fn replicas(&self) -> i64 {
        self.tree(&DEPLOYMENTS).at(&["spec", "replicas"]).and_then(Value::as_int).unwrap()
    }

    /// So many ready pods as there should be.
    fn follow(&mut self) {
        let owner = self.owner(&REPLICA_SETS, "ReplicaSet");
        let wanted = usize::try_from(self.replicas()).unwrap();
        let there = self.world.api().store().count(&PODS);
        for number in there..wanted {
            let name = format!("p{number}");
            let pod = format!(
                r#"{{"metadata":{{"name":"{name}","labels":{{"app":"a"}}{owner}}},"spec":{{"containers":[{{"name":"c","image":"i","resources":{{"requests":{{"cpu":"100m","memory":"64Mi"}}}}}}]}}}}"#
            );
            self.act(&key(&name), &PODS, Deed::Create(parse(&pod)));
            let ready =
                parse(r#"{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}"#);
            let pod = self
                .world
                .api()
                .store()
                .get(&PODS, &key(&name))
                .unwrap()
                .tree
                .with(&["status"], ready);
            self.act(&key(&name), &PODS, Deed::UpdateStatus(pod));
        }
        for number in wanted..there {
            self.act(&key(&format!("p{number}")), &PODS, Deed::Remove);
        }
    }

    fn run(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.follow();
            self.world.settle(at(self.time));
            self.time += 1;
        }
    }

    fn condition(&self, ty: &str) -> String {
        let tree = self.tree(&POD_SCALERS);
        let list = tree.at(&["status", "conditions"]).and_then(Value::as_list).unwrap();
        let found = list.iter().find(|it| it.str_at(&["type"]) == Some(ty)).unwrap();
        found.str_at(&["reason"]).unwrap().to_owned()
    }
}

const SCALER: &str = r#"{"metadata":{"name":"web"},"spec":{"scaleTargetRef":{"kind":"Deployment","name":"web","apiVersion":"apps/v1"},"minReplicas":2,"maxReplicas":10,"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}}]}}"#;

#[test]
fn load_raises_replicas_and_its_end_lowers_them_after_five_minutes() {
    let mut stage = Stage::new(SCALER);
    stage.run(20);
    assert_eq!(
        (stage.replicas(), stage.condition("ScalingActive").as_str()),
        (2, "ValidMetricFound")
    );
    stage.load("450m");
    stage.run(60);
    assert_eq!(stage.replicas(), 10);
    stage.load("0");
    stage.run(290);
    assert_eq!(
        (stage.replicas(), stage.condition("AbleToScale").as_str()),
        (10, "ScaleDownStabilized")
    );
    stage.run(60);
    assert_eq!(
        (stage.replicas(), stage.condition("ScalingLimited").as_str()),
        (2, "TooFewReplicas")
    );
    let current = stage.tree(&POD_SCALERS);
    assert_eq!(current.at(&["status", "desiredReplicas"]), Some(&Value::Int(2)));
}

#[test]
fn limits_go_before_metrics() {
    let events = TableName(Text::new("/events"));
    let cases = [
        (SCALER.replace(r#""minReplicas":2"#, r#""minReplicas":3"#), 3, "below Spec.MinReplicas"),
        (SCALER.replace(":2,", ":1,").replace(":10", ":1"), 1, "above Spec.MaxReplicas"),
    ];
    for (scaler, replicas, cause) in cases {
        let mut stage = Stage::new(&scaler);
        stage.run(1);
        assert_eq!(stage.replicas(), replicas);
        let store = stage.world.api().store();
        let mut told = store.list(&events, &Narrow::default(), None);
        let said = told.find_map(|it| Some(it.tree.str_at(&["message"])?.to_owned()));
        let want = format!("New size: {replicas}; reason: Current number of replicas {cause}");
        assert_eq!(said.as_deref(), Some(want.as_str()));
        assert_eq!(stage.condition("ScaledToZero"), "NotScaledToZero");
    }
}

#[test]
fn metrics_are_served() {
    let mut stage = Stage::new(SCALER);
    stage.load("300m");
    stage.run(1);
    let mut ask = |path: &str| {
        let request = Request {
            method: Method::Get,
            path,
            query: "labelSelector=app%3Da",
            content_type: "",
            accept: "",
            user_agent: "test",
            user: None,
            body: b"",
        };
        let Body::Whole(body) = stage.world.handle(&request, at(1)).body else { panic!("{path}") };
        String::from_utf8_lossy(&body).into_owned()
    };
    let pods = ask("/apis/metrics.k8s.io/v1beta1/namespaces/x/pods");
    assert!(pods.contains(r#""usage":{"cpu":"152m","memory":"32768Ki"}"#), "{pods}");
    assert!(ask("/apis/metrics.k8s.io/v1beta1/nodes/n").contains("not found"));
    assert!(ask("/apis/metrics.k8s.io/v1beta1").contains("NodeMetrics"));
}

#[test]
fn missing_metrics_are_told_once() {
    let mut stage = Stage::new(SCALER);
    // Nobody starts pods, so that there is nothing to measure.
    for second in 0..60 {
        stage.world.settle(at(second));
    }
    assert_eq!(stage.condition("ScalingActive"), "FailedGetResourceMetric");
    assert_eq!(stage.world.api().store().count(&TableName(Text::new("/events"))), 2);
}

#[test]
fn what_cannot_be_scaled_says_so() {
    let mut stage = Stage::new(&SCALER.replace(r#""kind":"Deployment""#, r#""kind":"Gadget""#));
    stage.run(1);
    assert_eq!(stage.condition("AbleToScale"), "FailedGetScale");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn replicas_stay_within_bounds(loads in proptest::collection::vec(0_u32..5_000, 1..6)) {
        let mut stage = Stage::new(SCALER);
        for load in loads {
            stage.load(&format!("{load}m"));
            for _ in 0..4 {
                stage.run(31);
                prop_assert!((2..=10).contains(&stage.replicas()));
            }
        }
    }
}

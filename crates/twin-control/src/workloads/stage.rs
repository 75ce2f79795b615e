//! A world for tests: some controllers, and a kubelet that does what the image of a pod says.

use crate::controller::{Controller, Outcome, View, Wake};
use crate::identity::Quotas;
use crate::tables::{EVENTS, PODS};
use crate::workloads::pods::{is_over, node, ready_since};
use crate::workloads::read::{is_ending, list};
use crate::world::World;
use std::sync::Arc;
use std::time::Duration;
use twin_core::api::{Act, Body, Deed, Method, Request};
use twin_core::store::{Change, Key, Object, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value, decode};

/// Binds pods to the node that they name, or to `n`, and after a second lets them be what their image says: `done`,
/// `fails`, `stuck`, or ready.
#[derive(Debug)]
struct Kubelet;

impl Controller for Kubelet {
    fn name(&self) -> &'static str {
        "kubelet"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        if *table == PODS {
            wake.key(change.object.key.clone());
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(pod) = view.get(&PODS, key) else { return outcome };
        let mut act = |deed| outcome.acts.push(Act { table: PODS, key: key.clone(), deed });
        if is_ending(&pod.tree) && list(&pod.tree, &["metadata", "finalizers"]).is_empty() {
            act(Deed::Remove);
        } else if is_ending(&pod.tree) {
            let over = pod.tree.with(&["status", "phase"], "Failed".into());
            act(Deed::UpdateStatus(over));
        } else if node(&pod.tree).is_empty() {
            act(Deed::Bind(bound(&pod.tree)));
            outcome.again(Duration::from_secs(1));
        } else if !is_over(&pod.tree) && ready_since(&pod.tree).is_none() {
            let born = crate::workloads::read::created(&pod.tree);
            if view.now.since(born) < Duration::from_secs(1) {
                outcome.again(Duration::from_secs(1));
            } else {
                act(Deed::UpdateStatus(run(&pod.tree, view.now)));
            }
        }
        outcome
    }
}

/// The node that the affinity names, or `n`.
fn bound(pod: &Value) -> Text {
    let affinity = pod.at(&["spec", "affinity"]).map(Value::to_string).unwrap_or_default();
    let named = affinity.split_once(r#""values":[""#).and_then(|(_, rest)| rest.split_once('"'));
    Text::new(named.map_or("n", |(name, _)| name))
}

fn run(pod: &Value, now: Timestamp) -> Value {
    let container = list(pod, &["spec", "containers"]).first().cloned().unwrap_or_default();
    let (phase, ready, code) = match container.str_at(&["image"]).unwrap_or_default() {
        "done" => ("Succeeded", "False", Some(0)),
        "fails" => ("Failed", "False", Some(1)),
        "stuck" => ("Running", "False", None),
        _ => ("Running", "True", None),
    };
    let condition = Value::from([
        ("type", "Ready".into()),
        ("status", ready.into()),
        ("lastTransitionTime", now.value()),
    ]);
    let mut status = pod
        .at(&["status"])
        .cloned()
        .unwrap_or_default()
        .with(&["phase"], phase.into())
        .with(&["startTime"], now.value())
        .with(&["conditions"], vec![condition].into());
    if let Some(code) = code {
        let ended = Value::from([("exitCode", Value::Int(code)), ("finishedAt", now.value())]);
        let name = container.at(&["name"]).cloned().unwrap_or_default();
        let state = Value::from([("terminated", ended)]);
        let one = Value::from([("name", name), ("state", state)]);
        status = status.with(&["containerStatuses"], vec![one].into());
    }
    pod.with(&["status"], status)
}

/// Looks that a test may need; more means that controllers never come to rest.
const PATIENCE: usize = 2_000;

#[derive(Debug)]
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) now: Timestamp,
}

impl Stage {
    /// The controllers of this folder, that of quotas, the kubelet and the namespace `x`, at noon of a Wednesday.
    pub(super) fn new() -> Self {
        let mut controllers = super::controllers();
        controllers.push(Box::new(Quotas::new()));
        controllers.push(Box::new(Kubelet));
        let now = Timestamp::parse("2026-11-25T12:00:00Z").unwrap();
        let mut stage = Self { world: World::new(controllers, 7), now };
        stage.post("/api/v1/namespaces", r#"{"metadata":{"name":"x"}}"#);
        stage
    }

    pub(super) fn ask(&mut self, method: Method, path: &str, body: &str) -> (u16, Value) {
        let content_type =
            if method == Method::Patch { "application/merge-patch+json" } else { "" };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method,
            path,
            query,
            content_type,
            accept: "",
            user_agent: "test",
            user: None,
            body: body.as_bytes(),
        };
        let response = self.world.handle(&request, self.now);
        let Body::Whole(bytes) = response.body else { panic!("a watch") };
        (response.code, decode(&bytes).unwrap_or_default())
    }

    /// Puts an object there that a client would be refused: an older cluster may have left it.
    pub(super) fn plant(&mut self, table: &TableName, name: &str, body: &str) {
        let object = decode(body.as_bytes()).unwrap();
        let act =
            Act { table: table.clone(), key: Key::new("x", name), deed: Deed::Create(object) };
        self.world.act("test", &act, self.now).unwrap();
    }

    pub(super) fn post(&mut self, path: &str, body: &str) -> Value {
        let (code, tree) = self.ask(Method::Post, path, body);
        assert_eq!(code, 201, "{tree}");
        tree
    }

    pub(super) fn patch(&mut self, path: &str, body: &str) {
        let (code, tree) = self.ask(Method::Patch, path, body);
        assert_eq!(code, 200, "{tree}");
    }

    pub(super) fn delete(&mut self, path: &str) {
        let (code, tree) = self.ask(Method::Delete, path, "");
        assert_eq!(code, 200, "{tree}");
    }

    /// Lets so many seconds pass.
    pub(super) fn pass(&mut self, seconds: i64) {
        self.pass_with(seconds, |_| {});
    }

    /// Lets seconds pass, with a look at each moment in which something happened.
    pub(super) fn pass_with(&mut self, seconds: i64, mut look: impl FnMut(&Self)) {
        let end = self.now.plus_seconds(seconds);
        for _ in 0..PATIENCE {
            let due = self.world.settle(self.now);
            look(self);
            match due {
                Some(due) if due <= end => self.now = due,
                _ => {
                    self.now = end;
                    return;
                }
            }
        }
        panic!("the controllers never come to rest");
    }

    pub(super) fn get(&self, table: &TableName, name: &str) -> Option<Value> {
        let store = self.world.api().store();
        store.get(table, &Key::new("x", name)).map(|object| object.tree.clone())
    }

    pub(super) fn tree(&self, table: &TableName, name: &str) -> Value {
        self.get(table, name).unwrap_or_else(|| panic!("no {name} in {table:?}"))
    }

    pub(super) fn all(&self, table: &TableName) -> Vec<Arc<Object>> {
        let view = View { store: self.world.api().store(), now: self.now };
        view.all(table, "x").cloned().collect()
    }

    pub(super) fn names(&self, table: &TableName) -> Vec<String> {
        self.all(table).iter().map(|object| object.key.name().to_owned()).collect()
    }

    /// Reasons and messages of events about an object of this name, in order.
    pub(super) fn told(&self, name: &str) -> Vec<String> {
        let mut events = self.all(&EVENTS);
        events.sort_by_key(|event| event.revision);
        let about =
            |event: &&Arc<Object>| event.tree.str_at(&["involvedObject", "name"]) == Some(name);
        let text = |event: &Arc<Object>| {
            let part = |field: &str| event.tree.str_at(&[field]).unwrap_or_default().to_owned();
            format!("{}: {}", part("reason"), part("message"))
        };
        events.iter().filter(about).map(text).collect()
    }
}

/// The numbers of a status, in this order; zero for what is not there.
pub(super) fn numbers(tree: &Value, fields: &[&str]) -> Vec<i64> {
    let number = |field: &&str| tree.at(&["status", field]).and_then(Value::as_int).unwrap_or(0);
    fields.iter().map(number).collect()
}

/// A pod template with the label `app=NAME` and one container of this image.
pub(super) fn template(name: &str, image: &str) -> String {
    format!(
        r#"{{"metadata":{{"labels":{{"app":"{name}"}}}},"spec":{{"containers":[{{"name":"c","image":"{image}"}}]}}}}"#
    )
}

/// `SELECTOR, TEMPLATE` as most workloads have them.
pub(super) fn pods_of(name: &str, image: &str) -> String {
    format!(
        r#""selector":{{"matchLabels":{{"app":"{name}"}}}},"template":{}"#,
        template(name, image)
    )
}

/// The condition of a type, as `STATUS REASON`.
pub(super) fn condition(tree: &Value, kind: &str) -> String {
    let conditions = list(tree, &["status", "conditions"]);
    let found = conditions.iter().find(|it| it.str_at(&["type"]) == Some(kind));
    let part = |field: &str| found.and_then(|it| it.str_at(&[field])).unwrap_or_default();
    format!("{} {}", part("status"), part("reason")).trim().to_owned()
}

//! A world for tests: requests as clients send them, and time that tests move.

use crate::controller::Controller;
use crate::world::World;
use std::time::Duration;
use twin_core::api::{Body, Method, Request};
use twin_core::store::Store;
use twin_core::time::Timestamp;
use twin_core::tree::{Value, decode};

/// A world with a clock.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) now: Timestamp,
}

impl Stage {
    /// With the namespaces `default` and `x`.
    pub(crate) fn new(controllers: Vec<Box<dyn Controller>>) -> Self {
        let now = Timestamp::default().plus_seconds(1_000_000_000);
        let mut stage = Self { world: World::new(controllers, 7), now };
        for name in ["default", "x"] {
            stage.made("/api/v1/namespaces", &format!(r#"{{"metadata":{{"name":"{name}"}}}}"#));
        }
        stage.settle();
        stage
    }

    /// The same, after a start with other controllers: those have no memory.
    pub(crate) fn restarted(&self, controllers: Vec<Box<dyn Controller>>) -> Self {
        let mut store = Store::default();
        let old = self.world.api().store();
        for table in crate::tables::ALL {
            for change in old.arrivals(table) {
                store.put(table, &change.object.key, &change.object.tree);
            }
        }
        Self { world: World::restored(store, controllers, 7, self.now), now: self.now }
    }

    pub(crate) fn ask(
        &mut self,
        method: Method,
        path: &str,
        media: &str,
        body: &str,
    ) -> (u16, Value) {
        let (code, bytes) = self.bytes(method, path, media, body);
        (code, decode(&bytes).unwrap_or_default())
    }

    /// An answer that is no object.
    pub(crate) fn text(&mut self, path: &str) -> (u16, String) {
        let (code, bytes) = self.bytes(Method::Get, path, "", "");
        (code, String::from_utf8(bytes).unwrap())
    }

    fn bytes(&mut self, method: Method, path: &str, media: &str, body: &str) -> (u16, Vec<u8>) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method,
            path,
            query,
            content_type: media,
            accept: "",
            user_agent: "test",
            user: None,
            body: body.as_bytes(),
        };
        let answer = self.world.handle(&request, self.now);
        match answer.body {
            Body::Whole(bytes) => (answer.code, bytes.to_vec()),
            Body::Watch(_) | Body::Log(_) => (answer.code, Vec::new()),
        }
    }

    /// Creates an object, which must succeed.
    pub(crate) fn made(&mut self, path: &str, body: &str) -> Value {
        let (code, object) = self.ask(Method::Post, path, "", body);
        assert_eq!(code, 201, "{path} {body}: {object}");
        object
    }

    /// Changes an object by a merge patch, which must succeed.
    pub(crate) fn patched(&mut self, path: &str, body: &str) -> Value {
        let (code, object) = self.ask(Method::Patch, path, "application/merge-patch+json", body);
        assert_eq!(code, 200, "{path} {body}: {object}");
        object
    }

    pub(crate) fn deleted(&mut self, path: &str) {
        let (code, object) = self.ask(Method::Delete, path, "", "");
        assert_eq!(code, 200, "{path}: {object}");
    }

    /// An object, if it is there.
    pub(crate) fn get(&mut self, path: &str) -> Option<Value> {
        let (code, object) = self.ask(Method::Get, path, "", "");
        (code == 200).then_some(object)
    }

    /// The items of a list.
    pub(crate) fn list(&mut self, path: &str) -> Vec<Value> {
        let list = self.get(path).unwrap_or_default();
        list.at(&["items"]).and_then(Value::as_list).map(|list| list.to_vec()).unwrap_or_default()
    }

    /// Does what is due now.
    pub(crate) fn settle(&mut self) {
        for _ in 0..100_000 {
            match self.world.settle(self.now) {
                Some(next) if next <= self.now => {}
                _ => return,
            }
        }
        panic!("it never comes to rest");
    }

    /// Lets time pass, and what is due in it happen at its time.
    pub(crate) fn pass(&mut self, duration: Duration) {
        let end = self.now.plus(duration);
        for _ in 0..1_000_000 {
            match self.world.settle(self.now) {
                Some(next) if next <= end => self.now = next.max(self.now),
                _ => {
                    self.now = end;
                    return;
                }
            }
        }
        panic!("it never comes to rest");
    }

    pub(crate) fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// A node with this many cores, this many GiB, and more fields of the spec.
    pub(crate) fn node(&mut self, name: &str, cores: u32, gib: u32, more: &str) {
        let node = format!(
            r#"{{"metadata":{{"name":"{name}","labels":{{"kubernetes.io/hostname":"{name}"}}}}{more}}}"#
        );
        let made = self.made("/api/v1/nodes", &node);
        // Nobody else says that it is ready.
        let taints = made.at(&["spec", "taints"]).and_then(Value::as_list).cloned();
        let mut taints = taints.unwrap_or_default().to_vec();
        taints.retain(|taint| taint.str_at(&["key"]) != Some("node.kubernetes.io/not-ready"));
        let patch = Value::from([("spec", Value::from([("taints", taints.into())]))]);
        self.patched(&format!("/api/v1/nodes/{name}"), &patch.to_string());
        let status = format!(
            r#"{{"status":{{"allocatable":{{"cpu":"{cores}","memory":"{gib}Gi","pods":"110"}},"capacity":{{"cpu":"{cores}","memory":"{gib}Gi","pods":"110"}}}}}}"#
        );
        self.patched(&format!("/api/v1/nodes/{name}/status"), &status);
    }

    /// A pod of one container with these requests, and more fields of the spec.
    pub(crate) fn pod(&mut self, name: &str, requests: &str, more: &str) -> Value {
        // What nobody shares has to be limited too.
        let limits = if requests.contains('/') { requests } else { "" };
        let pod = format!(
            r#"{{"metadata":{{"name":"{name}","labels":{{"app":"{}"}}}},"spec":{{"containers":[{{"name":"c","image":"i:1","resources":{{"limits":{{{limits}}},"requests":{{{requests}}}}}}}]{more}}}}}"#,
            name.split('-').next().unwrap_or_default()
        );
        self.made("/api/v1/namespaces/x/pods", &pod)
    }

    /// Where a pod runs; empty if nowhere.
    pub(crate) fn place(&mut self, pod: &str) -> String {
        let pod = self.get(&format!("/api/v1/namespaces/x/pods/{pod}")).unwrap_or_default();
        pod.str_at(&["spec", "nodeName"]).unwrap_or_default().to_owned()
    }

    /// What the events of a reason say, in their order.
    pub(crate) fn told(&mut self, reason: &str) -> Vec<String> {
        let events = self.list("/api/v1/events");
        let text = |event: &Value| event.str_at(&["message"]).unwrap_or_default().to_owned();
        let ours = events.iter().filter(|event| event.str_at(&["reason"]) == Some(reason));
        ours.map(text).collect()
    }
}

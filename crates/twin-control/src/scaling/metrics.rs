//! `metrics.k8s.io`: what pods and nodes use, as `kubectl top` and autoscalers ask for it.

use super::usage::{Meter, Usage};
use crate::controller::View;
use crate::tables::{NODES, PODS};
use std::sync::Arc;
use twin_core::api::{Api, Method, Request, Response};
use twin_core::registry::{Kind, Resource, Scope};
use twin_core::selector::LabelSelector;
use twin_core::status::{Reason, Status};
use twin_core::store::{Key, Object, TableName};
use twin_core::tree::{List, Text, Value};
use units::{Bytes, Cpu};

const GROUP: &str = "metrics.k8s.io";
const VERSION: &str = "v1beta1";
const PATH: &str = "/apis/metrics.k8s.io/v1beta1/";
/// The time over which usage is said to be measured: metrics-server's default resolution.
const WINDOW: &str = "15s";
/// What a node uses for itself, in thousandths of a core and in bytes.
const SYSTEM: (u64, u64) = (50, 256 << 20);

/// Adds the group to what is discovered.
pub(crate) fn serve(api: &mut Api) {
    for (plural, singular, name, scope) in [
        ("nodes", "node", "NodeMetrics", Scope::Cluster),
        ("pods", "pod", "PodMetrics", Scope::Namespaced),
    ] {
        let any = api.any();
        let kind = Kind {
            group: Text::new_static(GROUP),
            version: Text::new_static(VERSION),
            name: Text::new_static(name),
        };
        api.serve(Resource {
            kind,
            plural: Text::new_static(plural),
            singular: Text::new_static(singular),
            scope,
            verbs: ["get", "list"].map(Text::new_static).into(),
            short_names: Vec::new(),
            categories: Vec::new(),
            subresources: Vec::new(),
            ty: any,
            table: TableName(Text::from(format!("{GROUP}/{plural}"))),
            custom: None,
        });
    }
}

/// The answer, if metrics are asked for.
pub(crate) fn answer(request: &Request<'_>, view: &View<'_>) -> Option<Response> {
    let rest = request.path.strip_prefix(PATH)?;
    if request.method != Method::Get {
        return Some(Status::method_not_allowed().into());
    }
    let words: Vec<_> = rest.trim_end_matches('/').split('/').collect();
    let labels = match LabelSelector::parse(&request.asked("labelSelector")) {
        Ok(labels) => labels,
        Err(error) => return Some(Status::bad_request(error).into()),
    };
    let meant = |object: &&Arc<Object>| {
        labels.matches(object.tree.at(&["metadata", "labels"]).and_then(Value::as_map))
    };
    let found = match *words.as_slice() {
        ["nodes"] => {
            let mut meter = Meter::new(view);
            let nodes = view.all(&NODES, "").filter(meant);
            list("NodeMetricsList", nodes.map(|node| of_node(node, &mut meter, view)))
        }
        ["nodes", name] => one(
            view.get(&NODES, &Key::new("", name))
                .map(|node| of_node(node, &mut Meter::new(view), view)),
            "nodes",
            name,
        ),
        ["pods"] => pods(view.all(&PODS, "").filter(meant), view),
        ["namespaces", namespace, "pods"] => pods(view.all(&PODS, namespace).filter(meant), view),
        ["namespaces", namespace, "pods", name] => {
            let pod = view.get(&PODS, &Key::new(namespace, name));
            one(pod.and_then(|pod| of_pod(pod, &mut Meter::new(view), view)), "pods", name)
        }
        _ => return None,
    };
    Some(found)
}

fn one(found: Option<Value>, plural: &str, name: &str) -> Response {
    let missing = || {
        let message = format!("{plural}.{GROUP} {name:?} not found");
        Status::undetailed(Reason::NotFound, message).into()
    };
    found.map_or_else(missing, |metrics| Response::json(200, &metrics))
}

fn pods<'a>(pods: impl Iterator<Item = &'a Arc<Object>>, view: &View<'_>) -> Response {
    let mut meter = Meter::new(view);
    list("PodMetricsList", pods.filter_map(|pod| of_pod(pod, &mut meter, view)))
}

fn list(kind: &str, items: impl Iterator<Item = Value>) -> Response {
    let items: Vec<_> = items.collect();
    let list = Value::from([
        ("kind", kind.into()),
        ("apiVersion", api_version()),
        ("metadata", Value::Map(twin_core::tree::Map::default())),
        ("items", items.into()),
    ]);
    Response::json(200, &list)
}

fn api_version() -> Value {
    Text::from(format!("{GROUP}/{VERSION}")).into()
}

fn of_node(node: &Object, meter: &mut Meter<'_>, view: &View<'_>) -> Value {
    let mut sum = Usage { cpu: Cpu::millis(SYSTEM.0), memory: Bytes::new(SYSTEM.1) };
    for used in view.on_node(node.key.name()).filter_map(|pod| meter.usage(pod)) {
        sum.cpu = Cpu::millis(sum.cpu.as_millis().saturating_add(used.cpu.as_millis()));
        sum.memory = Bytes::new(sum.memory.get().saturating_add(used.memory.get()));
    }
    measured("NodeMetrics", node, view).with(&["usage"], amounts(sum))
}

/// All usage is that of the first container: nobody knows how a pod shares its work.
fn of_pod(pod: &Object, meter: &mut Meter<'_>, view: &View<'_>) -> Option<Value> {
    let used = meter.usage(pod)?;
    let containers = pod.tree.at(&["spec", "containers"]).and_then(Value::as_list)?;
    let shown = containers.iter().enumerate().map(|(at, container)| {
        let used = if at == 0 { used } else { Usage::default() };
        let name = container.at(&["name"]).cloned().unwrap_or_default();
        Value::from([("name", name), ("usage", amounts(used))])
    });
    let shown = Value::List(List::from(shown.collect::<Vec<_>>()));
    Some(measured("PodMetrics", pod, view).with(&["containers"], shown))
}

fn measured(kind: &str, object: &Object, view: &View<'_>) -> Value {
    let mut metrics = Value::from([
        ("kind", kind.into()),
        ("apiVersion", api_version()),
        ("timestamp", view.now.value()),
        ("window", WINDOW.into()),
    ]);
    for field in ["name", "namespace", "creationTimestamp", "labels"] {
        if let Some(value) = object.tree.at(&["metadata", field]) {
            metrics = metrics.with(&["metadata", field], value.clone());
        }
    }
    metrics
}

fn amounts(usage: Usage) -> Value {
    let memory = format!("{}Ki", usage.memory.get() / 1024);
    Value::from([
        ("cpu", Text::from(usage.cpu.to_string()).into()),
        ("memory", Text::from(memory).into()),
    ])
}

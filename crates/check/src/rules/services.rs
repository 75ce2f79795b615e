//! Services and what they lead to.

use std::collections::BTreeSet;

use crate::cursor::At;
use crate::finding::Findings;
use crate::known::store_of_port;
use crate::rules::Context;
use crate::selector::Selector;
use crate::set::{Object, Pod, Set};
use crate::table::network as t;

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for service in cx.set.of_kind("Service") {
        ports(service, out);
        exposure(service, out);
        if service.spec().at("type").is("ExternalName") {
            continue;
        }
        let selector = service.spec().at("selector");
        if selector.entries().is_empty() {
            continue;
        }
        let pods = cx.set.selected(&service.namespace, &Selector::plain(&selector));
        if pods.is_empty() {
            dangling(service, cx.set, out);
        } else {
            targets(service, &pods, out);
            ambiguous(service, &pods, out);
        }
    }
}

/// Whether a Service has a selector that no pod of the set satisfies.
pub(super) fn selects_nothing(set: &Set<'_>, service: &Object<'_>) -> bool {
    let at = service.spec().at("selector");
    let selector = Selector::plain(&at);
    !selector.is_empty() && set.selected(&service.namespace, &selector).is_empty()
}

fn dangling(service: &Object<'_>, set: &Set<'_>, out: &mut Findings) {
    let at = service.spec().at("selector");
    let selector = Selector::plain(&at);
    let why = match set.selected_anywhere(&selector) {
        Some(pod) => format!(
            "its pods are in namespace `{}`, and a Service only sees its own",
            pod.owner.namespace
        ),
        None if set.pods.is_empty() => "these files hold no workload at all".to_owned(),
        None => "no pod of these files has these labels".to_owned(),
    };
    let message = format!(
        "selector `{selector}` matches nothing ({why}): the Service has no endpoints, and every connection to it is refused"
    );
    let fix = if set.pods.is_empty() {
        workload(service)
    } else {
        format!(
            "add the workload, or make its labels match:\nspec:\n  template:\n    metadata:\n      labels:\n{}",
            labels(service, 8)
        )
    };
    out.add(&t::DANGLING_SERVICE, service, &at, message, fix);
}

/// The selector as YAML, as far in as asked.
fn labels(service: &Object<'_>, indent: usize) -> String {
    let labels = service.spec().at("selector").text_map();
    let lines: Vec<_> = labels.iter().map(|(k, v)| format!("{:indent$}{k}: {v}", "")).collect();
    lines.join("\n")
}

/// What could stand behind a Service of files without any workload.
fn workload(service: &Object<'_>) -> String {
    let ports = service.spec().at("ports").items();
    let target = ports.first().map(|p| p.at("targetPort").int().or(p.at("port").int()));
    let port = target.flatten();
    let (kind, more, mount) = match port.and_then(store_of_port) {
        Some(store) => (
            "StatefulSet",
            "  serviceName: …  # a headless Service\n  volumeClaimTemplates:\n    - metadata:\n        name: data\n      spec:\n        accessModes: [ReadWriteOnce]\n        resources:\n          requests:\n            storage: 10Gi\n"
                .to_owned(),
            format!(
                "\n          volumeMounts:\n            - name: data\n              mountPath: {}",
                store.data
            ),
        ),
        None => ("Deployment", String::new(), String::new()),
    };
    format!(
        "add the workload:\napiVersion: apps/v1\nkind: {kind}\nmetadata:\n  name: …\nspec:\n{more}  selector:\n    matchLabels:\n{}\n  template:\n    metadata:\n      labels:\n{}\n    spec:\n      containers:\n        - name: …\n          image: …\n          ports:\n            - containerPort: {}{mount}",
        labels(service, 6),
        labels(service, 8),
        port.map_or("…".to_owned(), |port| port.to_string())
    )
}

fn targets(service: &Object<'_>, pods: &[&Pod<'_>], out: &mut Findings) {
    let declared = |field: &str| -> Vec<String> {
        let containers = pods.iter().flat_map(|p| p.running());
        let ports = containers.flat_map(|c| c.at.at("ports").items());
        ports.filter_map(|p| p.at(field).text()).collect()
    };
    let (names, numbers) = (declared("name"), declared("containerPort"));
    for port in service.spec().at("ports").items() {
        let target = port.at("targetPort");
        let at = if target.is_set() { target } else { port.at("port") };
        if let Some(name) = at.str().filter(|n| n.parse::<u16>().is_err()) {
            if !names.iter().any(|n| n == name) {
                let message = format!(
                    "no selected container has a port named `{name}`: the Service has no endpoints for it"
                );
                let fix = format!("ports:\n  - name: {name}\n    containerPort: …");
                out.add(&t::TARGET_PORT_NAME, service, &at, message, fix);
            }
        } else if let Some(number) = at.text()
            && !numbers.contains(&number)
            && !numbers.is_empty()
        {
            let message = format!(
                "no selected container declares port {number} (declared: {}): if nothing listens there, every connection is refused",
                numbers.join(", ")
            );
            let fix = format!("targetPort: {}  # the port the process listens on", numbers[0]);
            out.add(&t::TARGET_PORT, service, &at, message, fix);
        }
    }
}

fn ambiguous(service: &Object<'_>, pods: &[&Pod<'_>], out: &mut Findings) {
    let serving = pods.iter().filter(|p| !p.is_job());
    let owners: BTreeSet<_> = serving.map(|p| p.owner.id()).collect();
    if owners.len() > 1 {
        let list = few(&owners.into_iter().collect::<Vec<_>>());
        let message = format!(
            "the Service selects the pods of {list}: requests go to one or the other at random"
        );
        let fix = "select by a label that only one workload has, such as app.kubernetes.io/name together with app.kubernetes.io/component";
        out.add(&t::AMBIGUOUS_SERVICE, service, &service.spec().at("selector"), message, fix);
    }
}

/// The first names of a list; more than these nobody reads.
fn few(names: &[String]) -> String {
    const SHOWN: usize = 5;
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} and {more} more", names[..SHOWN].join(", ")),
        _ => names.join(", "),
    }
}

fn ports(service: &Object<'_>, out: &mut Findings) {
    let ports = service.spec().at("ports").items();
    let mut seen = BTreeSet::new();
    for port in &ports {
        let (number, protocol) = (port.at("port"), port.at("protocol"));
        let protocol = protocol.str().unwrap_or("TCP");
        let refused = "the API server refuses the object";
        if ports.len() > 1 && !port.at("name").is_set() {
            let message = format!("several ports, and this one has no name: {refused}");
            out.add(&t::SERVICE_PORTS, service, port, message, "name: http");
        }
        if number.int().is_none_or(|n| !(1..=65535).contains(&n)) {
            let message = format!("`port` must be a number from 1 to 65535: {refused}");
            out.add(&t::SERVICE_PORTS, service, &number, message, "port: 80");
        } else if !seen.insert((number.int(), protocol)) {
            let message = format!("the port stands twice for {protocol}: {refused}");
            out.add(&t::SERVICE_PORTS, service, &number, message, "remove one of them");
        }
        let node_port = port.at("nodePort");
        if node_port.int().is_some_and(|n| !(30000..=32767).contains(&n)) {
            let message = format!("node ports lie between 30000 and 32767: {refused}");
            out.add(&t::SERVICE_PORTS, service, &node_port, message, "remove nodePort");
        }
    }
}

fn exposure(service: &Object<'_>, out: &mut Findings) {
    let kind = service.spec().at("type");
    let Some(kind_name) = kind.str().filter(|k| ["NodePort", "LoadBalancer"].contains(k)) else {
        return;
    };
    let ports = service.spec().at("ports").items();
    let number = |p: &At<'_>| p.at("targetPort").int().or(p.at("port").int());
    let store = ports.iter().filter_map(number).find_map(store_of_port);
    if let Some(store) = store {
        let message = format!(
            "{kind_name} opens port {}, which databases such as {} use, to everything that reaches the nodes or the load balancer",
            store.port, store.name
        );
        let fix = "type: ClusterIP\n# people connect with `kubectl port-forward`";
        out.add(&t::DATABASE_EXPOSED, service, &kind, message, fix);
    } else if kind_name == "NodePort" {
        let message = "the port is open on every node, past the edge with its TLS and limits";
        let fix = "type: ClusterIP\n# and an HTTPRoute or Ingress that leads to it";
        out.add(&t::NODE_PORT, service, &kind, message, fix);
    }
}

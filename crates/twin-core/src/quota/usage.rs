//! What an object takes of its namespace's quotas.

use super::Amounts;
use super::scope::{list, text};
use crate::registry::Resource;
use crate::status::qualified;
use crate::store::TableName;
use crate::tree::Value;

/// Core kinds that are counted under their own name too.
const PLAIN: &[&str] = &[
    "configmaps",
    "persistentvolumeclaims",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
];
/// Resources of pods that go without `requests.` as well.
const SHORT: &[&str] = &["cpu", "memory", "ephemeral-storage"];

/// What an object takes, under every name that a quota may limit it by.
pub fn of(resource: &Resource, object: &Value) -> Amounts {
    let mut amounts = Amounts::default();
    let (group, plural) = (resource.kind.group.as_str(), resource.plural.as_str());
    amounts.count(format!("count/{}", qualified(group, plural)), 1);
    if group.is_empty() {
        match plural {
            "pods" => pod(object, &mut amounts),
            "services" => service(object, &mut amounts),
            "persistentvolumeclaims" => claim(object, &mut amounts),
            _ => {}
        }
        if PLAIN.contains(&plural) {
            amounts.count(plural, 1);
        }
    }
    amounts
}

/// So many objects of a table.
pub fn of_table(table: &TableName, number: usize) -> Amounts {
    let mut amounts = Amounts::default();
    let (group, plural) = table.0.split_once('/').unwrap_or(("", &table.0));
    amounts.count(format!("count/{}", qualified(group, plural)), number);
    amounts
}

/// Whether a pod asks for neither CPU nor memory.
pub fn is_best_effort(pod: &Value) -> bool {
    let asks = |it: &Value, part: &str| {
        ["cpu", "memory"].iter().any(|name| it.at(&["resources", part, name]).is_some())
    };
    !containers(pod).any(|it| asks(it, "requests") || asks(it, "limits"))
}

/// What the containers of a pod do not say and a quota wants to know: `cpu for: web; memory for: web`.
pub(super) fn silent(resource: &Resource, pod: &Value, hard: &Amounts) -> Option<String> {
    if !resource.is("", "pods") {
        return None;
    }
    let mut missing = Vec::new();
    for name in hard.names() {
        let (part, resource) = match name.split_once('.') {
            Some((part @ ("requests" | "limits"), resource)) => (part, resource),
            None => ("requests", name),
            Some(_) => continue,
        };
        if !SHORT.contains(&resource) || pod.at(&["spec", "resources", part, resource]).is_some() {
            continue;
        }
        let mute = |it: &&Value| it.at(&["resources", part, resource]).is_none();
        let names: Vec<_> =
            containers(pod).filter(mute).filter_map(|it| it.str_at(&["name"])).collect();
        if !names.is_empty() {
            missing.push(format!("{name} for: {}", names.join(",")));
        }
    }
    (!missing.is_empty()).then(|| missing.join("; "))
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    list(pod, &["spec", "containers"]).iter().chain(list(pod, &["spec", "initContainers"]))
}

/// One that has ended takes nothing but its place among all pods.
fn pod(pod: &Value, amounts: &mut Amounts) {
    if matches!(pod.str_at(&["status", "phase"]), Some("Succeeded" | "Failed")) {
        return;
    }
    amounts.count("pods", 1);
    for part in ["requests", "limits"] {
        for (name, amount) in asked(pod, part).iter() {
            let shared = SHORT.contains(&name);
            if part == "requests" && (shared || name.starts_with("hugepages-")) {
                amounts.add(name, amount);
            }
            if part == "requests" || shared {
                amounts.add(format!("{part}.{name}"), amount);
            }
        }
    }
}

/// What a pod asks for: its containers and sidecars together, or one that starts before them beside
/// the sidecars that run by then.
fn asked(pod: &Value, part: &str) -> Amounts {
    let of = |container: &Value| Amounts::read(container.at(&["resources", part]));
    let main = list(pod, &["spec", "containers"]).iter().map(of);
    let main = main.fold(Amounts::default(), |sum, it| sum.plus(&it));
    let (mut sidecars, mut first) = (Amounts::default(), Amounts::default());
    for container in list(pod, &["spec", "initContainers"]) {
        if container.str_at(&["restartPolicy"]) == Some("Always") {
            sidecars = sidecars.plus(&of(container));
        } else {
            first = first.most(&sidecars.plus(&of(container)));
        }
    }
    let all = main.plus(&sidecars).most(&first);
    let own = Amounts::read(pod.at(&["spec", "resources", part]));
    let overhead = Amounts::read(pod.at(&["spec", "overhead"]));
    all.most(&own).plus(&if part == "limits" { overhead.only(&all) } else { overhead })
}

fn service(service: &Value, amounts: &mut Amounts) {
    let ports = list(service, &["spec", "ports"]);
    match service.str_at(&["spec", "type"]) {
        Some("NodePort") => amounts.count("services.nodeports", ports.len()),
        Some("LoadBalancer") => {
            let allocates = service.at(&["spec", "allocateLoadBalancerNodePorts"]);
            let has = |port: &&Value| {
                allocates.and_then(Value::as_bool) != Some(false)
                    || port.at(&["nodePort"]).is_some()
            };
            amounts.count("services.nodeports", ports.iter().filter(has).count());
            amounts.count("services.loadbalancers", 1);
        }
        _ => {}
    }
}

fn claim(claim: &Value, amounts: &mut Amounts) {
    let storage = Amounts::read(claim.at(&["spec", "resources", "requests"])).get("storage");
    amounts.add("requests.storage", storage);
    let class = text(claim, &["spec", "storageClassName"]);
    if !class.is_empty() {
        let of_class = format!("{class}.storageclass.storage.k8s.io");
        amounts.count(format!("{of_class}/persistentvolumeclaims"), 1);
        amounts.add(format!("{of_class}/requests.storage"), storage);
    }
}

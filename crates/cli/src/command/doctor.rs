//! `muster doctor`: what a cluster lacks for a product.

use crate::Variables;
use crate::arguments::DoctorArguments;
use crate::error::Error;
use crate::exit::Exit;
use crate::live::{block_on, connect, written};
use crate::printer::Printer;
use crate::product::{self, Inputs, Product};
use apply::{Id, Inventory, is_ours};
use cluster::{Cluster, Facts};
use model::facts::ClusterFacts;
use model::plan::{AccessMode, PodSecurityLevel, RouteKind};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

pub(super) fn run(
    arguments: &DoctorArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let (project, cluster) = (&arguments.project, &arguments.cluster);
    let readable = product::read(&Inputs { project, cluster, variables }, printer)?;
    block_on(async {
        let cluster = connect(&arguments.target).await?;
        let facts = cluster.facts().await?;
        let known = known(&cluster, &readable.namespace()).await?;
        let readable = match &known {
            Some(known) if !arguments.reuse.reset_options => {
                let (readable, reused) = readable.remembering(&known.options)?;
                if !reused.is_empty() {
                    printer.note(&format!("with options of the last up: {}", written(&reused)));
                }
                readable
            }
            _ => readable,
        };
        let running = match &known {
            Some(known) => cluster.running(known, &readable.models()).await?,
            None => BTreeMap::new(),
        };
        // What the cluster lacks shows itself in the plan that does not know it; which GPUs a model gets
        // depends on what there is, as with `up`.
        let (minor, gpus) = (facts.cluster.minor, facts.cluster.gpus.clone());
        let product =
            readable.plan(&ClusterFacts { minor, gpus, running, ..ClusterFacts::default() });
        let findings = examine(&cluster, &facts, &product).await?;
        printer.result(&text(&findings))?;
        let missing = findings.iter().any(|finding| finding.state == State::Missing);
        Ok(if missing { Exit::Failed } else { Exit::Done })
    })
}

/// What the last `up` did; a doctor also helps those who may not read it.
async fn known(cluster: &Cluster, namespace: &str) -> Result<Option<Inventory>, Error> {
    match cluster.inventory(namespace).await {
        Ok(inventory) => Ok(inventory),
        Err(cluster::Error::Forbidden { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    There,
    Unknown,
    Missing,
}

#[derive(Debug)]
struct Finding {
    state: State,
    what: &'static str,
    says: String,
}

fn text(findings: &[Finding]) -> String {
    findings.iter().fold(String::new(), |mut text, it| {
        let mark = match it.state {
            State::There => "ok",
            State::Unknown => "??",
            State::Missing => "!!",
        };
        writeln!(text, "  {mark} {:<18} {}", it.what, it.says).expect("a string takes any text");
        text
    })
}

async fn examine(
    cluster: &Cluster,
    facts: &Facts,
    product: &Product,
) -> Result<Vec<Finding>, Error> {
    let version = format!("{} at {}", facts.version, cluster.server());
    let mut found = vec![Finding { state: State::There, what: "version", says: version }];
    found.push(nodes(facts));
    found.extend(devices(facts, product));
    found.extend(pod_security(cluster, product).await?);
    found.extend(storage(facts, product));
    found.extend(metrics(facts, product));
    found.extend(edge(cluster, facts, product).await?);
    found.extend(kinds(cluster, product));
    if !product.plan.policies.is_empty() {
        let says = "no API tells whether the network enforces NetworkPolicies; ask who runs it";
        found.push(Finding { state: State::Unknown, what: "network policies", says: says.into() });
    }
    Ok(found)
}

fn nodes(facts: &Facts) -> Finding {
    let (state, says) = match facts.cluster.nodes {
        Some(nodes) => (State::There, format!("{nodes} take pods")),
        None => (State::Unknown, "none are seen: there are none, or they may not be listed".into()),
    };
    Finding { state, what: "nodes", says }
}

/// What the pods of the plan ask for beside CPU and memory, one pod each at least.
fn devices(facts: &Facts, product: &Product) -> Vec<Finding> {
    let containers = product.plan.workloads.iter().flat_map(|it| &it.pod.containers);
    let mut wanted: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in containers.flat_map(|it| &it.resources.requests.extended) {
        *wanted.entry(name).or_default() += u64::from(*count);
    }
    let finding = |(name, count): (&str, u64)| {
        let (state, says) = match facts.extended.as_ref().map(|it| it.get(name).copied()) {
            None => (State::Unknown, "nodes may not be listed".to_owned()),
            Some(Some(has)) if has >= count => (State::There, format!("{has} {name} on all nodes")),
            Some(has) => {
                let has = has.unwrap_or_default();
                let says = format!(
                    "one pod of each service needs {count} {name}, all nodes have {has}; add nodes, \
                     or install the device plugin"
                );
                (State::Missing, says)
            }
        };
        Finding { state, what: "devices", says }
    };
    wanted.into_iter().map(finding).collect()
}

/// A namespace that is not ours keeps its own Pod Security level.
async fn pod_security(cluster: &Cluster, product: &Product) -> Result<Option<Finding>, Error> {
    const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
    let id = Id {
        api_version: "v1".to_owned(),
        kind: "Namespace".to_owned(),
        namespace: None,
        name: product.plan.namespace.clone(),
    };
    let Some(live) = cluster.get(&id).await? else { return Ok(None) };
    let label = live["metadata"]["labels"][ENFORCE].as_str();
    let level = PodSecurityLevel::ALL.into_iter().find(|it| label == Some(it.name()));
    // Without the label it enforces nothing.
    let (enforced, needed) =
        (level.unwrap_or(PodSecurityLevel::Privileged), product.plan.pod_security);
    let allows = enforced >= needed;
    let (enforced, needed) = (enforced.name(), needed.name());
    let (state, says) = if allows || is_ours(&live) {
        (State::There, format!("the namespace enforces {enforced}, the plan needs {needed}"))
    } else {
        let says = format!(
            "the namespace enforces {enforced} and is not ours, the plan needs {needed}; choose \
             another --namespace, or `muster explain` what asks for it"
        );
        (State::Missing, says)
    };
    Ok(Some(Finding { state, what: "pod security", says }))
}

fn storage(facts: &Facts, product: &Product) -> Vec<Finding> {
    let plan = &product.plan;
    let sets = plan.workloads.iter().flat_map(|it| match &it.kind {
        model::plan::Kind::StatefulSet { claims, .. } => claims.as_slice(),
        _ => &[],
    });
    let claims: Vec<_> = plan.claims.iter().chain(sets).collect();
    let mut found = Vec::new();
    if claims.iter().any(|claim| claim.class.is_none()) {
        let (state, says) = default_class(facts);
        found.push(Finding { state, what: "storage class", says });
    }
    if claims.iter().any(|claim| claim.access == AccessMode::ReadWriteMany) {
        let says = "a volume is written by several nodes; see that its class can do that, or name \
                    one with --shared-storage-class";
        found.push(Finding { state: State::Unknown, what: "shared storage", says: says.into() });
    }
    found
}

fn default_class(facts: &Facts) -> (State, String) {
    if let Some(name) = &facts.default_class {
        return (State::There, format!("{name} is the default"));
    }
    let names: Vec<_> = facts.cluster.storage_classes.keys().cloned().collect();
    let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let says = format!(
        "no default class for claims that name none; there is: {has}; mark one as default, or use \
         --storage-class"
    );
    (State::Missing, says)
}

fn metrics(facts: &Facts, product: &Product) -> Option<Finding> {
    if product.plan.autoscalers.is_empty() {
        return None;
    }
    let (state, says) = if facts.cluster.serves("metrics.k8s.io") {
        (State::There, "metrics.k8s.io is served")
    } else {
        (
            State::Missing,
            "metrics.k8s.io is not served, and autoscalers scale by it; install \
                          metrics-server",
        )
    };
    Some(Finding { state, what: "metrics", says: says.into() })
}

async fn edge(
    cluster: &Cluster,
    facts: &Facts,
    product: &Product,
) -> Result<Option<Finding>, Error> {
    const GROUP: &str = "gateway.networking.k8s.io";
    let http = product.plan.routes.iter().any(|it| it.edge == RouteKind::HttpRoute);
    if !http {
        return Ok(None);
    }
    let finding = |state, says: String| Ok(Some(Finding { state, what: "edge", says }));
    if !facts.cluster.serves(GROUP) {
        let says = "the Gateway API is not served; install a gateway, or use --edge ingress";
        return finding(State::Missing, says.to_owned());
    }
    let gateways = cluster.list("gateway.networking.k8s.io/v1", "Gateway", None).await?;
    let names: Vec<_> = gateways.iter().flatten().filter_map(name).collect();
    match (&gateways, names.is_empty()) {
        (None, _) => finding(State::Unknown, "gateways may not be listed".to_owned()),
        (Some(_), true) => {
            let says = "the Gateway API is served, and there is no Gateway: nothing comes in";
            finding(State::Missing, says.to_owned())
        }
        (Some(_), false) => finding(State::There, format!("gateways: {}", names.join(", "))),
    }
}

fn name(object: &Value) -> Option<String> {
    let text = |field: &str| object["metadata"][field].as_str();
    Some(format!("{}/{}", text("namespace")?, text("name")?))
}

/// Kinds of the plan that the cluster does not serve.
fn kinds(cluster: &Cluster, product: &Product) -> Vec<Finding> {
    let mut missing: Vec<_> = product
        .objects
        .iter()
        .filter(|it| !cluster.serves(&it.api_version, &it.kind))
        .map(|it| format!("{} of {}", it.kind, it.api_version))
        .collect();
    missing.sort();
    missing.dedup();
    let finding = |says| Finding { state: State::Missing, what: "kinds", says };
    missing.into_iter().map(|it| finding(format!("{it} is not served"))).collect()
}

//! `muster down`: what earlier runs applied goes, and nothing else.

use crate::Variables;
use crate::arguments::DownArguments;
use crate::error::Error;
use crate::exit::Exit;
use crate::live::{Answer, Data, Removal, ask, block_on, connect, remove};
use crate::printer::Printer;
use crate::product;
use apply::{Id, Inventory};
use cluster::Cluster;
use serde_json::Value;
use std::fmt::Write;

pub(super) fn run(
    arguments: &DownArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let namespace = match &arguments.namespace {
        Some(namespace) => namespace.clone(),
        None => product::namespace(&arguments.project, variables, printer)?,
    };
    block_on(down(arguments, &namespace, printer))
}

async fn down(
    arguments: &DownArguments,
    namespace: &str,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let cluster = connect(&arguments.target).await?;
    let Some(inventory) = cluster.inventory(namespace).await? else {
        printer.note(&format!("namespace {namespace} holds nothing of ours"));
        return Ok(Exit::Done);
    };
    let data = if arguments.delete_data { Data::Deleted } else { Data::Kept };
    let removal = decide(&cluster, namespace, &inventory, data).await?;
    if removal.goes.is_empty() {
        printer.note(&format!("{}: nothing to remove\n{}", inventory.product, shown(&removal)));
        return Ok(Exit::Done);
    }
    printer.note(&format!("{} in namespace {namespace}:\n{}", inventory.product, shown(&removal)));
    if !arguments.yes && ask("remove this?")? == Answer::No {
        printer.note("nothing was removed");
        return Ok(Exit::Done);
    }
    remove(&cluster, &removal).await?;
    settle(&cluster, namespace, inventory, &removal).await?;
    let (gone, requests) = (removal.goes.len(), cluster.requests().by_verb());
    let requests: Vec<_> = requests.iter().map(|(verb, count)| format!("{count} {verb}")).collect();
    printer.note(&format!("removed {gone} objects; requests: {}", requests.join(", ")));
    Ok(Exit::Done)
}

async fn decide(
    cluster: &Cluster,
    namespace: &str,
    inventory: &Inventory,
    data: Data,
) -> Result<Removal, Error> {
    let live = cluster.read(inventory.objects.keys()).await?;
    let claims = cluster.list("v1", "PersistentVolumeClaim", Some(namespace)).await?;
    let claims: Vec<Id> = claims
        .iter()
        .flatten()
        .filter(|claim| made_for(claim, &inventory.product))
        .filter_map(Id::of)
        .collect();
    let mut removal = Removal::new(inventory, &live, &claims, data);
    if let Some(other) = stranger(cluster, namespace, inventory, &claims).await? {
        let is_namespace = |id: &Id| id.kind == "Namespace";
        if let Some(at) = removal.goes.iter().position(is_namespace) {
            removal.stays.push((removal.goes.remove(at), "something that is not ours is in it"));
            removal.stays.push((other, "it is not ours"));
        }
    }
    Ok(removal)
}

/// Claims that a stateful set of ours made carry the labels of its template.
fn made_for(claim: &Value, product: &str) -> bool {
    claim["metadata"]["labels"]["app.kubernetes.io/instance"] == product
}

/// Something in the namespace that is not ours, and that nothing of ours made.
async fn stranger(
    cluster: &Cluster,
    namespace: &str,
    inventory: &Inventory,
    claims: &[Id],
) -> Result<Option<Id>, Error> {
    const KINDS: &[(&str, &str)] = &[
        ("v1", "ConfigMap"),
        ("v1", "Secret"),
        ("v1", "Service"),
        ("v1", "PersistentVolumeClaim"),
        ("v1", "Pod"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("batch/v1", "Job"),
        ("batch/v1", "CronJob"),
    ];
    const GIVEN: &[&str] = &["kube-root-ca.crt", Inventory::NAME];
    let lists = KINDS.iter().map(|(group, kind)| cluster.list(group, kind, Some(namespace)));
    let lists = futures::future::try_join_all(lists).await?;
    let objects = lists.into_iter().flatten().flatten();
    let own = |object: &Value| object["metadata"]["ownerReferences"].is_null();
    let ids = objects.filter(own).filter_map(|object| Id::of(&object));
    let known =
        |id: &Id| inventory.has(id) || claims.contains(id) || GIVEN.contains(&id.name.as_str());
    Ok(ids.into_iter().find(|id| !known(id)))
}

/// What stays is remembered, so that a later run finds it.
async fn settle(
    cluster: &Cluster,
    namespace: &str,
    mut inventory: Inventory,
    removal: &Removal,
) -> Result<(), Error> {
    if removal.goes.iter().any(|id| id.kind == "Namespace") {
        return Ok(());
    }
    inventory.objects.retain(|id, _| removal.stays.iter().any(|(stays, _)| stays == id));
    let keeps = !removal.stays.is_empty();
    if keeps {
        cluster.remember(namespace, &inventory).await?;
    } else {
        cluster.forget(namespace).await?;
    }
    Ok(())
}

fn shown(removal: &Removal) -> String {
    let mut text = String::new();
    for id in &removal.goes {
        writeln!(text, "  - {id}").expect("a string takes any text");
    }
    for (id, why) in &removal.stays {
        writeln!(text, "  = {:<28} stays: {why}", id.to_string()).expect("a string takes any text");
    }
    text
}

//! `muster down`: what earlier runs applied goes, and nothing else.

use crate::Variables;
use crate::arguments::DownArguments;
use crate::error::Error;
use crate::exit::Exit;
use crate::live::{
    Answer, Data, Known, Purpose, Removal, ask, block_on, interruptible, lock, remove,
};
use crate::printer::Printer;
use crate::product;
use apply::{Action, Change, Decision, Id, Inventory, Stage};
use cluster::LeaseSeen;
use serde_json::Value;
use std::fmt::Write;

pub(super) fn run(
    arguments: &DownArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let named = arguments.namespace.as_deref();
    let namespace = product::namespace(named, &arguments.project, variables, printer)?;
    block_on(down(arguments, &namespace, variables, printer))
}

async fn down(
    arguments: &DownArguments,
    namespace: &str,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<Exit, Error> {
    let found = Known::look_for(&arguments.target, namespace, Purpose::Change).await?;
    let Some(known) = found else {
        printer.note(&format!("namespace {namespace} holds nothing of ours"));
        return Ok(Exit::Done);
    };
    let data = if arguments.delete_data { Data::Deleted } else { Data::Kept };
    let (lease, removal) = match look(&known, data).await {
        Ok(found) => found,
        Err(error) => return Err(known.refused(error, Purpose::Change).await),
    };
    let product = &known.inventory.product;
    let settled = !removal.stays.is_empty() && remaining(&known, &removal) == known.inventory;
    if removal.goes.is_empty() && settled {
        printer.note(&format!("{product}: nothing to remove\n{}", shown(&removal)));
        return Ok(Exit::Done);
    }
    known.check_rights(&deletes(&removal)).await?;
    printer.note(&format!("{product} in namespace {namespace}:\n{}", shown(&removal)));
    if !arguments.yes && ask("remove this?")? == Answer::No {
        printer.note("nothing was removed");
        return Ok(Exit::Done);
    }
    let say = |text: &str| printer.note(text);
    let locked = lock(&known.cluster, namespace, lease, variables, say);
    let lease = Box::pin(interruptible(locked)).await?;
    let work = async {
        remove(&known.cluster, &removal).await?;
        settle(&known, &removal).await
    };
    known.cluster.while_holding(lease, Box::pin(interruptible(work))).await?;
    let (gone, requests) = (removal.goes.len(), known.cluster.requests().by_verb());
    let requests: Vec<_> = requests.iter().map(|(verb, count)| format!("{count} {verb}")).collect();
    printer.note(&format!("removed {gone} objects; requests: {}", requests.join(", ")));
    Ok(Exit::Done)
}

/// What would go, and who works at it now.
async fn look(known: &Known, data: Data) -> cluster::Result<(LeaseSeen, Removal)> {
    let Known { cluster, namespace, inventory } = known;
    let live = cluster.read(inventory.objects.keys()).await?;
    let claims = cluster.survey(namespace, &[("v1", "PersistentVolumeClaim")]).await?;
    let ours = claims.iter().filter(|claim| made_for(claim, &inventory.product));
    let claims: Vec<Id> = ours.filter_map(Id::of).collect();
    let mut removal = Removal::new(inventory, &live, &claims, data);
    let place = removal.goes.iter().position(|id| id.kind == "Namespace");
    if let Some(at) = place
        && let Some(other) = stranger(known, &claims).await?
    {
        removal.stays.push((removal.goes.remove(at), "something that is not ours is in it"));
        removal.stays.push((other, "it is not ours"));
    }
    Ok((cluster.lease(namespace).await?, removal))
}

/// The same as a decision.
fn deletes(removal: &Removal) -> Decision {
    let delete = |id: &Id| Change {
        id: id.clone(),
        stage: Stage::default(),
        service: None,
        action: Action::Prune,
    };
    Decision { changes: removal.goes.iter().map(delete).collect() }
}

/// Claims that a stateful set of ours made carry the labels of its template.
fn made_for(claim: &Value, product: &str) -> bool {
    claim["metadata"]["labels"]["app.kubernetes.io/instance"] == product
}

/// Something in the namespace that is not ours, and that nothing of ours made.
async fn stranger(known: &Known, claims: &[Id]) -> cluster::Result<Option<Id>> {
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
    let objects = known.cluster.survey(&known.namespace, KINDS).await?;
    let own = |object: &Value| object["metadata"]["ownerReferences"].is_null();
    let mut ids = objects.iter().filter(|object| own(object)).filter_map(Id::of);
    let inventory = &known.inventory;
    let ours =
        |id: &Id| inventory.has(id) || claims.contains(id) || GIVEN.contains(&id.name.as_str());
    Ok(ids.find(|id| !ours(id)))
}

/// What stays is remembered, so that a later run finds it.
async fn settle(known: &Known, removal: &Removal) -> Result<(), Error> {
    if removal.goes.iter().any(|id| id.kind == "Namespace") {
        return Ok(());
    }
    let inventory = remaining(known, removal);
    if removal.stays.is_empty() {
        known.cluster.forget(&known.namespace).await?;
    } else {
        known.cluster.remember(&known.namespace, &inventory).await?;
    }
    Ok(())
}

/// The inventory of what stays.
fn remaining(known: &Known, removal: &Removal) -> Inventory {
    let mut inventory = known.inventory.clone();
    inventory.objects.retain(|id, _| removal.stays.iter().any(|(stays, _)| stays == id));
    inventory
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

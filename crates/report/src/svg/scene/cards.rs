//! A workload as a card.

use super::{Card, Holds, Icon, Line, Meter, NETWORK, Several, Shape};
use crate::text::count;
use model::plan::{Claim, DatabaseCluster, DatabaseKind, Kind, Plan, VolumeSource, Workload};
use std::fmt::Write as _;

/// The component of workloads that save a database.
pub(crate) const BACKUP: &str = "backup";

/// Volumes that a card names before it only counts.
const VOLUMES: usize = 2;

pub(super) fn workload(plan: &Plan, workload: &Workload, networks: &[String]) -> Card {
    let image = workload.pod.containers.first().map_or("", |c| c.image.as_str());
    let extra = workload.pod.containers.len().saturating_sub(1);
    let more = if extra == 0 { String::new() } else { format!(" +{extra}") };
    let runs = replicas(plan, workload);
    let mut lines =
        vec![Line::Quiet(format!("{}{more}", short_image(image))), Line::Plain(runs.clone())];
    lines.extend(waited_for(plan, workload).map(Line::Quiet));
    lines.extend(volumes(plan, workload));
    let (shape, icon) = look(workload);
    let member = |name: &String| workload.pod.labels.contains_key(&format!("{NETWORK}{name}"));
    let shown = if shape == Shape::Job && workload.component == BACKUP { &[] } else { networks };
    Card {
        shape,
        icon,
        eyebrow: format!("{}{}", workload.kind.name(), shared(plan, workload)),
        name: workload.name.clone(),
        hint: hint(plan, workload, image, &runs),
        lines,
        meter: meter(plan, workload),
        several: several(plan, workload),
        networks: (0..shown.len()).filter(|&at| member(&shown[at])).collect(),
    }
}

fn hint(plan: &Plan, workload: &Workload, image: &str, runs: &str) -> String {
    let mut hint = format!("{} {}: {image}, {runs}", workload.kind.name(), workload.name);
    for claim in claims(plan, workload) {
        let _ = write!(hint, ", volume {} of {}", claim.name, claim.size);
    }
    hint
}

fn look(workload: &Workload) -> (Shape, Icon) {
    match workload.kind {
        Kind::Job(_) => return (Shape::Job, Icon::Check),
        Kind::CronJob { .. } => return (Shape::Job, Icon::Clock),
        _ => {}
    }
    let icon = match workload.component.as_str() {
        "database" => return (Shape::Database, Icon::Cylinder),
        "cache" => Icon::Bolt,
        "broker" => Icon::Queue,
        "search" => Icon::Lens,
        "storage" => Icon::Box,
        "monitoring" => Icon::Pulse,
        "inference" => Icon::Chip,
        "worker" => Icon::Worker,
        _ => Icon::Window,
    };
    (Shape::Service, icon)
}

/// An image without its registry and digest: the full name is in the tooltip.
fn short_image(image: &str) -> &str {
    let plain = image.split('@').next().unwrap_or(image);
    plain.rsplit('/').next().unwrap_or(plain)
}

/// How often a workload runs, in few words.
pub(crate) fn replicas(plan: &Plan, workload: &Workload) -> String {
    let scaler = plan.autoscalers.iter().find(|a| a.workload == workload.name);
    match (&workload.kind, scaler) {
        (_, Some(a)) => format!("{}–{} @ {} % CPU", a.min, a.max, a.cpu_percent),
        (Kind::Deployment { replicas, .. }, None) => times(replicas.unwrap_or(1)),
        (Kind::StatefulSet { replicas, .. }, None) => times(*replicas),
        (Kind::DaemonSet, None) => "on every node".to_owned(),
        (Kind::Job(job), None) if job.count > 1 => format!("{} pods at once", job.count),
        (Kind::Job(_), None) => "runs once".to_owned(),
        (Kind::CronJob { schedule, .. }, None) => daily(schedule),
    }
}

fn times(replicas: u32) -> String {
    if replicas == 1 { "1 replica".to_owned() } else { format!("{replicas} replicas") }
}

/// A schedule in words, if it is once a day.
fn daily(schedule: &str) -> String {
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let number = |text: &str| text.parse::<u8>().ok();
    match fields[..] {
        [minute, hour, "*", "*", "*"] => match (number(minute), number(hour)) {
            (Some(minute), Some(hour)) => format!("daily at {hour:02}:{minute:02}"),
            _ => schedule.to_owned(),
        },
        _ => schedule.to_owned(),
    }
}

fn several(plan: &Plan, workload: &Workload) -> Several {
    let scaled = plan.autoscalers.iter().any(|a| a.workload == workload.name && a.max > 1);
    let many = match &workload.kind {
        Kind::Deployment { replicas, .. } => replicas.is_some_and(|n| n > 1),
        Kind::StatefulSet { replicas, .. } => *replicas > 1,
        Kind::DaemonSet => true,
        Kind::Job(job) | Kind::CronJob { job, .. } => job.count > 1,
    };
    if scaled || many { Several::Many } else { Several::One }
}

/// Who waits for a job to complete.
fn waited_for(plan: &Plan, workload: &Workload) -> Option<String> {
    let Kind::Job(_) = workload.kind else { return None };
    let waiting: Vec<&str> = plan
        .workloads
        .iter()
        .filter(|w| w.after.contains(&workload.name))
        .map(|w| w.name.as_str())
        .collect();
    (!waiting.is_empty()).then(|| format!("before {}", waiting.join(", ")))
}

/// The claims that a workload mounts or has a template of.
pub(crate) fn claims<'p>(plan: &'p Plan, workload: &'p Workload) -> Vec<&'p Claim> {
    let mut found: Vec<&Claim> = Vec::new();
    if let Kind::StatefulSet { claims, .. } = &workload.kind {
        found.extend(claims);
    }
    for volume in &workload.pod.volumes {
        if let VolumeSource::Claim { name, .. } = &volume.source {
            found.extend(plan.claims.iter().filter(|claim| claim.name == *name));
        }
    }
    found
}

fn volumes(plan: &Plan, workload: &Workload) -> Vec<Line> {
    let claims = claims(plan, workload);
    let mut lines: Vec<Line> = claims
        .iter()
        .take(VOLUMES)
        .map(|claim| Line::Volume(format!("{} · {}", claim.size, claim.name)))
        .collect();
    if claims.len() > VOLUMES {
        lines.push(Line::Quiet(format!("and {}", count(claims.len() - VOLUMES, "more volume"))));
    }
    lines
}

/// Says so if several services use a database.
fn shared(plan: &Plan, workload: &Workload) -> String {
    let budget = plan.connections.iter().find(|budget| budget.database == workload.service);
    match budget.map_or(0, |budget| budget.clients.len()) {
        n if n > 1 && workload.component != BACKUP => format!(" · shared by {n}"),
        _ => String::new(),
    }
}

fn meter(plan: &Plan, workload: &Workload) -> Option<Meter> {
    if workload.component == BACKUP { None } else { meter_of(plan, &workload.service) }
}

fn meter_of(plan: &Plan, service: &str) -> Option<Meter> {
    let budget = plan.connections.iter().find(|budget| budget.database == service)?;
    Some(Meter {
        used: budget.demand(),
        total: budget.max_connections,
        holds: if budget.holds() { Holds::Yes } else { Holds::No },
    })
}

/// A database that an operator runs.
pub(super) fn cluster(plan: &Plan, database: &DatabaseCluster) -> Card {
    let kind = match database.kind {
        DatabaseKind::Galera => "Galera cluster",
        DatabaseKind::Replication => "Replicated database",
        DatabaseKind::CloudNativePg => "CloudNativePG cluster",
    };
    let members = if database.replicas == 1 {
        "1 member".to_owned()
    } else {
        format!("{} members", database.replicas)
    };
    Card {
        shape: Shape::Database,
        icon: Icon::Cylinder,
        eyebrow: kind.to_owned(),
        name: database.name.clone(),
        hint: format!("{kind} {}: {}, {members}", database.name, database.image),
        lines: vec![
            Line::Quiet(short_image(&database.image).to_owned()),
            Line::Plain(members),
            Line::Volume(format!("{} each", database.size)),
        ],
        meter: meter_of(plan, &database.service),
        several: if database.replicas > 1 { Several::Many } else { Several::One },
        networks: Vec::new(),
    }
}

/// Something that is called but that the plan does not run.
pub(super) fn elsewhere(name: &str) -> Card {
    Card {
        shape: Shape::Elsewhere,
        icon: Icon::Cloud,
        eyebrow: "Elsewhere".to_owned(),
        name: name.to_owned(),
        hint: format!("{name} is not run by this plan"),
        lines: Vec::new(),
        meter: None,
        several: Several::One,
        networks: Vec::new(),
    }
}

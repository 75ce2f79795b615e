//! What runs, in few words: the facts that tables and pictures of a plan show.

use crate::text::count;
use model::plan::{
    AccessMode, Claim, Container, DatabaseCluster, DatabaseKind, Kind, Plan, Pod, RouteKind,
    ServiceKind, VolumeSource, Workload,
};
use model::reason::Decision;
use std::collections::{BTreeMap, BTreeSet};

/// One workload, or one database that an operator runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Running<'p> {
    /// Its name.
    pub(crate) name: &'p str,
    /// Its kind, with what distinguishes it: `Deployment`, `Database (galera)`.
    pub(crate) kind: String,
    /// How many: `2–10 @ 50 % CPU`, `3`, `each node`, `once`, a schedule.
    pub(crate) replicas: String,
    /// Image, and how many more containers there are.
    pub(crate) image: String,
    /// Ports, with what publishes them.
    pub(crate) ports: String,
    /// Claims with their size.
    pub(crate) storage: String,
    /// The decision about the object as a whole.
    pub(crate) decision: Option<&'p Decision>,
}

/// Everything that runs, by name.
pub(crate) fn running(plan: &Plan) -> Vec<Running<'_>> {
    let mut all: Vec<_> = plan.workloads.iter().map(|it| workload(plan, it)).collect();
    all.extend(plan.databases.iter().map(|it| database(plan, it)));
    all.sort_by_key(|it| it.name);
    all
}

fn workload<'p>(plan: &'p Plan, workload: &'p Workload) -> Running<'p> {
    Running {
        name: &workload.name,
        kind: workload.kind.name().to_owned(),
        replicas: replicas(plan, workload),
        image: image(&workload.pod.containers),
        ports: ports(plan, workload),
        storage: storage(plan, workload),
        decision: decision(plan, &[&format!("{}/{}", workload.kind.name(), workload.name)]),
    }
}

fn database<'p>(plan: &'p Plan, cluster: &'p DatabaseCluster) -> Running<'p> {
    let (object, topology) = match cluster.kind {
        DatabaseKind::Galera => ("Database", "galera"),
        DatabaseKind::Replication => ("Database", "replication"),
        DatabaseKind::CloudNativePg => ("Cluster", "CloudNativePG"),
    };
    Running {
        name: &cluster.name,
        kind: format!("{object} ({topology})"),
        replicas: cluster.replicas.to_string(),
        image: cluster.image.clone(),
        ports: String::new(),
        storage: format!("{} each", cluster.size),
        decision: decision(plan, &[&format!("{object}/{}", cluster.name)]),
    }
}

/// The decision about an object as a whole.
fn decision<'p>(plan: &'p Plan, objects: &[&str]) -> Option<&'p Decision> {
    let decisions = plan.report.decisions.iter();
    decisions.filter(|it| objects.contains(&it.object.as_str())).find(|it| it.field.is_empty())
}

fn replicas(plan: &Plan, workload: &Workload) -> String {
    let number = match &workload.kind {
        Kind::Deployment { replicas: Some(n), .. } | Kind::StatefulSet { replicas: n, .. } => {
            n.to_string()
        }
        Kind::Deployment { .. } => autoscaled(plan, &workload.name),
        Kind::DaemonSet => "each node".to_owned(),
        Kind::Job(job) if job.count == 1 => "once".to_owned(),
        Kind::Job(job) => format!("{} at once", job.count),
        Kind::CronJob { schedule, .. } => schedule.clone(),
    };
    let accelerators: u32 =
        workload.pod.containers.iter().flat_map(|it| it.resources.limits.extended.values()).sum();
    match accelerators {
        0 => number,
        n => format!("{number} × {}", count(n as usize, "device")),
    }
}

fn autoscaled(plan: &Plan, name: &str) -> String {
    match plan.autoscalers.iter().find(|it| it.workload == name) {
        Some(it) => format!("{}–{} @ {} % CPU", it.min, it.max, it.cpu_percent),
        None => "1".to_owned(),
    }
}

fn image(containers: &[Container]) -> String {
    match containers {
        [] => String::new(),
        [one] => one.image.clone(),
        [first, more @ ..] => format!("{} +{}", first.image, more.len()),
    }
}

fn ports(plan: &Plan, workload: &Workload) -> String {
    let listens = workload.pod.containers.iter().flat_map(|it| &it.ports);
    let mut shown: BTreeMap<u16, BTreeSet<&str>> =
        listens.map(|port| (port.port, BTreeSet::new())).collect();
    for service in plan.services.iter().filter(|it| it.workload == workload.name) {
        let outside = match service.kind {
            ServiceKind::NodePort => "NodePort",
            ServiceKind::LoadBalancer => "LoadBalancer",
            _ => "",
        };
        let routes = || plan.routes.iter().filter(|it| it.backend == service.name);
        for port in &service.ports {
            let marks = shown.entry(port.target).or_default();
            marks.extend((!outside.is_empty()).then_some(outside));
            let routed = routes().filter(|it| it.rules.iter().any(|rule| rule.port == port.port));
            marks.extend(routed.map(|_| "route"));
        }
    }
    let words = shown.iter().map(|(port, marks)| {
        let marks: Vec<_> = marks.iter().copied().collect();
        if marks.is_empty() { port.to_string() } else { format!("{port} ← {}", marks.join(", ")) }
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The kind of a route's object.
pub(crate) const fn route_kind(kind: RouteKind) -> &'static str {
    match kind {
        RouteKind::HttpRoute => "HTTPRoute",
        RouteKind::Ingress => "Ingress",
    }
}

fn storage(plan: &Plan, workload: &Workload) -> String {
    let own: &[Claim] = match &workload.kind {
        Kind::StatefulSet { claims, .. } => claims,
        _ => &[],
    };
    let mounted = workload.pod.volumes.iter().filter_map(|volume| match &volume.source {
        VolumeSource::Claim { name, .. } => Some(name),
        _ => None,
    });
    let mounted = mounted.filter_map(|name| plan.claims.iter().find(|claim| claim.name == *name));
    own.iter().chain(mounted).map(claim).collect::<Vec<_>>().join(", ")
}

fn claim(claim: &Claim) -> String {
    let shared = match claim.access {
        AccessMode::ReadWriteOnce | AccessMode::ReadWriteOncePod => "",
        AccessMode::ReadWriteMany => " shared",
        AccessMode::ReadOnlyMany => " read-only",
    };
    let size = if claim.external { "exists".to_owned() } else { claim.size.to_string() };
    format!("{} {size}{shared}", claim.name)
}

/// Workloads that do what Pod Security "restricted" forbids.
pub(crate) fn unrestricted(plan: &Plan) -> Vec<&str> {
    let free = |pod: &Pod| {
        let containers = || pod.init.iter().chain(&pod.containers);
        let adds = |it: &Container| it.security.add.iter().any(|name| name != "NET_BIND_SERVICE");
        !pod.security.non_root
            || !pod.security.seccomp
            || pod.host_network
            || pod.host_pid
            || pod.host_ipc
            || pod.volumes.iter().any(|it| matches!(it.source, VolumeSource::Host(_)))
            || containers().any(|it| it.security.privileged || it.security.escalation || adds(it))
    };
    plan.workloads.iter().filter(|it| free(&it.pod)).map(|it| it.name.as_str()).collect()
}

/// What starts when: each stage waits until the one before it is ready. What a schedule starts is
/// left out.
pub(crate) fn stages(plan: &Plan) -> Vec<Vec<&str>> {
    let mut left: BTreeMap<&str, BTreeSet<&str>> = plan
        .workloads
        .iter()
        .filter(|it| !matches!(it.kind, Kind::CronJob { .. }))
        .map(|it| (it.name.as_str(), it.after.iter().map(String::as_str).collect()))
        .chain(plan.databases.iter().map(|it| (it.name.as_str(), BTreeSet::new())))
        .collect();
    let mut stages = Vec::new();
    while !left.is_empty() {
        let waits = |after: &BTreeSet<&str>| after.iter().any(|name| left.contains_key(name));
        let mut free: Vec<_> =
            left.iter().filter(|(_, after)| !waits(after)).map(|(name, _)| *name).collect();
        if free.is_empty() {
            // A circle: nothing in it can be first, so nobody waits.
            free = left.keys().copied().collect();
        }
        left.retain(|name, _| !free.contains(name));
        stages.push(free);
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::stages;
    use model::plan::{Kind, Plan, Pod, Workload};

    fn workload(name: &str, after: &[&str]) -> Workload {
        Workload {
            name: name.to_owned(),
            service: name.to_owned(),
            component: "web".to_owned(),
            version: None,
            kind: Kind::DaemonSet,
            pod: Pod::default(),
            min_ready: units::Seconds(0),
            after: after.iter().map(|it| (*it).to_owned()).collect(),
        }
    }

    #[test]
    fn stages_follow_what_waits() {
        let cases: [(&[&str], &str); 3] = [
            (&["a b", "b c", "c"], "c > b > a"),
            (&["a gone", "b"], "a, b"),
            (&["a b", "b a", "c"], "c > a, b"),
        ];
        for (given, expected) in cases {
            let words = given.iter().map(|it| it.split(' ').collect::<Vec<_>>());
            let workloads = words.map(|it| workload(it[0], &it[1..])).collect();
            let plan = Plan { workloads, ..Plan::default() };
            let stages: Vec<_> = stages(&plan).iter().map(|it| it.join(", ")).collect();
            assert_eq!(stages.join(" > "), expected, "{given:?}");
        }
    }
}

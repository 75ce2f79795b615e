//! What the Compose files say of a pair.

use check::reach::{End, Peer, Pod, Port, PortSet, Protocol};
use model::plan::{Plan, ServiceKind};
use model::project::{Attachment, Project, Service};
use std::collections::BTreeMap;

/// What the files say of a source and a target.
#[derive(Clone, Debug)]
pub(crate) enum Word {
    /// They are not about it.
    Nothing,
    /// The source may reach the target; at these ports something is known to listen.
    Joined { needs: PortSet },
    /// The source may not reach the target, except where everybody may.
    Separate { entrances: PortSet },
    /// The source is the outside.
    Outside { published: PortSet, entrances: PortSet },
}

/// The files, with what the plan makes of their services.
#[derive(Debug)]
pub(crate) struct Files<'a> {
    project: &'a Project,
    plan: &'a Plan,
    /// Services by the workload that runs them; the first one gave it its name.
    parties: BTreeMap<&'a str, Vec<&'a Service>>,
}

/// Which network a service is on.
enum Place<'a> {
    Nowhere,
    /// The machine's.
    Host,
    /// Docker's default network, where all meet by address.
    Bridge,
    On(&'a BTreeMap<String, Attachment>),
}

/// Who is at one end.
enum Party<'s, 'a> {
    Services(&'s [&'a Service]),
    Outside,
    Dns,
    /// Nobody of the files: a block of addresses, a backup.
    Other,
}

/// What runs for a service without being it.
const BACKUP: &str = "backup";

/// More links of `network_mode: service:…` than this are a circle.
const LINKS: usize = 16;

impl<'a> Files<'a> {
    pub(crate) fn new(project: &'a Project, plan: &'a Plan) -> Self {
        let mut parties: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
        for workload in plan.workloads.iter().filter(|w| w.component != BACKUP) {
            let guests = workload.pod.containers.iter().map(|c| c.name.as_str());
            let names = std::iter::once(workload.service.as_str())
                .chain(guests.filter(|name| *name != workload.service));
            let services = names.filter_map(|name| project.services.get(name));
            parties.insert(&workload.name, services.collect());
        }
        for database in &plan.databases {
            let service = project.services.get(&database.service);
            parties.insert(&database.name, service.into_iter().collect());
        }
        Self { project, plan, parties }
    }

    /// The pods of databases that an operator runs, as far as their labels are known.
    pub(crate) fn operated(&self) -> Vec<Pod> {
        let label = |key: &str, value: &str| (format!("app.kubernetes.io/{key}"), value.to_owned());
        let pod = |name: &str| Pod {
            name: format!("Database/{name}"),
            namespace: self.plan.namespace.clone(),
            labels: [label("name", name), label("instance", &self.plan.app)].into(),
            ..Pod::default()
        };
        self.plan.databases.iter().map(|database| pod(&database.name)).collect()
    }

    /// What the plan calls a pod, whose object may have a longer name.
    pub(crate) fn name(&self, pod: &Pod) -> Option<String> {
        let name = pod.labels.get("app.kubernetes.io/name")?;
        let (kind, _) = pod.name.split_once('/')?;
        self.plan.workloads.iter().any(|it| it.name == *name).then(|| format!("{kind}/{name}"))
    }

    pub(crate) fn word(&self, from: &End, to: &End) -> Word {
        match (self.party(from), self.party(to)) {
            // Replicas of one service share its networks, but need not know each other.
            _ if from == to => Word::Nothing,
            (Party::Services(a), Party::Services(b)) => self.between(a, b, from, to),
            (Party::Outside, Party::Services(b)) => {
                let published = published(b);
                Word::Outside {
                    entrances: published.clone().or(&self.led_into(&to.name)),
                    published,
                }
            }
            (Party::Services(a), Party::Outside) => self.out(a, PortSet::all()),
            (Party::Services(a), Party::Dns) => {
                let dns =
                    [Protocol::Tcp, Protocol::Udp].map(|protocol| Port { number: 53, protocol });
                match self.place(a[0]) {
                    Place::Nowhere => Word::Separate { entrances: PortSet::default() },
                    _ => Word::Joined { needs: dns.into_iter().collect() },
                }
            }
            _ => Word::Nothing,
        }
    }

    fn party(&self, end: &End) -> Party<'_, 'a> {
        match (&end.peer, self.parties.get(end.name.as_str())) {
            (Peer::Pod(_), Some(services)) if !services.is_empty() => Party::Services(services),
            (Peer::Pod(_), None) if end.name == "DNS" => Party::Dns,
            (Peer::Outside(_), _) if end.name == "outside" => Party::Outside,
            _ => Party::Other,
        }
    }

    fn between(&self, a: &[&Service], b: &[&Service], from: &End, to: &End) -> Word {
        let joined = a.iter().any(|a| b.iter().any(|b| self.meet(a, b)));
        if joined {
            // The labels of an operator's pods are its own: what they call is not known.
            let operated = self.plan.databases.iter().any(|database| database.name == from.name);
            return if operated { Word::Nothing } else { Word::Joined { needs: listens(b, to) } };
        }
        Word::Separate { entrances: published(b).or(&self.led_into(&to.name)) }
    }

    fn meet(&self, a: &'a Service, b: &'a Service) -> bool {
        match (self.place(a), self.place(b)) {
            (Place::Nowhere, _) | (_, Place::Nowhere) => false,
            (_, Place::Host) | (Place::Bridge, Place::Bridge) => true,
            (Place::On(a), Place::On(b)) => a.keys().any(|network| b.contains_key(network)),
            _ => false,
        }
    }

    fn out(&self, services: &[&'a Service], all: PortSet) -> Word {
        let leads = |network: &String| {
            let network = self.project.networks.get(network);
            network.and_then(|it| it.internal.as_ref()).is_none_or(|internal| !internal.value)
        };
        let free = services.iter().any(|service| match self.place(service) {
            Place::Nowhere => false,
            Place::Host | Place::Bridge => true,
            Place::On(networks) => networks.keys().any(leads),
        });
        if free {
            Word::Joined { needs: all }
        } else {
            Word::Separate { entrances: PortSet::default() }
        }
    }

    fn place(&self, service: &'a Service) -> Place<'a> {
        let mut service = service;
        for _ in 0..LINKS {
            let Some(mode) = &service.network_mode else { return Place::On(&service.networks) };
            let other =
                mode.value.strip_prefix("service:").map(|name| self.project.services.get(name));
            match (mode.value.as_str(), other) {
                ("none", _) => return Place::Nowhere,
                ("host", _) => return Place::Host,
                (_, Some(Some(other))) => service = other,
                ("bridge", _) => return Place::Bridge,
                _ => return Place::On(&service.networks),
            }
        }
        Place::On(&service.networks)
    }

    /// The ports of a workload to which something of the plan leads from outside.
    fn led_into(&self, workload: &str) -> PortSet {
        let routed = |service: &str, port: u16| {
            let routes = self.plan.routes.iter().filter(|route| route.backend == service);
            routes.flat_map(|route| &route.rules).any(|rule| rule.port == port)
        };
        let services = self.plan.services.iter().filter(|service| service.workload == workload);
        let ports = services.flat_map(|service| {
            let public = matches!(service.kind, ServiceKind::NodePort | ServiceKind::LoadBalancer);
            service.ports.iter().filter(move |port| public || routed(&service.name, port.port))
        });
        ports.map(|port| at(port.target, port.protocol)).collect()
    }
}

/// Ports at which something is known to listen: by the files, or by what the containers declare.
fn listens(services: &[&Service], end: &End) -> PortSet {
    let said = services.iter().flat_map(|service| {
        let exposed = service.expose.iter().map(|port| at(port.value.0, port.value.1));
        exposed.chain(service.ports.iter().map(|port| at(port.target, port.protocol)))
    });
    let declared = match &end.peer {
        Peer::Pod(pod) => pod.ports.as_slice(),
        Peer::Outside(_) => &[],
    };
    said.chain(declared.iter().map(|(_, port)| *port)).collect()
}

/// Ports that the files open to everybody.
fn published(services: &[&Service]) -> PortSet {
    let local = |host: &String| host.starts_with("127.") || host.trim_matches(['[', ']']) == "::1";
    let ports = services.iter().flat_map(|service| &service.ports);
    let open = ports.filter(|port| !port.host_ip.as_ref().is_some_and(local));
    open.map(|port| at(port.target, port.protocol)).collect()
}

fn at(number: u16, protocol: model::project::Protocol) -> Port {
    let protocol = match protocol {
        model::project::Protocol::Tcp => Protocol::Tcp,
        model::project::Protocol::Udp => Protocol::Udp,
        model::project::Protocol::Sctp => Protocol::Sctp,
    };
    Port { number, protocol }
}

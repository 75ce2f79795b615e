//! Where traffic comes in: the world, gateways, load balancers.

use super::{Card, Icon, Line, Several, Shape};
use model::plan::{Plan, Route, RouteKind, Service, ServiceKind};

/// Lines that an entrance shows before it only counts.
const SHOWN: usize = 5;

/// One way in, with what goes through it.
#[derive(Clone, Debug)]
pub(crate) struct Entrance {
    pub(crate) name: &'static str,
    /// What people address, Compose service, port of the callee.
    pub(crate) ways: Vec<(String, String, u16)>,
}

/// The ways in, those that exist.
pub(crate) fn entrances(plan: &Plan) -> Vec<Entrance> {
    let routed = |name, kind| Entrance {
        name,
        ways: plan.routes.iter().filter(|r| r.edge == kind).flat_map(route_ways).collect(),
    };
    let published = |name, kind: &ServiceKind| Entrance {
        name,
        ways: plan.services.iter().filter(|s| s.kind == *kind).flat_map(service_ways).collect(),
    };
    let all = vec![
        routed("Gateway", RouteKind::HttpRoute),
        routed("Ingress", RouteKind::Ingress),
        published("Load balancer", &ServiceKind::LoadBalancer),
        published("Node port", &ServiceKind::NodePort),
    ];
    all.into_iter().filter(|entrance| !entrance.ways.is_empty()).collect()
}

fn route_ways(route: &Route) -> Vec<(String, String, u16)> {
    let any = [String::from("any host")];
    let hosts = if route.hosts.is_empty() { &any[..] } else { &route.hosts[..] };
    let mut ways = Vec::new();
    for rule in &route.rules {
        let path = if rule.path == "/" { "" } else { rule.path.as_str() };
        for host in hosts {
            ways.push((format!("{host}{path}"), route.service.clone(), rule.port));
        }
    }
    ways
}

fn service_ways(service: &Service) -> Vec<(String, String, u16)> {
    let way = |port: &model::plan::ServicePort| {
        let address = format!("{} {}", port.protocol, port.port);
        (address, service.service.clone(), port.target)
    };
    service.ports.iter().map(way).collect()
}

/// The world, then the ways in; nothing if nothing comes in.
pub(super) fn cards(plan: &Plan) -> Vec<Card> {
    let entrances = entrances(plan);
    if entrances.is_empty() && plan.links.iter().all(|link| link.from.is_some()) {
        return Vec::new();
    }
    let mut cards = vec![Card {
        shape: Shape::World,
        icon: Icon::Globe,
        eyebrow: String::new(),
        name: "Outside".to_owned(),
        hint: "Whoever uses the product".to_owned(),
        lines: Vec::new(),
        meter: None,
        several: Several::One,
        networks: Vec::new(),
    }];
    cards.extend(entrances.iter().map(card));
    cards
}

fn card(entrance: &Entrance) -> Card {
    let texts: Vec<String> = entrance
        .ways
        .iter()
        .map(|(address, service, _)| format!("{address} → {service}"))
        .collect();
    let shown = if texts.len() > SHOWN { SHOWN - 1 } else { texts.len() };
    let mut lines: Vec<Line> =
        entrance.ways.iter().take(shown).map(|way| Line::Plain(way.0.clone())).collect();
    if texts.len() > shown {
        lines.push(Line::Quiet(format!("and {} more", texts.len() - shown)));
    }
    Card {
        shape: Shape::Entrance,
        icon: Icon::Door,
        eyebrow: "Comes in through".to_owned(),
        name: entrance.name.to_owned(),
        hint: format!("{}: {}", entrance.name, texts.join(", ")),
        lines,
        meter: None,
        several: Several::One,
        networks: Vec::new(),
    }
}

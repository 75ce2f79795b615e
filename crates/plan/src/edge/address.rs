//! Addresses of their own, for what no gateway routes.

use super::{Edge, push_open};
use crate::log::Log;
use crate::rules;
use crate::services::pod_owner;
use crate::world::{PortFact, Subject, World};
use model::facts::EdgeKind;
use model::plan::{Service, ServiceKind, ServicePort};
use model::project::Port;
use std::collections::BTreeMap;

/// One Service of type `LoadBalancer` carries all the ports of a subject that are no HTTP.
pub(super) fn load_balancer(
    world: &World<'_>,
    subject: &Subject<'_>,
    port: &Port,
    fact: &PortFact,
    edge: &mut Edge,
    log: &mut Log,
) {
    let name = world.derived(&subject.name, "public", 63);
    let number = port.published.map_or(port.target, |range| range.0);
    log.decide_on(Some(subject.key()), format!("Service/{name}"), "")
        .chose(format!("LoadBalancer, {} {number}", port.protocol))
        .because(subject.line(format!("ports.{}", port.index), port.span))
        .rule(rules::LOAD_BALANCER_TCP)
        .sure(fact.certainty)
        .why("published, and no HTTP that a gateway could route");
    let service_port = ServicePort {
        port: number,
        target: port.target,
        protocol: port.protocol,
        name: if edge.services.iter().any(|s| s.name == name) {
            format!("p{number}-{}", port.protocol.to_string().to_ascii_lowercase())
        } else {
            fact.name.clone()
        },
        app_protocol: None,
    };
    push_open(edge, subject, fact);
    if let Some(service) = edge.services.iter_mut().find(|s| s.name == name) {
        if !service.ports.iter().any(|p| p.port == number && p.protocol == port.protocol) {
            service.ports.push(service_port);
            service.ports.sort();
        }
        return;
    }
    let kind = match world.options.edge {
        EdgeKind::NodePort => ServiceKind::NodePort,
        _ => ServiceKind::LoadBalancer,
    };
    edge.services.push(Service {
        name,
        service: subject.key().to_owned(),
        workload: pod_owner(world, subject).to_owned(),
        kind,
        ports: vec![service_port],
        publish_not_ready: false,
        sticky: false,
        labels: BTreeMap::new(),
    });
}

//! Names in the cluster.

use super::monitor;
use crate::labels::{Scope, selector};
use crate::object::{Object, stage};
use crate::pods::protocol;
use k8s_openapi::api::core::v1::{self as core, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use model::plan::{Service, ServiceKind, ServicePort};

/// The Service.
pub(crate) fn service(scope: &Scope<'_>, service: &Service) -> Object {
    let mut labels = scope.labels_like(&service.workload, "network");
    labels.extend(service.labels.clone());
    labels.extend(monitor::mark(scope, service));
    let object = core::Service {
        metadata: scope.meta(&service.name, labels),
        spec: Some(spec(scope, service)),
        ..core::Service::default()
    };
    Object::new(stage::SERVICES, Some(&service.service), &object)
}

fn spec(scope: &Scope<'_>, service: &Service) -> ServiceSpec {
    let (type_, address, other) = match &service.kind {
        ServiceKind::ClusterIp => ("ClusterIP", None, None),
        ServiceKind::Headless => ("ClusterIP", Some("None".to_owned()), None),
        ServiceKind::NodePort => ("NodePort", None, None),
        ServiceKind::LoadBalancer => ("LoadBalancer", None, None),
        ServiceKind::External(name) => ("ExternalName", None, Some(name.clone())),
    };
    let selector = other.is_none().then(|| selector(&scope.plan.app, &service.workload));
    let ports: Vec<_> = service.ports.iter().map(port).collect();
    ServiceSpec {
        type_: Some(type_.to_owned()),
        cluster_ip: address,
        external_name: other,
        selector,
        ports: (!ports.is_empty()).then_some(ports),
        publish_not_ready_addresses: service.publish_not_ready.then_some(true),
        session_affinity: service.sticky.then(|| "ClientIP".to_owned()),
        ..ServiceSpec::default()
    }
}

fn port(port: &ServicePort) -> core::ServicePort {
    core::ServicePort {
        name: Some(port.name.clone()),
        port: i32::from(port.port),
        target_port: Some(IntOrString::Int(i32::from(port.target))),
        protocol: Some(protocol(port.protocol)),
        app_protocol: port.app_protocol.clone(),
        ..core::ServicePort::default()
    }
}

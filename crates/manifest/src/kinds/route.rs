//! What comes in from outside.

use crate::labels::Scope;
use crate::object::{Object, stage};
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule,
    IngressServiceBackend, IngressSpec, ServiceBackendPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use model::plan::{Route, RouteKind, RoutePort};
use serde::Serialize;

/// `gateway.networking.k8s.io/v1` `HTTPRoute`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HttpRoute {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMeta,
    spec: HttpRouteSpec,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HttpRouteSpec {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parent_refs: Vec<ParentRef>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hostnames: Vec<String>,
    rules: Vec<HttpRouteRule>,
}

#[derive(Debug, Serialize)]
struct ParentRef {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HttpRouteRule {
    matches: Vec<HttpRouteMatch>,
    backend_refs: Vec<BackendRef>,
}

#[derive(Debug, Serialize)]
struct HttpRouteMatch {
    path: HttpPathMatch,
}

#[derive(Debug, Serialize)]
struct HttpPathMatch {
    #[serde(rename = "type")]
    kind: &'static str,
    value: String,
}

#[derive(Debug, Serialize)]
struct BackendRef {
    name: String,
    port: u16,
}

/// The `HTTPRoute` or Ingress.
pub(crate) fn route(scope: &Scope<'_>, route: &Route) -> Object {
    let metadata = scope.meta(&route.name, scope.labels_of_service(&route.service, "edge"));
    match route.edge {
        RouteKind::HttpRoute => {
            let route_object = HttpRoute {
                api_version: "gateway.networking.k8s.io/v1",
                kind: "HTTPRoute",
                metadata,
                spec: http_route(route),
            };
            Object::new(stage::ROUTES, Some(&route.service), &route_object)
        }
        RouteKind::Ingress => {
            let spec = Some(ingress(route));
            let ingress = Ingress { metadata, spec, ..Ingress::default() };
            Object::new(stage::ROUTES, Some(&route.service), &ingress)
        }
    }
}

fn http_route(route: &Route) -> HttpRouteSpec {
    HttpRouteSpec {
        parent_refs: route.parent.iter().map(|parent| parent_ref(parent)).collect(),
        hostnames: route.hosts.clone(),
        rules: route.rules.iter().map(|rule| http_rule(route, rule)).collect(),
    }
}

/// A Gateway by name, or by `namespace/name`.
fn parent_ref(parent: &str) -> ParentRef {
    match parent.split_once('/') {
        Some((namespace, name)) => {
            ParentRef { name: name.to_owned(), namespace: Some(namespace.to_owned()) }
        }
        None => ParentRef { name: parent.to_owned(), namespace: None },
    }
}

fn http_rule(route: &Route, rule: &RoutePort) -> HttpRouteRule {
    let path = HttpPathMatch { kind: "PathPrefix", value: rule.path.clone() };
    HttpRouteRule {
        matches: vec![HttpRouteMatch { path }],
        backend_refs: vec![BackendRef { name: route.backend.clone(), port: rule.port }],
    }
}

fn ingress(route: &Route) -> IngressSpec {
    let rule = |host: Option<&String>| IngressRule {
        host: host.cloned(),
        http: Some(HTTPIngressRuleValue {
            paths: route.rules.iter().map(|rule| ingress_path(route, rule)).collect(),
        }),
    };
    let rules = if route.hosts.is_empty() {
        vec![rule(None)]
    } else {
        route.hosts.iter().map(|host| rule(Some(host))).collect()
    };
    IngressSpec {
        ingress_class_name: route.parent.clone(),
        rules: Some(rules),
        ..IngressSpec::default()
    }
}

fn ingress_path(route: &Route, rule: &RoutePort) -> HTTPIngressPath {
    let port = ServiceBackendPort { number: Some(i32::from(rule.port)), name: None };
    let service = IngressServiceBackend { name: route.backend.clone(), port: Some(port) };
    HTTPIngressPath {
        path: Some(rule.path.clone()),
        path_type: "Prefix".to_owned(),
        backend: IngressBackend { service: Some(service), resource: None },
    }
}

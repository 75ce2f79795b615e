//! What comes in from outside.

use crate::common::{file, given, names, plan_with, routes, service};
use model::facts::EdgeKind;
use model::plan::{RouteKind, ServiceKind};

#[test]
fn published_http_gets_a_route() {
    let plan = plan_with("web: { image: 'nginx:1.29', ports: ['8080:80'] }");
    let [route] = routes(&plan, "web")[..] else { panic!("{:?}", plan.routes) };
    assert_eq!((route.edge, route.rules[0].port), (RouteKind::HttpRoute, 80));
    assert!(route.hosts.is_empty(), "the only one answers to every host");
    assert_eq!(route.parent.as_deref(), Some("gateway"));
}

#[test]
fn the_edge_can_be_chosen() {
    let services = file("web: { image: 'nginx:1.29', ports: ['8080:80'] }");
    let plan = given(&services).edge(EdgeKind::Ingress).plan();
    assert_eq!(plan.routes[0].edge, RouteKind::Ingress);
    for (edge, kind) in [
        (EdgeKind::LoadBalancer, ServiceKind::LoadBalancer),
        (EdgeKind::NodePort, ServiceKind::NodePort),
    ] {
        let plan = given(&services).edge(edge).plan();
        assert!(plan.routes.is_empty());
        let found = service(&plan, "web-public");
        assert_eq!(found.kind, kind);
        assert_eq!((found.ports[0].port, found.ports[0].target), (8080, 80));
        assert_eq!(service(&plan, "web").kind, ServiceKind::ClusterIp);
    }
}

#[test]
fn what_stays_inside() {
    for services in [
        "x: { image: 'acme/x:1', ports: ['127.0.0.1:8080:80'] }",
        "x: { image: 'acme/x:1', ports: ['[::1]:8080:80'] }",
        "x: { image: 'postgres:17', ports: ['5432:5432'] }",
        "x: { image: 'redis:8', ports: ['6379:6379'] }",
        "x: { image: 'acme/x:1', ports: ['9229:9229', '5005:5005'] }",
        "x: { image: 'acme/x:1', expose: ['80'] }",
    ] {
        let plan = plan_with(services);
        assert!(plan.routes.is_empty(), "{services}");
        assert!(!names(&plan).iter().any(|n| n.ends_with("-public")), "{services}");
        assert!(plan.links.iter().all(|l| l.from.is_some()), "{services}");
    }
}

#[test]
fn what_is_no_http_gets_an_address() {
    let plan = plan_with("mq: { image: 'acme/mq:1', ports: ['2883:1883', '5353:5353/udp'] }");
    let found = service(&plan, "mq-public");
    assert_eq!(found.kind, ServiceKind::LoadBalancer);
    assert_eq!(found.ports.len(), 2);
    assert!(plan.routes.is_empty());
}

#[test]
fn what_listens_on_both_protocols_is_no_http() {
    let plan = plan_with("log: { image: 'acme/log:1', ports: ['5000:5000/tcp', '5000:5000/udp'] }");
    assert!(plan.routes.is_empty());
    assert_eq!(service(&plan, "log-public").ports.len(), 2);
}

#[test]
fn only_one_service_has_the_bare_address() {
    let services = file(
        "admin: { image: 'acme/a:1', ports: ['8081:80'] }\nweb: { image: 'acme/w:1', ports: ['80:3000'] }",
    );
    let plan = given(&services).plan();
    assert!(routes(&plan, "web")[0].hosts.is_empty(), "port 80 is what people type");
    assert_eq!(routes(&plan, "admin")[0].hosts, ["admin.shop.localhost"]);
    let mut given = given(&services);
    given.options.host = Some("example.com".to_owned());
    let plan = given.plan();
    assert_eq!(routes(&plan, "web")[0].hosts, ["example.com"]);
    assert_eq!(routes(&plan, "admin")[0].hosts, ["admin.example.com"]);
}

#[test]
fn tls_ends_at_the_edge() {
    let plan = plan_with("web: { image: 'nginx:1.29', ports: ['80:80', '443:443'] }");
    let [route] = routes(&plan, "web")[..] else { panic!("{:?}", plan.routes) };
    assert_eq!(route.rules[0].port, 80);
    assert!(crate::common::finds(&plan, "tls-at-the-edge"));
    let https = service(&plan, "web").ports.iter().find(|p| p.port == 443).unwrap();
    assert_eq!(https.app_protocol.as_deref(), Some("https"));
    let plan = plan_with("web: { image: 'acme/w:1', ports: ['443:8443'] }");
    assert_eq!(routes(&plan, "web")[0].rules[0].port, 8443);
    assert!(crate::common::finds(&plan, "backend-speaks-tls"));
}

#[test]
fn a_web_server_gets_the_bare_address_before_an_api() {
    let plan = plan_with(
        "api: { image: 'acme/a:1', ports: ['8080:8080'] }\nweb: { image: 'nginx:1.29', ports: ['8090:80'] }",
    );
    assert!(routes(&plan, "web")[0].hosts.is_empty());
    assert!(!routes(&plan, "api")[0].hosts.is_empty());
}

#[test]
fn traefiks_labels_hold_routes() {
    let plan = plan_with(
        "proxy: { image: 'traefik:v3.3', ports: ['80:80', '443:443'] }\nweb: { image: 'acme/w:1', labels: { traefik.http.routers.web.rule: 'Host(`a.example.com`) && PathPrefix(`/api`)', traefik.http.services.web.loadbalancer.server.port: '3000' } }",
    );
    let [route] = routes(&plan, "web")[..] else { panic!("{:?}", plan.routes) };
    assert_eq!(route.hosts, ["a.example.com"]);
    assert_eq!((route.rules[0].path.as_str(), route.rules[0].port), ("/api", 3000));
    assert!(routes(&plan, "proxy").is_empty(), "the gateway takes its place");
}

#[test]
fn routes_lead_to_services_that_have_the_port() {
    let plan = plan_with(
        "a: { image: 'acme/a:1', ports: ['8080:80', '8081:81'] }\nb: { image: 'nginx:1.29', ports: ['80:80'] }",
    );
    assert_eq!(plan.routes.len(), 3);
    for route in &plan.routes {
        let backend = service(&plan, &route.backend);
        for rule in &route.rules {
            assert!(backend.ports.iter().any(|p| p.port == rule.port), "{route:?}");
        }
    }
}

#[test]
fn routers_that_lead_the_same_way_are_one_route() {
    let plan = plan_with(
        r#"x: { image: 'acme/x:1', expose: ['80'], labels: { traefik.http.routers.a.rule: "(Host(`a.example`) && PathPrefix(`/x`)) || (Host(`a.example`) && PathPrefix(`/y`))", traefik.http.routers.b.rule: "(Host(`a.example`) && PathPrefix(`/x`)) || (Host(`a.example`) && PathPrefix(`/y`))" } }"#,
    );
    let [route] = routes(&plan, "x")[..] else { panic!("{:?}", plan.routes) };
    assert_eq!(route.hosts, ["a.example"]);
    assert_eq!(route.rules.iter().map(|r| r.path.as_str()).collect::<Vec<_>>(), ["/x", "/y"]);
}

#[test]
fn people_learn_that_no_route_leads_to_an_administration() {
    let plan = plan_with("x: { image: 'prom/prometheus:v3.5.0', ports: ['9090:9090'] }");
    assert!(routes(&plan, "x").is_empty());
    assert!(crate::common::finds(&plan, "no-route-to-administration"));
}

//! Ingresses and HTTP routes.

use crate::cursor::At;
use crate::finding::Findings;
use crate::rules::Context;
use crate::set::{Object, Set};
use crate::table::network as t;

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for ingress in cx.set.of_kind("Ingress") {
        snippets(ingress, out);
        edge(ingress, out);
        let spec = ingress.spec();
        let mut backends = vec![spec.at("defaultBackend")];
        for rule in spec.at("rules").items() {
            backends.extend(rule.dig("http.paths").items().iter().map(|p| p.at("backend")));
        }
        for service in backends.iter().map(|b| b.at("service")).filter(At::is_set) {
            let port = service.at("port");
            let number = port.at("number");
            let port = if number.is_set() { number } else { port.at("name") };
            backend(ingress, &ingress.namespace, &service.at("name"), &port, cx.set, out);
        }
    }
    for kind in ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute"] {
        for route in cx.set.of_kind(kind) {
            let rules = route.spec().at("rules").items();
            for reference in rules.iter().flat_map(|r| r.at("backendRefs").items()) {
                // A backend may be something else, such as an inference pool.
                if reference.at("kind").str().is_none_or(|k| k == "Service") {
                    let other = reference.at("namespace").text();
                    let namespace = other.unwrap_or_else(|| route.namespace.clone());
                    backend(
                        route,
                        &namespace,
                        &reference.at("name"),
                        &reference.at("port"),
                        cx.set,
                        out,
                    );
                }
            }
        }
    }
}

fn backend(
    object: &Object<'_>,
    namespace: &str,
    name: &At<'_>,
    port: &At<'_>,
    set: &Set<'_>,
    out: &mut Findings,
) {
    let Some(text) = name.text() else { return };
    let Some(service) = set.find("Service", namespace, &text) else {
        let message = format!(
            "Service `{text}` is not in these files: unless the cluster has it, visitors get 503 or 500"
        );
        let fix = format!("add Service `{text}` in namespace `{namespace}`, or correct the name");
        return out.add(&t::BACKEND_SERVICE, object, name, message, fix);
    };
    let ports = service.spec().at("ports").items();
    let wanted = port.text();
    let field = if port.str().is_some() { "name" } else { "port" };
    let has = ports.iter().any(|p| p.at(field).text() == wanted);
    if wanted.is_some() && !has {
        let listed: Vec<_> = ports.iter().filter_map(|p| p.at("port").text()).collect();
        let message = format!(
            "Service `{text}` has no port {} (it has {}): visitors get 503 or 500",
            wanted.unwrap_or_default(),
            listed.join(", ")
        );
        let fix = "name a port of the Service: its `port`, not the container's port";
        out.add(&t::BACKEND_PORT, object, port, message, fix);
    }
}

fn snippets(ingress: &Object<'_>, out: &mut Findings) {
    let fix =
        "remove the snippet; use an annotation made for the purpose, or filters of an HTTPRoute";
    for (key, at) in ingress.root.dig("metadata.annotations").entries() {
        if !key.contains("snippet") {
            continue;
        }
        let text = at.text().unwrap_or_default();
        let message = "the snippet is pasted into the controller's configuration: whoever may write Ingresses can read all Secrets that the controller can read";
        out.add(&t::NGINX_SNIPPET, ingress, &at, message, fix);
        if has_lua(&text) {
            let message = "the snippet runs Lua in the controller, with its token";
            out.add(&t::NGINX_LUA, ingress, &at, message, fix);
        }
        if text.contains("alias") {
            let message =
                "the snippet serves files of the controller's container, its token among them";
            out.add(&t::NGINX_ALIAS, ingress, &at, message, fix);
        }
    }
}

/// `lua_…`, `…_lua` or `…_lua_…` as words, or the path of the service account.
fn has_lua(text: &str) -> bool {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let lua = |w: &str| w.starts_with("lua_") || w.ends_with("_lua") || w.contains("_lua_");
    words.into_iter().any(lua) || text.contains("kubernetes.io")
}

fn edge(ingress: &Object<'_>, out: &mut Findings) {
    let spec = ingress.spec();
    let tls = spec.at("tls");
    if !tls.truthy() {
        let message = "visitors' passwords and cookies cross the network in the clear";
        let fix = "metadata:\n  annotations:\n    cert-manager.io/cluster-issuer: …\nspec:\n  tls:\n    - hosts: [app.example.com]\n      secretName: app-tls";
        out.add(&t::INGRESS_TLS, ingress, &tls, message, fix);
    }
    let class = spec.at("ingressClassName");
    let old = ingress.root.dig("metadata.annotations").at("kubernetes.io/ingress.class");
    if class.is("nginx") || old.is("nginx") {
        let at = if class.is_set() { class } else { old };
        let message =
            "ingress-nginx ended in March 2026: the controller gets no more security fixes";
        let fix =
            "move to the Gateway API:\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute";
        out.add(&t::INGRESS_NGINX, ingress, &at, message, fix);
    }
}

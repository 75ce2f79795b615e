//! Probes.

use crate::cursor::At;
use crate::finding::Findings;
use crate::known::{starts_slowly, store_of};
use crate::rules::Context;
use crate::set::{Container, Pod, Stage};
use crate::table::probes as t;

const KINDS: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];
const HANDLERS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for pod in &cx.set.pods {
        for container in &pod.containers {
            match container.stage {
                Stage::Main if !pod.is_job() => missing(pod, container, out),
                Stage::Init => on_init(pod, container, out),
                _ => {}
            }
            liveness(pod, container, out);
            for kind in KINDS {
                let probe = container.at.at(kind);
                if probe.is_set() {
                    shape(pod, kind, &probe, out);
                    port(pod, container, &probe, out);
                    details(pod, &probe, out);
                }
            }
        }
    }
}

fn missing(pod: &Pod<'_>, container: &Container<'_>, out: &mut Findings) {
    let live = container.at.at("livenessProbe");
    if !live.truthy() {
        let message =
            format!("if `{}` hangs, it stays that way until somebody notices", container.name);
        let path = "/livez  # answers as long as the process does, whatever its dependencies do";
        let fix = match question(container, path) {
            Some(question) => {
                format!("livenessProbe:\n{question}\n  periodSeconds: 10\n  timeoutSeconds: 5")
            }
            None => "livenessProbe:\n  exec:\n    command: […]  # fails when the process hangs; httpGet where it listens\n  periodSeconds: 30\n  timeoutSeconds: 5".to_owned(),
        };
        out.add(&t::NO_LIVENESS, &pod.owner, &live, message, fix);
    }
    let ready = container.at.at("readinessProbe");
    if !ready.truthy() {
        let message = format!(
            "requests arrive before `{}` can answer them: errors at every rollout and restart",
            container.name
        );
        let fix = match question(container, "/readyz") {
            Some(question) => {
                format!("readinessProbe:\n{question}\n  periodSeconds: 5\n  timeoutSeconds: 3")
            }
            None => "readinessProbe:\n  exec:\n    command: […]\n  periodSeconds: 5\n  timeoutSeconds: 3\n# or waive this, if nothing ever connects to it".to_owned(),
        };
        out.add(&t::NO_READINESS, &pod.owner, &ready, message, fix);
    }
}

/// What to ask a container: a page, or whether a database listens. Nothing if it has no port.
fn question(container: &Container<'_>, path: &str) -> Option<String> {
    let port = port_of(container)?;
    Some(match store_of(container) {
        Some(_) => format!("  tcpSocket:\n    port: {port}"),
        None => format!("  httpGet:\n    path: {path}\n    port: {port}"),
    })
}

/// The first port that it declares, or the one of its kind of database.
fn port_of(container: &Container<'_>) -> Option<String> {
    let ports = container.at.at("ports").items();
    let declared = ports.first().and_then(|p| p.at("name").text().or(p.at("containerPort").text()));
    declared.or_else(|| store_of(container).map(|store| store.port.to_string()))
}

fn on_init(pod: &Pod<'_>, container: &Container<'_>, out: &mut Findings) {
    for kind in KINDS {
        let probe = container.at.at(kind);
        if probe.is_set() {
            let message = "init containers have no probes: the API server refuses the object";
            let fix =
                "remove the probe, or add `restartPolicy: Always` if the container is a sidecar";
            out.add(&t::PROBE_ON_INIT, &pod.owner, &probe, message, fix);
        }
    }
}

fn liveness(pod: &Pod<'_>, container: &Container<'_>, out: &mut Findings) {
    let live = container.at.at("livenessProbe");
    if !live.is_set() {
        return;
    }
    let ready = container.at.at("readinessProbe");
    if same_question(&live, &ready) && patience(&live) <= patience(&ready) {
        let message = "whatever makes the pod unready for a moment restarts it too: overload becomes an outage";
        let fix = format!(
            "let liveness ask only whether the process answers, and be more patient than readiness:\nlivenessProbe:\n  tcpSocket:\n    port: {}\n  failureThreshold: 6",
            port_of(container).unwrap_or_else(|| "…".to_owned())
        );
        out.add(&t::IDENTICAL_PROBES, &pod.owner, &live, message, fix);
    }
    let startup = container.at.at("startupProbe").is_set();
    let delay = live.at("initialDelaySeconds").int().unwrap_or(0);
    if let Some(store) = store_of(container) {
        if !startup && delay.saturating_add(patience(&live)) < 300 {
            let message = format!(
                "{} is killed if it does not answer within {} s; crash recovery takes longer, and starts over after the kill",
                store.name,
                delay.saturating_add(patience(&live))
            );
            let fix = format!(
                "startupProbe:  # up to an hour for recovery\n  tcpSocket:\n    port: {}\n  periodSeconds: 10\n  failureThreshold: 360",
                port_of(container).unwrap_or_default()
            );
            out.add(&t::DATABASE_LIVENESS, &pod.owner, &live, message, fix);
        }
    } else if !startup && (delay >= 30 || starts_slowly(container)) {
        let message = "the application needs long to start: liveness kills it before it is up, or waits too long ever after";
        let fix = format!(
            "startupProbe:\n{}\n  periodSeconds: 5\n  failureThreshold: 60\n# and livenessProbe without initialDelaySeconds",
            question(container, "/livez").unwrap_or_else(|| "  exec: …".to_owned())
        );
        out.add(&t::SLOW_START, &pod.owner, &live, message, fix);
    }
}

fn same_question(a: &At<'_>, b: &At<'_>) -> bool {
    HANDLERS.iter().any(|h| {
        let (a, b) = (a.at(h), b.at(h));
        a.is_set() && b.is_set() && same(&a, &b)
    })
}

/// Equal apart from the places in the file.
fn same(a: &At<'_>, b: &At<'_>) -> bool {
    let (left, right) = (a.entries(), b.entries());
    let scalars = a.text() == b.text();
    let maps = left.len() == right.len() && left.iter().all(|(key, at)| same(at, &b.at(key)));
    let (x, y) = (a.items(), b.items());
    scalars && maps && x.len() == y.len() && x.iter().zip(&y).all(|(x, y)| same(x, y))
}

/// Seconds until a probe that always fails has an effect.
fn patience(probe: &At<'_>) -> i64 {
    let period = probe.at("periodSeconds").int().unwrap_or(10);
    let threshold = probe.at("failureThreshold").int().unwrap_or(3);
    period.saturating_mul(threshold)
}

fn shape(pod: &Pod<'_>, kind: &str, probe: &At<'_>, out: &mut Findings) {
    let n = HANDLERS.iter().filter(|h| probe.at(h).written()).count();
    if n != 1 {
        let message = format!(
            "{kind} has {n} ways to probe and needs exactly one: the API server refuses the object"
        );
        let fix = "keep one of exec, httpGet, tcpSocket and grpc";
        out.add(&t::PROBE_SHAPE, &pod.owner, probe, message, fix);
    }
    let success = probe.at("successThreshold");
    if kind != "readinessProbe" && success.int().is_some_and(|n| n != 1) {
        let message =
            format!("successThreshold of {kind} can only be 1: the API server refuses the object");
        out.add(&t::PROBE_SHAPE, &pod.owner, &success, message, "remove successThreshold");
    }
}

fn port(pod: &Pod<'_>, container: &Container<'_>, probe: &At<'_>, out: &mut Findings) {
    let ports = container.at.at("ports").items();
    for handler in ["httpGet", "tcpSocket", "grpc"] {
        let at = probe.at(handler).at("port");
        if let Some(name) = at.str() {
            if !ports.iter().any(|p| p.at("name").is(name)) {
                let message = format!(
                    "container `{}` has no port named `{name}`: the probe never succeeds",
                    container.name
                );
                let fix = format!("ports:\n  - name: {name}\n    containerPort: 8080");
                out.add(&t::PROBE_PORT, &pod.owner, &at, message, fix);
            }
        } else if let Some(number) = at.int() {
            let declared = ports.iter().any(|p| p.at("containerPort").int() == Some(number));
            if !declared && !ports.is_empty() {
                let message = format!(
                    "container `{}` does not declare port {number}: if nothing listens there, the probe never succeeds",
                    container.name
                );
                let fix = "correct the number, or declare the port under `ports` with a name and probe the name";
                out.add(&t::PROBE_PORT_UNDECLARED, &pod.owner, &at, message, fix);
            }
        }
    }
}

fn details(pod: &Pod<'_>, probe: &At<'_>, out: &mut Findings) {
    if probe.at("exec").is_set() && !probe.at("timeoutSeconds").is_set() {
        let message = "the command must end within one second, which it does not on a busy node";
        out.add(&t::PROBE_TIMEOUT, &pod.owner, &probe.at("exec"), message, "timeoutSeconds: 5");
    }
    for handler in ["httpGet", "tcpSocket"] {
        let host = probe.at(handler).at("host");
        if host.is_set() {
            let message = "the kubelet asks that host instead of this container, and Pod Security refuses the pod from 1.34 on";
            let fix = "remove `host`; for a virtual host send a header:\nhttpGet:\n  httpHeaders:\n    - name: Host\n      value: app.example.com";
            out.add(&t::PROBE_HOST, &pod.owner, &host, message, fix);
        }
    }
}

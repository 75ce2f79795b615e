//! Probes.

use crate::kinds::count;
use k8s_openapi::api::core::v1::TCPSocketAction;
use k8s_openapi::api::core::v1::{self as core, ExecAction, GRPCAction, HTTPGetAction, HTTPHeader};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use model::plan::{Check, Probe};

/// A probe, its times always spelled out: the defaults of Compose and Kubernetes differ.
pub(super) fn probe(probe: &Probe) -> core::Probe {
    let mut out = core::Probe {
        period_seconds: Some(count(probe.period.0)),
        timeout_seconds: Some(count(probe.timeout.0)),
        failure_threshold: Some(count(probe.failures)),
        ..core::Probe::default()
    };
    match &probe.check {
        Check::Exec(command) => out.exec = Some(ExecAction { command: Some(command.clone()) }),
        Check::Http { path, port, https, host } => {
            let http_headers = host.as_ref().map(|host| vec![header("Host", host)]);
            out.http_get = Some(HTTPGetAction { http_headers, ..http(path, *port, *https) });
        }
        Check::Tcp(port) => {
            out.tcp_socket = Some(TCPSocketAction { host: None, port: number(*port) });
        }
        Check::Grpc(port) => {
            out.grpc = Some(GRPCAction { port: i32::from(*port), service: None });
        }
    }
    out
}

/// Without a host: Pod Security forbids to point a probe elsewhere.
fn http(path: &str, port: u16, https: bool) -> HTTPGetAction {
    HTTPGetAction {
        path: Some(path.to_owned()),
        port: number(port),
        scheme: Some(if https { "HTTPS" } else { "HTTP" }.to_owned()),
        ..HTTPGetAction::default()
    }
}

fn header(name: &str, value: &str) -> HTTPHeader {
    HTTPHeader { name: name.to_owned(), value: value.to_owned() }
}

fn number(port: u16) -> IntOrString {
    IntOrString::Int(i32::from(port))
}

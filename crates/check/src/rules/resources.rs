//! Requests and limits.

use crate::Rule;
use crate::cursor::At;
use crate::finding::Findings;
use crate::quantity::parse_milli;
use crate::rules::Context;
use crate::set::{Container, Pod};
use crate::table::resources as t;

/// One amount that each container should name.
struct Amount {
    rule: &'static Rule,
    side: &'static str,
    resource: &'static str,
    message: &'static str,
    fix: &'static str,
}

const AMOUNTS: &[Amount] = &[
    Amount {
        rule: &t::NO_CPU_REQUEST,
        side: "requests",
        resource: "cpu",
        message: "the scheduler counts the container as nothing, it starves first, and an HPA on CPU never scales it",
        fix: "resources:\n  requests:\n    cpu: 100m",
    },
    Amount {
        rule: &t::NO_CPU_LIMIT,
        side: "limits",
        resource: "cpu",
        message: "the container may take all idle CPU of its node",
        fix: "resources:\n  limits:\n    cpu: \"1\"\n# or waive this: a CPU limit also throttles when the node is idle",
    },
    Amount {
        rule: &t::NO_MEMORY_REQUEST,
        side: "requests",
        resource: "memory",
        message: "the scheduler overfills the node, and the container is among the first to be evicted",
        fix: "resources:\n  requests:\n    memory: 128Mi",
    },
    Amount {
        rule: &t::NO_MEMORY_LIMIT,
        side: "limits",
        resource: "memory",
        message: "a leak takes the memory of the node, and with it other pods",
        fix: "resources:\n  limits:\n    memory: 256Mi",
    },
];

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for pod in &cx.set.pods {
        for container in &pod.containers {
            amounts(pod, container, out);
            quantities(pod, container, out);
        }
    }
}

fn amounts(pod: &Pod<'_>, container: &Container<'_>, out: &mut Findings) {
    let resources = container.at.at("resources");
    for amount in AMOUNTS {
        let at = resources.at(amount.side).at(amount.resource);
        // Without any `requests`, the API server copies the limits.
        let copied = amount.side == "requests"
            && !resources.at("requests").is_set()
            && resources.at("limits").at(amount.resource).truthy();
        if !at.truthy() && !copied {
            out.add(amount.rule, &pod.owner, &at, amount.message, amount.fix);
        }
    }
}

fn quantities(pod: &Pod<'_>, container: &Container<'_>, out: &mut Findings) {
    let resources = container.at.at("resources");
    for (resource, request) in resources.at("requests").entries() {
        let limit = resources.at("limits").at(resource);
        let (Some(asked), Some(allowed)) = (milli(&request), milli(&limit)) else { continue };
        if asked > allowed {
            let message = format!(
                "the request of {resource} is above its limit: the API server refuses the object"
            );
            let fix = format!("raise limits.{resource} to at least the request");
            out.add(&t::REQUEST_ABOVE_LIMIT, &pod.owner, &request, message, fix);
        }
    }
    for side in ["requests", "limits"] {
        for (resource, at) in resources.at(side).entries() {
            quantity(pod, resource, &at, out);
        }
    }
}

fn milli(at: &At<'_>) -> Option<i128> {
    parse_milli(&at.text()?)
}

fn quantity(pod: &Pod<'_>, resource: &str, at: &At<'_>, out: &mut Findings) {
    let text = at.text().unwrap_or_default();
    match parse_milli(&text) {
        None => {
            let message = format!("`{text}` is no quantity: the API server refuses the object");
            let fix = match resource {
                "cpu" => {
                    "cpu: 250m  # thousandths of a CPU, or whole CPUs such as \"1\"".to_owned()
                }
                _ => format!("{resource}: 256Mi  # Ki, Mi, Gi count in 1024, k, M, G in 1000"),
            };
            out.add(&t::BAD_QUANTITY, &pod.owner, at, message, fix);
        }
        Some(milli) if resource == "memory" && milli > 0 && milli < 1000 * (1 << 20) => {
            let message =
                format!("`{text}` is less than one mebibyte: the container is killed as it starts");
            let fix = format!("memory: {}Mi", text.trim_end_matches(|c: char| !c.is_ascii_digit()));
            out.add(&t::TINY_MEMORY, &pod.owner, at, message, fix);
        }
        Some(_) => {}
    }
}

//! The plan as text.

mod findings;
mod questions;
mod sections;

use crate::text::{Line, Page, Role, count, joined};
use crate::{Layout, View};
use crate::{network, overview, serving};
use model::plan::PodSecurityLevel;
use std::collections::BTreeSet;

/// What the product looks like on Kubernetes, and why: a screen or two. No line is wider than the
/// layout (or than 30 columns, if it is narrower).
pub fn terminal(view: &View<'_>, layout: Layout) -> String {
    let mut page = Page::new(layout);
    headline(view, &mut page);
    sections::running(view, &mut page);
    sections::incoming(view, &mut page);
    network::section(view.network, &mut page);
    serving::section(view, &mut page);
    sections::connections(view, &mut page);
    sections::order(view, &mut page);
    findings::findings(view, &mut page);
    questions::questions(view, &mut page);
    next(view, &mut page);
    page.render()
}

fn headline(view: &View<'_>, page: &mut Page) {
    let plan = view.plan;
    let services: BTreeSet<_> = plan
        .workloads
        .iter()
        .map(|it| it.service.as_str())
        .chain(plan.databases.iter().map(|it| it.service.as_str()))
        .collect();
    let level = match plan.pod_security {
        PodSecurityLevel::Restricted => ("restricted", Role::Good),
        PodSecurityLevel::Baseline => ("baseline", Role::Warning),
        PodSecurityLevel::Privileged => ("privileged", Role::Bad),
    };
    page.text(
        Line::of(Role::Title, &plan.app)
            .plain("   ")
            .plain(count(services.len(), "service"))
            .plain(" → ")
            .plain(count(view.objects.len(), "object"))
            .plain(" in namespace ")
            .and(Role::Name, &plan.namespace)
            .plain(" · Pod Security ")
            .and(level.1, level.0)
            .plain(exceptions(view)),
    );
}

/// Whom the level of Pod Security is lowered for.
fn exceptions(view: &View<'_>) -> String {
    let names = overview::unrestricted(view.plan);
    if names.is_empty() { String::new() } else { format!(", for {}", joined(&names)) }
}

fn next(view: &View<'_>, page: &mut Page) {
    page.heading("What next", "");
    let plan = view.plan;
    let routed = plan.routes.first().map(|it| it.service.as_str());
    let first = || plan.workloads.first().map(|it| it.service.as_str());
    let service = routed.or_else(first).unwrap_or("SERVICE");
    let explain = format!("muster explain {service}");
    let steps = [
        ("--out k8s/", "writes the manifests; --format kustomize or helm writes those"),
        ("--html plan.html", "shows all of this on one page, with a diagram"),
        (explain.as_str(), "tells why everything about it is as it is"),
    ];
    let widest = steps.iter().map(|(code, _)| code.chars().count()).max().unwrap_or_default();
    for (code, does) in steps {
        let lead = Line::of(Role::Plain, "  ").and(Role::Code, code).padded(widest + 4);
        page.hang(lead, Line::prose(does));
    }
}

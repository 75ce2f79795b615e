//! What runs, as a table.

use super::Section;
use crate::svg::scene::{claims, replicas};
use crate::svg::text::escape;
use model::plan::{Container, DatabaseCluster, Plan, Pod, Resources, Workload};
use std::fmt::Write as _;

/// The table of workloads.
pub(super) fn section(plan: &Plan) -> Section {
    let mut rows = String::new();
    for item in &plan.workloads {
        workload(plan, item, &mut rows);
    }
    for item in &plan.databases {
        cluster(item, &mut rows);
    }
    let body = if rows.is_empty() {
        rows
    } else {
        format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Workloads\">\n\
             <table class=\"stacked\">\n<thead><tr><th scope=\"col\">Name</th>\
             <th scope=\"col\">Runs as</th><th scope=\"col\">How often</th>\
             <th scope=\"col\">Image</th><th scope=\"col\">CPU, memory</th>\
             <th scope=\"col\">Storage</th><th scope=\"col\">User</th></tr></thead>\n\
             <tbody>\n{rows}</tbody>\n</table>\n</div>\n"
        )
    };
    let lead =
        "CPU and memory are requests of one pod; the limit stands after the slash.".to_owned();
    Section { id: "workloads", title: "What runs", lead, body }
}

fn workload(plan: &Plan, workload: &Workload, out: &mut String) {
    let images: Vec<String> = workload.pod.containers.iter().map(|c| breakable(&c.image)).collect();
    let storage: Vec<String> = claims(plan, workload)
        .iter()
        .map(|claim| format!("{} {}", claim.size, escape(&claim.name)))
        .collect();
    let resources: Vec<String> =
        workload.pod.containers.iter().map(|c| amounts(&c.resources)).collect();
    row(
        &[
            format!(
                "<a href=\"#why-{}\">{}</a>",
                super::decisions::anchor(Some(&workload.service)),
                escape(&workload.name)
            ),
            workload.kind.name().to_owned(),
            escape(&replicas(plan, workload)),
            images.join("<br>"),
            resources.join("<br>"),
            storage.join("<br>"),
            user(&workload.pod),
        ],
        out,
    );
}

fn cluster(database: &DatabaseCluster, out: &mut String) {
    row(
        &[
            format!(
                "<a href=\"#why-{}\">{}</a>",
                super::decisions::anchor(Some(&database.service)),
                escape(&database.name)
            ),
            "database of an operator".to_owned(),
            format!("{} members", database.replicas),
            breakable(&database.image),
            amounts(&database.resources),
            format!("{} each", database.size),
            String::new(),
        ],
        out,
    );
}

fn row(cells: &[String; 7], out: &mut String) {
    let names = ["Name", "Runs as", "How often", "Image", "CPU, memory", "Storage", "User"];
    out.push_str("<tr>");
    for (at, (name, cell)) in names.iter().zip(cells).enumerate() {
        let cell = if cell.is_empty() { "–" } else { cell };
        let _ = if at == 0 {
            write!(out, "<th scope=\"row\">{cell}</th>")
        } else {
            write!(out, "<td data-label=\"{name}\">{cell}</td>")
        };
    }
    out.push_str("</tr>\n");
}

/// An image that may be broken after its slashes and colons.
fn breakable(image: &str) -> String {
    format!("<code>{}</code>", escape(image).replace('/', "/<wbr>").replace(':', "<wbr>:"))
}

fn amounts(resources: &Resources) -> String {
    let pair = |request: Option<String>, limit: Option<String>| match (request, limit) {
        (Some(request), Some(limit)) if request != limit => Some(format!("{request} / {limit}")),
        (request, limit) => request.or(limit),
    };
    let (requests, limits) = (&resources.requests, &resources.limits);
    let cpu = pair(requests.cpu.map(|q| q.to_string()), limits.cpu.map(|q| q.to_string()));
    let memory = pair(requests.memory.map(|q| q.to_string()), limits.memory.map(|q| q.to_string()));
    let extended = limits.extended.iter().map(|(name, n)| format!("{n} {}", escape(name)));
    let all: Vec<String> = cpu.into_iter().chain(memory).chain(extended).collect();
    all.join(", ")
}

fn user(pod: &Pod) -> String {
    let user = match pod.security.user {
        Some(0) => "root".to_owned(),
        Some(user) => user.to_string(),
        None if pod.security.non_root => "not root".to_owned(),
        None => "the image's".to_owned(),
    };
    let privileged = |c: &Container| c.security.privileged;
    let writes = |c: &Container| !c.security.read_only_root;
    if pod.containers.iter().any(privileged) {
        format!("{user}, <b class=\"blocker\">privileged</b>")
    } else if pod.containers.iter().any(writes) {
        format!("{user}, disk writable")
    } else {
        format!("{user}, disk read-only")
    }
}

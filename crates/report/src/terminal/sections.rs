//! What runs, what comes in, what the databases must carry, what starts when.

use crate::View;
use crate::overview::{self, Running};
use crate::text::{Column, Line, Page, Role, Row, Table, cited, count};
use model::plan::{ConnectionBudget, Route, Service, ServiceKind};
use model::project::Protocol;

const COLUMNS: [Column; 6] = [
    Column { title: "name", least: 8 },
    Column { title: "kind", least: 10 },
    Column { title: "replicas", least: 15 },
    Column { title: "ports", least: 5 },
    Column { title: "storage", least: 6 },
    Column { title: "image", least: 12 },
];

pub(super) fn running(view: &View<'_>, page: &mut Page) {
    let all = overview::running(view.plan);
    if all.is_empty() {
        return;
    }
    page.heading("What runs", "");
    let rows = |row: fn(&Running<'_>, &View<'_>) -> Row| -> Vec<_> {
        all.iter().map(|it| row(it, view)).collect()
    };
    let (wide, narrow) = (rows(wide), rows(narrow));
    let table = |rows| Table { columns: &COLUMNS, rows, indent: 2 };
    let wide = table(&wide);
    if wide.fits(page.width()) { wide.draw(page) } else { table(&narrow).draw(page) }
}

/// A row with the image in it.
fn wide(it: &Running<'_>, view: &View<'_>) -> Row {
    let mut cells = cells(it);
    cells.push(Line::of(Role::Plain, &it.image));
    Row { cells, below: reason(it, view).into_iter().collect() }
}

/// A row with the image below it.
fn narrow(it: &Running<'_>, view: &View<'_>) -> Row {
    let mut cells = cells(it);
    cells.push(Line::default());
    let reason = reason(it, view).unwrap_or_default();
    Row { cells, below: vec![Line::of(Role::Plain, &it.image).plain("  ").then(reason)] }
}

fn cells(it: &Running<'_>) -> Vec<Line> {
    let plain = [&it.kind, &it.replicas, &it.ports, &it.storage];
    let name = Line::of(Role::Name, it.name);
    std::iter::once(name).chain(plain.map(|text| Line::of(Role::Plain, text))).collect()
}

fn reason(it: &Running<'_>, view: &View<'_>) -> Option<Line> {
    let decision = it.decision?;
    let place = cited(&decision.because, view.sources).map(|at| format!("  ({at})"));
    let text = format!("because {}{}", decision.why, place.unwrap_or_default());
    Some(Line::of(Role::Faint, text))
}

pub(super) fn incoming(view: &View<'_>, page: &mut Page) {
    let plan = view.plan;
    let outside =
        |it: &&Service| matches!(it.kind, ServiceKind::LoadBalancer | ServiceKind::NodePort);
    let mut rows: Vec<Row> = plan.routes.iter().flat_map(routes).collect();
    rows.extend(plan.services.iter().filter(outside).map(service));
    page.heading("What comes in", "");
    if rows.is_empty() {
        page.hang(Line::default().padded(2), Line::prose("nothing from outside the cluster"));
        return;
    }
    let columns = [
        Column { title: "from", least: 10 },
        Column { title: "to", least: 6 },
        Column { title: "through", least: 10 },
    ];
    Table { columns: &columns, rows: &rows, indent: 2 }.draw_rows(page);
}

fn routes(route: &Route) -> Vec<Row> {
    let any = ["any host".to_owned()];
    let hosts = if route.hosts.is_empty() { &any[..] } else { &route.hosts[..] };
    let parent = route.parent.as_ref().map_or(String::new(), |name| format!(" at `{name}`"));
    let through = format!("{} `{}`{parent}", overview::route_kind(route.edge), route.name);
    let line = |host: &String, path: &str, port: u16| Row {
        cells: vec![
            Line::prose(host).plain(" ").and(Role::Name, path),
            Line::of(Role::Plain, "→ ").and(Role::Name, format!("{}:{port}", route.backend)),
            Line::of(Role::Faint, through.replace('`', "")),
        ],
        below: Vec::new(),
    };
    hosts
        .iter()
        .flat_map(|host| route.rules.iter().map(move |rule| line(host, &rule.path, rule.port)))
        .collect()
}

fn service(service: &Service) -> Row {
    let kind = if service.kind == ServiceKind::NodePort { "NodePort" } else { "LoadBalancer" };
    let ports = service.ports.iter().map(|it| format!("{}/{}", it.port, protocol(it.protocol)));
    Row {
        cells: vec![
            Line::of(Role::Name, ports.collect::<Vec<_>>().join(", ")),
            Line::of(Role::Plain, "→ ").and(Role::Name, &service.workload),
            Line::of(Role::Faint, format!("{kind} {}", service.name)),
        ],
        below: Vec::new(),
    }
}

const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

pub(super) fn connections(view: &View<'_>, page: &mut Page) {
    for budget in view.plan.connections.iter().filter(|it| !it.clients.is_empty()) {
        page.heading(&format!("Connections of {}", budget.database), "at most, in a rollout");
        let columns = [Column { title: "service", least: 8 }, Column { title: "sum", least: 20 }];
        let rows: Vec<_> = budget.clients.iter().map(client).collect();
        Table { columns: &columns, rows: &rows, indent: 2 }.draw_rows(page);
        page.hang(Line::default().padded(2), verdict(budget));
    }
}

fn client(client: &model::plan::ConnectionClient) -> Row {
    let sum = format!(
        "{} × {} × {} = {}",
        count(client.replicas as usize, "replica"),
        count(client.processes as usize, "process"),
        count(client.pool as usize, "connection"),
        client.total()
    );
    Row {
        cells: vec![Line::of(Role::Name, &client.service), Line::of(Role::Plain, sum)],
        below: Vec::new(),
    }
}

fn verdict(budget: &ConnectionBudget) -> Line {
    let free = budget.max_connections.saturating_sub(budget.reserved);
    let raised = budget.raised_from.map_or(String::new(), |it| format!(", raised from {it}"));
    let arithmetic = format!(
        "{} of {free}  ({} max_connections{raised}, {} reserved)  ",
        budget.demand(),
        budget.max_connections,
        budget.reserved
    );
    let line = Line::of(Role::Plain, arithmetic);
    if budget.holds() {
        line.and(Role::Good, format!("✓ holds, {} to spare", free - budget.demand()))
    } else {
        line.and(Role::Bad, format!("✗ {} too many", budget.demand().saturating_sub(free)))
    }
}

pub(super) fn order(view: &View<'_>, page: &mut Page) {
    let stages = overview::stages(view.plan);
    if stages.len() < 2 {
        return;
    }
    page.heading("Order of start", "each waits until those before are ready or completed");
    let mut line = Line::default();
    for (at, stage) in stages.iter().enumerate() {
        line = if at == 0 { line } else { line.and(Role::Faint, " → ") };
        line = line.and(Role::Name, stage.join(", "));
    }
    page.hang(Line::default().padded(2), line);
}

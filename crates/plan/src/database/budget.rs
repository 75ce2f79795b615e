//! Σ (replicas max + surge) × processes × pool against `max_connections`.

use super::pools;
use crate::log::Log;
use crate::rules;
use crate::world::{Subject, World};
use model::plan::{ConnectionBudget, ConnectionClient, Kind, Strategy, Workload};
use model::project::{BindSource, Content, MountKind};
use model::reason::{Because, Certainty, Level};
use std::collections::BTreeSet;
use units::Bytes;

/// Connections of one process where nothing is known of its pool.
const DEFAULT_POOL: u32 = 10;

/// Kept for backup and exporter, beside what the engine keeps for administrators.
const OPERATIONS: u32 = 5;

/// How many times as many connections are worth proposing.
const SANE_RAISE: u32 = 4;

/// Roles of data stores whose connections are worth counting.
fn counts(subject: &Subject<'_>) -> bool {
    subject.family().is_some_and(|f| f.role == catalog::Role::Database && f.connections.is_some())
}

/// A budget for each database that has clients.
pub(crate) fn budgets(
    world: &World<'_>,
    workloads: &[Workload],
    log: &mut Log,
) -> Vec<ConnectionBudget> {
    let databases = world.subjects.values().filter(|s| counts(s));
    databases.filter_map(|database| budget(world, database, workloads, log)).collect()
}

fn budget(
    world: &World<'_>,
    database: &Subject<'_>,
    workloads: &[Workload],
    log: &mut Log,
) -> Option<ConnectionBudget> {
    let facts = database.family()?.connections.as_ref()?;
    let callers: BTreeSet<&str> = world
        .links
        .iter()
        .filter(|l| l.to == database.key())
        .filter_map(|l| l.from.as_deref())
        .filter(|from| *from != database.key())
        .collect();
    let mut reasons: Vec<Because> = database.image_fact().into_iter().collect();
    let mut clients = Vec::new();
    for caller in callers.iter().filter_map(|c| world.subject(c)) {
        let (client, because) = client(caller, surges(caller, workloads));
        reasons.extend(because);
        clients.push(client);
    }
    if clients.is_empty() {
        return None;
    }
    let (max_connections, line) =
        stated_limit(database).map_or((facts.max, None), |(n, b)| (n, Some(b)));
    reasons.extend(line);
    let budget = ConnectionBudget {
        database: database.key().to_owned(),
        max_connections,
        raised_from: None,
        reserved: facts.reserved.saturating_add(OPERATIONS),
        clients,
    };
    let sum = arithmetic(&budget);
    log.decide(database, "connections")
        .chose(sum.clone())
        .all(reasons.clone())
        .rule(rules::CONNECTION_BUDGET)
        .sure(Certainty::Inferred)
        .why(if budget.holds() {
            "every client at its maximum still gets its connections"
        } else {
            "it does not hold at the maximum: see the findings"
        });
    if !budget.holds() {
        overrun(database, &budget, facts, &sum, reasons, log);
    }
    Some(budget)
}

/// How many more pods there are while it is rolled: none where an old one goes first.
fn surges(subject: &Subject<'_>, workloads: &[Workload]) -> u32 {
    let rolls = |kind: &Kind| matches!(kind, Kind::Deployment { strategy: Strategy::Rolling, .. });
    u32::from(workloads.iter().any(|w| w.service == subject.key() && rolls(&w.kind)))
}

/// What one client may open, and what that rests on.
fn client(subject: &Subject<'_>, surge: u32) -> (ConnectionClient, Vec<Because>) {
    let mut because = vec![subject.own_line()];
    let stated = subject.service.intent.connections.as_ref();
    let known = subject.family().and_then(|f| f.client_pool.as_ref());
    let said = pools::read(subject);
    let (processes, pool) = match (stated, known) {
        (Some(intent), _) => {
            because.extend(subject.lines("x-muster.connections"));
            (intent.processes, intent.pool)
        }
        (None, Some(known)) => {
            because.extend(subject.image_fact());
            because.extend(said.because);
            (
                said.processes.unwrap_or(known.processes),
                said.connections.unwrap_or(known.per_process),
            )
        }
        (None, None) => {
            because.extend(said.because);
            (said.processes.unwrap_or(1), said.connections.unwrap_or(DEFAULT_POOL))
        }
    };
    let replicas = subject.scale.most().saturating_add(surge);
    (ConnectionClient { service: subject.key().to_owned(), replicas, processes, pool }, because)
}

/// `(10 + 1) × 1 × 10 = 110 of 151 − 6`.
fn arithmetic(budget: &ConnectionBudget) -> String {
    let parts: Vec<String> = budget
        .clients
        .iter()
        .map(|c| format!("{} {} × {} × {}", c.service, c.replicas, c.processes, c.pool))
        .collect();
    format!(
        "{} = {} of {} − {}",
        parts.join(" + "),
        budget.demand(),
        budget.max_connections,
        budget.reserved
    )
}

/// `max_connections` from the command line of the database, else from a file that is mounted.
fn stated_limit(subject: &Subject<'_>) -> Option<(u32, Because)> {
    let of_command = subject.service.command.as_ref().and_then(|command| {
        let number = setting(&command.value.join(" "))?;
        Some((number, subject.lines("command").into_iter().next()?))
    });
    of_command.or_else(|| {
        subject.service.mounts.iter().find_map(|mount| {
            let MountKind::Bind { facts, .. } = &mount.kind else { return None };
            let number = texts(facts).find_map(of_file)?;
            Some((number, subject.line(format!("volumes.{}", mount.index), mount.span)))
        })
    })
}

/// The texts of a bind mount.
fn texts(facts: &BindSource) -> impl Iterator<Item = &str> {
    let (one, many) = match facts {
        BindSource::File(file) => (Some(file), None),
        BindSource::Directory { files, .. } => (None, Some(files.values())),
        BindSource::Host | BindSource::Missing => (None, None),
    };
    one.into_iter().chain(many.into_iter().flatten()).filter_map(|file| match &file.content {
        Content::Text(text) => Some(text.as_str()),
        _ => None,
    })
}

/// The last line that sets it: later ones win.
fn of_file(text: &str) -> Option<u32> {
    text.lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with("max"))
        .filter_map(setting)
        .next_back()
}

/// The number behind `max_connections`.
fn setting(text: &str) -> Option<u32> {
    let text = text.replace("max-connections", "max_connections");
    let at = text.find("max_connections")?;
    let digits: String = text[at + "max_connections".len()..]
        .chars()
        .skip_while(|c| matches!(c, '=' | ' ' | '\t'))
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

fn overrun(
    database: &Subject<'_>,
    budget: &ConnectionBudget,
    facts: &catalog::Connections,
    sum: &str,
    because: Vec<Because>,
    log: &mut Log,
) {
    let needed = budget.demand().saturating_add(budget.reserved).div_ceil(50).saturating_mul(50);
    let memory = Bytes::new(
        u64::from(needed.saturating_sub(budget.max_connections))
            * u64::from(facts.memory_ki)
            * 1024,
    );
    let mib = memory.get().div_ceil(1 << 20);
    let flag = facts
        .flag
        .iter()
        .map(|part| part.replace("{}", &needed.to_string()))
        .collect::<Vec<_>>()
        .join(" ");
    // Each connection costs memory, busy or not: many times the default is no answer.
    let raise = if flag.is_empty() || needed > budget.max_connections.saturating_mul(SANE_RAISE) {
        String::new()
    } else {
        format!(
            "append `{flag}` to the command of `{}` (about {mib} MiB more memory when all are busy), or ",
            database.key()
        )
    };
    let fits = fitting_maximum(budget)
        .map(|(service, max)| format!("set services.{service}.x-muster.scale.max: {max}, or "))
        .unwrap_or_default();
    log.find(
        Level::Warning,
        "connection-budget",
        Some(database.key()),
        format!(
            "at their maximum the clients of `{}` may open more connections than it takes: {sum}",
            database.key()
        ),
        format!("{raise}{fits}{}, or put a pooler in between", smaller_pool(budget)),
        because,
    );
}

/// The pool of the largest client with which the budget would hold, in words.
fn smaller_pool(budget: &ConnectionBudget) -> String {
    let largest = budget.clients.iter().max_by_key(|c| (c.total(), c.service.as_str()));
    let Some((largest, pool)) = largest.and_then(|c| Some((c, fitting_pool(budget, c)?))) else {
        return "lower the pools (x-muster.connections)".to_owned();
    };
    let service = &largest.service;
    if largest.pool == 1 {
        return format!(
            "let `{service}` start at most {pool} processes and say so with services.{service}.x-muster.connections.processes: {pool}"
        );
    }
    format!(
        "give `{service}` a pool of {pool} and say so with services.{service}.x-muster.connections.pool: {pool}"
    )
}

/// How many connections, or processes of one connection, the client may have in each copy.
fn fitting_pool(budget: &ConnectionBudget, client: &ConnectionClient) -> Option<u32> {
    let others = budget.demand().saturating_sub(client.total());
    let room = budget.max_connections.saturating_sub(budget.reserved).saturating_sub(others);
    let other = if client.pool == 1 { 1 } else { client.processes };
    let pool = room / client.replicas.saturating_mul(other).max(1);
    (pool >= 1).then_some(pool)
}

/// The largest client, and the maximum with which the budget would hold.
fn fitting_maximum(budget: &ConnectionBudget) -> Option<(&str, u32)> {
    let largest = budget.clients.iter().max_by_key(|c| (c.total(), c.service.as_str()))?;
    let others = budget.demand().saturating_sub(largest.total());
    let room = budget.max_connections.saturating_sub(budget.reserved).saturating_sub(others);
    let each = largest.processes.saturating_mul(largest.pool).max(1);
    let max = (room / each).saturating_sub(1);
    (max >= 1).then_some((largest.service.as_str(), max))
}

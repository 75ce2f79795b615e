//! Σ (replicas max + surge) × processes × pool against `max_connections`.

use crate::log::Log;
use crate::rules;
use crate::world::{Shape, Subject, World};
use model::plan::{ConnectionBudget, ConnectionClient};
use model::reason::{Because, Certainty, Level};
use std::collections::BTreeSet;
use units::Bytes;

/// Connections of one process where nothing is known of its pool.
const DEFAULT_POOL: u32 = 10;

/// Kept for backup and exporter, beside what the engine keeps for administrators.
const OPERATIONS: u32 = 5;

/// Roles of data stores whose connections are worth counting.
fn counts(subject: &Subject<'_>) -> bool {
    subject.family().is_some_and(|f| f.role == catalog::Role::Database && f.connections.is_some())
}

/// A budget for each database that has clients.
pub(crate) fn budgets(world: &World<'_>, log: &mut Log) -> Vec<ConnectionBudget> {
    world.subjects.values().filter(|s| counts(s)).filter_map(|s| budget(world, s, log)).collect()
}

fn budget(world: &World<'_>, database: &Subject<'_>, log: &mut Log) -> Option<ConnectionBudget> {
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
        let (client, because) = client(caller);
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

/// What one client may open, and what that rests on.
fn client(subject: &Subject<'_>) -> (ConnectionClient, Vec<Because>) {
    let surge = u32::from(subject.shape == Shape::Deployment);
    let mut because = vec![subject.own_line()];
    let stated = subject.service.intent.connections.as_ref();
    let known = subject.family().and_then(|f| f.client_pool.as_ref());
    let (processes, pool) = match (stated, known) {
        (Some(intent), _) => {
            because.extend(subject.lines("x-muster.connections"));
            (intent.processes, intent.pool)
        }
        (None, Some(known)) => {
            because.extend(subject.image_fact());
            (known.processes, known.per_process)
        }
        (None, None) => (1, DEFAULT_POOL),
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

/// `max_connections` from the command line of the database.
fn stated_limit(subject: &Subject<'_>) -> Option<(u32, Because)> {
    let command = subject.service.command.as_ref()?;
    let text = command.value.join(" ").replace("max-connections", "max_connections");
    let at = text.find("max_connections")?;
    let digits: String = text[at + "max_connections".len()..]
        .chars()
        .skip_while(|c| matches!(c, '=' | ' '))
        .take_while(char::is_ascii_digit)
        .collect();
    Some((digits.parse().ok()?, subject.lines("command").into_iter().next()?))
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
    let raise = if flag.is_empty() {
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
        format!("{raise}{fits}lower the pools (x-muster.connections), or put a pooler in between"),
        because,
    );
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

//! What an application says about its own connections, in variables that many frameworks share.

use crate::world::Subject;
use model::reason::Because;

/// Connections of one replica, as far as its environment says.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// Connections of one process.
    pub(super) connections: Option<u32>,
    /// Processes.
    pub(super) processes: Option<u32>,
    /// The variables that say so.
    pub(super) because: Vec<Because>,
}

/// Variables that hold the most connections of one process; the first that is set counts.
const POOLS: &[&str] = &[
    "DB_POOL",
    "DB_POOL_SIZE",
    "DB_POOL_MAX",
    "DB_MAX_POOL_SIZE",
    "DB_MAX_CONNECTIONS",
    "DB_MAX_OPEN_CONNS",
    "DB_CONNECTION_LIMIT",
    "DATABASE_POOL",
    "DATABASE_POOL_SIZE",
    "DATABASE_POOL_MAX",
    "DATABASE_MAX_CONNECTIONS",
    "DATABASE_CONNECTION_LIMIT",
    "POSTGRES_POOL_SIZE",
    "PG_POOL_SIZE",
    "PG_POOL_MAX",
    "PGPOOL_MAX",
    "MYSQL_POOL_SIZE",
    "SQLALCHEMY_POOL_SIZE",
    "SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE",
    "SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE",
    "HIKARI_MAXIMUM_POOL_SIZE",
    "HIKARI_MAX_POOL_SIZE",
    "QUARKUS_DATASOURCE_JDBC_MAX_SIZE",
    "POOL_SIZE",
    "RAILS_MAX_THREADS",
];

/// Connections beyond the pool, which the same process may open.
const OVERFLOWS: &[&str] = &["SQLALCHEMY_MAX_OVERFLOW", "DB_MAX_OVERFLOW"];

/// Variables that hold the number of processes.
const PROCESSES: &[&str] = &["WEB_CONCURRENCY", "GUNICORN_WORKERS", "UVICORN_WORKERS"];

/// Parameters of a DSN that bound its pool.
const PARAMETERS: &[&str] =
    &["pool", "pool_size", "connection_limit", "max_connections", "maxpoolsize", "pool_max_conns"];

/// No sane pool is larger; such a number means something else.
const SANE: u32 = 10_000;

/// Reads the service's environment.
pub(super) fn read(subject: &Subject<'_>) -> Pool {
    let mut found = Pool::default();
    let pool = first(subject, POOLS).or_else(|| of_dsn(subject));
    if let Some((number, because)) = pool {
        found.connections = Some(number);
        found.because.push(because);
        if let Some((more, because)) = first(subject, OVERFLOWS) {
            found.connections = Some(number.saturating_add(more));
            found.because.push(because);
        }
    }
    if let Some((number, because)) = first(subject, PROCESSES).or_else(|| workers(subject)) {
        found.processes = Some(number);
        found.because.push(because);
    }
    found
}

/// `gunicorn -w 4`: each worker has a pool of its own.
fn workers(subject: &Subject<'_>) -> Option<(u32, Because)> {
    let command = subject.service.command.as_ref()?;
    let words: Vec<&str> = command.value.iter().flat_map(|word| word.split_whitespace()).collect();
    let server = |word: &&str| matches!(word.rsplit('/').next(), Some("gunicorn" | "uvicorn"));
    let start = words.iter().position(server)?;
    let said = words[start..].iter().zip(words[start..].iter().skip(1)).find_map(
        |(flag, next)| match flag.split_once('=') {
            Some(("--workers", number)) => Some(number),
            _ => matches!(*flag, "-w" | "--workers").then_some(*next),
        },
    )?;
    Some((number(said)?, subject.lines("command").into_iter().next()?))
}

fn first(subject: &Subject<'_>, keys: &[&str]) -> Option<(u32, Because)> {
    keys.iter().find_map(|wanted| {
        let mut all = subject.service.environment.iter();
        let (key, value) = all.find(|(key, _)| key.eq_ignore_ascii_case(wanted))?;
        let number = number(value.value.as_deref()?)?;
        Some((number, subject.line(format!("environment.{key}"), value.span)))
    })
}

/// `postgres://…/app?pool=5`.
fn of_dsn(subject: &Subject<'_>) -> Option<(u32, Because)> {
    subject.service.environment.iter().find_map(|(key, value)| {
        let (_, rest) = value.value.as_deref()?.split_once("://")?;
        let (_, query) = rest.split_once('?')?;
        let said =
            query.split('&').filter_map(|pair| pair.split_once('=')).find_map(|(name, text)| {
                let known = PARAMETERS.iter().any(|known| name.eq_ignore_ascii_case(known));
                number(text).filter(|_| known)
            })?;
        Some((said, subject.line(format!("environment.{key}"), value.span)))
    })
}

fn number(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|number| (1..=SANE).contains(number))
}

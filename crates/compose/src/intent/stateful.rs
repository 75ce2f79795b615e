//! `x-muster.database`.

use crate::context::Context;
use model::project::{BackupIntent, DatabaseIntent, Topology};
use yaml::{Node, Span, Value};

pub(super) fn database(node: &Node, span: Span, context: &mut Context<'_>) -> DatabaseIntent {
    let mut out = DatabaseIntent {
        span,
        topology: Topology::Single,
        replicas: None,
        storage: None,
        backup: None,
    };
    let known = ["topology", "replicas", "storage", "backup"];
    for (key, value) in context.intents(node, "x-muster.database", &known) {
        let what = format!("x-muster.database.{}", key.value);
        match key.value.as_str() {
            "topology" => {
                let expected = "`single`, `replication` or `galera`";
                let topology = context.parsed(value, &what, expected, |text| match text {
                    "single" => Some(Topology::Single),
                    "replication" => Some(Topology::Replication),
                    "galera" => Some(Topology::Galera),
                    _ => None,
                });
                out.topology = topology.map_or(Topology::Single, |topology| topology.value);
            }
            "replicas" => out.replicas = context.positive(value, &what),
            "storage" => out.storage = context.storage(value, &what).map(|size| size.value),
            _ => out.backup = Some(backup(value, context)),
        }
    }
    out
}

/// `false`, `true`, or a mapping.
fn backup(node: &Node, context: &mut Context<'_>) -> BackupIntent {
    let mut out = BackupIntent { schedule: None, keep: None, enabled: true };
    if let Value::Bool(enabled) = node.value {
        out.enabled = enabled;
        return out;
    }
    for (key, value) in
        context.intents(node, "x-muster.database.backup", &["schedule", "keep", "enabled"])
    {
        let what = format!("x-muster.database.backup.{}", key.value);
        match key.value.as_str() {
            "schedule" => out.schedule = context.cron(value, &what).map(|cron| cron.value),
            "keep" => out.keep = context.positive(value, &what),
            _ => out.enabled = context.flag(value, &what).is_none_or(|flag| flag.value),
        }
    }
    out
}

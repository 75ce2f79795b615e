//! `x-muster`: what Compose cannot say. Read strictly: a mistake here is an error.

mod serving;
mod stateful;

use crate::context::{Context, quote};
use crate::suggest;
use model::project::{
    ConnectionsIntent, Intent, KindIntent, MetricsIntent, RunAs, ScaleIntent, SecurityIntent,
};
use units::Bytes;
use yaml::{Node, Span, Spanned, Value};

/// `x-muster` at a service or a model.
pub(crate) fn service(node: &Node, context: &mut Context<'_>) -> Intent {
    context.strictly(|context| read(node, context))
}

/// `x-muster` at a volume: size and class.
pub(crate) fn volume(
    node: &Node,
    context: &mut Context<'_>,
) -> (Option<Spanned<Bytes>>, Option<Spanned<String>>) {
    context.strictly(|context| {
        let (mut size, mut class) = (None, None);
        let known = ["size", "class"];
        for (key, value) in context.intents(node, "x-muster", &known) {
            match key.value.as_str() {
                "size" => size = context.storage(value, "x-muster.size"),
                _ => class = context.text(value, "x-muster.class"),
            }
        }
        (size, class)
    })
}

const KEYS: [&str; 11] = [
    "kind",
    "schedule",
    "replicable",
    "scale",
    "connections",
    "storage",
    "metrics",
    "security",
    "database",
    "inference",
    "training",
];

fn read(node: &Node, context: &mut Context<'_>) -> Intent {
    let mut out = Intent { span: Some(node.span), ..Intent::default() };
    for (key, value) in context.intents(node, "x-muster", &KEYS) {
        let what = format!("x-muster.{}", key.value);
        match key.value.as_str() {
            "kind" => out.kind = kind(value, &what, context),
            "schedule" => out.schedule = context.cron(value, &what),
            "replicable" => out.replicable = context.flag(value, &what),
            "scale" => out.scale = scale(value, key.span, context),
            "connections" => out.connections = connections(value, key.span, context),
            "storage" => out.storage = context.storage(value, &what),
            "metrics" => out.metrics = metrics(value, key.span, context),
            "security" => out.security = Some(security(value, key.span, context)),
            "database" => out.database = Some(stateful::database(value, key.span, context)),
            "inference" => out.inference = Some(serving::inference(value, key.span, context)),
            _ => out.training = Some(serving::training(value, key.span, context)),
        }
    }
    if let (Some(kind), None) = (&out.kind, &out.schedule)
        && kind.value == KindIntent::CronJob
    {
        context.error(
            "invalid-intent",
            "a cronjob needs a `schedule`",
            kind.span,
            "add `schedule: \"0 3 * * *\"`",
        );
    }
    out
}

fn kind(node: &Node, what: &str, context: &mut Context<'_>) -> Option<Spanned<KindIntent>> {
    let expected = "`deployment`, `statefulset`, `job`, `cronjob` or `daemonset`";
    context.parsed(node, what, expected, |text| match text.to_ascii_lowercase().as_str() {
        "deployment" => Some(KindIntent::Deployment),
        "statefulset" => Some(KindIntent::StatefulSet),
        "job" => Some(KindIntent::Job),
        "cronjob" => Some(KindIntent::CronJob),
        "daemonset" => Some(KindIntent::DaemonSet),
        _ => None,
    })
}

fn scale(node: &Node, span: Span, context: &mut Context<'_>) -> Option<ScaleIntent> {
    let mut out = ScaleIntent { span, min: None, max: None, cpu: None };
    for (key, value) in context.intents(node, "x-muster.scale", &["min", "max", "cpu"]) {
        let what = format!("x-muster.scale.{}", key.value);
        let number = context.positive(value, &what);
        match key.value.as_str() {
            "min" => out.min = number,
            "max" => out.max = number,
            _ => out.cpu = number,
        }
    }
    if let (Some(min), Some(max)) = (out.min, out.max)
        && min > max
    {
        let message = format!("`min` is {min}, which is more than `max`, {max}");
        context.error("invalid-intent", message, span, "swap them");
        return None;
    }
    Some(out)
}

fn connections(node: &Node, span: Span, context: &mut Context<'_>) -> Option<ConnectionsIntent> {
    let (mut pool, mut processes) = (None, 1);
    for (key, value) in context.intents(node, "x-muster.connections", &["pool", "processes"]) {
        match key.value.as_str() {
            "pool" => pool = context.positive(value, "x-muster.connections.pool"),
            _ => processes = context.positive(value, "x-muster.connections.processes").unwrap_or(1),
        }
    }
    context.needed(pool, "pool", span).map(|pool| ConnectionsIntent { span, pool, processes })
}

fn metrics(node: &Node, span: Span, context: &mut Context<'_>) -> Option<MetricsIntent> {
    let (mut port, mut path) = (None, "/metrics".to_owned());
    for (key, value) in context.intents(node, "x-muster.metrics", &["port", "path"]) {
        match key.value.as_str() {
            "port" => {
                let number = context.whole::<u16>(value, "x-muster.metrics.port");
                port = number.map(|port| port.value).filter(|port| *port > 0);
            }
            _ => {
                if let Some(text) = context.text(value, "x-muster.metrics.path") {
                    path = text.value;
                }
            }
        }
    }
    context.needed(port, "port", span).map(|port| MetricsIntent { span, port, path })
}

fn security(node: &Node, span: Span, context: &mut Context<'_>) -> SecurityIntent {
    let mut out = SecurityIntent { span, run_as: None, read_only: None };
    for (key, value) in context.intents(node, "x-muster.security", &["run_as", "read_only"]) {
        match key.value.as_str() {
            "run_as" => {
                let run_as = context.parsed(
                    value,
                    "x-muster.security.run_as",
                    "`root` or a user id",
                    |text| {
                        if text == "root" {
                            Some(RunAs::Root)
                        } else {
                            text.parse().ok().map(RunAs::Uid)
                        }
                    },
                );
                out.run_as = run_as.map(|run_as| run_as.value);
            }
            _ => {
                out.read_only =
                    context.flag(value, "x-muster.security.read_only").map(|flag| flag.value);
            }
        }
    }
    out
}

impl Context<'_> {
    /// Reads something in which mistakes are errors.
    fn strictly<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.strict, true);
        let out = read(self);
        self.strict = before;
        out
    }

    /// The entries of a mapping, without those that nobody knows: they are errors.
    fn intents<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &[&str],
    ) -> Vec<&'n (Spanned<String>, Node)> {
        let mut out = Vec::new();
        for entry in self.entries(node, what) {
            let key = &entry.0;
            if known.contains(&key.value.as_str()) {
                if entry.1.value != Value::Null {
                    out.push(entry);
                }
                continue;
            }
            let hint = match suggest::nearest(&key.value, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", known.join(", ")),
            };
            self.error(
                "unknown-intent",
                format!("`{what}` has no {}", quote(&key.value)),
                key.span,
                hint,
            );
        }
        out
    }

    /// A number from 1.
    fn positive(&mut self, node: &Node, what: &str) -> Option<u32> {
        let number = self.parsed(node, what, "a whole number from 1", |text| {
            text.parse::<u32>().ok().filter(|number| *number > 0)
        });
        number.map(|number| number.value)
    }

    /// A size in the notation of Kubernetes or Compose.
    fn storage(&mut self, node: &Node, what: &str) -> Option<Spanned<Bytes>> {
        self.parsed(node, what, "a size such as `20Gi`", |text| {
            let size = text.parse::<Bytes>().or_else(|_| Bytes::from_compose(text)).ok();
            size.filter(|size| size.get() > 0)
        })
    }

    /// Five cron fields, or one of their short names.
    fn cron(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        self.parsed(node, what, "five cron fields such as `0 3 * * *`", |text| {
            let field =
                |f: &str| f.chars().all(|c| c.is_ascii_alphanumeric() || "*/,-?".contains(c));
            let five = text.split_whitespace().count() == 5 && text.split_whitespace().all(field);
            let named =
                ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"];
            (five || named.contains(&text)).then(|| text.to_owned())
        })
    }

    fn needed<T>(&mut self, value: Option<T>, key: &str, span: Span) -> Option<T> {
        if value.is_none() && !self.failed() {
            self.error(
                "invalid-intent",
                format!("`{key}` is missing"),
                span,
                format!("add `{key}:`"),
            );
        }
        value
    }
}

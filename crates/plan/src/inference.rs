//! Services that answer with a model: how many replicas on which GPUs keep what `x-muster.inference` promises.
//!
//! The `capacity` crate computes it, once for a service. What the file states wins: replicas, devices, the kind of GPU;
//! then it is said whether the promise is kept with them.

mod answer;
mod asked;
mod command;
mod deployed;
mod formats;
mod record;

pub(crate) use answer::Answers;
pub use deployed::Deployed;
pub(crate) use record::record;

use crate::log::Log;
use crate::rules;
use crate::survey;
use crate::world::{Shape, Subject};
use command::Command;
use model::facts::{ClusterFacts, Options};
use model::plan::{Curve, ServingOption, ServingQuestion};
use model::project::{InferenceIntent, Project, Service};
use model::reason::{Because, Certainty, Level};
use yaml::Span;

/// What was computed for a service.
#[derive(Clone, Debug)]
pub(crate) struct Computed {
    pub(crate) asked: ServingQuestion,
    pub(crate) chosen: ServingOption,
    ground: Ground,
    /// All that keep the promise, cheapest first.
    options: Vec<ServingOption>,
    impossible: Vec<(String, String)>,
    dearer: Vec<String>,
    /// The day of the list prices.
    prices: String,
    curve: Curve,
}

/// Why the chosen option, among those that keep the promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ground {
    Cheapest,
    /// The same of those that have as many GPUs, or the slice, that the file states.
    CheapestAsStated,
    /// The engine's command needs no other argument for it.
    CommandStands,
    /// Its pods are there already.
    RunsThere,
}

impl Ground {
    const fn words(self) -> &'static str {
        match self {
            Self::Cheapest => "the cheapest that keeps the promise",
            Self::CheapestAsStated => {
                "the cheapest that keeps the promise with the GPUs that the file gives a replica"
            }
            Self::CommandStands => "the cheapest that keeps the promise as the command stands",
            Self::RunsThere => "it runs there already and keeps the promise",
        }
    }
}

impl Computed {
    /// Replicas that keep the promise, also when one of them fails.
    pub(crate) fn replicas(&self) -> u32 {
        self.chosen.needed.saturating_add(self.chosen.spare)
    }

    /// Why so many.
    pub(crate) fn why_replicas(&self) -> String {
        let (asked, chosen) = (&self.asked, &self.chosen);
        format!(
            "{} for {} users, {} so that one may fail: one on {} has room for {}, first token within {} ms and each within {} ms for {}",
            chosen.needed,
            asked.users,
            chosen.spare,
            chosen.name,
            room(chosen),
            asked.ttft_ms,
            asked.tpot_ms,
            asked.percentile
        )
    }

    /// Why that kind.
    pub(crate) fn why_kind(&self) -> String {
        let cost = self.chosen.cost_per_hour.map_or_else(String::new, |dollars| {
            format!(", ${dollars:.2} an hour at list prices of {}", self.prices)
        });
        let ground = self.ground.words();
        match self.cheaper() {
            Some(cheaper) => format!("{ground}{cost}; {cheaper}"),
            None => {
                format!("{ground}{cost}; {} more do", self.options.len().saturating_sub(1))
            }
        }
    }

    /// Why a replica has those devices.
    pub(crate) fn why_devices(&self) -> String {
        format!("a replica on {}: {}", self.chosen.name, self.ground.words())
    }

    /// What would cost less, if something else was chosen.
    fn cheaper(&self) -> Option<String> {
        let first = self.options.first().filter(|first| first.name != self.chosen.name)?;
        let argument = if first.tensor_parallel == self.chosen.tensor_parallel {
            String::new()
        } else {
            format!(", with --tensor-parallel-size {}", first.tensor_parallel)
        };
        Some(format!("{} would be cheaper{argument}", first.name))
    }
}

/// Seats of a replica with their range.
fn room(option: &ServingOption) -> String {
    let whole = |seats: f64| format!("{:.0}", seats.floor());
    let between = option
        .seats_between
        .map_or_else(String::new, |(low, high)| format!(" ({} to {})", whole(low), whole(high)));
    format!("{}{between}", whole(option.seats))
}

/// Why nothing was computed.
#[derive(Clone, Debug)]
struct No {
    level: Level,
    code: &'static str,
    why: String,
    fix: String,
}

impl No {
    fn refused(why: impl Into<String>, fix: impl Into<String>) -> Self {
        let code = "inference-not-computed";
        Self { level: Level::Warning, code, why: why.into(), fix: fix.into() }
    }

    fn tell(self, subject: &Subject<'_>, log: &mut Log) {
        log.find(self.level, self.code, Some(subject.key()), self.why, self.fix, because(subject));
    }
}

/// Why a question cannot be read from a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unread {
    why: String,
    /// What to do about it.
    pub fix: String,
}

/// A service that says which model it serves: what a plan rests on, for those who ask themselves.
#[derive(Clone, Debug)]
pub struct Serves<'a> {
    /// The service.
    pub service: &'a Service,
    /// How it deploys the model.
    pub deployed: Result<Deployed, Unread>,
}

impl Serves<'_> {
    /// Why the engine takes no request of so many tokens, and where its command says so.
    pub fn refuses(&self, prompt: u32, output: u32) -> Option<(Span, Unread)> {
        let (why, fix) = record::too_long(&Command::of(self.service), prompt, output)?;
        let said = self.service.command.as_ref().or(self.service.entrypoint.as_ref());
        Some((said.map_or(self.service.span, |it| it.span), Unread { why, fix }))
    }

    /// What its command says and no figure counts.
    pub fn uncounted(&self) -> Option<String> {
        record::uncounted(self.service)
    }
}

/// The first service that says which model it serves.
pub fn deployed(project: &Project) -> Option<Serves<'_>> {
    let (cluster, options) = (ClusterFacts::default(), Options::default());
    let (world, _) = survey::subjects(project, &cluster, &options, &mut Log::default());
    let mut models = world.subjects.values().filter_map(|it| Some((it, deployed::model(it)?)));
    let (subject, model) = models.next()?;
    let read = deployed::deployed(&cluster, subject, model);
    let deployed = read.map_err(|no| Unread { why: no.why, fix: no.fix });
    Some(Serves { service: project.services.get(subject.key())?, deployed })
}

fn because(subject: &Subject<'_>) -> Vec<Because> {
    subject.lines("x-muster.inference")
}

/// Computes what the service needs to keep its promise; what is missing or impossible becomes a finding.
pub(crate) fn serve(
    cluster: &ClusterFacts,
    subject: &Subject<'_>,
    answers: &mut Answers,
    log: &mut Log,
) -> Option<Computed> {
    let intent = subject.service.intent.inference.as_ref()?;
    // Jobs serve nobody: that the intent is without effect there is said at the end.
    if !matches!(subject.shape, Shape::Deployment | Shape::StatefulSet) {
        return None;
    }
    match asked::read(cluster, subject, intent).and_then(|asked| answers.of(asked)) {
        Ok(computed) => {
            explain(subject, &computed, log);
            ask(subject, intent, &computed.asked, log);
            ask_for_engine(subject, &computed.asked, log);
            stays(subject, &computed, log);
            Some(computed)
        }
        Err(no) => {
            no.tell(subject, log);
            None
        }
    }
}

fn explain(subject: &Subject<'_>, computed: &Computed, log: &mut Log) {
    let asked = &computed.asked;
    let options = &computed.options;
    let cost = |option: &ServingOption| {
        let replicas = option.needed.saturating_add(option.spare);
        let dollars =
            option.cost_per_hour.map_or_else(String::new, |it| format!(" at ${it:.2} an hour"));
        format!("{replicas} on {}{dollars}", option.name)
    };
    let others: Vec<_> =
        options.iter().filter(|it| it.name != computed.chosen.name).take(2).map(cost).collect();
    let others =
        if others.is_empty() { String::new() } else { format!("; else {}", others.join(", ")) };
    log.decide(subject, "compose.x-muster.inference")
        .chose(format!("{} ({})", computed.chosen.name, computed.chosen.basis))
        .all(because(subject))
        .rule(rules::SERVE_WITHIN_PROMISE)
        .sure(Certainty::Inferred)
        .why(format!(
            "{} in {} on {}, bound by {}{others}",
            asked.model, asked.weights, asked.engine, computed.chosen.bound_by
        ));
}

/// What runs is not moved for its price: people are told.
fn stays(subject: &Subject<'_>, computed: &Computed, log: &mut Log) {
    let (chosen, cheaper) = (&computed.chosen, computed.cheaper());
    let (Ground::RunsThere, Some(cheaper), Some(first)) =
        (computed.ground, cheaper, computed.options.first())
    else {
        return;
    };
    let fix = if first.gpu == chosen.gpu {
        "reserve what it should get: deploy.resources.reservations.devices".to_owned()
    } else {
        format!("services.{}.x-muster.inference.gpu: {}", subject.key(), first.gpu)
    };
    log.find(
        Level::Note,
        "inference-cheaper-kind",
        Some(subject.key()),
        format!("`{}` stays on {}, where it runs; {cheaper}", subject.key(), chosen.name),
        fix,
        because(subject),
    );
}

/// What the file leaves open of requests and promise was taken as usual: the numbers hang on it.
fn ask(subject: &Subject<'_>, intent: &InferenceIntent, asked: &ServingQuestion, log: &mut Log) {
    let parts = [
        (intent.think_time_ms.is_none(), "think_time", format!("{}s", asked.think_ms / 1_000)),
        (intent.prompt.is_none(), "prompt", asked.prompt.to_string()),
        (intent.output.is_none(), "output", asked.output.to_string()),
        (intent.ttft_ms.is_none(), "ttft", format!("{}ms", asked.ttft_ms)),
        (intent.tpot_ms.is_none(), "tpot", format!("{}ms", asked.tpot_ms)),
    ];
    let open: Vec<_> = parts.iter().filter(|(open, ..)| *open).collect();
    if open.is_empty() {
        return;
    }
    let names: Vec<_> = open.iter().map(|(_, name, _)| *name).collect();
    let values: Vec<_> = open.iter().map(|(_, name, value)| format!("{name}: {value}")).collect();
    log.ask(
        Some(subject.key()),
        format!(
            "Which {} does `{}` have? Its GPUs and replicas follow from them",
            listed(&names),
            subject.key()
        ),
        values.join(", "),
        format!("services.{}.x-muster.inference: {{ {} }}", subject.key(), values.join(", ")),
    );
}

/// `a, b and c`
fn listed(words: &[&str]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => words.concat(),
    }
}

/// An image of one's own may hold any engine.
fn ask_for_engine(subject: &Subject<'_>, asked: &ServingQuestion, log: &mut Log) {
    if subject.family().is_none() {
        log.ask(
            Some(subject.key()),
            format!(
                "Which engine serves the model in `{}`? What a replica carries depends on it",
                subject.key()
            ),
            asked.engine.clone(),
            "an image of the table, such as vllm/vllm-openai or lmsysorg/sglang",
        );
    }
}

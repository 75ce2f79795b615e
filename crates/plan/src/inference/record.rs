//! Whether the planned replicas keep the promise, and where the command says otherwise.

use super::command::Command;
use super::{Computed, because, deployed, room};
use crate::attributes::cite;
use crate::log::Log;
use crate::scaling;
use crate::world::{Scale, Subject, World};
use model::plan::{Kept, Plan, Serving};
use model::project::Service;
use model::reason::Level;

/// Puts what was computed into the plan, with what people should know of it.
pub(crate) fn record(world: &World<'_>, plan: &mut Plan, log: &mut Log) {
    for subject in world.subjects.values() {
        let Some(computed) = &subject.serving else { continue };
        let replicas = replicas(subject.scale);
        let promise = computed.promise(subject.scale);
        judge(world, subject, computed, (replicas, promise), log);
        arguments(subject, computed, log);
        unread(subject, log);
        plan.serving.push(Serving {
            service: subject.key().to_owned(),
            asked: computed.asked.clone(),
            chosen: computed.chosen.clone(),
            replicas,
            promise,
            options: computed.options.clone(),
            impossible: computed.impossible.clone(),
            dearer: computed.dearer.clone(),
            prices: computed.prices.clone(),
            curve: computed.curve.clone(),
        });
    }
}

impl Computed {
    /// Whether that many replicas keep the promise.
    pub(crate) fn promise(&self, scale: Scale) -> Kept {
        kept(replicas(scale), self.chosen.needed)
    }
}

/// The fewest and the most.
fn replicas(scale: Scale) -> (u32, u32) {
    match scale {
        Scale::Fixed(count) => (count, count),
        Scale::Auto { min, max, .. } => (min, max),
        Scale::PerNode => (1, 1),
    }
}

fn kept((least, most): (u32, u32), needed: u32) -> Kept {
    match least.cmp(&needed) {
        std::cmp::Ordering::Greater => Kept::WithSpare,
        std::cmp::Ordering::Equal => Kept::WithoutSpare,
        std::cmp::Ordering::Less if most >= needed => Kept::Perhaps,
        std::cmp::Ordering::Less => Kept::No,
    }
}

fn judge(
    world: &World<'_>,
    subject: &Subject<'_>,
    computed: &Computed,
    ((least, most), promise): ((u32, u32), Kept),
    log: &mut Log,
) {
    let (asked, needed) = (&computed.asked, computed.chosen.needed);
    let carries = f64::from(least) * computed.chosen.seats;
    let each = format!("one on {} has room for {}", computed.chosen.name, room(&computed.chosen));
    let why = match promise {
        Kept::WithSpare | Kept::WithoutSpare => return,
        // Nobody is promised anything while it is switched off.
        Kept::No if most == 0 => return,
        Kept::No if least == most => format!(
            "{least} of `{}` carry about {carries:.0} of {} users within the promise: {each}, so {needed} are needed",
            subject.key(),
            asked.users
        ),
        Kept::No => format!(
            "{least} to {most} of `{}` are too few for {} users: {each}, so {needed} are needed",
            subject.key(),
            asked.users
        ),
        Kept::Perhaps => format!(
            "{needed} of `{}` are needed for {} users, and the autoscaler starts from {least}: it follows the CPU, which does not show the load of a GPU",
            subject.key(),
            asked.users
        ),
    };
    let mut lines = because(subject);
    lines.extend(cite(
        subject,
        &["deploy.replicas", "scale", "x-muster.scale", "x-muster.replicable"],
    ));
    let fix = advice(world, subject, computed, promise);
    log.find(Level::Warning, "inference-promise-not-kept", Some(subject.key()), why, fix, lines);
}

/// What would keep the promise.
fn advice(world: &World<'_>, subject: &Subject<'_>, computed: &Computed, promise: Kept) -> String {
    let advised = computed.replicas();
    let stated = |keys: &[&str]| !cite(subject, keys).is_empty();
    if let Some(why) = scaling::kept_to_one(world, subject) {
        return format!(
            "{advised} replicas would keep it, one to spare, and it is planned once: {why}; x-muster.replicable: true where copies do no harm, else larger GPUs or a weaker promise"
        );
    }
    if promise == Kept::Perhaps || stated(&["x-muster.scale"]) {
        format!("x-muster.scale: {{ min: {advised}, max: {advised} }}")
    } else if stated(&["deploy.replicas", "scale"]) {
        format!("{advised} replicas keep it, one to spare: leave the number out, or write that one")
    } else {
        format!(
            "{advised} replicas keep it, one to spare; muster explain {} says what keeps it to fewer",
            subject.key()
        )
    }
}

/// Arguments of the command that the numbers do not hold with.
fn arguments(subject: &Subject<'_>, computed: &Computed, log: &mut Log) {
    let command = Command::of(subject.service);
    let mut complain = |message: String, fix: String| {
        let mut lines = cite(subject, &["command", "entrypoint"]);
        lines.extend(because(subject));
        log.find(Level::Warning, "engine-arguments", Some(subject.key()), message, fix, lines);
    };
    let gpus = computed.chosen.tensor_parallel;
    let used = command.tensor_parallel().unwrap_or(1);
    if used != gpus {
        let how = if command.tensor_parallel().is_some() { "says" } else { "leaves it at" };
        complain(
            format!(
                "a replica of `{}` gets {gpus} of {} and its command {how} {used}",
                subject.key(),
                computed.chosen.gpu
            ),
            format!("--tensor-parallel-size {gpus} (SGLang: --tp-size {gpus})"),
        );
    }
    let question = &computed.asked;
    if let Some((message, fix)) = too_long(&command, question.prompt, question.output) {
        complain(message, fix);
    }
    if let Some((said, stored)) = command.contradicted(deployed::model(subject).unwrap_or_default())
    {
        complain(
            format!(
                "the command has the engine read weights as {said}, and the model's name says {stored}"
            ),
            "leave --quantization out: the engine reads the format from the model's files"
                .to_owned(),
        );
    }
    let models = |name: &str| capacity::model(name).ok();
    if let (Some(loaded), Some(meant)) = (command.model().and_then(models), models(&question.model))
        && loaded != meant
    {
        complain(
            format!(
                "the command loads {} and x-muster.inference speaks of {}",
                loaded.name, meant.name
            ),
            "name the same model in both".to_owned(),
        );
    }
}

/// That the engine takes no requests of so many tokens, and what to do about it.
pub(super) fn too_long(
    command: &Command<'_>,
    prompt: u32,
    output: u32,
) -> Option<(String, String)> {
    let tokens = prompt.saturating_add(output);
    let longest = command.longest().filter(|longest| *longest < tokens)?;
    Some((
        format!(
            "prompt and answer have {tokens} tokens and the command lets the engine take {longest}"
        ),
        format!(
            "--max-model-len {tokens} (SGLang: --context-length, TensorRT-LLM: --max_seq_len), or other x-muster.inference.prompt and output"
        ),
    ))
}

/// What the command says and no figure counts.
pub(super) fn uncounted(service: &Service) -> Option<String> {
    let options = Command::of(service).unread();
    (!options.is_empty()).then(|| {
        let options = options.join(", ");
        format!("what a replica of `{}` carries is computed without {options}", service.name)
    })
}

fn unread(subject: &Subject<'_>, log: &mut Log) {
    let Some(message) = uncounted(subject.service) else { return };
    let mut lines = cite(subject, &["command", "entrypoint"]);
    lines.extend(because(subject));
    log.find(
        Level::Note,
        "engine-arguments-not-modelled",
        Some(subject.key()),
        message,
        "measure it, and write deploy.replicas if it differs",
        lines,
    );
}

#[cfg(test)]
mod tests {
    use super::kept;
    use model::plan::Kept;

    #[test]
    fn a_promise_is_kept_by_enough_replicas() {
        for (replicas, want) in [
            ((4, 4), Kept::WithSpare),
            ((3, 9), Kept::WithoutSpare),
            ((2, 3), Kept::Perhaps),
            ((2, 2), Kept::No),
            ((0, 0), Kept::No),
        ] {
            assert_eq!(kept(replicas, 3), want, "{replicas:?}");
        }
    }
}

//! Models that a plan serves: what they are promised, on what, and how sure that is.

use crate::View;
use crate::capacity::{number, sure, time};
use crate::text::{Line, Page, Role, count};
use model::plan::{Kept, Latency, Serving, ServingOption, ServingQuestion};

/// Who asks for what.
pub(crate) fn demand(asked: &ServingQuestion) -> String {
    format!(
        "{} for {}, who think {} between prompts of {} and answers of {} tokens",
        asked.model,
        count(asked.users as usize, "user"),
        round(asked.think_ms),
        asked.prompt,
        asked.output
    )
}

/// What they are promised.
pub(crate) fn promise(asked: &ServingQuestion) -> String {
    format!(
        "first token within {}, each token within {}, for {} of the requests",
        round(asked.ttft_ms),
        round(asked.tpot_ms),
        asked.percentile
    )
}

/// Replicas of the plan, of what, and how many the load needs.
pub(crate) fn planned(serving: &Serving) -> String {
    let (least, most) = serving.replicas;
    let replicas = if least == most {
        count(least as usize, "replica")
    } else {
        format!("{least} to {most} replicas")
    };
    let chosen = &serving.chosen;
    format!(
        "{replicas} on {}, {} needed for the load{}",
        chosen.name,
        chosen.needed,
        over_the_range(serving).unwrap_or_default()
    )
}

/// How many are needed if the engine is as much slower or faster as measured ones were: none is enough where a replica
/// has no seat.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Needed {
    Between(f64, f64),
    Never,
}

fn needed(serving: &Serving) -> Option<Needed> {
    let (low, high) = serving.chosen.seats_between?;
    let at = |seats: f64| (f64::from(serving.asked.users) / seats).ceil().max(1.0);
    Some(if low > 0.0 { Needed::Between(at(high), at(low)) } else { Needed::Never })
}

fn over_the_range(serving: &Serving) -> Option<String> {
    match needed(serving)? {
        Needed::Never => Some(" (at the low end of the range no number would do)".to_owned()),
        Needed::Between(least, most) => {
            (most > least).then(|| format!(" ({least:.0} to {most:.0} over the range)"))
        }
    }
}

/// Whether the promise is kept: a role, and the words.
pub(crate) fn verdict(serving: &Serving) -> (Role, String) {
    let (role, words) = match serving.promise {
        Kept::WithSpare => (Role::Good, "the promise is kept, also when one fails"),
        Kept::WithoutSpare => (Role::Warning, "the promise is kept as long as none fails"),
        Kept::Perhaps => {
            (Role::Warning, "the promise is kept only if the CPU lets the autoscaler add some")
        }
        Kept::No if serving.replicas.1 == 0 => return (Role::Faint, "switched off".to_owned()),
        Kept::No => return (Role::Bad, "the promise is not kept".to_owned()),
    };
    (role, format!("{words}{}", slow_end(serving).unwrap_or_default()))
}

/// What becomes of the promise where the engine is as slow as measured ones were at most.
fn slow_end(serving: &Serving) -> Option<String> {
    let planned = f64::from(serving.replicas.0);
    match needed(serving)? {
        Needed::Never => Some("; at the slow end of the ranges it is not".to_owned()),
        Needed::Between(_, most) if most > planned => {
            Some(format!("; at the slow end of the ranges it takes {most:.0}"))
        }
        // Whole numbers: the last one is busy too.
        Needed::Between(_, most) if most > planned - 1.0 && serving.promise == Kept::WithSpare => {
            Some("; at the slow end of the ranges as long as none fails".to_owned())
        }
        Needed::Between(..) => None,
    }
}

/// The percentile that is promised, in milliseconds.
fn percentile(asked: &ServingQuestion, values: &Latency) -> f64 {
    match asked.percentile.as_str() {
        "p50" => values.p50,
        "p99" => values.p99,
        _ => values.p95,
    }
}

/// How sure the figures are.
pub(crate) fn basis(option: &ServingOption) -> String {
    sure(&option.basis, option.ttft.between.is_some())
}

/// People for whom a replica has room.
pub(crate) fn seats(option: &ServingOption) -> String {
    let between =
        option.seats_between.map(|(low, high)| format!(" ({}–{})", number(low), number(high)));
    format!("{}{}", number(option.seats), between.unwrap_or_default())
}

/// `p50 80 ms (70–90) · …`
pub(crate) fn latency(values: &Latency) -> String {
    let each = [("p50", values.p50), ("p95", values.p95), ("p99", values.p99)].map(|(name, it)| {
        let between = values
            .between
            .map(|(low, high)| format!(" ({}–{})", millis(it * low), millis(it * high)));
        format!("{name} {}{}", millis(it), between.unwrap_or_default())
    });
    each.join(" · ")
}

/// The percentile that is promised.
pub(crate) fn promised(asked: &ServingQuestion, values: &Latency) -> String {
    millis(percentile(asked, values))
}

/// Dollars for an hour, where they are known.
pub(crate) fn dollars(option: &ServingOption) -> String {
    option.cost_per_hour.map_or_else(|| "–".to_owned(), |it| format!("{it:.2}"))
}

/// What somebody wrote down in milliseconds.
fn round(millis: u64) -> String {
    if millis >= 1_000 && millis.is_multiple_of(1_000) {
        format!("{} s", millis / 1_000)
    } else {
        format!("{millis} ms")
    }
}

/// Milliseconds as people read them.
pub(crate) fn millis(value: f64) -> String {
    time(value / 1e3)
}

/// The section of the text.
pub(crate) fn section(view: &View<'_>, page: &mut Page) {
    for serving in &view.plan.serving {
        let (asked, chosen) = (&serving.asked, &serving.chosen);
        page.heading(&format!("The model of {}", serving.service), "predicted, not measured");
        page.hang(Line::default().padded(2), Line::prose(&demand(asked)));
        page.hang(Line::default().padded(2), Line::prose(&promise(asked)));
        let (role, verdict) = verdict(serving);
        let whole = Line::of(Role::Name, planned(serving)).plain(": ").and(role, verdict);
        page.hang(Line::default().padded(2), whole);
        let mut say = |lead: &str, text: String| {
            page.hang(Line::of(Role::Faint, format!("  {lead:<12}")), Line::prose(&text));
        };
        say(
            "each has",
            format!("{} seats · {} requests in flight", seats(chosen), number(chosen.in_flight)),
        );
        say("first token", latency(&chosen.ttft));
        say("each token", latency(&chosen.tpot));
        say("bound by", chosen.bound_by.clone());
        say("cost", cost(serving));
        say("sure of it", basis(chosen));
    }
}

/// What it costs with the replicas that the load needs, and what the next option costs.
fn cost(serving: &Serving) -> String {
    let chosen = &serving.chosen;
    let replicas = chosen.needed.saturating_add(chosen.spare);
    let other = serving.options.iter().find(|it| it.name != chosen.name);
    let other = other.map(|it| {
        let replicas = it.needed.saturating_add(it.spare);
        format!("; {replicas} on {} ${}", it.name, dollars(it))
    });
    let least = serving.replicas.0;
    let planned = chosen.cost_per_hour.filter(|_| least != replicas).map(|cost| {
        let each = cost / f64::from(replicas.max(1));
        format!("as planned {least} for ${:.2}; ", each * f64::from(least))
    });
    format!(
        "{}{replicas} on {} ${} an hour at list prices of {}{}",
        planned.unwrap_or_default(),
        chosen.name,
        dollars(chosen),
        serving.prices,
        other.unwrap_or_default()
    )
}

//! Jobs, `CronJob`s and restart policies.

use crate::cursor::At;
use crate::finding::Findings;
use crate::rules::Context;
use crate::set::{Object, Pod};
use crate::table::scaling as t;

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for pod in &cx.set.pods {
        restart_policy(pod, out);
    }
    for job in cx.set.of_kind("Job") {
        let at = job.spec().at("ttlSecondsAfterFinished");
        if !at.is_set() {
            let message = "the finished Job and its pods stay until someone deletes them, and block the next one of that name";
            out.add(&t::JOB_TTL, job, &at, message, "ttlSecondsAfterFinished: 86400");
        }
    }
    for cron in cx.set.of_kind("CronJob") {
        let at = cron.spec().at("concurrencyPolicy");
        if !at.is_set() {
            let message = "the default is Allow: a run that takes longer than its interval meets the next one";
            let fix = "concurrencyPolicy: Forbid  # or Replace, or Allow if runs may overlap";
            out.add(&t::CRON_CONCURRENCY, cron, &at, message, fix);
        }
        let at = cron.spec().at("startingDeadlineSeconds");
        if !at.is_set() {
            let message = "a run that was missed is started however late, and after a hundred missed ones no run ever starts again";
            out.add(&t::CRON_DEADLINE, cron, &at, message, "startingDeadlineSeconds: 600");
        }
        schedule(cron, out);
    }
}

fn restart_policy(pod: &Pod<'_>, out: &mut Findings) {
    let at = pod.spec.at("restartPolicy");
    let policy = at.str().unwrap_or("Always");
    let refused = "the API server refuses the object";
    if pod.is_job() && policy == "Always" {
        let message = format!(
            "pods of a {} cannot restart always, which is the default: {refused}",
            pod.owner.kind
        );
        out.add(&t::JOB_RESTART, &pod.owner, &at, message, "restartPolicy: OnFailure  # or Never");
    } else if !pod.is_job() && pod.owner.kind != "Pod" && policy != "Always" {
        let message = format!("pods of a {} can only restart always: {refused}", pod.owner.kind);
        let fix = "remove restartPolicy; if it runs to completion, make it a Job";
        out.add(&t::RESTART_POLICY, &pod.owner, &at, message, fix);
    }
}

fn schedule(cron: &Object<'_>, out: &mut Findings) {
    let at: At<'_> = cron.spec().at("schedule");
    let text = at.text().unwrap_or_default();
    if !is_schedule(&text) {
        let message = format!("`{text}` is no schedule: the API server refuses the object");
        let fix = "schedule: \"30 2 * * *\"  # minute, hour, day, month, weekday";
        out.add(&t::CRON_SCHEDULE, cron, &at, message, fix);
    }
}

/// Five fields of the characters that cron knows, or a name such as `@daily`.
fn is_schedule(text: &str) -> bool {
    let (zone, rest) = match text.strip_prefix("TZ=").or(text.strip_prefix("CRON_TZ=")) {
        Some(rest) => (true, rest.split_once(' ').map_or("", |(_, rest)| rest)),
        None => (false, text),
    };
    let named = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
    if named.contains(&rest) || rest.starts_with("@every ") {
        return true;
    }
    let fields: Vec<_> = rest.split_whitespace().collect();
    let known = |f: &&str| f.chars().all(|c| c.is_ascii_alphanumeric() || "*/,-?".contains(c));
    // The API server refuses a time zone inside the schedule since 1.29.
    !zone && fields.len() == 5 && fields.iter().all(known) && in_range(&fields)
}

fn in_range(fields: &[&str]) -> bool {
    const MAX: [u32; 5] = [59, 23, 31, 12, 6];
    fields.iter().zip(MAX).all(|(field, max)| {
        let numbers = field.split([',', '-']).map(|part| part.split('/').next().unwrap_or(part));
        numbers.filter_map(|n| n.parse::<u32>().ok()).all(|n| n <= max)
    })
}

#[cfg(test)]
mod tests {
    use super::is_schedule;

    #[test]
    fn knows_schedules() {
        for good in ["*/5 * * * *", "30 2 * * 1-5", "0 0 1 JAN *", "@daily"] {
            assert!(is_schedule(good), "{good}");
        }
        for bad in ["", "* * * *", "99 * * * *", "every day", "0 0 2 * * *"] {
            assert!(!is_schedule(bad), "{bad}");
        }
    }
}

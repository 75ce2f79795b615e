//! What stands in the way of serving, with the last lines of what crashed.

use crate::error::Error;
use apply::{Cause, Reason, ServiceState};
use cluster::{Cluster, Run};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Lines of a log that are shown.
const LINES: u32 = 8;

/// Says which services do not serve, and what to do.
pub(crate) async fn not_serving(
    cluster: &Cluster,
    namespace: &str,
    states: &[ServiceState],
    why: &str,
) -> Error {
    let down: Vec<_> = states.iter().filter(|state| !state.serves()).collect();
    let mut message = format!("{} of {} services do not serve{why}", down.len(), states.len());
    let mut advice = BTreeSet::new();
    for state in down {
        for cause in state.causes() {
            let said = format!("\n  {}: {}", state.service, cause.reason.say());
            message.push_str(&said);
            if !matches!(cause.reason, Reason::Starting | Reason::NotApplied) {
                write!(message, "\n    {}: {}", cause.object, indented(&cause.evidence))
                    .expect("a string takes any text");
            }
            advice.extend(cause.reason.advice());
            if let Some(lines) = last_lines(cluster, namespace, cause).await {
                write!(message, "\n    its last lines:\n      {}", lines.replace('\n', "\n      "))
                    .expect("a string takes any text");
            }
        }
    }
    let advice: Vec<_> = advice.into_iter().collect();
    let hint = match advice.as_slice() {
        [] => "wait longer with --timeout, and see `muster status`".to_owned(),
        advice => advice.join("\n      "),
    };
    Error::NotServing { message, hint }
}

fn indented(text: &str) -> String {
    text.trim().replace('\n', "\n    ")
}

/// What a crashed container wrote; it is no failure if it wrote nothing that can be had.
async fn last_lines(cluster: &Cluster, namespace: &str, cause: &Cause) -> Option<String> {
    let Reason::CrashLoop { container, .. } = &cause.reason else { return None };
    let pod = cause.object.strip_prefix("Pod/")?;
    for run in [Run::Previous, Run::Current] {
        match cluster.last_lines(namespace, pod, container, run, LINES).await {
            Ok(text) if !text.trim().is_empty() => return Some(text.trim_end().to_owned()),
            _ => {}
        }
    }
    None
}

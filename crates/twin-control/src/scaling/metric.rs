//! One metric of a scaler: what it looks at, and what it finds.

use super::demand::Measured;
use super::number;
use super::usage::{Meter, Usage, amount};
use crate::controller::View;
use crate::nodes::is_ready;
use std::sync::Arc;
use twin_core::store::Object;
use twin_core::tree::{Text, Value};
use units::{Bytes, Cpu};

/// Which resource, and how much of it a pod should use.
pub(super) struct Metric {
    resource: Text,
    goal: Goal,
}

#[derive(Clone, Copy)]
enum Goal {
    /// Percent of what is requested.
    Utilization(u64),
    /// Thousandths of a core, or bytes.
    Value(u64),
}

impl Metric {
    pub(super) fn read(metric: &Value) -> Option<Self> {
        let resource = Text::new(metric.str_at(&["resource", "name"])?);
        let goal = metric.at(&["resource", "target"])?;
        let percent = number(goal.at(&["averageUtilization"])).map(Goal::Utilization);
        let value = || {
            let text = goal.str_at(&["averageValue"])?;
            Some(Goal::Value(if resource == "cpu" {
                text.parse::<Cpu>().ok()?.as_millis()
            } else {
                text.parse::<Bytes>().ok()?.get()
            }))
        };
        let goal = percent.or_else(value)?;
        matches!(resource.as_str(), "cpu" | "memory").then_some(Self { resource, goal })
    }

    /// What the pods use of it.
    pub(super) fn measure(&self, pods: &[&Arc<Object>], view: &View<'_>) -> Measured {
        let (mut measured, mut meter) = (Measured::default(), Meter::new(view));
        for pod in pods {
            let ended = pod.tree.str_at(&["metadata", "deletionTimestamp"]).is_some();
            if ended || pod.tree.str_at(&["status", "phase"]) == Some("Failed") {
                continue;
            }
            let requested = self.part(amount(&pod.tree, "requests"));
            let target = match self.goal {
                Goal::Utilization(percent) => requested.saturating_mul(percent) / 100,
                Goal::Value(value) => value,
            };
            measured.target = measured.target.max(target);
            match meter.usage(pod) {
                _ if !is_ready(&pod.tree) => measured.unready += 1,
                Some(used) => measured.used.push(self.part(used)),
                None => measured.missing += 1,
            }
        }
        measured
    }

    fn part(&self, usage: Usage) -> u64 {
        if self.resource == "cpu" { usage.cpu.as_millis() } else { usage.memory.get() }
    }

    /// As conditions and events name it.
    pub(super) fn words(&self) -> String {
        match self.goal {
            Goal::Utilization(_) => {
                format!("{} resource utilization (percentage of request)", self.resource)
            }
            Goal::Value(_) => format!("{} resource", self.resource),
        }
    }

    /// What the status shows of it.
    pub(super) fn current(&self, measured: &Measured, pods: &[&Arc<Object>]) -> Value {
        let count = u64::try_from(measured.used.len()).unwrap_or(u64::MAX).max(1);
        let average = measured.used.iter().fold(0_u64, |sum, one| sum.saturating_add(*one)) / count;
        let text = if self.resource == "cpu" {
            Cpu::millis(average).to_string()
        } else {
            average.to_string()
        };
        let mut current = Value::from([("averageValue", Text::from(text).into())]);
        if let Goal::Utilization(_) = self.goal {
            let requested = pods.iter().map(|pod| self.part(amount(&pod.tree, "requests"))).max();
            let percent = average.saturating_mul(100) / requested.unwrap_or(1).max(1);
            let percent = i64::try_from(percent).unwrap_or(i64::MAX);
            current = current.with(&["averageUtilization"], percent.into());
        }
        let resource = Value::from([("name", self.resource.clone().into()), ("current", current)]);
        Value::from([("type", "Resource".into()), ("resource", resource)])
    }
}

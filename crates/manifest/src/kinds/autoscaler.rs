//! What scales by itself.

use super::count;
use crate::labels::Scope;
use crate::object::{Object, stage};
use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehavior, HorizontalPodAutoscalerSpec, MetricSpec, MetricTarget,
    ResourceMetricSource,
};
use model::plan::Autoscaler;

/// Seconds of low load before replicas go.
const CALM: i32 = 300;
/// Seconds over which a step is counted.
const PERIOD: i32 = 60;

/// The autoscaler: up at once, down slowly.
pub(crate) fn autoscaler(scope: &Scope<'_>, planned: &Autoscaler) -> Object {
    let kind = scope.workload(&planned.workload).map_or("Deployment", |it| it.kind.name());
    let spec = HorizontalPodAutoscalerSpec {
        scale_target_ref: CrossVersionObjectReference {
            api_version: Some("apps/v1".to_owned()),
            kind: kind.to_owned(),
            name: planned.workload.clone(),
        },
        min_replicas: Some(count(planned.min)),
        max_replicas: count(planned.max),
        metrics: Some(vec![cpu(planned.cpu_percent)]),
        behavior: Some(behavior()),
    };
    let metadata = scope.meta(&planned.workload, scope.labels_like(&planned.workload, "scaling"));
    let object = HorizontalPodAutoscaler {
        metadata,
        spec: Some(spec),
        ..HorizontalPodAutoscaler::default()
    };
    Object::new(stage::AUTOSCALERS, Some(&planned.service), &object)
}

fn cpu(percent: u32) -> MetricSpec {
    let target = MetricTarget {
        type_: "Utilization".to_owned(),
        average_utilization: Some(count(percent)),
        ..MetricTarget::default()
    };
    MetricSpec {
        type_: "Resource".to_owned(),
        resource: Some(ResourceMetricSource { name: "cpu".to_owned(), target }),
        ..MetricSpec::default()
    }
}

/// Doubling or four more per minute on the way up; half per minute on the way down, and only after
/// five calm minutes.
fn behavior() -> HorizontalPodAutoscalerBehavior {
    let policy = |type_: &str, value| HPAScalingPolicy {
        type_: type_.to_owned(),
        value,
        period_seconds: PERIOD,
    };
    let rules = |window, select: &str, policies| HPAScalingRules {
        stabilization_window_seconds: Some(window),
        select_policy: Some(select.to_owned()),
        policies: Some(policies),
        ..HPAScalingRules::default()
    };
    let up = vec![policy("Percent", 100), policy("Pods", 4)];
    HorizontalPodAutoscalerBehavior {
        scale_up: Some(rules(0, "Max", up)),
        scale_down: Some(rules(CALM, "Max", vec![policy("Percent", 50)])),
    }
}

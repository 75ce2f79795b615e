//! One module for each kind of object.

pub(crate) mod autoscaler;
pub(crate) mod budget;
pub(crate) mod claim;
pub(crate) mod config;
pub(crate) mod daemonset;
pub(crate) mod database;
pub(crate) mod deployment;
pub(crate) mod extra;
pub(crate) mod gang;
pub(crate) mod job;
pub(crate) mod monitor;
pub(crate) mod namespace;
pub(crate) mod policy;
pub(crate) mod postgres;
pub(crate) mod route;
pub(crate) mod secret;
pub(crate) mod service;
pub(crate) mod statefulset;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use model::plan::Workload;

/// A count as the API's signed type; absurd counts saturate.
pub(crate) fn count(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// `minReadySeconds`, where there is one.
pub(crate) fn min_ready(workload: &Workload) -> Option<i32> {
    (workload.min_ready.0 > 0).then(|| count(workload.min_ready.0))
}

/// An amount as the API's type.
pub(crate) fn quantity(amount: &impl ToString) -> Quantity {
    Quantity(amount.to_string())
}

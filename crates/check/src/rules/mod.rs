//! The rules, one module per topic.

mod budgets;
mod claims;
mod config;
mod database;
mod env;
mod hosts;
mod hpa;
mod images;
mod jobs;
mod names;
mod pod_security;
mod policies;
mod probes;
mod rbac;
mod references;
mod replicas;
mod resources;
mod root_user;
mod routes;
mod schema;
mod secrets;
mod services;
mod unknown_fields;
mod unused;
mod versions;
mod volumes;

use crate::Options;
use crate::finding::Findings;
use crate::set::Set;

/// What a rule may look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'c, 'a> {
    /// The objects.
    pub(crate) set: &'c Set<'a>,
    /// What may be assumed.
    pub(crate) options: &'c Options,
}

/// Runs every rule.
pub(crate) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for topic in TOPICS {
        topic(cx, out);
    }
}

type Topic = fn(&Context<'_, '_>, &mut Findings);

const TOPICS: &[Topic] = &[
    budgets::run,
    claims::run,
    config::run,
    database::run,
    env::run,
    hosts::run,
    hpa::run,
    images::run,
    jobs::run,
    names::run,
    pod_security::run,
    policies::run,
    probes::run,
    rbac::run,
    references::run,
    replicas::run,
    resources::run,
    root_user::run,
    routes::run,
    schema::run,
    secrets::run,
    services::run,
    unknown_fields::run,
    unused::run,
    versions::run,
    volumes::run,
];

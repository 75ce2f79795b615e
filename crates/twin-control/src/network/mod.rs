//! Who is behind Services, and what the cluster says of itself.
//!
//! Addresses and ports of Services are given by the API when it makes them: see `twin_core::api`.

mod apiserver;
mod balancers;
mod legacy;
mod members;
mod mirror;
mod slices;

use crate::controller::Controller;

/// Controllers of this folder.
pub fn controllers() -> Vec<Box<dyn Controller>> {
    vec![
        Box::new(apiserver::ApiServer),
        Box::new(balancers::Balancers),
        Box::new(slices::Slices::default()),
        Box::new(mirror::Mirror),
        Box::new(legacy::Endpoints::default()),
    ]
}

/// What the API server itself writes.
pub(crate) fn api_server() -> Vec<Box<dyn Controller>> {
    vec![Box::new(apiserver::ApiServer)]
}

#[cfg(test)]
mod tests;

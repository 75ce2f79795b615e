//! Stub so that the crate compiles; its owner's version replaces it.
use crate::log::Log;
use crate::world::*;
use catalog::{Family, ImageRef};
use model::plan::*;
use model::project::{Project, Service};
use model::reason::Because;
use std::collections::BTreeMap;
use units::Bytes;
#[derive(Debug, Default)]
pub(crate) struct SecretBook;
impl SecretBook {
    pub(crate) fn redact(&self, _s: &Subject<'_>, w: &[String]) -> (Vec<String>, Vec<EnvVar>) {
        (w.to_vec(), vec![])
    }
}
#[derive(Debug, Default)]
pub(crate) struct Configured {
    pub(crate) env: Vec<EnvVar>,
    pub(crate) mounts: Vec<Mounted>,
    pub(crate) volumes: Vec<PodVolume>,
    pub(crate) templates: Vec<Claim>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) init: Vec<Container>,
}
pub(crate) fn secrets(_: &World<'_>, _: &mut Shared, _: &mut Log) -> SecretBook {
    SecretBook
}
pub(crate) fn configure(
    _: &World<'_>,
    _: &Subject<'_>,
    _: &SecretBook,
    _: &mut Shared,
    _: &mut Log,
) -> Configured {
    Configured::default()
}
pub(crate) enum StorageNeed {
    None,
    Private { why: String, because: Vec<Because> },
    Shared,
}
pub(crate) fn storage_need(
    _: &Project,
    _: &Service,
    _: Option<&'static Family>,
    _: Option<&ImageRef>,
) -> StorageNeed {
    StorageNeed::None
}
pub(crate) fn escape(t: &str) -> String {
    t.to_owned()
}
pub(crate) fn claim_size(_: &Subject<'_>) -> Bytes {
    Bytes::gib(10)
}

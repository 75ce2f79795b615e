//! Stub so that the crate compiles; its owner's version replaces it.
use crate::log::Log; use crate::world::*; use model::plan::*; use std::collections::*; use units::Seconds;
pub(crate) struct Hardening { pub(crate) pod: PodSecurity, pub(crate) container: ContainerSecurity, pub(crate) scratch: Vec<(String,VolumeSource,String)>, pub(crate) level: PodSecurityLevel, pub(crate) host_network: bool, pub(crate) host_pid: bool, pub(crate) host_ipc: bool } pub(crate) fn harden(_:&World<'_>,_:&Subject<'_>,_:&BTreeSet<String>,_:&mut Log)->Hardening{unimplemented!()}

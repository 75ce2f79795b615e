//! Stub so that the crate compiles; its owner's version replaces it.
use crate::log::Log; use crate::world::*; use model::plan::*; use std::collections::*; use units::Seconds;
pub(crate) struct Placement { pub(crate) node_selector: BTreeMap<String,String>, pub(crate) tolerations: Vec<Toleration>, pub(crate) runtime_class: Option<String>, pub(crate) scratch: Vec<(String, VolumeSource, String)> } pub(crate) fn place(_:&World<'_>,_:&Subject<'_>,_:&mut Log)->Placement{unimplemented!()}

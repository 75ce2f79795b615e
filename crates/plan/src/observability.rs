//! Stub so that the crate compiles; its owner's version replaces it.
use crate::log::Log; use crate::world::*; use model::plan::*; use std::collections::*; use units::Seconds;
pub(crate) struct Observability { pub(crate) monitors: Vec<Monitor>, pub(crate) extras: Vec<Raw>, pub(crate) config_maps: Vec<ConfigFiles> } pub(crate) fn observability(_:&World<'_>,_:&[Workload],_:&[model::plan::Service],_:&mut Log)->Observability{unimplemented!()} pub(crate) fn metrics_port(_:&Subject<'_>)->Option<(u16,String)>{None}

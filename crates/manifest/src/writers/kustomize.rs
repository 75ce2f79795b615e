//! A Kustomize base.
use super::OutFile;
use model::plan::Plan;
/// x
pub fn kustomize(_plan: &Plan) -> Vec<OutFile> {
    Vec::new()
}

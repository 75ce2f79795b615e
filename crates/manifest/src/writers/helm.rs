//! A Helm chart.
use super::OutFile;
use model::plan::Plan;
/// x
pub fn helm(_plan: &Plan) -> Vec<OutFile> {
    Vec::new()
}

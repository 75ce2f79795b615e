//! Who may reach whom, by the objects that were written.

use check::reach::Network;
use model::matrix::Matrix;
use model::plan::Plan;
use model::project::Project;
use report::Shown;
use yaml::{Limits, Sources};

/// Nobody looks at more workloads in one table.
const MOST: usize = 100;

/// Large, and without pods.
const BESIDE: [&str; 2] = ["ConfigMap", "Secret"];

/// The matrix; `None` if there are too many workloads, or what was written cannot be read.
pub(super) fn matrix(project: &Project, plan: &Plan, shown: &[Shown]) -> Option<Matrix> {
    if plan.workloads.len() > MOST {
        return None;
    }
    let mut sources = Sources::default();
    let texts = shown.iter().filter(|it| !BESIDE.contains(&it.kind.as_str())).map(|it| &*it.yaml);
    let file = sources.add("objects", texts.collect::<Vec<_>>().join("---\n"));
    let trees = yaml::parse_all(sources.text(file), file, Limits::default()).ok()?;
    Some(networks::compared(Network::read(&[(file, trees)]), project, plan))
}

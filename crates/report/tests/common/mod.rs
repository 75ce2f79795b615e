//! Plans to look at: from Compose text in memory, or from a file on the disk.

use check::reach::Network;
use compose::{DiskFiles, Files, MemoryFiles, Request};
use manifest::Secrets;
use model::facts::{ClusterFacts, Options};
use model::matrix::Matrix;
use model::plan::Plan;
use report::{Shown, View};
use std::path::Path;
use yaml::Sources;

/// What a [`View`] borrows from.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) sources: Sources,
    pub(crate) objects: Vec<Shown>,
    pub(crate) network: Matrix,
}

impl Planned {
    pub(crate) fn view(&self) -> View<'_> {
        View {
            plan: &self.plan,
            sources: &self.sources,
            objects: &self.objects,
            network: Some(&self.network),
            rules: plan::rules(),
        }
    }
}

/// The plan of a Compose text.
#[allow(dead_code, reason = "not every test binary uses it")]
pub(crate) fn text(compose: &str) -> Planned {
    planned(&Request::file("compose.yaml"), &MemoryFiles::new([("compose.yaml", compose)]))
}

/// The plan of files, later ones merged over earlier ones.
#[allow(dead_code, reason = "not every test binary uses it")]
pub(crate) fn disk(paths: &[&Path]) -> Planned {
    let files = paths.iter().map(|path| path.to_path_buf()).collect();
    planned(&Request { files, ..Request::default() }, &DiskFiles)
}

fn planned(request: &Request, files: &dyn Files) -> Planned {
    let loaded = compose::load(request, files);
    let project = loaded.project.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let plan = plan::plan(&project, &ClusterFacts::default(), &Options::default());
    let planned = shown(plan, loaded.sources);
    let network = networks::compared(policies(&planned), &project, &planned.plan);
    Planned { network, ..planned }
}

/// A plan with its objects.
pub(crate) fn shown(plan: Plan, sources: Sources) -> Planned {
    let objects = manifest::objects(&plan)
        .iter()
        .map(|object| Shown {
            api_version: object.api_version.clone(),
            kind: object.kind.clone(),
            name: object.name.clone(),
            origin: object.origin.clone(),
            service: object.service.clone(),
            leaves: manifest::leaves(object),
            yaml: manifest::yaml(std::slice::from_ref(object), Secrets::Masked),
        })
        .collect();
    Planned { plan, sources, objects, network: Matrix::default() }
}

fn policies(planned: &Planned) -> Network {
    let mut sources = Sources::default();
    let texts: Vec<_> = planned.objects.iter().map(|object| object.yaml.as_str()).collect();
    let file = sources.add("objects.yaml", texts.join("---\n"));
    let trees = yaml::parse_all(sources.text(file), file, yaml::Limits::default());
    let trees = trees.unwrap_or_else(|problem| panic!("{}", problem.message));
    Network::read(&[(file, trees)])
}

//! From Compose files on the disk to a plan that is ready to be shown.

mod files;
mod network;
mod options;

use crate::Variables;
use crate::arguments::{ClusterArguments, ProjectArguments};
use crate::error::Error;
use crate::printer::Printer;
use compose::{DiskFiles, Loaded, Request, Severity};
use manifest::{Object, Secrets};
use model::facts::{ClusterFacts, Options};
use model::matrix::Matrix;
use model::plan::Plan;
use model::project::Project;
use model::reason::Level;
use report::{Shown, View};
use std::path::{Path, PathBuf};
use yaml::Sources;

/// A plan with everything that can be shown of it.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) plan: Plan,
    pub(crate) objects: Vec<Object>,
    /// Warnings of the loader.
    pub(crate) warnings: usize,
    shown: Vec<Shown>,
    network: Option<Matrix>,
    sources: Sources,
}

/// What a product is planned from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inputs<'a> {
    pub(crate) project: &'a ProjectArguments,
    pub(crate) cluster: &'a ClusterArguments,
    pub(crate) variables: &'a Variables,
}

impl Product {
    fn new(project: &Project, loaded: Loaded, facts: &ClusterFacts, options: &Options) -> Self {
        let plan = plan::plan(project, facts, options);
        let objects = manifest::objects(&plan);
        let shown: Vec<_> = objects.iter().map(shown).collect();
        let network = network::matrix(project, &plan, &shown);
        let warning = |d: &&yaml::Diagnostic| d.severity == Severity::Warning;
        let warnings = loaded.diagnostics.iter().filter(warning).count();
        Self { plan, objects, warnings, shown, network, sources: loaded.sources }
    }

    pub(crate) fn view(&self) -> View<'_> {
        let (plan, sources) = (&self.plan, &self.sources);
        let network = self.network.as_ref();
        View { plan, sources, objects: &self.shown, network, rules: plan::rules() }
    }

    /// How many pairs the policies treat otherwise than the files say.
    pub(crate) fn differences(&self) -> usize {
        self.network.iter().flat_map(Matrix::differences).count()
    }

    /// How many findings have a level.
    pub(crate) fn count(&self, level: Level) -> usize {
        self.plan.report.findings.iter().filter(|finding| finding.level == level).count()
    }
}

fn shown(object: &Object) -> Shown {
    Shown {
        api_version: object.api_version.clone(),
        kind: object.kind.clone(),
        name: object.name.clone(),
        origin: object.origin.clone(),
        service: object.service.clone(),
        leaves: manifest::leaves(object),
        yaml: manifest::yaml(std::slice::from_ref(object), Secrets::Masked),
    }
}

/// A project that can be planned, for whichever cluster.
#[derive(Debug)]
pub(crate) struct Readable {
    project: Project,
    loaded: Loaded,
    options: Options,
}

impl Readable {
    /// Its plan for a cluster.
    pub(crate) fn plan(self, facts: &ClusterFacts) -> Product {
        Product::new(&self.project, self.loaded, facts, &self.options)
    }
}

/// Loads and plans what the arguments name; what the loader has to say is printed.
pub(crate) fn load(inputs: &Inputs<'_>, printer: &mut Printer) -> Result<Product, Error> {
    Ok(read(inputs, printer)?.plan(&options::facts(inputs.cluster)))
}

/// Loads what the arguments name; what the loader has to say is printed.
pub(crate) fn read(inputs: &Inputs<'_>, printer: &mut Printer) -> Result<Readable, Error> {
    let request = request(inputs, files::named(inputs.project, inputs.variables)?);
    let mut loaded = compose::load(&request, &DiskFiles);
    printer.diagnostics(&loaded.diagnostics, &loaded.sources);
    let Some(project) = loaded.project.take() else { return Err(refusal(&loaded, &request.files)) };
    options::known_services(inputs.cluster, &project)?;
    Ok(Readable { project, loaded, options: options::options(inputs.cluster) })
}

/// The namespace of a product, from its files alone.
pub(crate) fn namespace(
    project: &ProjectArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<String, Error> {
    let cluster = &ClusterArguments::default();
    let readable = read(&Inputs { project, cluster, variables }, printer)?;
    Ok(readable.plan(&ClusterFacts::default()).plan.namespace)
}

/// An older version of a product, from other files with the same arguments. Only its errors are
/// printed.
pub(crate) fn older(
    inputs: &Inputs<'_>,
    path: &Path,
    newer: &Product,
    printer: &mut Printer,
) -> Result<Product, Error> {
    let mut request = request(inputs, files::at(path)?);
    let mut loaded = compose::load(&request, &DiskFiles);
    let named = |project: &Project| project.fields.iter().any(|field| field.path == "name");
    // A copy lies in another directory, which must not make it another product.
    if request.project_name.is_none() && loaded.project.as_ref().is_some_and(|it| !named(it)) {
        request.project_name = Some(newer.plan.app.clone());
        loaded = compose::load(&request, &DiskFiles);
    }
    let Some(project) = loaded.project.take() else {
        printer.diagnostics(&loaded.diagnostics, &loaded.sources);
        return Err(refusal(&loaded, &request.files));
    };
    let (facts, options) = (options::facts(inputs.cluster), options::options(inputs.cluster));
    Ok(Product::new(&project, loaded, &facts, &options))
}

/// A product of one file with nothing else asked for, and nothing printed.
pub(crate) fn quiet(file: &Path) -> Result<Product, Error> {
    let mut loaded = compose::load(&Request::file(file), &DiskFiles);
    let project = loaded.project.take();
    let project = project.ok_or_else(|| refusal(&loaded, &[file.to_owned()]))?;
    Ok(Product::new(&project, loaded, &ClusterFacts::default(), &Options::default()))
}

fn request(inputs: &Inputs<'_>, files: Vec<PathBuf>) -> Request {
    Request {
        files,
        project_name: inputs.project.name.clone(),
        profiles: inputs.project.profiles.iter().cloned().collect(),
        environment: inputs.variables.clone(),
        env_files: inputs.project.env_files.clone(),
    }
}

/// The loader said what is wrong; this says what follows.
fn refusal(loaded: &Loaded, files: &[PathBuf]) -> Error {
    let errors = loaded.diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
    let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
    let plural = if errors == 1 { "error" } else { "errors" };
    Error::input(format!("{errors} {plural} in {}: nothing was planned", names.join(", ")))
}

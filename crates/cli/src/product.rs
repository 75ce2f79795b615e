//! From Compose files on the disk to a plan that is ready to be shown.

mod files;
pub(crate) mod inference;
mod network;
mod options;
mod remembered;

use crate::Variables;
use crate::arguments::{ClusterArguments, ProjectArguments};
use crate::error::Error;
use crate::printer::Printer;
use apply::Remembered;
use compose::{DiskFiles, Loaded, Request, Severity};
use manifest::{Object, Secrets};
use model::facts::{ClusterFacts, Options};
use model::matrix::Matrix;
use model::plan::Plan;
use model::project::{Project, Service};
use model::reason::Level;
use report::{Shown, View};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use yaml::Sources;

/// A plan with everything that can be shown of it.
#[derive(Clone, Debug)]
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
    request: Request,
    cluster: ClusterArguments,
}

impl Readable {
    /// Its plan for a cluster.
    pub(crate) fn plan(self, facts: &ClusterFacts) -> Product {
        Product::new(&self.project, self.loaded, facts, &options::options(&self.cluster))
    }

    /// Where it lies on a cluster.
    pub(crate) fn namespace(&self) -> String {
        plan::namespace_of(&self.project, &options::options(&self.cluster))
    }

    /// Services that serve a model: which GPUs they get depends on what there is.
    pub(crate) fn models(&self) -> BTreeSet<&str> {
        let serves = |service: &&Service| service.intent.inference.is_some();
        self.project.services.values().filter(serves).map(|it| it.name.as_str()).collect()
    }

    /// The options that a later run must know to plan the same.
    pub(crate) fn options(&self) -> Remembered {
        remembered::written(&self.cluster, &self.request.profiles)
    }

    /// The same product with options of an earlier run where this one has none, and those that were
    /// taken.
    pub(crate) fn remembering(mut self, old: &Remembered) -> Result<(Self, Remembered), Error> {
        let own = self.options();
        let profiles = remembered::profiles(&self.request.profiles, old);
        if profiles != self.request.profiles {
            self.request.profiles = profiles;
            let mut loaded = compose::load(&self.request, &DiskFiles);
            let project = loaded.project.take();
            self.project = project.ok_or_else(|| refusal(&loaded, &self.request.files))?;
            self.loaded = loaded;
        }
        self.cluster = remembered::filled(self.cluster, old);
        let there = |service: &str| self.project.services.contains_key(service);
        self.cluster.images.retain(|(service, _)| there(service));
        let reused = remembered::reused(&own, &self.options());
        Ok((self, reused))
    }
}

/// Loads and plans what the arguments name; what the loader has to say is printed.
pub(crate) fn load(
    inputs: &Inputs<'_>,
    minor: u8,
    printer: &mut Printer,
) -> Result<Product, Error> {
    Ok(read(inputs, printer)?.plan(&of_version(minor)))
}

/// A cluster of which only the version is known.
fn of_version(minor: u8) -> ClusterFacts {
    ClusterFacts { minor: minor.into(), ..ClusterFacts::default() }
}

/// Loads what the arguments name; what the loader has to say is printed.
pub(crate) fn read(inputs: &Inputs<'_>, printer: &mut Printer) -> Result<Readable, Error> {
    let request = request(inputs, files::named(inputs.project, inputs.variables)?);
    let mut loaded = compose::load(&request, &DiskFiles);
    printer.diagnostics(&loaded.diagnostics, &loaded.sources);
    let Some(project) = loaded.project.take() else { return Err(refusal(&loaded, &request.files)) };
    options::known_services(inputs.cluster, &project)?;
    Ok(Readable { project, loaded, request, cluster: inputs.cluster.clone() })
}

/// The namespace of a product: as it is named, or from its files alone.
pub(crate) fn namespace(
    named: Option<&str>,
    project: &ProjectArguments,
    variables: &Variables,
    printer: &mut Printer,
) -> Result<String, Error> {
    let is_silent = project.files.is_empty() && project.file.is_empty();
    if let Some(name) = named.or(project.name.as_deref().filter(|_| is_silent)) {
        return Ok(name.to_owned());
    }
    let cluster = &ClusterArguments::default();
    match read(&Inputs { project, cluster, variables }, printer) {
        Ok(readable) => Ok(readable.namespace()),
        Err(Error::Input { message, hint: Some(_) }) if is_silent => Err(Error::advised(
            message,
            "name the product: --name, --namespace or its Compose file",
        )),
        Err(error) => Err(error),
    }
}

/// An older version of a product, from other files with the same arguments. Only its errors are
/// printed.
pub(crate) fn older(
    inputs: &Inputs<'_>,
    minor: u8,
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
    let options = options::options(inputs.cluster);
    Ok(Product::new(&project, loaded, &of_version(minor), &options))
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

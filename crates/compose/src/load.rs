//! The way in.

use crate::context::Context;
use crate::files::{FileKind, Files};
use crate::interpolate::Variables;
use crate::layers::{self, Presence, Unit};
use crate::path::parent;
use crate::project::{self, Setting, normal_name};
use crate::tree::strip_resets;
use model::project::Project;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use yaml::{Diagnostic, Node, Severity, Sources, Span};

/// What to load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Compose files; later ones are merged over earlier ones. The directory of the first is the
    /// project directory.
    pub files: Vec<PathBuf>,
    /// The project's name, if it was asked for.
    pub project_name: Option<String>,
    /// Active profiles; `*` activates all.
    pub profiles: BTreeSet<String>,
    /// What interpolation may see of the invoking environment.
    pub environment: BTreeMap<String, String>,
    /// Env files for interpolation; by default `.env` beside the first file.
    pub env_files: Vec<PathBuf>,
}

impl Request {
    /// A request for one file and nothing else.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { files: vec![path.into()], ..Self::default() }
    }
}

/// What was loaded.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The texts that diagnostics and the project's places refer to.
    pub sources: Sources,
    /// What is wrong or worth knowing, in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// The project; `None` if and only if there is an error among the diagnostics.
    pub project: Option<Project>,
}

/// Loads a project.
pub fn load(request: &Request, files: &dyn Files) -> Loaded {
    let root = request.files.first().map(|file| parent(file)).unwrap_or_default();
    let mut context = Context::new(files, root);
    let project = read(request, &mut context);
    let mut diagnostics = std::mem::take(&mut context.diagnostics);
    // Merging reads some places several times.
    diagnostics.sort_by_key(|d| (d.span, std::cmp::Reverse(d.severity), d.code));
    diagnostics.dedup();
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
    Loaded { sources: context.sources, diagnostics, project: project.filter(|_| !failed) }
}

fn read(request: &Request, context: &mut Context<'_>) -> Option<Project> {
    if request.files.is_empty() {
        let file = context.sources.add("compose.yaml", "");
        context.error("no-file", "no Compose file was given", layers::top(file), "name one");
        return None;
    }
    let root = context.root.clone();
    let mut variables = variables(request, context);
    let asked = request.project_name.clone().or_else(|| variables.get(NAME).cloned());
    let early = asked.clone().unwrap_or_else(|| early_name(request, context));
    variables.insert(NAME.to_owned(), early);
    let unit = Unit { files: &request.files, dir: &root, variables: &variables, chain: &[] };
    let mut tree = layers::load(&unit, None, context)?;
    strip_resets(&mut tree);
    let name = name(asked, &tree, context);
    let mut profiles = request.profiles.clone();
    if let Some(more) = variables.get("COMPOSE_PROFILES") {
        profiles.extend(more.split(',').map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()));
    }
    let setting = Setting { name, profiles: &profiles, variables: &variables };
    Some(project::project(&mut tree, setting, context))
}

/// The invoking environment, then env files: later ones win among them.
fn variables(request: &Request, context: &mut Context<'_>) -> Variables {
    let mut known = request.environment.clone();
    if request.env_files.is_empty() {
        layers::env_file(&context.root.join(".env"), Presence::Optional, &mut known, context);
    }
    for path in request.env_files.iter().rev() {
        layers::env_file(path, Presence::AskedFor, &mut known, context);
    }
    known
}

/// The variable that holds the project's name.
const NAME: &str = "COMPOSE_PROJECT_NAME";

/// The name as far as it is known before files are read whole: they may refer to it.
fn early_name(request: &Request, context: &Context<'_>) -> String {
    let text = request.files.iter().filter_map(|file| context.file_text(file, 4 << 20).ok());
    let mut said = text.filter_map(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("name:"))?;
        let value = line.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        (!value.is_empty() && !value.contains('$')).then(|| value.to_owned())
    });
    let name = said.next_back().or_else(|| context.files.directory_name(&context.root));
    normal_name(&name.unwrap_or_default())
}

/// Asked for, from the environment, from the file, or from the directory.
fn name(asked: Option<String>, tree: &Node, context: &mut Context<'_>) -> String {
    let entry = tree.as_map().and_then(|map| map.entry("name"));
    let said: Option<(String, Span)> = entry
        .and_then(|(key, node)| Some((node.scalar_text().filter(|t| !t.is_empty())?, key.span)));
    let chosen = asked.or_else(|| said.as_ref().map(|(text, _)| text.clone()));
    let directory = || context.files.directory_name(&context.root);
    let name = normal_name(&chosen.clone().or_else(directory).unwrap_or_default());
    if let (Some(chosen), Some((_, span))) = (&chosen, &said)
        && normal_name(chosen) != *chosen
    {
        let message = format!("{} is no name for a project", crate::context::quote(chosen));
        let hint = format!(
            "it is read as `{name}`; names have small letters, digits, dashes and underscores"
        );
        context.warn("project-name", message, *span, hint);
    }
    if name.is_empty() { "app".to_owned() } else { name }
}

/// The Compose file of a directory: the first of the names that Compose looks for.
pub fn default_file(dir: &Path, files: &dyn Files) -> Option<PathBuf> {
    first(dir, &["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"], files)
}

/// The file that Compose merges over the default file of a directory, if it is there.
pub fn override_file(dir: &Path, files: &dyn Files) -> Option<PathBuf> {
    let names = [
        "compose.override.yml",
        "compose.override.yaml",
        "docker-compose.override.yml",
        "docker-compose.override.yaml",
    ];
    first(dir, &names, files)
}

fn first(dir: &Path, names: &[&str], files: &dyn Files) -> Option<PathBuf> {
    let mut paths = names.iter().map(|name| dir.join(name));
    paths.find(|path| matches!(files.kind(path), FileKind::File { .. }))
}

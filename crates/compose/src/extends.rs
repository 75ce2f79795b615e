//! `extends`: a service over another one, of the same file or of another.

use crate::context::{Context, quote};
use crate::interpolate::{self, Variables};
use crate::path::{clean, parent, relative};
use crate::tree::{get_mut, map_mut, size};
use crate::{layers, merge, normalize, rebase, suggest};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use yaml::{Mapping, Node, Span, Value};

/// Where a service stands.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// The file.
    pub(crate) path: PathBuf,
    /// What its relative paths are relative to.
    pub(crate) dir: PathBuf,
}

/// A chain longer than this is a mistake.
const LONGEST: usize = 64;

struct Resolver<'r, 'c, 'f> {
    context: &'c mut Context<'f>,
    variables: &'r Variables,
    /// What earlier files of the project defined.
    before: BTreeMap<&'r str, &'r Node>,
    /// File → its services, as written.
    files: HashMap<PathBuf, BTreeMap<String, Node>>,
    /// File and service → the service without `extends`.
    done: HashMap<(PathBuf, String), Node>,
    /// What is being resolved.
    chain: Vec<(PathBuf, String)>,
}

/// Resolves `extends` of every service of a normalised file.
pub(crate) fn resolve(
    map: &mut Mapping,
    scope: &Scope,
    before: Option<&Mapping>,
    variables: &Variables,
    context: &mut Context<'_>,
) {
    let Some(services) = get_mut(map, "services").and_then(map_mut) else { return };
    if !services.entries.iter().any(|(_, node)| extends(node).is_some()) {
        return;
    }
    let before = before.and_then(|map| map.get("services")).and_then(Node::as_map);
    let before = before.into_iter().flat_map(|services| &services.entries);
    let before = before.map(|(key, node)| (key.value.as_str(), node)).collect();
    let own = services.entries.iter().map(|(key, node)| (key.value.clone(), node.clone()));
    let files = HashMap::from([(scope.path.clone(), own.collect())]);
    let mut resolver =
        Resolver { context, variables, before, files, done: HashMap::new(), chain: Vec::new() };
    for (key, node) in &mut services.entries {
        if resolver.context.budget.nodes == 0 {
            return;
        }
        let Some(written) = map_mut(node).and_then(merge::entry_extends) else { continue };
        if let Some(mut resolved) = resolver.service(scope, &key.value) {
            // It stays, so that every attribute of the file can be accounted for.
            if let Some(map) = map_mut(&mut resolved) {
                map.entries.push(written);
            }
            *node = resolved;
        }
    }
}

fn extends(node: &Node) -> Option<&Node> {
    node.as_map()?.get("extends").filter(|node| !crate::tree::is_null(node))
}

impl Resolver<'_, '_, '_> {
    /// A service with everything that it extends; the caller knows that it exists.
    fn service(&mut self, scope: &Scope, name: &str) -> Option<Node> {
        let id = (scope.path.clone(), name.to_owned());
        if let Some(node) = self.done.get(&id) {
            let node = node.clone();
            return self.context.afford(size(&node), node.span).then_some(node);
        }
        let mut own = self.files.get(&scope.path)?.get(name)?.clone();
        let Some(extends) = map_mut(&mut own).and_then(merge::take_extends) else {
            return Some(own);
        };
        if crate::tree::is_null(&extends) {
            return Some(own);
        }
        if !self.enter(id.clone(), extends.span) {
            return None;
        }
        let base = self.base(scope, &extends);
        self.chain.pop();
        let merged = merge::service(base?, own);
        if !self.context.afford(size(&merged), extends.span) {
            return None;
        }
        self.done.insert(id, merged.clone());
        Some(merged)
    }

    fn enter(&mut self, id: (PathBuf, String), span: Span) -> bool {
        if let Some(at) = self.chain.iter().position(|link| *link == id) {
            let mut names: Vec<&str> =
                self.chain[at..].iter().map(|(_, name)| name.as_str()).collect();
            names.push(&id.1);
            let message = format!("services extend each other in a circle: {}", names.join(" → "));
            // Each service of the circle would find it again.
            if !self.context.diagnostics.iter().any(|d| d.code == "extends-cycle") {
                let hint = "one of them must not extend the next";
                self.context.error("extends-cycle", message, span, hint);
            }
            return false;
        }
        if self.chain.len() >= LONGEST {
            let message = format!("more than {LONGEST} services extend each other in a row");
            self.context.error("too-large", message, span, "no project needs that");
            return false;
        }
        self.chain.push(id);
        true
    }

    /// The service that `extends` names, its paths as seen from the extending file.
    fn base(&mut self, scope: &Scope, extends: &Node) -> Option<Node> {
        let map = extends.as_map();
        let text = |key: &str| {
            map.and_then(|map| map.get(key)).and_then(Node::scalar_text).filter(|t| !t.is_empty())
        };
        let Some(name) = text("service") else {
            let message = "extends names no service";
            self.context.error(
                "extends",
                message,
                extends.span,
                "write `extends: {service: name}`",
            );
            return None;
        };
        let target = match text("file") {
            None => scope.clone(),
            Some(file) => {
                let path = clean(&scope.dir.join(&file));
                if path == scope.path { scope.clone() } else { Scope { dir: parent(&path), path } }
            }
        };
        if !self.open(&target, extends.span) {
            return None;
        }
        if !self.exists(&target.path, &name) {
            return self.fallback(scope, &target, &name, extends.span);
        }
        let mut base = self.service(&target, &name)?;
        if let Some(map) = map_mut(&mut base) {
            rebase::service(map, &relative(&scope.dir, &target.dir));
        }
        Some(base)
    }

    fn exists(&self, path: &Path, name: &str) -> bool {
        self.files.get(path).is_some_and(|services| services.get(name).is_some())
    }

    /// A service of an earlier file, or an error.
    fn fallback(&mut self, scope: &Scope, target: &Scope, name: &str, span: Span) -> Option<Node> {
        if scope.path == target.path
            && let Some(node) = self.before.get(name)
        {
            let mut node = (*node).clone();
            map_mut(&mut node).and_then(merge::take_extends);
            return self.context.afford(size(&node), span).then_some(node);
        }
        if self.context.full() {
            return None;
        }
        let names = self.files.get(&target.path).into_iter().flat_map(BTreeMap::keys);
        let hint = match suggest::nearest(name, names.map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("define it in {}", target.path.display()),
        };
        let message = format!("the service extends {}, which is not defined", quote(name));
        self.context.error("undefined-service", message, span, hint);
        None
    }

    /// Reads the file of a base once.
    fn open(&mut self, target: &Scope, span: Span) -> bool {
        if self.files.contains_key(&target.path) {
            return true;
        }
        let Some(documents) = layers::read(&target.path, Some(span), self.context) else {
            return false;
        };
        let mut services = BTreeMap::new();
        for document in documents {
            let span = document.span;
            let Value::Map(mut map) = document.value else { continue };
            layers::legacy(&mut map, span, self.context);
            if let Some(node) = get_mut(&mut map, "services") {
                interpolate::tree(node, self.variables, self.context);
            }
            normalize::project(&mut map);
            if let Some((_, Node { value: Value::Map(found), .. })) =
                crate::tree::take(&mut map, "services")
            {
                services.extend(found.entries.into_iter().map(|(key, node)| (key.value, node)));
            }
        }
        self.files.insert(target.path.clone(), services);
        true
    }
}

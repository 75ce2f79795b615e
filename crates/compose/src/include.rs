//! `include`: other projects beside this one.

use crate::context::{Context, quote};
use crate::interpolate::Variables;
use crate::layers::{self, Presence, Unit};
use crate::path::{clean, parent, relative};
use crate::tree::{map_mut, size};
use crate::{merge, rebase};
use std::path::{Path, PathBuf};
use yaml::{Node, Span, Value};

/// Includes within includes.
const DEEPEST: usize = 16;

/// One entry of `include`, long form.
struct Entry {
    paths: Vec<String>,
    directory: Option<String>,
    env_files: Vec<String>,
    span: Span,
}

/// The projects that an `include` names, their paths as seen from the unit that includes them.
pub(crate) fn load(
    list: &Node,
    unit: &Unit<'_>,
    file: &Path,
    context: &mut Context<'_>,
) -> Vec<Node> {
    let entries: Vec<Entry> = match &list.value {
        Value::Seq(items) => items.iter().filter_map(|item| entry(item, context)).collect(),
        Value::Null => Vec::new(),
        _ => entry(list, context).into_iter().collect(),
    };
    let chain: Vec<PathBuf> = unit.chain.iter().cloned().chain([file.to_owned()]).collect();
    // The first that fails is enough: the project is refused.
    entries.iter().map_while(|entry| one(entry, unit, &chain, context)).collect()
}

fn entry(node: &Node, context: &mut Context<'_>) -> Option<Entry> {
    let span = node.span;
    let empty = Entry { paths: Vec::new(), directory: None, env_files: Vec::new(), span };
    let entry = match &node.value {
        Value::Str(path) => Entry { paths: vec![path.clone()], ..empty },
        Value::Map(map) => Entry {
            paths: texts(map.get("path")),
            directory: map.get("project_directory").and_then(Node::scalar_text),
            env_files: texts(map.get("env_file")),
            span,
        },
        _ => empty,
    };
    if entry.paths.is_empty() {
        let message = "this includes no file";
        context.error(
            "include",
            message,
            span,
            "write the path of a Compose file, or `path:` with it",
        );
        return None;
    }
    Some(entry)
}

fn texts(node: Option<&Node>) -> Vec<String> {
    match node.map(|node| (&node.value, node)) {
        Some((Value::Seq(items), _)) => items.iter().filter_map(Node::scalar_text).collect(),
        Some((_, node)) => node.scalar_text().filter(|text| !text.is_empty()).into_iter().collect(),
        None => Vec::new(),
    }
}

fn one(
    entry: &Entry,
    unit: &Unit<'_>,
    chain: &[PathBuf],
    context: &mut Context<'_>,
) -> Option<Node> {
    if let Some(remote) = entry.paths.iter().find(|path| crate::path::is_remote(path)) {
        let message = format!("{} is not on this machine", quote(remote));
        context.error("remote-include", message, entry.span, "download it and include the copy");
        return None;
    }
    let paths: Vec<PathBuf> = entry.paths.iter().map(|path| clean(&unit.dir.join(path))).collect();
    if !acyclic(&paths, chain, entry.span, context) {
        return None;
    }
    let dir = match &entry.directory {
        Some(dir) => clean(&unit.dir.join(dir)),
        None => parent(paths.first()?),
    };
    let variables = variables(entry, unit, &dir, context);
    let inner = Unit { files: &paths, dir: &dir, variables: &variables, chain };
    let mut tree = layers::load(&inner, Some(entry.span), context)?;
    if let Some(map) = map_mut(&mut tree) {
        rebase::project(map, &relative(unit.dir, &dir));
    }
    Some(tree)
}

fn acyclic(paths: &[PathBuf], chain: &[PathBuf], span: Span, context: &mut Context<'_>) -> bool {
    for path in paths {
        if let Some(at) = chain.iter().position(|link| link == path) {
            let mut names: Vec<String> =
                chain[at..].iter().map(|p| p.display().to_string()).collect();
            names.push(path.display().to_string());
            let message = format!("files include each other in a circle: {}", names.join(" → "));
            context.error("include-cycle", message, span, "one of them must not include the next");
            return false;
        }
    }
    if chain.len() > DEEPEST {
        let message = format!("more than {DEEPEST} files include each other in a row");
        context.error("too-large", message, span, "no project needs that");
        return false;
    }
    true
}

/// The includer's variables, then those of the included project's env files.
fn variables(entry: &Entry, unit: &Unit<'_>, dir: &Path, context: &mut Context<'_>) -> Variables {
    let mut known = unit.variables.clone();
    if entry.env_files.is_empty() {
        layers::env_file(&dir.join(".env"), Presence::Optional, &mut known, context);
    }
    // A later file wins over an earlier one, and the environment over both.
    for path in entry.env_files.iter().rev() {
        layers::env_file(
            &clean(&unit.dir.join(path)),
            Presence::Named(entry.span),
            &mut known,
            context,
        );
    }
    known
}

/// An included project below the one that includes it.
pub(crate) fn join(
    included: Node,
    own: Node,
    span: Span,
    context: &mut Context<'_>,
) -> Option<Node> {
    if let (Some(theirs), Some(ours)) = (included.as_map(), own.as_map()) {
        for (name, at) in merge::include(theirs, ours) {
            let message = format!(
                "{} is also defined in an included file; this file has the last word",
                quote(name)
            );
            context.warn(
                "include-conflict",
                message,
                at,
                "rename one of them if they are not the same thing",
            );
        }
    }
    let mut included = included;
    if let Some(map) = map_mut(&mut included) {
        map.entries.retain(|(key, _)| key.value != "name" && key.value != "version");
    }
    context.afford(size(&included), span).then(|| merge::project(included, own))
}

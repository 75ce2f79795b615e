//! Files to one tree: parse, interpolate, include, extends, merge.

use crate::context::Context;
use crate::extends::{self, Scope};
use crate::files::FileError;
use crate::interpolate::{self, Variables};
use crate::tree::{mapping, take};
use crate::{dotenv, include, merge, normalize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use yaml::{Diagnostic, FileId, Limits, Mapping, Node, Pos, Span, Spanned, Value};

/// A project of files that share a directory and an environment.
pub(crate) struct Unit<'u> {
    pub(crate) files: &'u [PathBuf],
    /// What relative paths are relative to.
    pub(crate) dir: &'u Path,
    pub(crate) variables: &'u Variables,
    /// Files that are being included, for cycles.
    pub(crate) chain: &'u [PathBuf],
}

/// The first character of a file.
pub(crate) fn top(file: FileId) -> Span {
    Span { file, start: Pos { line: 1, column: 1 }, end: Pos { line: 1, column: 2 } }
}

/// The merged tree of a unit, its paths relative to the unit's directory.
pub(crate) fn load(unit: &Unit<'_>, from: Option<Span>, context: &mut Context<'_>) -> Option<Node> {
    let mut merged: Option<Node> = None;
    for path in unit.files {
        for document in read(path, from, context)? {
            let layer = layer(document, path, unit, merged.as_ref(), context)?;
            merged = Some(match merged {
                None => layer,
                Some(base) => {
                    if !context.afford(crate::tree::size(&layer), layer.span) {
                        return None;
                    }
                    merge::project(base, layer)
                }
            });
        }
    }
    merged
}

/// The documents of a file. `from` is the place that names it; `None` for the command line.
pub(crate) fn read(
    path: &Path,
    from: Option<Span>,
    context: &mut Context<'_>,
) -> Option<Vec<Node>> {
    let limits = Limits::default();
    let text = match context.file_text(path, limits.bytes as u64) {
        Ok(text) => text,
        Err(error) => {
            unreadable(path, &error, from, context);
            return None;
        }
    };
    let files = context.budget.files.checked_sub(1);
    let (Some(files), Some(source)) = (files, context.budget.source.checked_sub(text.len())) else {
        let message = "the project reads more Compose files than any needs";
        let span = from.unwrap_or_default();
        context.error("too-large", message, span, "look at what is included");
        return None;
    };
    (context.budget.files, context.budget.source) = (files, source);
    let file = context.sources.add(path.to_string_lossy(), text);
    match yaml::parse_all(context.sources.text(file), file, limits) {
        Ok(documents) if documents.is_empty() => {
            context.error(
                "empty-file",
                "the file is empty",
                top(file),
                "write `services:` and below it what runs",
            );
            None
        }
        Ok(documents) => {
            // Aliases make large trees of small files.
            let nodes = documents.iter().map(crate::tree::size).sum();
            context.afford(nodes, top(file)).then_some(documents)
        }
        Err(diagnostic) => {
            context.say(diagnostic);
            None
        }
    }
}

fn unreadable(path: &Path, error: &FileError, from: Option<Span>, context: &mut Context<'_>) {
    let message = format!("`{}` cannot be read: {error}", path.display());
    let span = from.unwrap_or_else(|| top(context.sources.add(path.to_string_lossy(), "")));
    let diagnostic = match error {
        FileError::Missing => {
            Diagnostic::error("missing-file", message, span).hint("check the path")
        }
        FileError::Unreadable(_) => Diagnostic::error("unreadable-file", message, span)
            .hint("a Compose file is UTF-8 text of at most 4 MiB"),
    };
    context.say(diagnostic);
}

/// One document, ready to be merged over the files before it.
fn layer(
    document: Node,
    path: &Path,
    unit: &Unit<'_>,
    before: Option<&Node>,
    context: &mut Context<'_>,
) -> Option<Node> {
    let span = document.span;
    let Value::Map(mut map) = document.value else {
        let message = format!("a Compose file is a mapping, this is {}", document.kind());
        context.error("not-a-mapping", message, span, "write `services:` and below it what runs");
        return None;
    };
    legacy(&mut map, span, context);
    for (key, value) in &mut map.entries {
        if !key.value.starts_with("x-") {
            interpolate::tree(value, unit.variables, context);
        }
    }
    let includes = take(&mut map, "include");
    normalize::project(&mut map);
    let scope = Scope { path: path.to_owned(), dir: unit.dir.to_owned() };
    extends::resolve(&mut map, &scope, before.and_then(Node::as_map), unit.variables, context);
    let mut own = Node { span, tag: None, value: Value::Map(map) };
    if let Some((key, list)) = includes {
        context.include.push(key.span);
        for included in include::load(&list, unit, path, context) {
            own = include::join(included, own, key.span, context)?;
        }
    }
    if context.failed() { None } else { Some(own) }
}

/// Compose v1 had the services at the top of the file.
pub(crate) fn legacy(map: &mut Mapping, span: Span, context: &mut Context<'_>) {
    let sections = [
        "services", "include", "volumes", "networks", "configs", "secrets", "models", "version",
        "name",
    ];
    if map.entries.iter().any(|(key, _)| sections.contains(&key.value.as_str())) {
        return;
    }
    let runs = |node: &Node| {
        node.as_map()
            .is_some_and(|m| ["image", "build", "extends"].iter().any(|k| m.get(k).is_some()))
    };
    if !map.entries.iter().any(|(_, node)| runs(node)) {
        return;
    }
    let (extensions, services): (Vec<_>, Vec<_>) = std::mem::take(&mut map.entries)
        .into_iter()
        .partition(|(key, _)| key.value.starts_with("x-"));
    let at = services.first().map_or(span, |(key, _)| key.span);
    context.warn(
        "compose-v1",
        "this is the layout of Compose v1, read as services",
        at,
        "put `services:` above and indent the services below it",
    );
    // In v1, a volume was declared by being used.
    let mut seen = BTreeSet::new();
    let volumes = services.iter().flat_map(|(_, node)| implied(node));
    let volumes = volumes.filter(|(key, _)| seen.insert(key.value.clone())).collect();
    map.entries = extensions;
    map.entries.push((Spanned::new("services".to_owned(), at), mapping(services, span)));
    map.entries.push((Spanned::new("volumes".to_owned(), at), mapping(volumes, span)));
}

/// The named volumes that a v1 service uses.
fn implied(node: &Node) -> Vec<(Spanned<String>, Node)> {
    let volumes = node.as_map().and_then(|map| map.get("volumes")).and_then(Node::as_seq);
    volumes
        .unwrap_or_default()
        .iter()
        .filter_map(|item| {
            let (source, _) = item.as_str()?.split_once(':')?;
            let named = !source.is_empty()
                && crate::path::is_relative(source)
                && !source.starts_with(['.', '$']);
            named
                .then(|| (Spanned::new(source.to_owned(), item.span), crate::tree::null(item.span)))
        })
        .collect()
}

/// Whether an env file must be there.
#[derive(Clone, Copy)]
pub(crate) enum Presence {
    /// It is the one that Compose looks for by itself.
    Optional,
    /// The command line names it.
    AskedFor,
    /// This place names it.
    Named(Span),
}

/// Reads an env file for interpolation: what is already known wins.
pub(crate) fn env_file(
    path: &Path,
    presence: Presence,
    known: &mut Variables,
    context: &mut Context<'_>,
) {
    let text = match context.file_text(path, 1 << 20) {
        Ok(text) => text,
        Err(error) => {
            match presence {
                Presence::Optional => {}
                Presence::AskedFor => unreadable_env(path, &error, None, context),
                Presence::Named(span) => unreadable_env(path, &error, Some(span), context),
            }
            return;
        }
    };
    let file = context.sources.add(path.to_string_lossy(), "");
    let read = dotenv::parse(&text, known);
    bad_lines(&read, file, context);
    let mut found = Variables::new();
    for entry in read.entries {
        if let Some(value) = entry.value {
            found.insert(entry.key, value);
        }
    }
    for (key, value) in found {
        known.entry(key).or_insert(value);
    }
}

/// Says which lines of an env file are none. Their text is not shown: it may be a secret.
pub(crate) fn bad_lines(read: &dotenv::EnvText, file: FileId, context: &mut Context<'_>) {
    for bad in read.bad.iter().take(5) {
        let at = Pos { line: bad.line, column: 1 };
        let span = Span { file, start: at, end: Pos { line: bad.line, column: 2 } };
        context.warn(
            "env-file-line",
            format!("the line was left out: {}", bad.why),
            span,
            "write `KEY=value`",
        );
    }
}

fn unreadable_env(path: &Path, error: &FileError, from: Option<Span>, context: &mut Context<'_>) {
    let message = format!("`{}` cannot be read: {error}", path.display());
    let span = from.unwrap_or_else(|| top(context.sources.add(path.to_string_lossy(), "")));
    context.error("missing-env-file", message, span, "check the path");
}

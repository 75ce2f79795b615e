//! `environment` over `env_file`, and `labels` over `label_file`.

use crate::context::{Context, quote};
use crate::dotenv::{self, EnvText};
use crate::files::FileError;
use crate::interpolate::Variables;
use crate::layers::bad_lines;
use crate::path::clean;
use model::project::{EnvFile, EnvOrigin, EnvValue};
use std::collections::BTreeMap;
use std::path::Path;
use yaml::{FileId, Node, Pos, Span, Spanned, Value};

/// The most bytes of one env file.
const LIMIT: u64 = 1 << 20;

/// `environment:` alone. A bare key takes the value of the invoking environment.
pub(crate) fn inline(
    node: &Node,
    variables: &Variables,
    context: &mut Context<'_>,
) -> BTreeMap<String, EnvValue> {
    let mut out = BTreeMap::new();
    for (key, value) in context.entries(node, "environment") {
        let text = match &value.value {
            Value::Null => variables.get(&key.value).cloned(),
            Value::Seq(_) | Value::Map(_) => {
                context.misfit(value, &format!("environment.{}", key.value), "text");
                continue;
            }
            _ => value.scalar_text(),
        };
        let interpolated = context.interpolated.contains(&value.span);
        let entry =
            EnvValue { value: text, span: key.span, origin: EnvOrigin::Inline, interpolated };
        out.insert(key.value.clone(), entry);
    }
    out
}

/// `env_file`: the entries, and what the files that could be read say. Later files win.
pub(crate) fn files(
    node: &Node,
    variables: &Variables,
    context: &mut Context<'_>,
) -> (Vec<EnvFile>, BTreeMap<String, EnvValue>) {
    let mut entries = Vec::new();
    let mut values = BTreeMap::new();
    for item in context.items(node, "env_file") {
        let Some((mut entry, raw)) = entry(item, context) else { continue };
        match read(&entry.path.value, entry.path.span, raw, variables, context) {
            Ok((read, file)) => {
                entry.found = true;
                merge(&entry.path.value, read, file, variables, &mut values);
            }
            Err(error) => missing(&entry, &error, context),
        }
        entries.push(entry);
    }
    (entries, values)
}

fn entry(item: &Node, context: &mut Context<'_>) -> Option<(EnvFile, bool)> {
    let Some(map) = item.as_map() else {
        let path = context.text(item, "env_file").filter(|path| !path.value.is_empty())?;
        return Some((EnvFile { path, found: false, required: true }, false));
    };
    let Some(path) = map.get("path").and_then(|node| context.text(node, "env_file.path")) else {
        context.misfit(item, "env_file", "a path, or a mapping with `path`");
        return None;
    };
    let required = map.get("required").and_then(|node| context.flag(node, "env_file.required"));
    let raw = map.get("format").and_then(Node::as_str) == Some("raw");
    Some((EnvFile { path, found: false, required: required.is_none_or(|r| r.value) }, raw))
}

fn read(
    path: &str,
    span: Span,
    raw: bool,
    variables: &Variables,
    context: &mut Context<'_>,
) -> Result<(EnvText, FileId), FileError> {
    let full = clean(&context.root.join(path));
    // `../common.env` is a habit; the machine's own files are not the project's.
    if Path::new(path).is_absolute() && !context.files.inside(&context.root, &full) {
        return Err(FileError::Unreadable("it lies outside the project".to_owned()));
    }
    let text = context.file_text(&full, LIMIT)?;
    // Many services may name one large file, and each reading knows all variables.
    if !context.afford_text(text.len() + 32 * variables.len(), span) {
        return Err(FileError::Unreadable("the project reads too much".to_owned()));
    }
    // Its text is not kept: messages would show it, and it may hold secrets.
    let file = context.sources.add(full.to_string_lossy(), "");
    let read = if raw { dotenv::parse_raw(&text) } else { dotenv::parse(&text, variables) };
    bad_lines(&read, file, context);
    Ok((read, file))
}

fn merge(
    path: &str,
    read: EnvText,
    file: FileId,
    variables: &Variables,
    values: &mut BTreeMap<String, EnvValue>,
) {
    for entry in read.entries {
        let at = Pos { line: entry.line, column: 1 };
        let span = Span { file, start: at, end: Pos { line: entry.line, column: 2 } };
        let value = entry.value.or_else(|| variables.get(&entry.key).cloned());
        let origin = EnvOrigin::File(path.to_owned());
        values.insert(entry.key, EnvValue { value, span, origin, interpolated: false });
    }
}

/// People plan projects without the private files of the machine that runs them.
fn missing(entry: &EnvFile, error: &FileError, context: &mut Context<'_>) {
    let message = format!("the env file {} cannot be read: {error}", quote(&entry.path.value));
    let hint = "what it would set is unknown; put it there, or copy its example";
    if entry.required {
        context.warn("missing-env-file", message, entry.path.span, hint);
    } else if *error != FileError::Missing {
        context.info("missing-env-file", message, entry.path.span, hint);
    }
}

/// `label_file`: labels from env files.
pub(crate) fn label_files(
    node: &Node,
    variables: &Variables,
    context: &mut Context<'_>,
) -> BTreeMap<String, Spanned<String>> {
    let mut labels = BTreeMap::new();
    for path in context.texts(node, "label_file") {
        match read(&path.value, path.span, false, variables, context) {
            Ok((read, _)) => {
                let pairs = read.entries.into_iter();
                labels.extend(
                    pairs.map(|e| (e.key, Spanned::new(e.value.unwrap_or_default(), path.span))),
                );
            }
            Err(error) => {
                let message =
                    format!("the label file {} cannot be read: {error}", quote(&path.value));
                context.warn(
                    "missing-label-file",
                    message,
                    path.span,
                    "put it there, or remove the entry",
                );
            }
        }
    }
    labels
}

//! What the files say that a project names: bind sources, Dockerfiles, secrets, build contexts, models.
//!
//! Only what lies inside the project directory is read, and only within a budget.

mod content;
mod dockerfile;
mod texts;
mod walk;

use crate::context::{Context, quote};
use crate::files::FileKind;
use crate::path::{clean, is_relative, is_remote, moved};
use model::SecretText;
use model::project::{BindSource, Build, Content, FileObject, InferenceIntent, MountKind, Service};
use std::path::{Path, PathBuf};

/// Looks at everything that a service names.
pub(crate) fn service(service: &mut Service, dockerfile: Option<&str>, context: &mut Context<'_>) {
    for mount in &mut service.mounts {
        if let MountKind::Bind { source, facts } = &mut mount.kind {
            *facts = bind(source, context);
        }
    }
    if let Some(build) = &mut service.build {
        build_facts(build, dockerfile, context);
    }
    if let Some(inference) = &mut service.intent.inference {
        inference.config = model_config(inference, context);
    }
}

/// What a model's `config.json` says, where one is named.
fn model_config(inference: &InferenceIntent, context: &mut Context<'_>) -> Option<String> {
    let written = inference.model.as_deref()?;
    if Path::new(written).extension().is_none_or(|it| !it.eq_ignore_ascii_case("json")) {
        return None;
    }
    let path = inside(written, context)?;
    let FileKind::File { len } = context.files.kind(&path) else {
        let message = format!("there is no file at {}", quote(written));
        context.warn(
            "missing-file",
            message,
            inference.span,
            "put the model's config.json there, or name the model",
        );
        return None;
    };
    String::from_utf8(content::bytes(&path, len, context)?).ok()
}

/// The path of something that the project names, if it may be read.
fn inside(written: &str, context: &Context<'_>) -> Option<PathBuf> {
    if !is_relative(written) {
        return None;
    }
    let path = clean(&context.root.join(written));
    context.files.inside(&context.root, &path).then_some(path)
}

fn bind(source: &str, context: &mut Context<'_>) -> BindSource {
    let Some(path) = inside(source, context) else { return BindSource::Host };
    match context.files.kind(&path) {
        FileKind::Missing => BindSource::Missing,
        FileKind::Other => BindSource::Host,
        FileKind::File { len } => BindSource::File(content::read(&path, len, context)),
        FileKind::Directory => {
            let mut room = content::Room::directory();
            let (found, truncated) = walk::files(&path, walk::Bounds::MOUNT, context);
            let files = found
                .into_iter()
                .map(|(name, len)| {
                    let facts = room.read(&path.join(&name), len, context);
                    (name, facts)
                })
                .collect();
            BindSource::Directory { files, truncated }
        }
    }
}

fn build_facts(build: &mut Build, inline: Option<&str>, context: &mut Context<'_>) {
    let name = build.dockerfile.as_ref().map_or("Dockerfile", |name| name.value.as_str());
    let dir = inside(&build.context, context);
    let text = match (inline, &dir) {
        (Some(text), _) => Some(("dockerfile_inline".to_owned(), text.to_owned())),
        (None, Some(dir)) => dockerfile_text(build, dir, name, context),
        (None, None) => None,
    };
    let copied = text.as_ref().map(|(_, text)| dockerfile::settings(text)).unwrap_or_default();
    if let Some((path, text)) = text {
        build.facts = dockerfile::read(&path, &text, build, context);
    }
    if let Some(dir) = dir {
        build.texts = texts::read(&dir, &build.context, &copied, context);
    }
}

fn dockerfile_text(
    build: &Build,
    dir: &Path,
    name: &str,
    context: &mut Context<'_>,
) -> Option<(String, String)> {
    if is_remote(name) {
        return None;
    }
    let path = clean(&dir.join(name));
    if !context.files.inside(&context.root, &path) {
        return None;
    }
    let FileKind::File { len } = context.files.kind(&path) else {
        let span = build.dockerfile.as_ref().map_or(build.span, |name| name.span);
        let shown = quote(moved(Path::new(&build.context), name));
        let message = format!("there is no Dockerfile at {shown}");
        context.warn(
            "missing-dockerfile",
            message,
            span,
            "what it would say is unknown; put it there",
        );
        return None;
    };
    let Content::Text(text) = content::read(&path, len, context).content else { return None };
    Some((moved(Path::new(&build.context), name), text))
}

/// The content of a config or a secret from its file.
pub(crate) fn object(file: &str, out: &mut FileObject, context: &mut Context<'_>) {
    let Some(path) = inside(file, context) else { return };
    let span = out.file.as_ref().map_or(out.span, |file| file.span);
    match context.files.kind(&path) {
        FileKind::File { len } => {
            if let Some(bytes) = content::bytes(&path, len, context) {
                match String::from_utf8(bytes) {
                    Ok(text) => out.content = Some(SecretText::new(text)),
                    Err(error) => out.binary = Some(error.into_bytes()),
                }
            } else {
                let message = format!("{} is too large to be a config or a secret", quote(file));
                context.warn(
                    "large-file",
                    message,
                    span,
                    "objects of Kubernetes hold at most 1 MiB",
                );
            }
        }
        FileKind::Directory => directory(&path, out, context),
        FileKind::Missing | FileKind::Other => {
            let message = format!("there is no file at {}", quote(file));
            context.warn("missing-file", message, span, "put it there before the plan is applied");
        }
    }
}

fn directory(path: &Path, out: &mut FileObject, context: &mut Context<'_>) {
    let (files, _) = walk::files(path, walk::Bounds::MOUNT, context);
    for (name, len) in files {
        if let Some(Ok(text)) =
            content::bytes(&path.join(&name), len, context).map(String::from_utf8)
        {
            out.directory.insert(name, SecretText::new(text));
        }
    }
}

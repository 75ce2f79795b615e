//! `volumes`, `tmpfs` and `volumes_from` at a service.

use crate::context::{Context, quote};
use crate::path::is_windows;
use model::project::{BindSource, Mount, MountKind};
use std::collections::HashMap;
use units::Bytes;
use yaml::{Node, Span, Spanned, Value};

const FILLED: &str =
    "this is what is left of it after variables were filled in; set them, or give defaults";
const FORMS: &str =
    "write `name:/path`, `./dir:/path:ro`, or the long form with `type`, `source` and `target`";

/// `volumes`; what stands at the host side of binds is found out later.
pub(crate) fn mounts(node: &Node, context: &mut Context<'_>) -> Vec<Mount> {
    let mut out = Vec::new();
    let mut seen = HashMap::new();
    for (index, item) in context.items(node, "volumes").iter().enumerate() {
        let blank = Mount {
            span: item.span,
            index,
            target: String::new(),
            read_only: false,
            kind: MountKind::Anonymous,
            subpath: None,
            no_copy: false,
            options: Vec::new(),
        };
        let mount = match &item.value {
            Value::Null => continue,
            Value::Map(_) => long(item, blank, context),
            _ => short(&item.scalar_text().unwrap_or_default(), blank),
        };
        match mount {
            Ok(mount) => place(mount, &mut out, &mut seen, context),
            Err(why) => {
                let shown = item.scalar_text().map_or_else(|| "this".to_owned(), quote);
                let hint = if context.interpolated.contains(&item.span) { FILLED } else { FORMS };
                context.error(
                    "invalid-mount",
                    format!("{shown} is no volume: {why}"),
                    item.span,
                    hint,
                );
            }
        }
    }
    out
}

/// Adds a mount. Two cannot have one target: the later wins, as in Compose.
fn place(
    mut mount: Mount,
    out: &mut Vec<Mount>,
    seen: &mut HashMap<String, usize>,
    context: &mut Context<'_>,
) {
    let trimmed = mount.target.trim_end_matches('/').len().max(1);
    mount.target.truncate(trimmed);
    if let Some(at) = seen.get(&mount.target) {
        let message = format!("{} is mounted twice; this entry counts", quote(&mount.target));
        context.warn("duplicate-mount", message, mount.span, "remove one of them");
        out[*at] = mount;
        return;
    }
    seen.insert(mount.target.clone(), out.len());
    out.push(mount);
}

/// The parts between colons; a Windows drive keeps its colon.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        // `c:/x` and `c:/x:ro` are a volume `c`; `c:/x:/y` starts with a drive.
        let drive = is_windows(rest)
            && (rest.as_bytes()[2] == b'\\'
                || rest[2..].split_once(':').is_some_and(|(_, next)| is_path(next)));
        let from = if drive { 2 } else { 0 };
        if let Some(at) = rest[from..].find(':') {
            parts.push(&rest[..from + at]);
            rest = &rest[from + at + 1..];
        } else {
            parts.push(rest);
            return parts;
        }
    }
}

fn short(text: &str, mut mount: Mount) -> Result<Mount, String> {
    let parts = parts(text.trim());
    let (source, target, options) = match parts.as_slice() {
        [target] => (None, *target, ""),
        [source, target] => (Some(*source), *target, ""),
        [source, target, options] => (Some(*source), *target, *options),
        _ => return Err("it has too many parts".to_owned()),
    };
    if target.is_empty() || source.is_some_and(str::is_empty) {
        return Err("a part between the colons is empty".to_owned());
    }
    target.clone_into(&mut mount.target);
    if let Some(source) = source {
        mount.kind = source_kind(source);
    }
    options.split(',').filter(|o| !o.is_empty()).for_each(|o| option(&mut mount, o));
    Ok(mount)
}

fn option(mount: &mut Mount, option: &str) {
    match option.split_once('=') {
        Some(("volume-subpath" | "subpath", path)) => mount.subpath = Some(path.to_owned()),
        _ => match option {
            "ro" | "readonly" => mount.read_only = true,
            "rw" => {}
            "nocopy" => mount.no_copy = true,
            other => mount.options.push(other.to_owned()),
        },
    }
}

/// A path of the host, or a volume's name.
fn source_kind(source: &str) -> MountKind {
    if is_path(source) {
        MountKind::Bind { source: source.to_owned(), facts: BindSource::Host }
    } else {
        MountKind::Named(source.to_owned())
    }
}

fn is_path(source: &str) -> bool {
    source.starts_with(['.', '/', '~', '\\']) || is_windows(source)
}

fn long(item: &Node, mut mount: Mount, context: &mut Context<'_>) -> Result<Mount, String> {
    let mut kind = None;
    let mut source = None;
    let mut size = None;
    for (key, node) in context.entries(item, "volumes") {
        match key.value.as_str() {
            "type" => kind = context.text(node, "volumes.type").map(|t| t.value),
            "source" | "src" => source = context.text(node, "volumes.source").map(|t| t.value),
            "target" | "destination" | "dst" => {
                mount.target =
                    context.text(node, "volumes.target").map(|t| t.value).unwrap_or_default();
            }
            "read_only" | "readonly" => {
                mount.read_only = context.flag(node, "volumes.read_only").is_some_and(|f| f.value);
            }
            "tmpfs" => size = tmpfs_size(node, context),
            "volume" | "image" | "bind" => details(node, &mut mount, context),
            "consistency" => mount.options.extend(node.scalar_text()),
            _ => {}
        }
    }
    if mount.target.is_empty() {
        return Err("`target` is missing".to_owned());
    }
    let source = source.filter(|source| !source.is_empty());
    mount.kind = match (kind.as_deref(), source) {
        (Some("bind"), Some(source)) => MountKind::Bind { source, facts: BindSource::Host },
        (Some("bind"), None) => return Err("a bind needs a `source`".to_owned()),
        (Some("volume"), Some(source)) => MountKind::Named(source),
        (Some("tmpfs"), _) => MountKind::Tmpfs(size),
        (Some("image"), Some(source)) => MountKind::Image(source),
        (Some("image"), None) => return Err("an image needs a `source`".to_owned()),
        (Some("volume") | None, None) => MountKind::Anonymous,
        (None, Some(source)) => source_kind(&source),
        (Some(other @ ("npipe" | "cluster")), _) => MountKind::Other(other.to_owned()),
        (Some(other), _) => {
            return Err(format!(
                "{} is no type; there are bind, volume, tmpfs, image, npipe and cluster",
                quote(other)
            ));
        }
    };
    Ok(mount)
}

fn tmpfs_size(node: &Node, context: &mut Context<'_>) -> Option<Bytes> {
    let size = node.as_map()?.get("size")?;
    context.bytes(size, "volumes.tmpfs.size").map(|size| size.value)
}

/// What stands below `volume`, `image` and `bind`.
fn details(node: &Node, mount: &mut Mount, context: &mut Context<'_>) {
    for (key, value) in context.entries(node, "volumes") {
        match key.value.as_str() {
            "subpath" => mount.subpath = context.text(value, "volumes.subpath").map(|t| t.value),
            "nocopy" => {
                mount.no_copy = context.flag(value, "volumes.nocopy").is_some_and(|f| f.value);
            }
            "propagation" | "selinux" => mount.options.extend(value.scalar_text()),
            _ => {}
        }
    }
}

/// Where an entry is mounted: what makes two entries the same when files are merged.
pub(crate) fn target(item: &Node) -> Option<String> {
    let target = if let Some(map) = item.as_map() {
        map.get("target").and_then(Node::scalar_text)?
    } else {
        let text = item.scalar_text()?;
        let parts = parts(&text);
        (*parts.get(1).or_else(|| parts.first())?).to_owned()
    };
    Some(target.trim_end_matches('/').to_owned())
}

/// `tmpfs`: paths, with `size=` if given.
pub(crate) fn tmpfs(
    node: &Node,
    context: &mut Context<'_>,
) -> Vec<Spanned<(String, Option<Bytes>)>> {
    let mut out = Vec::new();
    for item in context.texts(node, "tmpfs") {
        let (path, options) = item.value.split_once(':').unwrap_or((&item.value, ""));
        let size = options.split(',').find_map(|option| option.strip_prefix("size="));
        let size = size.and_then(|text| sized(text, item.span, context));
        if path.is_empty() {
            continue;
        }
        out.push(Spanned::new((path.to_owned(), size), item.span));
    }
    out
}

fn sized(text: &str, span: Span, context: &mut Context<'_>) -> Option<Bytes> {
    let size = Bytes::from_compose(text).ok();
    if size.is_none() {
        let message = format!("{} is no size", quote(text));
        context.warn("invalid-value", message, span, "write `size=64m`");
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_know_windows() {
        for (text, want) in [
            ("/data", vec!["/data"]),
            ("data:/data:ro", vec!["data", "/data", "ro"]),
            ("C:\\x:/data", vec!["C:\\x", "/data"]),
            ("c:/x:D:\\y:ro", vec!["c:/x", "D:\\y", "ro"]),
            ("d:/data", vec!["d", "/data"]),
            ("d:/data:ro", vec!["d", "/data", "ro"]),
        ] {
            assert_eq!(parts(text), want, "{text}");
        }
    }

    #[test]
    fn targets_identify_mounts() {
        let node = |text: &str| crate::tree::string(text, Span::default());
        assert_eq!(target(&node("./a:/x/:ro")).as_deref(), Some("/x"));
        assert_eq!(target(&node("/x")).as_deref(), Some("/x"));
    }
}

//! Why a container cannot be made from what its pod says.

use super::environment::{environment, missing};
use super::fields::{Site, items};
use super::program::runs_anything;
use super::run::Run;
use super::volumes::sub_path;
use twin_core::tree::Value;

/// What is wrong with a container of a run.
pub(super) fn refusal(container: &Value, site: &Site<'_>, run: &Run) -> Option<String> {
    missing(container, site)
        .or_else(|| no_folder(container, site))
        .or_else(|| root(container, &site.pod.tree, run))
}

/// A folder of a volume whose name does not come out.
fn no_folder(container: &Value, site: &Site<'_>) -> Option<String> {
    let named = |mount: &&Value| mount.at(&["subPathExpr"]).is_some();
    let mut mounts = items(container, &["volumeMounts"]).filter(named).peekable();
    mounts.peek()?;
    // Where not all variables are known, it is not said that one is missing.
    let environment = environment(container, site)?;
    mounts.find_map(|mount| sub_path(mount, &environment).err())
}

/// Who must not be root, and would be.
fn root(container: &Value, pod: &Value, run: &Run) -> Option<String> {
    let said = |field: &str| {
        let own = container.at(&["securityContext", field]);
        own.or_else(|| pod.at(&["spec", "securityContext", field]))
    };
    if said("runAsNonRoot").and_then(Value::as_bool) != Some(true) {
        return None;
    }
    let name = container.str_at(&["name"]).unwrap_or_default();
    let why = match said("runAsUser").and_then(Value::as_int) {
        Some(0) => "container's runAsUser breaks non-root policy",
        // Images without an entry point of their own are known to have no user either.
        None if runs_anything(container.str_at(&["image"]).unwrap_or_default()) => {
            "container has runAsNonRoot and image will run as root"
        }
        _ => return None,
    };
    Some(format!("{why} (pod: {:?}, container: {name})", run.title()))
}

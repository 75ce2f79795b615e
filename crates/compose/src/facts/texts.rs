//! Files of a build context that are known to hold addresses of other services.

use super::{content, walk};
use crate::context::Context;
use crate::path::moved;
use model::project::Content;
use std::collections::BTreeMap;
use std::path::Path;

/// Larger files are generated, or data.
const LARGEST: u64 = 64 << 10;
/// So many files are enough.
const MOST: usize = 24;

/// Names of files that frameworks and web servers read their settings from.
const NAMES: [&str; 24] = [
    ".env",
    ".env.production",
    "package.json",
    "nginx.conf",
    "default.conf",
    "Caddyfile",
    "Procfile",
    "application.properties",
    "application.yml",
    "application.yaml",
    "appsettings.json",
    "appsettings.Production.json",
    "settings.py",
    "config.py",
    "config.yml",
    "config.yaml",
    "config.json",
    "config.toml",
    "database.yml",
    "httpd.conf",
    "setupProxy.js",
    "vite.config.js",
    "vite.config.ts",
    "next.config.js",
];

/// Path and text of the settings below a build context. `copied` is what its Dockerfile copies to
/// where settings lie.
pub(super) fn read(
    dir: &Path,
    written: &str,
    copied: &[String],
    context: &mut Context<'_>,
) -> BTreeMap<String, String> {
    let (files, _) = walk::files(dir, walk::Bounds::BUILD, context);
    let mut out = BTreeMap::new();
    for (name, len) in files
        .into_iter()
        .filter(|(name, len)| *len <= LARGEST && (is_settings(name) || is_copied(name, copied)))
        .take(MOST)
    {
        if let Content::Text(text) = content::read(&dir.join(&name), len, context).content {
            out.insert(moved(Path::new(written), &name), text);
        }
    }
    out
}

fn is_copied(path: &str, copied: &[String]) -> bool {
    copied.iter().any(|source| {
        path.strip_prefix(source.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

fn is_settings(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    NAMES.contains(&name)
        || matches!(ending, Some("conf" | "properties" | "ini"))
        || name.ends_with(".conf.template")
        || (name.starts_with("application-") && matches!(ending, Some("yml" | "yaml")))
}

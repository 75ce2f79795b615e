//! The embedded table and how to find a family in it.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::family::Family;
use crate::image::ImageRef;
use crate::pattern;

/// The files of the table, in the order the reference document shows them.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("Databases", include_str!("../images/databases.toml")),
    ("Caches and brokers", include_str!("../images/brokers.toml")),
    ("Web servers and proxies", include_str!("../images/web.toml")),
    ("Applications", include_str!("../images/applications.toml")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    family: Vec<Family>,
}

/// The families and the ways to reach them.
struct Table {
    families: Vec<Family>,
    exact: HashMap<String, usize>,
    globs: Vec<(String, usize)>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let families = FILES.iter().flat_map(|(name, text)| read(name, text)).collect();
    index(families)
});

fn read(name: &str, text: &str) -> Vec<Family> {
    match toml::from_str::<File>(text) {
        Ok(file) => file.family,
        // The text is part of the program and a test reads every file, so this cannot be met.
        Err(error) => unreachable!("the embedded image table `{name}` is malformed: {error}"),
    }
}

fn index(families: Vec<Family>) -> Table {
    let mut exact = HashMap::new();
    let mut globs = Vec::new();
    for (at, family) in families.iter().enumerate() {
        for repository in &family.repositories {
            if pattern::is_glob(repository) {
                globs.push((repository.clone(), at));
            } else {
                exact.insert(repository.clone(), at);
            }
        }
    }
    // The longest pattern says the most; equally long ones in a fixed order.
    globs.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    Table { families, exact, globs }
}

/// Every family, in the order of the table.
pub fn families() -> &'static [Family] {
    &TABLE.families
}

/// The family with this identifier.
pub fn family(id: &str) -> Option<&'static Family> {
    families().iter().find(|family| family.id == id)
}

/// The family an image belongs to by its repository; see [`crate::guess`] for weaker evidence.
pub fn lookup(image: &ImageRef) -> Option<&'static Family> {
    let name = image.canonical();
    let exact = TABLE.exact.get(&name).copied();
    let at = exact.or_else(|| {
        TABLE.globs.iter().find(|(glob, _)| pattern::fits(glob, &name)).map(|(_, at)| *at)
    });
    at.and_then(|at| families().get(at))
}

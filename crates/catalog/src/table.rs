//! The embedded table and how to find a family in it.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::family::Family;
use crate::image::ImageRef;
use crate::pattern;

/// The files of the table, in the order the reference document shows them.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("Databases", include_str!("../images/databases.toml")),
    ("Caches and brokers", include_str!("../images/brokers.toml")),
    ("Web servers and proxies", include_str!("../images/web.toml")),
    ("Search engines and vector stores", include_str!("../images/search.toml")),
    ("Monitoring and tools", include_str!("../images/monitoring.toml")),
    ("Applications", include_str!("../images/applications.toml")),
    ("Media and home servers", include_str!("../images/home.toml")),
    ("Language runtimes and base systems", include_str!("../images/runtimes.toml")),
    ("GPU and machine learning", include_str!("../images/ai.toml")),
];

/// The families and the ways to reach them.
struct Table {
    families: Vec<Family>,
    exact: HashMap<String, usize>,
    globs: Vec<(String, usize)>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| match read(FILES) {
    Ok(families) => index(families),
    // The text is part of the program and a test reads it, so this cannot be met.
    Err(error) => unreachable!("the embedded image table is malformed: {error}"),
});

/// What a family that is `like` another one does not take over.
const OWN: &[&str] = &["repositories", "hints", "replaced_by", "certainty"];

/// Reads the table. A family that is `like` another one takes over every key it does not write
/// itself, except [`OWN`].
pub(crate) fn read(files: &[(&'static str, &str)]) -> Result<Vec<Family>, String> {
    let mut raw = Vec::new();
    for (section, text) in files {
        let mut file: toml::Table = text.parse().map_err(|e| format!("{section}: {e}"))?;
        let families = file.remove("family").unwrap_or(toml::Value::Array(Vec::new()));
        let families: Vec<toml::Table> =
            families.try_into().map_err(|e| format!("{section}: family: {e}"))?;
        raw.extend(families.into_iter().map(|family| (*section, family)));
    }
    let by_id: HashMap<String, toml::Table> =
        raw.iter().map(|(_, family)| (id_of(family).to_owned(), family.clone())).collect();
    raw.into_iter()
        .map(|(section, family)| Ok(Family { section, ..complete(family, &by_id)? }))
        .collect()
}

fn id_of(family: &toml::Table) -> &str {
    family.get("id").and_then(toml::Value::as_str).unwrap_or_default()
}

/// The family with what it takes over from the one it is like.
fn complete(
    mut family: toml::Table,
    by_id: &HashMap<String, toml::Table>,
) -> Result<Family, String> {
    let id = id_of(&family).to_owned();
    if let Some(like) = family.remove("like") {
        let like = like.as_str().unwrap_or_default().to_owned();
        let base =
            by_id.get(&like).ok_or_else(|| format!("{id}: no family `{like}` to be like"))?;
        if base.contains_key("like") {
            return Err(format!("{id}: `{like}` is itself like another family"));
        }
        for (key, value) in base.iter().filter(|(key, _)| !OWN.contains(&key.as_str())) {
            family.entry(key).or_insert_with(|| value.clone());
        }
    }
    toml::Value::Table(family).try_into().map_err(|e| format!("{id}: {e}"))
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

//! Paths of an object's fields, as decisions name them.

use crate::Shown;
use serde_json::Value;
use std::collections::BTreeMap;

/// Path and value of each field. Claim templates, whose name stands in their metadata, are
/// addressed by it like other items: `spec.volumeClaimTemplates[data].spec`.
pub(crate) fn fields(shown: &Shown) -> impl Iterator<Item = (String, &Value)> {
    let names: BTreeMap<&str, &str> = shown
        .leaves
        .iter()
        .filter_map(|(path, value)| Some((path.strip_suffix("].metadata.name")?, value.as_str()?)))
        .collect();
    shown.leaves.iter().map(move |(path, value)| (named(path, &names), value))
}

/// The path with a name instead of an index, where one of its items has a name in its metadata.
fn named(path: &str, names: &BTreeMap<&str, &str>) -> String {
    let mut ends = path.match_indices(']').map(|(at, _)| at);
    let found = ends.find_map(|end| Some((end, *names.get(&path[..end])?)));
    let Some((end, name)) = found else { return path.to_owned() };
    let start = path[..end].rfind('[').map_or(0, |at| at + 1);
    format!("{}{name}{}", &path[..start], &path[end..])
}

#[cfg(test)]
mod tests {
    use super::fields;
    use crate::Shown;

    #[test]
    fn claim_templates_have_names() {
        let leaves = [
            ("metadata.name", "db"),
            ("spec.volumeClaimTemplates[0].metadata.name", "data"),
            ("spec.volumeClaimTemplates[0].spec.accessModes[0]", "ReadWriteOnce"),
            ("spec.volumeClaimTemplates[1].spec.x", "y"),
        ];
        let shown = Shown {
            api_version: String::new(),
            kind: String::new(),
            name: String::new(),
            origin: String::new(),
            service: None,
            leaves: leaves.map(|(path, value)| (path.to_owned(), value.into())).to_vec(),
            yaml: String::new(),
        };
        let paths: Vec<_> = fields(&shown).map(|(path, _)| path).collect();
        assert_eq!(
            paths,
            [
                "metadata.name",
                "spec.volumeClaimTemplates[data].metadata.name",
                "spec.volumeClaimTemplates[data].spec.accessModes[0]",
                "spec.volumeClaimTemplates[1].spec.x",
            ]
        );
    }
}

//! Models that are known by name.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Model, from_config, name};
use crate::nearest;

/// No model has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no model is called `{name}`; did you mean `{nearest}`? Any other can be given by its config.json"
)]
pub struct UnknownModel {
    pub name: String,
    pub nearest: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    model: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    names: Vec<String>,
    config: serde_json::Value,
}

static MODELS: LazyLock<Vec<(Vec<String>, Model)>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../data/models.toml"))
        .expect("models.toml is read by a test");
    let read = |e: Entry| {
        let name = e.names.first().cloned().unwrap_or_default();
        let model = from_config(&name, &e.config).expect("every built-in is read by a test");
        (e.names, model)
    };
    file.model.into_iter().map(read).collect()
});

/// The model of that short name or Hugging Face name, in any case, or the one that it is a copy of: tuned, or
/// with weights in another format, of which the result says nothing.
///
/// # Errors
/// With the closest name.
pub fn model(name: &str) -> Result<&'static Model, UnknownModel> {
    let of = |is: &dyn Fn(&str) -> bool| {
        MODELS.iter().find(|(names, _)| names.iter().any(|n| is(n))).map(|(_, m)| m)
    };
    let key = name::key(name);
    let found = of(&|n| n.eq_ignore_ascii_case(name)).or_else(|| of(&|n| name::key(n) == key));
    found.ok_or_else(|| UnknownModel {
        name: name.to_owned(),
        nearest: nearest::of(name, model_names()).to_owned(),
    })
}

/// The same, with weights in the format that the name ends with.
///
/// # Errors
/// With the closest name.
pub fn as_named(name: &str) -> Result<Model, UnknownModel> {
    let model = model(name)?.clone();
    Ok(Model { stored: name::format(name).map_or(model.stored, |f| f.stored), ..model })
}

/// All names, the short ones of each model first.
pub fn model_names() -> impl Iterator<Item = &'static str> {
    MODELS.iter().flat_map(|(names, _)| names).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{MODELS, name};

    #[test]
    fn no_two_models_share_a_key() {
        let mut of = BTreeMap::new();
        for (names, model) in MODELS.iter() {
            for name in names {
                let known = of.entry(name::key(name)).or_insert(&model.name);
                assert_eq!(*known, &model.name, "{name}");
            }
        }
    }
}

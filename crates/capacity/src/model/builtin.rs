//! Models that are known by name.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Model, from_config};
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

/// The model of that short name or Hugging Face name, in any case.
///
/// # Errors
/// With the closest name.
pub fn model(name: &str) -> Result<&'static Model, UnknownModel> {
    let named =
        |(names, _): &&(Vec<String>, Model)| names.iter().any(|n| n.eq_ignore_ascii_case(name));
    let found = MODELS.iter().find(named).map(|(_, m)| m);
    found.ok_or_else(|| UnknownModel {
        name: name.to_owned(),
        nearest: nearest::of(name, model_names()).to_owned(),
    })
}

/// All names, the short ones of each model first.
pub fn model_names() -> impl Iterator<Item = &'static str> {
    MODELS.iter().flat_map(|(names, _)| names).map(String::as_str)
}

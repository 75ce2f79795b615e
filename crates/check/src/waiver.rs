//! Annotations that accept a finding, with the reason.

use std::collections::BTreeMap;

use crate::Rule;
use crate::cursor::At;

/// Our own annotation: `muster.dev/waive-<rule id or name>: reason`.
const OURS: &str = "muster.dev/waive-";
/// checkov's: `checkov.io/skip1: CKV_K8S_20=reason`.
const CHECKOV: &str = "checkov.io/skip";

/// What an object's annotations waive: rule id, rule name or checkov id to the reason.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waivers(BTreeMap<String, String>);

impl Waivers {
    /// Reads them from the annotations of an object and of its pod template.
    pub(crate) fn read<'a>(annotations: impl IntoIterator<Item = At<'a>>) -> Self {
        let mut found = BTreeMap::new();
        for (key, at) in annotations.into_iter().flat_map(|a| a.entries()) {
            let text = at.text().unwrap_or_default();
            if let Some(rule) = key.strip_prefix(OURS) {
                found.insert(rule.to_owned(), reason(&text));
            } else if key.contains(CHECKOV) {
                let (id, why) = text.split_once('=').unwrap_or((&text, ""));
                found.insert(id.trim().to_owned(), reason(why));
            }
        }
        Self(found)
    }

    /// The reason, if the rule is waived.
    pub(crate) fn reason(&self, rule: &Rule) -> Option<String> {
        let names = [rule.id, rule.name].into_iter().chain(rule.checkov.iter().copied());
        names.into_iter().find_map(|name| self.0.get(name).cloned())
    }
}

fn reason(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() { "no reason given".to_owned() } else { text.to_owned() }
}

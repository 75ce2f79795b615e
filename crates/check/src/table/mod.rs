//! All rules, one table per topic.
//!
//! Identifiers are stable: a rule that goes leaves its number unused. The thousands tell the topic:
//! 1 security and RBAC, 2 resources and images, 3 probes, 4 references, 5 storage, 6 scaling,
//! disruption and jobs, 7 network, 8 secrets and configuration, 9 the shape of objects.

use std::sync::LazyLock;

use crate::Rule;

/// Turns rows into statics, and a list of them: name, id, kebab-case name, severity, checkov's
/// identifiers; then what it finds, and why that matters.
macro_rules! table {
    ($($ident:ident $id:literal $name:literal $severity:ident [$($checkov:literal),*]
       $summary:literal; $rationale:literal;)*) => {
        $(pub(crate) static $ident: $crate::Rule = $crate::Rule {
            id: $id,
            name: $name,
            summary: $summary,
            rationale: $rationale,
            severity: yaml::Severity::$severity,
            checkov: &[$($checkov),*],
        };)*
        pub(super) static ROWS: &[&$crate::Rule] = &[$(&$ident),*];
    };
}

pub(crate) mod network;
pub(crate) mod probes;
pub(crate) mod references;
pub(crate) mod resources;
pub(crate) mod scaling;
pub(crate) mod schema;
pub(crate) mod secrets;
pub(crate) mod security;
pub(crate) mod storage;

static ALL: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let tables = [
        security::ROWS,
        resources::ROWS,
        probes::ROWS,
        references::ROWS,
        storage::ROWS,
        scaling::ROWS,
        network::ROWS,
        secrets::ROWS,
        schema::ROWS,
    ];
    tables.into_iter().flatten().map(|rule| **rule).collect()
});

/// Every rule, in the order of identifiers.
pub fn rules() -> &'static [Rule] {
    &ALL
}

#[cfg(test)]
mod tests {
    use super::rules;

    #[test]
    fn identifiers_are_sorted_and_names_unique() {
        assert!(rules().is_sorted_by(|a, b| a.id < b.id));
        let names: std::collections::BTreeSet<_> = rules().iter().map(|r| r.name).collect();
        assert_eq!(names.len(), rules().len());
    }

    #[test]
    fn every_checkov_identifier_belongs_to_one_rule() {
        let mut ids: Vec<_> = rules().iter().flat_map(|r| r.checkov).collect();
        let n = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), n);
    }
}

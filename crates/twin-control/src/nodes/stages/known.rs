//! Stages by the kind of object that they are for.

use crate::tables;
use kwok::Stage;
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_core::registry::Registry;
use twin_core::schema::Schema;
use twin_core::store::TableName;

/// Stages that were read. Without any, nodes and pods live as the twin has it.
#[derive(Clone, Debug, Default)]
pub struct Stages(BTreeMap<TableName, Arc<[Stage]>>);

/// A stage is for objects that nobody here is told about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stage {stage:?} is for {kind} of {api_version}, which no stage can be played for here")]
pub struct UnknownKind {
    pub stage: String,
    pub kind: String,
    pub api_version: String,
}

impl Stages {
    /// Puts stages where they belong.
    ///
    /// # Errors
    /// If one is for a kind that is not known, or whose changes nobody follows.
    pub fn new(stages: Vec<Stage>) -> Result<Self, UnknownKind> {
        let registry = Registry::builtin(Schema::builtin());
        let mut rows: BTreeMap<TableName, Vec<Stage>> = BTreeMap::new();
        for stage in stages {
            let target = stage.target();
            let resource = registry.of_kind(&target.api_version, &target.kind);
            match resource.filter(|resource| tables::ALL.contains(&resource.table)) {
                Some(resource) => rows.entry(resource.table.clone()).or_default().push(stage),
                None => {
                    return Err(UnknownKind {
                        stage: stage.name().to_owned(),
                        kind: target.kind.clone(),
                        api_version: target.api_version.clone(),
                    });
                }
            }
        }
        Ok(Self(rows.into_iter().map(|(table, stages)| (table, stages.into())).collect()))
    }

    /// Whether there are stages for objects of a table.
    pub(crate) fn are_for(&self, table: &TableName) -> bool {
        self.0.contains_key(table)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (&TableName, &Arc<[Stage]>)> {
        self.0.iter()
    }
}

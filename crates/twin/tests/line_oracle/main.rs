//! The twin's functions against Kubernetes' own, case by case.
//!
//! `tests/cluster/line-oracle` answers questions with upstream's code; random questions go to both
//! sides, and what differs is made as small as it can be. `MUSTER_ORACLE_SECONDS` says how long each
//! property is looked at (4), `MUSTER_ORACLE_SEED` where chance starts (1).

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "all of it is a test")]

mod applying;
mod chance;
mod customising;
mod defaults;
mod defining;
mod judging;
mod objects;
mod peer;
mod printing;
mod property;
mod reckoning;
mod select;
mod shrink;
mod strategic;

use property::hold;

#[test]
fn strategic_merge_patches_give_the_same() {
    hold(&strategic::STRATEGIC);
}

#[test]
fn label_selectors_select_the_same() {
    hold(&select::LABELS);
}

#[test]
fn field_selectors_are_read_the_same() {
    hold(&select::FIELDS);
}

#[test]
fn defaults_are_the_same() {
    hold(&defaults::DEFAULTS);
}

#[test]
fn managers_own_the_same() {
    hold(&applying::APPLYING);
}

#[test]
fn new_objects_are_refused_for_the_same_causes() {
    hold(&judging::JUDGING);
}

#[test]
fn changes_are_refused_for_the_same_causes() {
    hold(&judging::CHANGES);
}

#[test]
fn tables_show_the_same() {
    hold(&printing::PRINTING);
}

#[test]
fn expressions_have_the_same_types() {
    hold(&reckoning::TYPES);
}

#[test]
fn expressions_give_the_same() {
    hold(&reckoning::VALUES);
}

#[test]
fn definitions_are_refused_for_the_same_causes() {
    hold(&defining::DEFINING);
}

#[test]
fn custom_resources_are_refused_for_the_same_causes() {
    hold(&customising::CUSTOMISING);
}

#[test]
fn rules_may_call_the_same_functions() {
    reckoning::same_functions();
}

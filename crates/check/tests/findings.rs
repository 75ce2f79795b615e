//! What the fixtures are told, as a person would read it.

mod common;

use common::Loaded;

#[test]
fn fixtures() {
    for path in common::fixture_paths() {
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        insta::assert_snapshot!(name, Loaded::file(&path).render());
    }
}

#[test]
fn a_good_application_has_no_findings() {
    let path = common::fixtures().join("good-web.yaml");
    assert_eq!(Loaded::file(&path).render(), "");
}

#[test]
fn every_rule_can_be_found_and_is_well_written() {
    for rule in check::rules() {
        assert!(rule.id.starts_with("MU") && rule.id.len() == 6, "{}", rule.id);
        assert!(!rule.summary.ends_with('.'), "{}: {}", rule.id, rule.summary);
        assert!(rule.rationale.ends_with('.'), "{}: {}", rule.id, rule.rationale);
    }
}

//! What the fixtures are told, as a person would read it.

mod common;

use std::collections::BTreeSet;

use check::Options;
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
fn every_rule_has_a_fixture() {
    let big = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: big}}\ndata: {{file: {}}}\n",
        "x".repeat((1 << 20) + 1)
    );
    let big = Loaded::texts([("big.yaml", big.as_str())]);
    let all = common::fixture_paths();
    let loaded = all.iter().map(|p| Loaded::file(p)).chain([big]);
    let told: BTreeSet<_> = loaded.flat_map(|l| l.check()).map(|f| f.rule.id).collect();
    let silent: Vec<_> =
        check::rules().iter().map(|r| r.id).filter(|id| !told.contains(id)).collect();
    assert!(silent.is_empty(), "no fixture breaks {silent:?}");
}

#[test]
fn every_rule_is_well_written() {
    for rule in check::rules() {
        assert!(rule.id.starts_with("MU") && rule.id.len() == 6, "{}", rule.id);
        assert!(!rule.summary.ends_with('.'), "{}: {}", rule.id, rule.summary);
        assert!(rule.rationale.ends_with('.'), "{}: {}", rule.id, rule.rationale);
    }
}

#[test]
fn no_value_of_a_secret_is_shown() {
    for path in common::fixture_paths() {
        let text = Loaded::file(&path).render();
        for value in
            ["hunter2", "changeme", "admin123", "kT9vQz2L", "open-sesame", "pigeon-carrier"]
        {
            assert!(!text.contains(value), "{} shows {value}", path.display());
        }
    }
}

#[test]
fn an_api_is_removed_from_its_version_on() {
    let text =
        "apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n";
    let loaded = Loaded::texts([("hpa.yaml", text)]);
    let told = |minor| -> BTreeSet<_> {
        let options = Options::for_minor(minor);
        check::check(&loaded.files, &options).iter().map(|f| f.rule.name).collect()
    };
    assert!(told(25).contains("deprecated-api") && !told(25).contains("removed-api"));
    assert!(told(26).contains("removed-api"));
}

#[test]
fn references_are_looked_up_across_files() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {app: a}, ports: [{port: 80}]}\n";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {app: a}}\nspec: {containers: [{name: a, image: a}]}\n";
    let dangling =
        |loaded: Loaded| loaded.check().iter().any(|f| f.rule.name == "dangling-service");
    assert!(dangling(Loaded::texts([("service.yaml", service)])));
    assert!(!dangling(Loaded::texts([("service.yaml", service), ("pod.yaml", pod)])));
}

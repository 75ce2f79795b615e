//! The sketch of a shared database, which is what people start from.

#![allow(clippy::print_stdout, reason = "a skipped judge says so")]

mod common;

use std::path::Path;

use common::Loaded;

/// What a sketch must be told: the rule, and the kind of object it is about.
const EXPECTED: &[(&str, &str)] = &[
    ("hpa-v1-field", "HorizontalPodAutoscaler/"),
    ("hpa-target-missing", "HorizontalPodAutoscaler/"),
    ("dangling-service", "Service/"),
    ("config-names-dead-service", "ConfigMap/"),
    ("unused-config", "ConfigMap/"),
    ("unused-config", "Secret/"),
    ("database-on-nfs", "PersistentVolume/"),
    ("claim-goes-to-default-class", "PersistentVolumeClaim/"),
    ("reclaim-implicit", "PersistentVolume/"),
    ("weak-secret", "Secret/"),
    ("secret-in-file", "Secret/"),
];

fn assert_told(loaded: &Loaded) {
    let findings = loaded.check();
    for (rule, object) in EXPECTED {
        let told = findings.iter().any(|f| f.rule.name == *rule && f.object.starts_with(object));
        assert!(told, "{object} is not told about {rule}:\n{}", loaded.render());
    }
    assert!(findings.iter().all(|f| !f.fix.is_empty() && !f.message.is_empty()));
}

#[test]
fn a_sketch_is_told_everything() {
    let loaded = Loaded::file(&common::fixtures().join("sketch.yaml"));
    assert_told(&loaded);
    let text = loaded.render();
    assert!(!text.contains("changeme") && !text.contains("Y2hhbmdlbWU"), "a value is shown");
    assert!(text.contains("averageUtilization: 60"), "the right YAML for the HPA is missing");
}

#[test]
fn the_first_users_sketch_is_told_everything() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/manifests/shared-database.yaml");
    if path.exists() {
        assert_told(&Loaded::file(&path));
    } else {
        println!("SKIP: {} is not here", path.display());
    }
}

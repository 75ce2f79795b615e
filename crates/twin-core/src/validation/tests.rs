//! Judgements of whole objects.

use super::faults;
use crate::registry::Registry;
use crate::schema::Schema;
use crate::tree::{Value, decode};

fn said(group: &str, plural: &str, text: &str, old: Option<&str>) -> Vec<String> {
    let schema = Schema::builtin();
    let registry = Registry::builtin(schema);
    let resource = registry.iter().find(|it| it.is(group, plural)).unwrap();
    let parse = |text: &str| -> Value { decode(text.as_bytes()).unwrap() };
    let causes = faults(schema, resource, &parse(text), old.map(parse).as_ref());
    causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
}

#[test]
fn a_container_is_judged_wherever_it_stands() {
    let deployment = r#"{"metadata":{"name":"a","namespace":"d"},"spec":{"selector":{"matchLabels":{"x":"y"}},"strategy":{"type":"Recreate"},"template":{"metadata":{"labels":{"x":"y"}},"spec":{"restartPolicy":"Always","containers":[{"name":"","image":"i","imagePullPolicy":"X"}]}}}}"#;
    assert_eq!(
        said("apps", "deployments", deployment, None),
        [
            r#"spec.template.spec.containers[0].imagePullPolicy: Unsupported value: "X": supported values: "Always", "IfNotPresent", "Never""#,
            "spec.template.spec.containers[0].name: Required value",
        ]
    );
}

#[test]
fn claims_of_a_stateful_set_are_volumes_of_its_pods() {
    let set = |claim: &str| {
        let text = r#"{"metadata":{"name":"a","namespace":"d"},"spec":{"selector":{"matchLabels":{"x":"y"}},"podManagementPolicy":"Parallel","volumeClaimTemplates":[{"metadata":{"name":"CLAIM"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}],"template":{"metadata":{"labels":{"x":"y"}},"spec":{"restartPolicy":"Always","containers":[{"name":"c","image":"i","volumeMounts":[{"name":"data","mountPath":"/a"}]}]}}}}"#;
        said("apps", "statefulsets", &text.replace("CLAIM", claim), None)
    };
    assert_eq!(set("data"), [""; 0]);
    assert_eq!(
        set("other"),
        [r#"spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data""#]
    );
}

#[test]
fn what_is_sealed_stays() {
    let old = r#"{"metadata":{"name":"a"},"immutable":true,"data":{"a":"b"}}"#;
    let new = r#"{"metadata":{"name":"a"},"immutable":true,"data":{"a":"c"}}"#;
    assert_eq!(
        said("", "configmaps", new, Some(old)),
        ["data: Forbidden: field is immutable when `immutable` is set"]
    );
    assert!(said("", "configmaps", old, Some(old)).is_empty());
}

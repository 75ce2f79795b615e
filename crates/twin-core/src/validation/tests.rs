//! Judgements of whole objects.

use super::{faults, repeats};
use crate::registry::Registry;
use crate::schema::Schema;
use crate::tree::{Value, decode};
use std::cell::Cell;
use std::cmp::Ordering;

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

/// A key that counts how often it is compared.
struct Counted<'a>(usize, &'a Cell<usize>);

impl Ord for Counted<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.1.set(self.1.get() + 1);
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Counted<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Counted<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Counted<'_> {}

#[test]
fn what_is_there_twice_is_found_without_a_look_at_each_pair() {
    let compared = Cell::new(0);
    let keys = (0..20_000).chain([7, 19_000]).map(|key| Some(Counted(key, &compared)));
    assert_eq!(repeats(keys.chain([None, None])), [20_000, 20_001]);
    assert!(compared.get() < 20_000 * 60, "{}", compared.get());
}

#[test]
fn no_more_is_said_than_anybody_reads() {
    let keys: Vec<_> = (0..5_000).map(|at| format!(r#""a {at}":"""#)).collect();
    let map =
        format!(r#"{{"metadata":{{"name":"a","namespace":"d"}},"data":{{{}}}}}"#, keys.join(","));
    assert_eq!(said("", "configmaps", &map, None).len(), 1_000);
    let ports: Vec<_> = (0..5_000).map(|_| r#"{"name":"a","port":1,"protocol":"TCP"}"#).collect();
    let service = format!(
        r#"{{"metadata":{{"name":"a","namespace":"d"}},"spec":{{"type":"ClusterIP","ports":[{}]}}}}"#,
        ports.join(",")
    );
    assert_eq!(said("", "services", &service, None).len(), 1_000);
}

#[test]
fn a_long_path_is_not_repeated_for_each_fault_below_it() {
    let deep = format!(r#"{{"rule":"{}"}}"#, "(".repeat(40));
    let rules = vec![deep; 5_000].join(",");
    let path = "p".repeat(1_500_000);
    let said = refused(&format!(
        r#"{{"type":"object","properties":{{"{path}":{{"type":"string","x-kubernetes-validations":[{rules}]}}}}}}"#
    ));
    assert_eq!(said.len(), 1);
    let parts = |part: &str| {
        (0..40_000).map(|at| format!(r#""{at}":{part}"#)).collect::<Vec<_>>().join(",")
    };
    for part in
        [r#"{"type":"array","items":{"type":"object"}}"#, r#"{"type":"integer","default":1}"#]
    {
        let parts = parts(part);
        let schema = format!(
            r#"{{"type":"object","properties":{{"{path}":{{"type":"object","properties":{{{parts}}}}}}}}}"#
        );
        assert!(refused(&schema).is_empty());
    }
}

/// What is wrong with a definition that is sound but for its schema.
fn refused(schema: &str) -> Vec<String> {
    let definition = format!(
        r#"{{"metadata":{{"name":"as.x.dev"}},"spec":{{"group":"x.dev","scope":"Cluster","names":{{"plural":"as","singular":"a","kind":"A","listKind":"AList"}},"versions":[{{"name":"v1","served":true,"storage":true,"schema":{{"openAPIV3Schema":{schema}}}}}]}},"status":{{"storedVersions":["v1"]}}}}"#
    );
    said("apiextensions.k8s.io", "customresourcedefinitions", &definition, None)
}

#[test]
fn rules_of_definitions_have_types() {
    let rule = |rule: &str| {
        refused(&format!(
            r#"{{"type":"object","properties":{{"n":{{"type":"integer"}},"a":{{"type":"string"}}}},"x-kubernetes-validations":[{{"rule":"{rule}"}}]}}"#
        ))
    };
    for sound in ["self.n > 1", "self.a.startsWith('x')", "self.metadata.name != self.kind"] {
        assert!(rule(sound).is_empty(), "{sound}");
    }
    for (wrong, why) in [
        ("self.nope", "<input>:1:5: undefined field 'nope'"),
        ("self.n == 'a'", "found no matching overload for '_==_' applied to '(int, string)'"),
        ("self.n", "cel expression must evaluate to a bool"),
        ("cel.bind(x, 1, x > 0)", "undeclared reference to 'cel'"),
    ] {
        assert!(rule(wrong).iter().any(|it| it.contains(why)), "{wrong}");
    }
}

#[test]
fn schemas_of_definitions_are_structural() {
    for (schema, why) in [
        (r#"{"type":"object","properties":{"a":{}}}"#, "properties[a].type"),
        (r#"{"type":"object","properties":{"a":{"type":"array"}}}"#, "properties[a].items"),
        (
            r#"{"type":"object","properties":{"a":{"type":"integer","default":"x"}}}"#,
            "properties[a].default",
        ),
        (r#"{"type":"object","anyOf":[{"properties":{"b":{"minimum":1}}}]}"#, "properties[b]"),
    ] {
        let said = refused(schema);
        assert!(said.iter().any(|it| it.contains(why)), "{schema}: {said:?}");
    }
}

#[test]
fn templates_that_cannot_change_hide_no_other_faults() {
    let claim = r#"{"metadata":{"name":"A"},"spec":{"accessModes":["Odd"],"resources":{"requests":{"storage":"0"}}}}"#;
    let claims = vec![claim; 1_000].join(",");
    let set = |replicas: i32| {
        format!(
            r#"{{"metadata":{{"name":"a","namespace":"d"}},"spec":{{"replicas":{replicas},"selector":{{"matchLabels":{{"x":"y"}}}},"podManagementPolicy":"Parallel","volumeClaimTemplates":[{claims}],"template":{{"metadata":{{"labels":{{"x":"y"}}}},"spec":{{"restartPolicy":"Always","containers":[{{"name":"c","image":"i"}}]}}}}}}}}"#
        )
    };
    let said = said("apps", "statefulsets", &set(-1), Some(&set(1)));
    let replicas = "spec.replicas: Invalid value: -1: must be greater than or equal to 0";
    assert!(said.iter().any(|it| it == replicas), "{} {:?}", said.len(), said.first());
}

#[test]
fn a_template_behind_a_selector_that_cannot_be_read_is_not_judged() {
    let workload = |kind: &str| {
        let text = r#"{"metadata":{"name":"a","namespace":"d"},"spec":{"podManagementPolicy":"Parallel","strategy":{"type":"Recreate"},"selector":{"matchLabels":{"x":"/"}},"template":{"metadata":{"labels":{"x":"y"}},"spec":{"restartPolicy":"Always","containers":[]}}}}"#;
        let said = said("apps", kind, text, None);
        said.into_iter()
            .map(|it| it.split(" Invalid").next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let selector = ["spec.selector:", "spec.selector.matchLabels:"];
    for kind in ["deployments", "replicasets", "statefulsets"] {
        assert_eq!(workload(kind), selector, "{kind}");
    }
    assert!(
        workload("daemonsets").iter().any(|it| it.starts_with("spec.template.spec.containers"))
    );
}

#[test]
fn a_word_for_a_schedule_is_known() {
    let job = |schedule: &str| {
        let text = r#"{"metadata":{"name":"a","namespace":"d"},"spec":{"schedule":"WORD","concurrencyPolicy":"Allow","jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}}}"#;
        let said = said("batch", "cronjobs", &text.replace("WORD", schedule), None);
        said.into_iter().filter(|it| it.starts_with("spec.schedule")).collect::<Vec<_>>()
    };
    for known in ["@daily", "@every 5m", "1 2 3 4 5"] {
        assert_eq!(job(known), [""; 0], "{known}");
    }
    let sentence = r#"spec.schedule: Invalid value: "@reboot": unrecognized descriptor: @reboot"#;
    assert_eq!(job("@reboot"), [sentence]);
}

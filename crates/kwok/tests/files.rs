//! Files as people write them: the examples, and what is wrong with others.

mod common;

use common::{Named, now, stages, value};
use kwok::Deed;
use twin_core::tree::Value;

const NODES: &str = include_str!("../../../examples/stages/nodes.yaml");
const PODS: &str = include_str!("../../../examples/stages/pods.yaml");
const CLAIMS: &str = include_str!("../../../examples/stages/claims.yaml");

fn names(text: &str) -> Vec<String> {
    let stages = stages("examples", text).unwrap_or_else(|error| panic!("{error}"));
    stages.iter().map(|stage| stage.name().to_owned()).collect()
}

#[test]
fn examples_are_read() {
    assert_eq!(names(NODES), ["boots", "lives", "fails", "goes"]);
    assert_eq!(names(PODS), ["pulls", "serves", "breaks", "ends", "stops"]);
    assert_eq!(names(CLAIMS), ["provisions", "reclaims"]);
    let list = format!("kind: List\nitems:\n{}", indented(PODS.split("---").next().unwrap_or("")));
    assert_eq!(names(&list), ["pulls"]);
}

fn indented(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let lines: Vec<_> = lines.map(|line| format!("    {line}")).collect();
    lines.join("\n").replacen("    ", "  - ", 1)
}

#[test]
fn templates_make_patches() {
    let stages = stages("pods", PODS).expect("they are right");
    let pod = value(
        "{metadata: {name: p, namespace: x}, spec: {nodeName: n, containers: [{name: a, image: i}]}, status: {phase: Pending}}",
    );
    let stage = kwok::next(&stages, &pod, &mut Named).expect("one fits");
    assert_eq!(stage.name(), "pulls");
    assert_eq!(stage.delay(&pod, &mut Named).as_millis(), 1000);
    let deeds = stage.deeds(&pod, &mut Named).expect("it fits");
    let [Deed::Tell(told), Deed::Patch { patch, subresource, .. }] = deeds.as_slice() else {
        panic!("{deeds:?}");
    };
    assert_eq!((told.reason.as_str(), subresource.as_str()), ("Pulling", "status"));
    let at = |path: &[&str]| patch.str_at(path).unwrap_or_default().to_owned();
    assert_eq!(at(&["status", "podIP"]), "<PodIP of p on n>");
    assert_eq!(at(&["status", "startTime"]), now().to_string());
    let conditions = patch.at(&["status", "conditions"]).and_then(Value::as_list);
    assert_eq!(conditions.map(|list| list.len()), Some(2));
}

#[test]
fn weights_and_times_come_from_objects() {
    let stages = stages("pods", PODS).expect("they are right");
    let pod = |annotations: &str| {
        value(&format!(
            "{{metadata: {{name: p, annotations: {annotations}}}, status: {{phase: Pending, podIP: 10.0.0.1}}}}"
        ))
    };
    let next = |annotations: &str| {
        let pod = pod(annotations);
        let stage = kwok::next(&stages, &pod, &mut Named).expect("one fits");
        (stage.name().to_owned(), stage.delay(&pod, &mut Named).as_millis())
    };
    assert_eq!(next("{}"), ("serves".to_owned(), 1_000));
    assert_eq!(next("{example.com/start: 1m, example.com/start-most: 3m}").1, 120_000);
    assert_eq!(next("{example.com/start: 1m, example.com/start-most: 3s}").1, 3_000);
    assert_eq!(next("{example.com/breaks: '1000'}").0, "breaks");
    assert_eq!(next("{example.com/breaks: often}").0, "serves");
    let ending = |time: i64| {
        let time = now().plus_seconds(time);
        let pod = value(&format!("{{metadata: {{deletionTimestamp: '{time}'}}}}"));
        let stage = kwok::next(&stages, &pod, &mut Named).expect("one fits");
        stage.delay(&pod, &mut Named).as_millis()
    };
    // The time at which it has to be gone is the latest.
    assert_eq!((ending(-5), ending(1), ending(10)), (0, 1_000, 6_000));
}

#[track_caller]
fn refused(spec: &str, wanted: &str) {
    let text = format!(
        "apiVersion: kwok.x-k8s.io/v1alpha1\nkind: Stage\nmetadata: {{name: s}}\nspec:\n  resourceRef: {{kind: Pod}}\n{spec}"
    );
    let error = stages("s.yaml", &text).expect_err(spec);
    assert!(error.contains(wanted), "{error}");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    refused("  selectr: {}\n", "s.yaml:6:3");
    refused("  selectr: {}\n", "there is no field \"selectr\" here");
    refused("  weight: -1\n", "\"weight\" has to be a whole number");
    refused(
        "  selector:\n    matchExpressions:\n      - key: .a | nope\n        operator: Exists\n",
        "s.yaml:8:19",
    );
    refused(
        "  selector:\n    matchExpressions:\n      - {key: .a, operator: Is}\n",
        "there is no operator \"Is\"",
    );
    refused(
        "  selector:\n    matchExpressions:\n      - {key: .a, operator: In}\n",
        "it needs values",
    );
    refused(
        "  selector:\n    matchExpressions:\n      - cel: {expression: 'self.a =='}\n",
        "not CEL",
    );
    refused(
        "  selector:\n    matchExpressions:\n      - cel: {expression: 'Rand() > 0.5'}\n",
        "\"Rand\" is not known here",
    );
    refused("  next:\n    statusTemplate: |\n      phase: x\n      a: {{ nope }}\n", "s.yaml:9:13");
    refused("  next:\n    statusTemplate: 'a: {{ .a '\n", "the action has no end");
    let inside =
        |text: &str| format!("  next:\n    statusTemplate: |\n      phase: x\n      {text}\n");
    refused(&inside("a{{ break }}"), "s.yaml:9:11");
    refused(&inside("{{ if 1 }}{{ else $x }}{{ end }}"), "s.yaml:9:25");
    refused(&inside("{{ if 1 }}{{ else with 1 }}{{ end }}"), "s.yaml:9:25");
    refused(
        "  steps:\n    - patch: {type: other, template: x}\n",
        "there is no patch of type \"other\"",
    );
    refused("  steps:\n    - patch: {type: merge}\n", "\"template\" is missing");
    let error =
        stages("s.yaml", "apiVersion: kwok.x-k8s.io/v1alpha1\nkind: Stage\n").expect_err("");
    assert!(error.contains("\"spec\" is missing"), "{error}");
    let error = stages("s.yaml", "a: [").expect_err("it is no YAML");
    assert!(error.contains("s.yaml:1"), "{error}");
}

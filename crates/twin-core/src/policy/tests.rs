use super::{Asked, Compiled, Operation, Surroundings, judge, matched};
use crate::registry::Registry;
use crate::schema::Schema;
use crate::tree::{Value, decode};

fn read(json: &str) -> Value {
    decode(json.as_bytes()).expect("it is JSON")
}

const OBJECT: &str = r#"{"metadata":{"name":"d","labels":{"a":"b"}},"spec":{"replicas":3}}"#;

/// What a policy with this `spec` has against a Deployment.
fn said(spec: &str) -> Vec<String> {
    let (registry, object) = (Registry::builtin(Schema::builtin()), read(OBJECT));
    let policy = Compiled::of(&read(&format!(r#"{{"spec":{spec}}}"#)));
    let asked = asked(&registry, &object);
    let surroundings = Surroundings {
        request: read(r#"{"operation":"CREATE"}"#),
        namespace: read(r#"{"metadata":{"name":"n"}}"#),
        params: Some(read(r#"{"data":{"most":"5"}}"#)),
    };
    judge(&policy, &asked, &surroundings).into_iter().map(|decision| decision.message).collect()
}

fn asked<'a>(registry: &'a Registry, object: &'a Value) -> Asked<'a> {
    Asked {
        operation: Operation::Create,
        resource: registry.find("apps", "v1", "deployments").expect("it is built in"),
        subresource: "",
        name: "d",
        namespace: "n",
        object: Some(object),
        old: None,
        labels: None,
    }
}

#[test]
fn validations_say_what_they_have_against_it() {
    let validations = |list: &str| said(&format!(r#"{{"validations":[{list}]}}"#));
    assert!(
        validations(r#"{"expression":"object.spec.replicas < 5 && oldObject == null"}"#).is_empty()
    );
    assert_eq!(
        validations(
            r#"{"expression":"object.spec.replicas < 3"},
            {"expression":"object.spec.replicas < 3","message":" too many "},
            {"expression":"object.spec.replicas > int(params.data.most)","messageExpression":"'not ' + string(object.spec.replicas)"},
            {"expression":"false","message":"m","messageExpression":"'a' + object.spec.replicas"},
            {"expression":"object.spec.x"},
            {"expression":"namespaceObject.metadata.name == 'n' && request.operation == 'CREATE'"}"#
        ),
        [
            "failed expression: object.spec.replicas < 3",
            "too many",
            "not 3",
            "m",
            "expression 'object.spec.x' resulted in error: no such key: x",
        ]
    );
}

#[test]
fn variables_are_found_out_when_they_are_asked_for() {
    let variables = r#""variables":[{"name":"n","expression":"object.spec.replicas"},{"name":"odd","expression":"variables.n % 2 == 1"},
        {"name":"bad","expression":"object.spec.x"},{"name":"late","expression":"variables.never"}]"#;
    let with = |expression: &str| {
        said(&format!(r#"{{{variables},"validations":[{{"expression":"{expression}"}}]}}"#))
    };
    assert!(with("variables.odd && variables.n == 3").is_empty());
    assert!(with("variables.odd || variables.bad").is_empty());
    assert_eq!(
        with("variables.bad == 1"),
        [
            "expression 'variables.bad == 1' resulted in error: composited variable \"bad\" fails to evaluate: no such key: x"
        ]
    );
}

#[test]
fn conditions_come_first_and_failures_may_be_ignored() {
    let no = r#""validations":[{"expression":"false","message":"no"}]"#;
    let with = |conditions: &str| said(&format!(r#"{{"matchConditions":[{conditions}],{no}}}"#));
    assert_eq!(with(r#"{"name":"a","expression":"true"}"#), ["no"]);
    assert!(
        with(r#"{"name":"a","expression":"object.x"},{"name":"b","expression":"false"}"#)
            .is_empty()
    );
    assert_eq!(
        with(r#"{"name":"a","expression":"object.x"},{"name":"b","expression":"true"}"#),
        ["expression 'object.x' resulted in error: no such key: x"]
    );
    let ignoring = r#"{"failurePolicy":"Ignore","validations":[{"expression":"object.x"},{"expression":"false","message":"no"}]}"#;
    assert_eq!(said(ignoring), ["no"]);
}

#[test]
fn no_policy_takes_forever() {
    let slow = r#"{"expression":"lists.range(100).all(a, lists.range(100).all(b, a + b >= 0))"}"#;
    let all = vec![slow; 200].join(",");
    assert_eq!(
        said(&format!(r#"{{"validations":[{all}]}}"#)),
        [
            "validation failed due to running out of cost budget, no further validation rules will be run"
        ]
    );
    let slow =
        r#"{"expression":"lists.range(60000).all(a, lists.range(60000).all(b, a + b >= 0))"}"#;
    let said = said(&format!(r#"{{"validations":[{slow}]}}"#));
    assert!(said[0].ends_with("operation cancelled: actual cost limit exceeded"), "{said:?}");
}

#[test]
fn constraints_mean_some_requests() {
    let (registry, object) = (Registry::builtin(Schema::builtin()), read(OBJECT));
    let labels = read(r#"{"env":"prod"}"#);
    let asked = Asked { labels: labels.as_map(), ..asked(&registry, &object) };
    let rule = |more: &str| {
        format!(
            r#"{{"apiGroups":["apps"],"apiVersions":["v1"],"operations":["CREATE"],"resources":["deployments"]{more}}}"#
        )
    };
    for (constraints, means) in [
        ("{}".to_owned(), true),
        (format!(r#"{{"resourceRules":[{}]}}"#, rule("")), true),
        (format!(r#"{{"resourceRules":[{}]}}"#, rule(r#","scope":"Cluster""#)), false),
        (format!(r#"{{"resourceRules":[{}]}}"#, rule(r#","resourceNames":["e"]"#)), false),
        (format!(r#"{{"excludeResourceRules":[{}]}}"#, rule("")), false),
        (r#"{"namespaceSelector":{"matchLabels":{"env":"prod"}}}"#.to_owned(), true),
        (r#"{"namespaceSelector":{"matchLabels":{"env":"test"}}}"#.to_owned(), false),
        (r#"{"objectSelector":{"matchLabels":{"a":"c"}}}"#.to_owned(), false),
        (rule("").replace("deployments", "deployments/*"), true),
    ] {
        let found = matched(&read(&constraints), &asked, &registry);
        assert_eq!(found.is_some(), means, "{constraints}");
    }
    let scaler = registry.find("autoscaling", "v1", "horizontalpodautoscalers").expect("built in");
    let asked = Asked { resource: scaler, ..asked };
    let rules = |policy: &str| {
        format!(
            r#"{{"matchPolicy":"{policy}","resourceRules":[{{"apiGroups":["autoscaling"],"apiVersions":["v2"],"operations":["*"],"resources":["*"]}}]}}"#
        )
    };
    let found = matched(&read(&rules("Equivalent")), &asked, &registry);
    assert_eq!(found.map(|it| it.kind.version.as_str()), Some("v2"));
    assert!(matched(&read(&rules("Exact")), &asked, &registry).is_none());
}

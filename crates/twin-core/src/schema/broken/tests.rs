use super::super::Custom;
use crate::tree::{Value, decode};

fn read(json: &str) -> Value {
    decode(json.as_bytes()).expect("it is JSON")
}

/// What is said of an object whose `spec` has this schema.
fn said(spec: &str, now: &str, old: Option<&str>) -> Vec<String> {
    let openapi = format!(r#"{{"type":"object","properties":{{"spec":{spec}}}}}"#);
    let custom = Custom::new(&read(&format!(r#"{{"schema":{{"openAPIV3Schema":{openapi}}}}}"#)));
    let object = |spec: &str| read(&format!(r#"{{"spec":{spec}}}"#));
    let causes = custom.faults(&object(now), old.map(object).as_ref());
    causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
}

#[track_caller]
fn says(rule: &str, now: &str, sentence: &str) {
    let spec = format!(
        r#"{{"type":"object","x-kubernetes-preserve-unknown-fields":true,"x-kubernetes-validations":[{{"rule":{rule:?}}}]}}"#
    );
    let wanted: Vec<_> = Some(sentence).filter(|it| !it.is_empty()).into_iter().collect();
    assert_eq!(said(&spec, now, None), wanted, "{rule}");
}

#[test]
fn rules_that_cannot_be_asked_say_why() {
    says("self.a < 3", r#"{"a":1}"#, "");
    says("self.a < 3", r#"{"a":3}"#, "spec: Invalid value: failed rule: self.a < 3");
    says(
        "self.b < 3",
        r#"{"a":3}"#,
        r#"spec: Invalid value: "object": no such key: b evaluating rule: self.b < 3"#,
    );
    says(
        "self.a < 3",
        r#"{"a":"x"}"#,
        r#"spec: Invalid value: "object": 'no such overload': call arguments did not match a supported operator, function or macro signature for rule: self.a < 3"#,
    );
}

#[test]
fn a_rule_may_not_take_forever() {
    for rule in [
        "lists.range(1000000000).all(x, x >= 0)",
        "self.l.all(a, self.l.all(b, self.l.all(c, self.l.all(d, a + b + c + d >= 0))))",
    ] {
        let list = format!(r#"{{"l":[{}]}}"#, vec!["1"; 200].join(","));
        let sentence = format!(
            r#"spec: Invalid value: "object": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: {rule}"#
        );
        says(rule, &list, &sentence);
    }
}

#[test]
fn all_rules_together_may_not_take_forever() {
    let rule = r#"{"rule":"self.all(x, self.all(y, x + y >= 0))","message":"no"}"#;
    let rules = vec![rule; 20].join(",");
    let spec = format!(
        r#"{{"type":"object","properties":{{"l":{{"type":"array","items":{{"type":"integer"}},"x-kubernetes-validations":[{rules}]}}}}}}"#
    );
    let list = format!(r#"{{"l":[{}]}}"#, vec!["1"; 300].join(","));
    assert_eq!(
        said(&spec, &list, None),
        [
            r#"spec.l: Invalid value: "array": validation failed due to running out of cost budget, no further validation rules will be run"#
        ]
    );
}

const LIST: &str = r#"{"type":"object","properties":{
    "name":{"type":"string","x-kubernetes-validations":[{"rule":"self == oldSelf","message":"it stays","reason":"FieldValueForbidden"}]},
    "low":{"type":"integer"},"x-y":{"type":"integer"},
    "items":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object",
        "properties":{"k":{"type":"string"},"v":{"type":"integer"}},
        "x-kubernetes-validations":[{"rule":"self.v >= oldSelf.v","message":"it grows","fieldPath":".v"}]}},
    "labels":{"type":"object","additionalProperties":{"type":"string","x-kubernetes-validations":[
        {"rule":"self != 'bad'","messageExpression":"'not ' + self"}]}}},
    "x-kubernetes-validations":[{"rule":"!has(self.low) || self.low < self.x__dash__y","message":"low is low"}]}"#;

#[test]
fn rules_about_changes_know_what_was() {
    assert!(said(LIST, r#"{"name":"a"}"#, None).is_empty());
    assert_eq!(
        said(LIST, r#"{"name":"b"}"#, Some(r#"{"name":"a"}"#)),
        ["spec.name: Forbidden: it stays"]
    );
    let old = r#"{"items":[{"k":"a","v":5},{"k":"b","v":1}]}"#;
    assert_eq!(
        said(LIST, r#"{"items":[{"k":"c","v":0},{"k":"b","v":0},{"k":"a","v":6}]}"#, Some(old)),
        ["spec.items[1].v: Invalid value: it grows"]
    );
}

#[test]
fn names_messages_and_places_are_those_of_kubernetes() {
    assert_eq!(said(LIST, r#"{"low":3,"x-y":1}"#, None), ["spec: Invalid value: low is low"]);
    assert_eq!(
        said(LIST, r#"{"labels":{"a":"bad","b":"good"}}"#, None),
        [r#"spec.labels[a]: Invalid value: "bad": not bad"#]
    );
}

#[test]
fn what_was_wrong_before_may_stay() {
    let old = r#"{"low":3,"x-y":1,"labels":{"a":"bad"}}"#;
    assert!(said(LIST, old, Some(old)).is_empty());
    let new = r#"{"low":3,"x-y":1,"labels":{"a":"bad","b":"bad"}}"#;
    assert_eq!(
        said(LIST, new, Some(old)),
        ["spec: Invalid value: low is low", r#"spec.labels[b]: Invalid value: "bad": not bad"#]
    );
}

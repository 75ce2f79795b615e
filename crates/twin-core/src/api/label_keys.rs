//! Keys of labels that a pod names instead of values: what it says of other pods gets its own.

use crate::tree::{Map, Text, Value};

/// Lists of terms about other pods, with the way from a term to what holds the selector.
const TERMS: [(&[&str], &[&str]); 5] = [
    (&["spec", "topologySpreadConstraints"], &[]),
    (&["spec", "affinity", "podAffinity", REQUIRED], &[]),
    (&["spec", "affinity", "podAffinity", PREFERRED], &["podAffinityTerm"]),
    (&["spec", "affinity", "podAntiAffinity", REQUIRED], &[]),
    (&["spec", "affinity", "podAntiAffinity", PREFERRED], &["podAffinityTerm"]),
];
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// The pod with its own values in the selectors of its terms.
pub(super) fn merged(pod: Value) -> Value {
    let labels = pod.at(&["metadata", "labels"]).and_then(Value::as_map).cloned();
    let Some(labels) = labels else { return pod };
    TERMS.iter().fold(pod, |pod, (list, inner)| {
        let Some(terms) = pod.at(list).and_then(Value::as_list) else { return pod };
        if !terms.iter().any(|term| has_keys(term, inner)) {
            return pod;
        }
        let terms: Vec<_> = terms.iter().map(|term| with_values(term, inner, &labels)).collect();
        pod.with(list, terms.into())
    })
}

const KEYS: [(&str, &str); 2] = [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")];

fn has_keys(term: &Value, inner: &[&str]) -> bool {
    KEYS.iter().any(|(field, _)| term.at(&[inner, &[field]].concat()).is_some())
}

fn with_values(term: &Value, inner: &[&str], labels: &Map) -> Value {
    // Without a selector it means no pod, whatever the keys are.
    if term.at(&[inner, &["labelSelector"]].concat()).and_then(Value::as_map).is_none() {
        return term.clone();
    }
    let place = [inner, &["labelSelector", "matchExpressions"]].concat();
    let known = term.at(&place).and_then(Value::as_list);
    let mut list = known.map(|list| list.to_vec()).unwrap_or_default();
    for (field, operator) in KEYS {
        let keys = term.at(&[inner, &[field]].concat()).and_then(Value::as_list);
        for key in keys.into_iter().flat_map(|keys| keys.iter()).filter_map(Value::as_str) {
            list.extend(labels.get(key).map(|value| expression(key, operator, value)));
        }
    }
    if list.is_empty() { term.clone() } else { term.with(&place, list.into()) }
}

fn expression(key: &str, operator: &str, value: &Value) -> Value {
    Value::from([
        ("key", Text::new(key).into()),
        ("operator", operator.into()),
        ("values", vec![value.clone()].into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::merged;
    use crate::tree::decode;

    #[test]
    fn own_values_take_the_place_of_keys() {
        let pod = |selector: &str| {
            let text = format!(
                r#"{{"metadata":{{"labels":{{"a":"1","b":"2"}}}},"spec":{{"topologySpreadConstraints":[{{"matchLabelKeys":["a","c"]{selector}}}],"affinity":{{"podAntiAffinity":{{"preferredDuringSchedulingIgnoredDuringExecution":[{{"podAffinityTerm":{{"mismatchLabelKeys":["b"]{selector}}}}}]}}}}}}}}"#
            );
            merged(decode(text.as_bytes()).unwrap())
        };
        let pod_with = pod(r#","labelSelector":{}"#);
        let constraints = pod_with.at(&["spec", "topologySpreadConstraints"]).unwrap();
        assert!(
            constraints
                .to_string()
                .contains(r#""matchExpressions":[{"key":"a","operator":"In","values":["1"]}]"#),
            "{constraints}"
        );
        let affinity = pod_with.at(&["spec", "affinity"]).unwrap();
        assert!(
            affinity.to_string().contains(r#""operator":"NotIn","values":["2"]"#),
            "{affinity}"
        );
        assert!(!pod("").to_string().contains("matchExpressions"));
    }
}

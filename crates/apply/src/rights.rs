//! What a run must be allowed to do, what it is allowed to do, and the Role between the two.

use crate::owners::MANAGER;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A kind as RBAC names it; subresources as `pods/log`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// Its API group; empty for the core group.
    pub group: String,
    /// Its plural.
    pub plural: String,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.group.as_str() {
            "" => f.write_str(&self.plural),
            group => write!(f, "{}.{group}", self.plural),
        }
    }
}

/// Something that a run must be allowed to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// Where; none for the whole cluster.
    pub namespace: Option<String>,
    /// To what.
    pub resource: Resource,
    /// Such as `create`.
    pub verb: &'static str,
    /// To which object; none if to any.
    pub name: Option<String>,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)
    }
}

/// What somebody may do in a namespace.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    verbs: Vec<String>,
    groups: Vec<String>,
    resources: Vec<String>,
    names: Vec<String>,
}

impl Rules {
    /// From the status of a `SelfSubjectRulesReview`.
    pub fn read(status: &Value) -> Self {
        let texts = |rule: &Value, field: &str| -> Vec<String> {
            let items = rule[field].as_array().into_iter().flatten();
            items.filter_map(|it| it.as_str().map(str::to_owned)).collect()
        };
        let rule = |rule: &Value| Rule {
            verbs: texts(rule, "verbs"),
            groups: texts(rule, "apiGroups"),
            resources: texts(rule, "resources"),
            names: texts(rule, "resourceNames"),
        };
        Self(status["resourceRules"].as_array().into_iter().flatten().map(rule).collect())
    }

    /// Whether something is allowed.
    pub fn allow(&self, need: &Need) -> bool {
        self.0.iter().any(|rule| rule.allows(need))
    }
}

impl Rule {
    fn allows(&self, need: &Need) -> bool {
        let has = |list: &[String], word: &str| list.iter().any(|it| it == "*" || it == word);
        let plural = need.resource.plural.as_str();
        // `*/log` is the log of everything.
        let below = plural.split_once('/').map(|(_, below)| format!("*/{below}"));
        let named = || need.name.as_ref().is_some_and(|name| self.names.contains(name));
        has(&self.verbs, need.verb)
            && has(&self.groups, &need.resource.group)
            && (has(&self.resources, plural) || below.is_some_and(|it| has(&self.resources, &it)))
            && (self.names.is_empty() || named())
    }
}

/// Who is to be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A person, or whatever the cluster calls a user.
    User(String),
    /// A service account.
    ServiceAccount {
        /// Where it is.
        namespace: String,
        /// Its name.
        name: String,
    },
}

impl Subject {
    /// From the name under which the API server knows somebody.
    pub fn of(user: &str) -> Self {
        let account = user.strip_prefix("system:serviceaccount:").and_then(|it| it.split_once(':'));
        match account {
            Some((namespace, name)) => {
                Self::ServiceAccount { namespace: namespace.to_owned(), name: name.to_owned() }
            }
            None => Self::User(user.to_owned()),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::User(name) => {
                json!({"apiGroup": GROUP, "kind": "User", "name": name})
            }
            Self::ServiceAccount { namespace, name } => {
                json!({"kind": "ServiceAccount", "namespace": namespace, "name": name})
            }
        }
    }
}

const GROUP: &str = "rbac.authorization.k8s.io";

/// Objects that allow all of this: a Role for each namespace and a `ClusterRole` for the rest, each
/// with its binding.
pub fn grant(product: &str, subject: &Subject, needs: &BTreeSet<Need>) -> Vec<Value> {
    let mut places: BTreeMap<Option<&str>, BTreeSet<&Need>> = BTreeMap::new();
    for need in needs {
        places.entry(need.namespace.as_deref()).or_default().insert(need);
    }
    let objects = places.into_iter().flat_map(|(namespace, needs)| {
        let (role, binding) = match namespace {
            Some(_) => ("Role", "RoleBinding"),
            None => ("ClusterRole", "ClusterRoleBinding"),
        };
        let name = format!("{MANAGER}-{product}");
        let mut metadata = json!({"name": name});
        if let Some(namespace) = namespace {
            metadata["namespace"] = namespace.into();
        }
        let version = format!("{GROUP}/v1");
        [
            json!({"apiVersion": version, "kind": role, "metadata": metadata, "rules": rules(&needs)}),
            json!({"apiVersion": version, "kind": binding, "metadata": metadata,
                "roleRef": {"apiGroup": GROUP, "kind": role, "name": name},
                "subjects": [subject.json()]}),
        ]
    });
    objects.collect()
}

/// A rule for each group and set of verbs.
fn rules(needs: &BTreeSet<&Need>) -> Vec<Value> {
    let mut verbs: BTreeMap<&Resource, BTreeSet<&str>> = BTreeMap::new();
    for need in needs {
        verbs.entry(&need.resource).or_default().insert(need.verb);
    }
    let mut alike: BTreeMap<(&str, BTreeSet<&str>), Vec<&str>> = BTreeMap::new();
    for (resource, verbs) in verbs {
        alike.entry((&resource.group, verbs)).or_default().push(&resource.plural);
    }
    let rule = |((group, verbs), resources): ((&str, BTreeSet<&str>), Vec<&str>)| json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
    alike.into_iter().map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(group: &str, plural: &str, verb: &'static str, name: Option<&str>) -> Need {
        let resource = Resource { group: group.into(), plural: plural.into() };
        let (namespace, name) = (Some("shop".to_owned()), name.map(str::to_owned));
        Need { namespace, resource, verb, name }
    }

    #[test]
    fn rules_allow_by_verb_group_resource_and_name() {
        let rules = Rules::read(&json!({"resourceRules": [
            {"verbs": ["get", "list"], "apiGroups": ["apps"], "resources": ["deployments"]},
            {"verbs": ["*"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["a"]},
            {"verbs": ["get"], "apiGroups": ["*"], "resources": ["*/log"]},
        ]}));
        for (need, allowed) in [
            (need("apps", "deployments", "get", None), true),
            (need("apps", "deployments", "patch", None), false),
            (need("", "deployments", "get", None), false),
            (need("", "secrets", "patch", Some("a")), true),
            (need("", "secrets", "patch", Some("b")), false),
            (need("", "secrets", "list", None), false),
            (need("", "pods/log", "get", None), true),
        ] {
            assert_eq!(rules.allow(&need), allowed, "{need:?}");
        }
    }

    #[test]
    fn a_role_joins_what_is_alike() {
        let needs = BTreeSet::from([
            need("apps", "deployments", "get", Some("a")),
            need("apps", "deployments", "get", Some("b")),
            need("apps", "statefulsets", "get", None),
            need("", "pods", "list", None),
        ]);
        let subject = Subject::of("system:serviceaccount:ci:robot");
        let objects = grant("shop", &subject, &needs);
        assert_eq!(objects.len(), 2);
        assert_eq!(
            objects[0]["rules"],
            json!([
                {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
                {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets"],
                    "verbs": ["get"]},
            ])
        );
        let want = json!([{"kind": "ServiceAccount", "namespace": "ci", "name": "robot"}]);
        assert_eq!(objects[1]["subjects"], want);
        assert_eq!(Subject::of("ada"), Subject::User("ada".into()));
    }
}

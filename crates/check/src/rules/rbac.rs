//! Roles, bindings and service accounts.

use crate::Rule;
use crate::cursor::At;
use crate::finding::Findings;
use crate::rules::Context;
use crate::set::{Object, Set};
use crate::table::{references, security as t};

/// An operation that a role should not allow.
struct Operation {
    group: &'static str,
    verbs: &'static [&'static str],
    resources: &'static [&'static str],
}

/// What a role must not be able to do: all operations of a row together.
struct Danger {
    rule: &'static Rule,
    cluster_only: bool,
    operations: &'static [Operation],
    message: &'static str,
}

const DANGERS: &[Danger] = &[
    Danger {
        rule: &t::WEBHOOK_ROLE,
        cluster_only: true,
        operations: &[Operation {
            group: "admissionregistration.k8s.io",
            verbs: &["create", "update", "patch"],
            resources: &["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
        }],
        message: "the role can install a webhook that sees and changes every object of the cluster",
    },
    Danger {
        rule: &t::CSR_ROLE,
        cluster_only: true,
        operations: &[
            Operation {
                group: "certificates.k8s.io",
                verbs: &["update", "patch"],
                resources: &["certificatesigningrequests/approval"],
            },
            Operation {
                group: "certificates.k8s.io",
                verbs: &["approve"],
                resources: &["signers"],
            },
        ],
        message: "the role can issue itself a certificate of any user",
    },
    Danger {
        rule: &t::BIND_ROLE,
        cluster_only: false,
        operations: &[Operation {
            group: "rbac.authorization.k8s.io",
            verbs: &["bind"],
            resources: &["rolebindings", "clusterrolebindings"],
        }],
        message: "the role can bind itself to any role, cluster-admin included",
    },
    Danger {
        rule: &t::ESCALATE_ROLE,
        cluster_only: false,
        operations: &[Operation {
            group: "rbac.authorization.k8s.io",
            verbs: &["escalate"],
            resources: &["roles", "clusterroles"],
        }],
        message: "the role can write itself any right",
    },
];

/// What a service account or node should not hold through a binding.
struct Holding {
    rule: &'static Rule,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
    message: &'static str,
}

const HOLDINGS: &[Holding] = &[
    Holding {
        rule: &t::BOUND_BINDER,
        resources: &["clusterrolebindings", "rolebindings", "*"],
        verbs: &["bind", "*"],
        message: "whoever takes the token can make itself administrator",
    },
    Holding {
        rule: &t::BOUND_EXEC,
        resources: &["pods/exec", "nodes/proxy", "*"],
        verbs: &["create", "*"],
        message: "whoever takes the token can run commands in other pods",
    },
    Holding {
        rule: &t::BOUND_IMPERSONATOR,
        resources: &["groups", "users", "serviceaccounts", "*"],
        verbs: &["impersonate", "*"],
        message: "whoever takes the token can act as any other user",
    },
    Holding {
        rule: &t::BOUND_SERVICE_STATUS,
        resources: &["services/status", "*"],
        verbs: &["update", "patch", "*"],
        message: "whoever takes the token can draw other Services' traffic to itself (CVE-2020-8554)",
    },
    Holding {
        rule: &t::BOUND_SECRETS,
        resources: &["secrets", "*"],
        verbs: &["get", "watch", "list", "*"],
        message: "whoever takes the token can read all Secrets",
    },
];

const LESS: &str =
    "name the API groups, resources and verbs that are needed, and resourceNames where possible";

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for object in &cx.set.objects {
        match object.kind {
            "Role" | "ClusterRole" => role(object, out),
            "RoleBinding" | "ClusterRoleBinding" => binding(object, cx.set, out),
            "ServiceAccount" => account(object, out),
            _ => {}
        }
    }
}

fn role(object: &Object<'_>, out: &mut Findings) {
    let rules = object.root.at("rules").items();
    for rule in &rules {
        let starred = ["apiGroups", "resources", "verbs"].map(|field| rule.at(field));
        let starred = starred.iter().find(|at| at.strings().iter().any(|s| s.contains('*')));
        if let Some(at) = starred {
            let message = "the role grants everything there is, and what comes later too";
            out.add(&t::WILDCARD_ROLE, object, at, message, LESS);
        }
    }
    for danger in DANGERS {
        let applies = !danger.cluster_only || object.kind == "ClusterRole";
        let granted = |o: &Operation| rules.iter().any(|rule| allows(rule, o));
        if applies && !rules.is_empty() && danger.operations.iter().all(granted) {
            out.add(danger.rule, object, &object.root.at("rules"), danger.message, LESS);
        }
    }
}

fn allows(rule: &At<'_>, operation: &Operation) -> bool {
    let has = |field: &str, wanted: &[&str]| {
        rule.at(field).strings().iter().any(|v| *v == "*" || wanted.contains(v))
    };
    let sub = |granted: &str| {
        operation.resources.iter().any(|wanted| {
            wanted.split_once('/').is_some_and(|(_, sub)| granted == format!("*/{sub}"))
        })
    };
    has("apiGroups", &[operation.group])
        && has("verbs", operation.verbs)
        && (has("resources", operation.resources)
            || rule.at("resources").strings().into_iter().any(sub))
}

fn binding(object: &Object<'_>, set: &Set<'_>, out: &mut Findings) {
    let subjects = object.root.at("subjects").items();
    for subject in &subjects {
        if subject.at("kind").is("ServiceAccount") && subject.at("name").is("default") {
            let message = "every pod of the namespace that names no account gets the role";
            let fix = "create a ServiceAccount for the workload, bind the role to it, and set serviceAccountName in the pod";
            out.add(&t::DEFAULT_ACCOUNT_BOUND, object, &subject.at("name"), message, fix);
        }
    }
    let reference = object.root.at("roleRef");
    if reference.at("name").is("cluster-admin") {
        let message =
            "the subjects may do anything in the cluster: whoever takes their token or key owns it";
        out.add(&t::BOUND_ADMIN, object, &reference.at("name"), message, LESS);
    }
    let Some(name) = reference.at("name").text() else { return };
    let kind = reference.at("kind").str().unwrap_or_default();
    let namespace = if kind == "ClusterRole" { "" } else { object.namespace.as_str() };
    let Some(role) = set.find(kind, namespace, &name) else {
        return missing_role(object, kind, &name, out);
    };
    let machine = |s: &At<'_>| s.at("kind").is("ServiceAccount") || s.at("kind").is("Node");
    if !subjects.iter().any(machine) {
        return;
    }
    let rules = role.root.at("rules").items();
    for holding in HOLDINGS {
        let has = |rule: &At<'_>, field: &str, any: &[&str]| {
            rule.at(field).strings().iter().any(|v| any.contains(v))
        };
        let narrowed = holding.rule.id == t::BOUND_SECRETS.id;
        let held = rules.iter().any(|rule| {
            has(rule, "resources", holding.resources)
                && has(rule, "verbs", holding.verbs)
                && !(narrowed && rule.at("resourceNames").is_set())
        });
        if held {
            out.add(holding.rule, object, &reference, holding.message, LESS);
        }
    }
}

fn missing_role(object: &Object<'_>, kind: &str, name: &str, out: &mut Findings) {
    // The cluster brings these along.
    let built_in = ["admin", "edit", "view", "cluster-admin"];
    if kind == "ClusterRole" && (built_in.contains(&name) || name.starts_with("system:")) {
        return;
    }
    let message = format!(
        "{kind} `{name}` is not in these files: unless the cluster has it, the subjects get no rights"
    );
    let fix = format!("add the {kind} `{name}`, or correct roleRef.name");
    let at = object.root.dig("roleRef.name");
    out.add(&references::ROLE_MISSING, object, &at, message, fix);
}

fn account(object: &Object<'_>, out: &mut Findings) {
    let at = object.root.at("automountServiceAccountToken");
    if object.name == "default" && at.bool() != Some(false) {
        let message = "every pod of the namespace that names no account gets its token";
        out.add(
            &t::DEFAULT_ACCOUNT_TOKEN,
            object,
            &at,
            message,
            "automountServiceAccountToken: false",
        );
    }
}

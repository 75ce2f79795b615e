//! What a cluster has from its start: the role that may do everything, and what its parts say of
//! themselves.

use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, COMPONENT_STATUSES, NAMESPACES};
use twin_core::store::{Change, ChangeKind, Key, TableName};
use twin_core::tree::Value;

/// Writes them when the first namespace is there.
#[derive(Debug)]
pub(crate) struct First {
    objects: Vec<(TableName, &'static str, Value)>,
}

/// The API server's own: roles. Of those that Kubernetes has, the one that others name.
pub(crate) fn roles() -> First {
    let all = || Value::from(vec![Value::text("*")]);
    let anything = Value::from([("apiGroups", all()), ("resources", all()), ("verbs", all())]);
    let anywhere = Value::from([("nonResourceURLs", all()), ("verbs", all())]);
    let group = "rbac.authorization.k8s.io";
    let reference = |kind: &str, name: &str| {
        Value::from([("apiGroup", group.into()), ("kind", kind.into()), ("name", name.into())])
    };
    let binding = Value::from([
        ("roleRef", reference("ClusterRole", "cluster-admin")),
        ("subjects", vec![reference("Group", "system:masters")].into()),
    ]);
    let role = Value::from([("rules", vec![anything, anywhere].into())]);
    let labels = Value::from([("kubernetes.io/bootstrapping", "rbac-defaults".into())]);
    let labelled = |object: Value| object.with(&["metadata", "labels"], labels.clone());
    First {
        objects: vec![
            (CLUSTER_ROLES, "cluster-admin", labelled(role)),
            (CLUSTER_ROLE_BINDINGS, "cluster-admin", labelled(binding)),
        ],
    }
}

/// The parts of a control plane, all of them well.
pub(super) fn components() -> First {
    let healthy = Value::from([
        ("type", "Healthy".into()),
        ("status", "True".into()),
        ("message", "ok".into()),
    ]);
    let status = Value::from([("conditions", vec![healthy].into())]);
    let names = ["controller-manager", "scheduler", "etcd-0"];
    First { objects: names.map(|name| (COMPONENT_STATUSES, name, status.clone())).into() }
}

impl Controller for First {
    fn name(&self) -> &'static str {
        "kube-apiserver"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        let key = &change.object.key;
        if *table == NAMESPACES && change.kind == ChangeKind::Added && key.name() == "default" {
            wake.key(key.clone());
        }
    }

    fn reconcile(&mut self, _: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        for (table, name, object) in &self.objects {
            if view.get(table, &Key::new("", name)).is_none() {
                let object = object.with(&["metadata", "name"], (*name).into());
                outcome.create(table.clone(), "", object);
            }
        }
        outcome
    }
}

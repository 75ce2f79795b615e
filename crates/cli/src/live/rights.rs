//! What a run must be allowed to do, and what to say where it is not.

use crate::error::Error;
use apply::{Action, Decision, Id, Inventory, MANAGER, Need, Step, grant};
use cluster::{Cluster, WATCHED};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Questions at the same time.
const PARALLEL: usize = 16;

/// A product in its namespace, as rights see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) product: &'a str,
    pub(crate) namespace: &'a str,
    /// The namespace as the plan has it, if it has one.
    pub(crate) place: Option<&'a Value>,
}

/// What a command does with a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It looks only.
    Look,
    /// It changes or removes it.
    Change,
}

impl Scope<'_> {
    /// Whether a decision can be carried out: one request where it can. Nothing has been written
    /// yet.
    pub(crate) async fn check(&self, decision: &Decision, ids: &BTreeSet<Id>) -> Result<(), Error> {
        let mut needs = self.kept();
        // What is only removed is not waited for.
        if decision.changes.iter().any(|it| it.action.writes() && it.action != Action::Prune) {
            needs.extend(self.watched());
        }
        for change in &decision.changes {
            let verbs: &[&'static str] = match &change.action {
                Action::Create => &["create", "patch"],
                Action::Update(_) => &["patch"],
                Action::Prune => &["delete"],
                Action::Replace { sequence, .. } if sequence.first() == Some(&Step::AwaitGone) => {
                    &["list", "watch", "create", "patch"]
                }
                Action::Replace { .. } => &["delete", "list", "watch", "create", "patch"],
                _ => &[],
            };
            needs.extend(self.of(&change.id, verbs));
            // A pod that fails keeps a stateful set from its new version.
            if matches!(&change.action, Action::Update(_)) && change.id.kind == "StatefulSet" {
                needs.extend(self.anything("v1", "Pod", &["delete"]));
            }
        }
        let missing = self.missing(needs).await?;
        if missing.is_empty() {
            Ok(())
        } else {
            Err(self.refusal(missing, ids, Purpose::Change).await)
        }
    }

    /// All that is missing, once something was refused.
    pub(crate) async fn refused(
        &self,
        error: cluster::Error,
        ids: &BTreeSet<Id>,
        purpose: Purpose,
    ) -> Error {
        if !matches!(error, cluster::Error::Forbidden { .. }) {
            return error.into();
        }
        match self.missing(self.all(ids, purpose)).await {
            Ok(missing) if !missing.is_empty() => self.refusal(missing, ids, purpose).await,
            // The rules cannot be had, or contradict the refusal.
            _ => error.into(),
        }
    }

    /// Verbs on an object; nothing for a kind that the cluster does not serve.
    fn of(&self, id: &Id, verbs: &[&'static str]) -> Vec<Need> {
        let Some(resource) = self.cluster.resource(&id.api_version, &id.kind) else {
            return Vec::new();
        };
        let need = |verb: &&'static str| {
            // Lists and what is new have no name to be allowed by.
            let named = !matches!(*verb, "create" | "list" | "watch");
            Need {
                namespace: id.namespace.clone(),
                resource: resource.clone(),
                verb,
                name: named.then(|| id.name.clone()),
            }
        };
        verbs.iter().map(need).collect()
    }

    fn anything(&self, api_version: &str, kind: &str, verbs: &[&'static str]) -> Vec<Need> {
        let id = Id {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: Some(self.namespace.to_owned()),
            name: String::new(),
        };
        self.of(&id, verbs).into_iter().map(|need| Need { name: None, ..need }).collect()
    }

    /// Waiting until it serves.
    fn watched(&self) -> BTreeSet<Need> {
        let kinds = WATCHED.iter();
        kinds.flat_map(|(version, kind)| self.anything(version, kind, &["list", "watch"])).collect()
    }

    /// Inventory and lease.
    fn kept(&self) -> BTreeSet<Need> {
        let named = |name: &str, kind: &str, api_version: &str| Id {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: Some(self.namespace.to_owned()),
            name: name.to_owned(),
        };
        let inventory = named(Inventory::NAME, "ConfigMap", "v1");
        let lease = named(MANAGER, "Lease", "coordination.k8s.io/v1");
        let mut needs = self.of(&inventory, &["get", "create", "patch"]);
        needs.extend(self.of(&lease, &["get", "create", "update"]));
        needs.into_iter().collect()
    }

    /// All that the product will ever need.
    fn all(&self, ids: &BTreeSet<Id>, purpose: Purpose) -> BTreeSet<Need> {
        let verbs: &[&'static str] = match purpose {
            Purpose::Look => &["get"],
            Purpose::Change => &["create", "delete", "get", "list", "patch", "watch"],
        };
        let mut needs = self.watched();
        needs.extend(self.anything("v1", "ConfigMap", verbs));
        needs.extend(
            ids.iter().filter(|id| id.kind != "Namespace").flat_map(|it| self.of(it, verbs)),
        );
        if purpose == Purpose::Change && ids.iter().any(|id| id.kind == "StatefulSet") {
            needs.extend(self.anything("v1", "Pod", &["delete"]));
        }
        let log = self.anything("v1", "Pod", &["get"]);
        needs.extend(log.into_iter().map(|mut need| {
            need.resource.plural.push_str("/log");
            need
        }));
        let lease: &[&'static str] = match purpose {
            Purpose::Look => &["get"],
            Purpose::Change => &["create", "delete", "get", "list", "update", "watch"],
        };
        needs.extend(self.anything("coordination.k8s.io/v1", "Lease", lease));
        needs
    }

    /// Those of them that are not allowed. What the list of rules does not show is asked for one by
    /// one: not every authorizer can list what it allows.
    async fn missing(&self, needs: BTreeSet<Need>) -> Result<BTreeSet<Need>, Error> {
        let rules = self.cluster.rules(self.namespace).await?;
        // The list does not tell a namespace's rules from those of the whole cluster.
        let doubtful =
            needs.into_iter().filter(|need| need.namespace.is_none() || !rules.allow(need));
        let answers: Vec<Option<Need>> = stream::iter(doubtful)
            .map(|need| async move {
                let may = self.cluster.may(&need).await?;
                Ok::<_, cluster::Error>((!may).then_some(need))
            })
            .buffer_unordered(PARALLEL)
            .try_collect()
            .await?;
        Ok(answers.into_iter().flatten().collect())
    }

    async fn refusal(
        &self,
        missing: BTreeSet<Need>,
        ids: &BTreeSet<Id>,
        purpose: Purpose,
    ) -> Error {
        let subject = match self.cluster.who().await {
            Ok(subject) => subject,
            Err(error) => return error.into(),
        };
        let mut needs = self.all(ids, purpose);
        // The namespace itself is made by whoever grants this.
        needs.extend(missing.iter().filter(|it| it.resource.plural != "namespaces").cloned());
        let mut objects = grant(self.product, &subject, &needs);
        if missing.iter().any(|it| it.resource.plural == "namespaces") {
            objects.splice(..0, self.place.cloned());
        }
        Error::NoRights {
            message: format!(
                "not allowed in namespace {}; nothing was changed; missing:{}",
                self.namespace,
                listed(&missing)
            ),
            missing: missing.iter().map(ToString::to_string).collect(),
            role: Some(self.yaml(&objects)),
        }
    }
}

impl Scope<'_> {
    /// Objects for whoever grants them. Whether the namespace is there, we may not know.
    fn yaml(&self, objects: &[Value]) -> String {
        let texts: Vec<_> = objects.iter().map(manifest::value_yaml).collect();
        let place = self.namespace;
        format!(
            "# For kubectl apply -f -, by somebody who may grant it. If namespace {place} is not\n# \
             there yet: kubectl create namespace {place}\n{}",
            texts.join("---\n")
        )
    }
}

/// A line for each kind, with the verbs that are missing.
fn listed(missing: &BTreeSet<Need>) -> String {
    let mut verbs: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for need in missing {
        verbs.entry(need.resource.to_string()).or_default().insert(need.verb);
    }
    let line = |(resource, verbs): (String, BTreeSet<&str>)| {
        let verbs: Vec<_> = verbs.into_iter().collect();
        format!("\n  {resource}: {}", verbs.join(", "))
    };
    verbs.into_iter().map(line).collect()
}

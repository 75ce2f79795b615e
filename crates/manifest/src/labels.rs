//! Names, labels and selectors that all objects share.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use model::plan::{Plan, Workload};
use std::collections::BTreeMap;

/// Labels or annotations.
pub(crate) type Map = BTreeMap<String, String>;

const NAME: &str = "app.kubernetes.io/name";
const INSTANCE: &str = "app.kubernetes.io/instance";
const COMPONENT: &str = "app.kubernetes.io/component";
const PART_OF: &str = "app.kubernetes.io/part-of";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const VERSION: &str = "app.kubernetes.io/version";

/// Annotations that speak about the object as a whole and therefore stand on the workload as well
/// as on its pods.
const OBJECT_ANNOTATIONS: [&str; 2] = ["checkov.io/", "muster.dev/"];

/// The labels that select the pods of a workload: as few as possible, because a selector cannot be
/// changed later.
pub fn selector(app: &str, workload: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(NAME.to_owned(), workload.to_owned()), (INSTANCE.to_owned(), app.to_owned())])
}

/// The labels of a text and its value.
pub(crate) fn map<const N: usize>(pairs: [(&str, &str); N]) -> Map {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// `None` for an empty collection, so that it is left out.
pub(crate) fn some<T: Default + PartialEq>(value: T) -> Option<T> {
    (value != T::default()).then_some(value)
}

/// The plan, as the makers of objects see it.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) plan: &'a Plan,
}

impl<'a> Scope<'a> {
    /// Labels of an object named after `name`.
    pub(crate) fn labels(&self, name: &str, component: &str) -> Map {
        map([
            (NAME, name),
            (INSTANCE, &self.plan.app),
            (COMPONENT, component),
            (PART_OF, &self.plan.app),
            (MANAGED_BY, "muster"),
        ])
    }

    /// Labels of a workload and of its pods.
    pub(crate) fn workload_labels(&self, workload: &Workload) -> Map {
        let mut labels = self.labels(&workload.name, &workload.component);
        labels.extend(workload.version.clone().map(|version| (VERSION.to_owned(), version)));
        labels
    }

    /// Labels of an object that belongs to the workload or database of that name; those of the whole
    /// product if there is none.
    pub(crate) fn labels_like(&self, name: &str, component: &str) -> Map {
        if let Some(workload) = self.workload(name) {
            return self.workload_labels(workload);
        }
        if self.plan.databases.iter().any(|database| database.name == name) {
            return self.labels(name, "database");
        }
        self.labels(&self.plan.app, component)
    }

    /// Labels of an object that belongs to a Compose service.
    pub(crate) fn labels_of_service(&self, service: &str, component: &str) -> Map {
        self.labels_like(self.name_of_service(service).unwrap_or_default(), component)
    }

    /// The name of the workload or database that runs a Compose service.
    fn name_of_service(&self, service: &str) -> Option<&'a str> {
        let workloads = self.plan.workloads.iter().map(|w| (&w.service, &w.name));
        let databases = self.plan.databases.iter().map(|d| (&d.service, &d.name));
        workloads.chain(databases).find(|(of, _)| *of == service).map(|(_, name)| name.as_str())
    }

    /// The workload of that name.
    pub(crate) fn workload(&self, name: &str) -> Option<&'a Workload> {
        self.plan.workloads.iter().find(|workload| workload.name == name)
    }

    /// Selects the pods of a workload.
    pub(crate) fn selector(&self, workload: &str) -> LabelSelector {
        selects(selector(&self.plan.app, workload))
    }

    /// Metadata of a namespaced object.
    pub(crate) fn meta(&self, name: &str, labels: Map) -> ObjectMeta {
        ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(self.plan.namespace.clone()),
            labels: some(labels),
            ..ObjectMeta::default()
        }
    }

    /// Metadata of a workload; waivers on its pods are repeated here, where linters look for them.
    pub(crate) fn workload_meta(&self, workload: &Workload, name: &str) -> ObjectMeta {
        let annotations: Map = workload
            .pod
            .annotations
            .iter()
            .filter(|(key, _)| OBJECT_ANNOTATIONS.iter().any(|prefix| key.starts_with(prefix)))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let annotations = some(annotations);
        ObjectMeta { annotations, ..self.meta(name, self.workload_labels(workload)) }
    }
}

/// A selector of exactly these labels.
pub(crate) fn selects(labels: Map) -> LabelSelector {
    LabelSelector { match_labels: some(labels), match_expressions: None }
}

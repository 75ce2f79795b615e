//! The objects of all files, as rules look at them.

use yaml::{FileId, Node, Value};

use crate::cursor::At;
use crate::index::Index;
use crate::selector::{Labels, Selector};
use crate::waiver::Waivers;

/// One Kubernetes object.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a> {
    /// The whole document.
    pub(crate) root: At<'a>,
    /// `kind`; empty if it is missing.
    pub(crate) kind: &'a str,
    /// `apiVersion`; empty if it is missing.
    pub(crate) api: &'a str,
    /// `metadata.name`; empty if it is missing.
    pub(crate) name: String,
    /// `metadata.namespace`, or `default`.
    pub(crate) namespace: String,
    /// What its annotations waive.
    pub(crate) waivers: Waivers,
}

/// When a container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before the others, to completion.
    Init,
    /// Before the others and beside them: an init container with `restartPolicy: Always`.
    Sidecar,
    /// With the pod.
    Main,
}

/// One container of a pod.
#[derive(Clone, Debug)]
pub(crate) struct Container<'a> {
    /// Where it stands.
    pub(crate) at: At<'a>,
    /// Its name; empty if it is missing.
    pub(crate) name: String,
    /// When it runs.
    pub(crate) stage: Stage,
}

/// A pod, or the template of one.
#[derive(Clone, Debug)]
pub(crate) struct Pod<'a> {
    /// The object that holds it: the pod itself or its controller.
    pub(crate) owner: Object<'a>,
    /// The pod's metadata.
    pub(crate) metadata: At<'a>,
    /// The pod's spec.
    pub(crate) spec: At<'a>,
    /// Its labels.
    pub(crate) labels: Labels,
    /// Its containers: those that run with the pod first.
    pub(crate) containers: Vec<Container<'a>>,
}

/// All objects.
#[derive(Debug)]
pub(crate) struct Set<'a> {
    /// In the order of the files, `List`s unrolled.
    pub(crate) objects: Vec<Object<'a>>,
    /// Every pod and pod template.
    pub(crate) pods: Vec<Pod<'a>>,
    index: Index,
}

/// Kinds that do not live in a namespace.
const CLUSTER_SCOPED: &[&str] = &[
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "GatewayClass",
    "IngressClass",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
];

impl<'a> Object<'a> {
    fn read(root: At<'a>) -> Self {
        let kind = root.at("kind").str().unwrap_or_default();
        let metadata = root.at("metadata");
        let mut object = Self {
            kind,
            api: root.at("apiVersion").str().unwrap_or_default(),
            name: metadata.at("name").text().unwrap_or_default(),
            namespace: metadata.at("namespace").text().unwrap_or_else(|| "default".to_owned()),
            waivers: Waivers::default(),
            root,
        };
        if CLUSTER_SCOPED.contains(&kind) {
            object.namespace = String::new();
        }
        let template = template_path(kind).map(|path| object.template(path));
        let annotated = [Some(object.root.clone()), template].into_iter().flatten();
        object.waivers = Waivers::read(annotated.map(|at| at.dig("metadata.annotations")));
        object
    }

    /// `Deployment/web`, as people name it.
    pub(crate) fn id(&self) -> String {
        match (self.kind, self.name.as_str()) {
            ("", _) => "document".to_owned(),
            (kind, "") => {
                let prefix = self.root.dig("metadata.generateName").text().unwrap_or_default();
                format!("{kind}/{prefix}?")
            }
            (kind, name) => format!("{kind}/{name}"),
        }
    }

    /// `spec`.
    pub(crate) fn spec(&self) -> At<'a> {
        self.root.at("spec")
    }

    /// The best place to show for the object as a whole.
    pub(crate) fn name_at(&self) -> At<'a> {
        self.root.dig("metadata.name")
    }

    /// The labels.
    pub(crate) fn labels(&self) -> Labels {
        self.root.dig("metadata.labels").text_map()
    }

    /// How many replicas it asks for, if it is of a kind that has them. The default is one.
    pub(crate) fn replicas(&self) -> Option<i64> {
        let scalable = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"];
        scalable.contains(&self.kind).then(|| self.spec().at("replicas").int().unwrap_or(1))
    }

    fn template(&self, path: &'static str) -> At<'a> {
        if path.is_empty() { self.root.clone() } else { self.root.dig(path) }
    }
}

/// Where the pod template of a kind stands; empty for the pod itself.
fn template_path(kind: &str) -> Option<&'static str> {
    match kind {
        "Pod" => Some(""),
        "Deployment"
        | "DaemonSet"
        | "StatefulSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Job" => Some("spec.template"),
        "CronJob" => Some("spec.jobTemplate.spec.template"),
        _ => None,
    }
}

impl<'a> Pod<'a> {
    fn read(owner: &Object<'a>) -> Option<Self> {
        let template = owner.template(template_path(owner.kind)?);
        let metadata = template.at("metadata");
        let spec = template.at("spec");
        spec.is_set().then(|| Self {
            labels: metadata.at("labels").text_map(),
            containers: containers(&spec),
            owner: owner.clone(),
            metadata,
            spec,
        })
    }

    /// The containers that run for the life of the pod: not the init containers that end.
    pub(crate) fn running(&self) -> impl Iterator<Item = &Container<'a>> {
        self.containers.iter().filter(|c| c.stage != Stage::Init)
    }

    /// The containers under `containers`.
    pub(crate) fn main(&self) -> impl Iterator<Item = &Container<'a>> {
        self.containers.iter().filter(|c| c.stage == Stage::Main)
    }

    /// Whether it runs to completion.
    pub(crate) fn is_job(&self) -> bool {
        matches!(self.owner.kind, "Job" | "CronJob")
    }
}

fn containers<'a>(spec: &At<'a>) -> Vec<Container<'a>> {
    let read =
        |at: At<'a>, stage| Container { name: at.at("name").text().unwrap_or_default(), at, stage };
    let main = spec.at("containers").items().into_iter().map(|at| read(at, Stage::Main));
    let init = spec.at("initContainers").items().into_iter().map(|at| {
        let sidecar = at.at("restartPolicy").is("Always");
        read(at, if sidecar { Stage::Sidecar } else { Stage::Init })
    });
    main.chain(init).collect()
}

impl<'a> Set<'a> {
    /// Reads the documents of all files.
    pub(crate) fn read(files: &'a [(FileId, Vec<Node>)]) -> Self {
        let mut objects = Vec::new();
        for node in files.iter().flat_map(|(_, nodes)| nodes) {
            if node.value != Value::Null {
                unroll(At::root(node), &mut objects);
            }
        }
        let pods: Vec<_> = objects.iter().filter_map(Pod::read).collect();
        let index = Index::new(&objects, &pods);
        Self { objects, pods, index }
    }

    /// An object by kind, namespace and name. Give no namespace for a cluster-wide kind.
    pub(crate) fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Object<'a>> {
        self.objects.get(self.index.names.find(kind, namespace, name)?)
    }

    /// All objects of a kind.
    pub(crate) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Object<'a>> {
        let positions = self.index.kinds.get(kind).map_or(&[][..], Vec::as_slice);
        positions.iter().filter_map(|i| self.objects.get(*i))
    }

    /// The pods of a namespace that a selector selects.
    pub(crate) fn selected(&self, namespace: &str, selector: &Selector) -> Vec<&Pod<'a>> {
        let here = self.index.pods_of.get(namespace).map_or(&[][..], |p| p.candidates(selector));
        self.matching(here, selector).collect()
    }

    /// The first pod of any namespace that has the labels.
    pub(crate) fn selected_anywhere(&self, selector: &Selector) -> Option<&Pod<'a>> {
        self.matching(self.index.pods.candidates(selector), selector).next()
    }

    fn matching<'s, 'q>(
        &'s self,
        positions: &'q [usize],
        selector: &'q Selector,
    ) -> impl Iterator<Item = &'s Pod<'a>> {
        let pods = positions.iter().filter_map(|i| self.pods.get(*i));
        pods.filter(|pod| selector.matches(&pod.labels))
    }

    /// The Services, policies or budgets of a namespace that select a pod with these labels. A
    /// Service without a selector selects none.
    pub(crate) fn selecting<'s>(
        &'s self,
        kind: &'static str,
        namespace: &str,
        labels: &'s Labels,
    ) -> impl Iterator<Item = &'s Object<'a>> {
        let selectors = self.index.selectors.get(&(kind, namespace.to_owned()));
        let positions = selectors.into_iter().flat_map(|s| s.of(labels));
        positions.filter_map(|i| self.objects.get(i))
    }

    /// The pod that an object holds.
    pub(crate) fn pod_of(&self, object: &Object<'_>) -> Option<&Pod<'a>> {
        let at = self.index.templates.find(object.kind, &object.namespace, &object.name)?;
        self.pods.get(at)
    }

    /// The HPA that scales a workload.
    pub(crate) fn hpa_of(&self, workload: &Object<'_>) -> Option<&Object<'a>> {
        let at = self.index.hpas.find(workload.kind, &workload.namespace, &workload.name)?;
        self.objects.get(at)
    }

    /// How many pods a workload can have at a time: its HPA's maximum, or its replicas.
    pub(crate) fn pods_max(&self, workload: &Object<'_>) -> i64 {
        let hpa = self.hpa_of(workload).and_then(|h| h.spec().at("maxReplicas").int());
        hpa.or(workload.replicas()).unwrap_or(1)
    }
}

/// `List` and `ConfigMapList` hold objects as items.
fn unroll<'a>(root: At<'a>, objects: &mut Vec<Object<'a>>) {
    let is_list = root.at("kind").str().is_some_and(|k| k.ends_with("List"));
    if is_list && root.at("items").node().is_some_and(|n| n.as_seq().is_some()) {
        for item in root.at("items").items() {
            if item.is_set() {
                unroll(item, objects);
            }
        }
    } else {
        objects.push(Object::read(root));
    }
}

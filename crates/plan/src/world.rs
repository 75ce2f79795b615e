//! What the parts of the planner share: the project as it was surveyed.

use crate::config::Sharers;
use crate::inference::Computed;
use catalog::{Family, ImageRef};
use model::facts::{ClusterFacts, Options};
use model::plan::{Claim, ConfigFiles, Link, Secret};
use model::project::{Dockerfile, Project, Protocol, Service};
use model::reason::{Because, Certainty};
use std::collections::{BTreeMap, BTreeSet};
use yaml::Span;

/// The project, the cluster, and what the survey found.
#[derive(Debug)]
pub(crate) struct World<'a> {
    pub(crate) project: &'a Project,
    pub(crate) cluster: &'a ClusterFacts,
    pub(crate) options: &'a Options,
    /// `app.kubernetes.io/part-of`: the project's name as a DNS label.
    pub(crate) app: String,
    /// Where everything goes.
    pub(crate) namespace: String,
    /// Services by Compose name.
    pub(crate) subjects: BTreeMap<String, Subject<'a>>,
    /// Every name that a Service has or answers to, so that what is derived takes none of them.
    pub(crate) names: BTreeSet<String>,
    /// Who mounts which storage.
    pub(crate) sharers: Sharers<'a>,
    /// Who talks to whom.
    pub(crate) links: Vec<Link>,
}

/// One service and what the survey found about it.
#[derive(Clone, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) service: &'a Service,
    /// DNS-1123 label: the name of its workload, Service and container.
    pub(crate) name: String,
    /// Name of the headless Service that names its pods, if it becomes a `StatefulSet`.
    pub(crate) governing: String,
    pub(crate) image: Image,
    /// What kind of image it is, where that is known or guessed.
    pub(crate) known: Option<Known>,
    pub(crate) shape: Shape,
    /// How many replicas there may be; decided before storage, so that storage can follow.
    pub(crate) scale: Scale,
    /// What a model needs to keep its promise, if it serves one.
    pub(crate) serving: Option<Computed>,
    /// Ports it listens on, sorted, with the reason for each.
    pub(crate) ports: Vec<PortFact>,
    /// What the Dockerfile of its image says, its own or that of the sibling that builds it.
    pub(crate) dockerfile: Option<&'a Dockerfile>,
    /// It runs another command of an image with which a sibling serves, as workers do: the image's
    /// ports and health checks are not its own.
    pub(crate) another_command: bool,
    /// Whether another service lives in its pod.
    pub(crate) has_tenants: bool,
    /// Compose service whose pod it shares (`network_mode: service:x`).
    pub(crate) shares_pod_of: Option<String>,
}

/// The image that a service runs.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    /// The reference that the pod gets.
    pub(crate) reference: String,
    /// The same, parsed; for a service that is only built, `None`.
    pub(crate) parsed: Option<ImageRef>,
    /// The image below a build, from its Dockerfile.
    pub(crate) base: Option<ImageRef>,
    /// Whether nobody published it yet: it must be built and pushed.
    pub(crate) must_build: bool,
    /// What the file names, where the command line names an image that the table does not know: the
    /// one takes the place of the other.
    pub(crate) stands_for: Option<ImageRef>,
}

impl Image {
    /// The reference to look up facts by tag with: the image itself, else what it is built on.
    pub(crate) fn facts_ref(&self) -> Option<&ImageRef> {
        self.stands_for
            .as_ref()
            .or(self.parsed.as_ref().filter(|_| !self.must_build))
            .or(self.base.as_ref())
            .or(self.parsed.as_ref())
    }
}

/// An entry of the image table, and why it applies.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) family: &'static Family,
    /// The end of a sentence that starts with "because".
    pub(crate) why: String,
    pub(crate) certainty: Certainty,
}

/// The object that runs a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    /// An operator runs it (Galera, replication, CloudNativePG): no workload of ours.
    Operated,
}

/// How many replicas there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Exactly so many.
    Fixed(u32),
    /// An autoscaler owns the number.
    Auto { min: u32, max: u32, cpu_percent: u32 },
    /// One on each node.
    PerNode,
}

impl Scale {
    /// The most replicas at once, without a rollout's surge.
    pub(crate) const fn most(self) -> u32 {
        match self {
            Self::Fixed(n) => n,
            Self::Auto { max, .. } => max,
            Self::PerNode => 2,
        }
    }

    /// Whether there is ever more than one.
    pub(crate) const fn multiplied(self) -> bool {
        self.most() > 1
    }
}

/// A port that a service listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PortFact {
    pub(crate) port: u16,
    pub(crate) protocol: Protocol,
    /// At most 15 characters, unique in the pod.
    pub(crate) name: String,
    /// Whether it speaks HTTP.
    pub(crate) http: bool,
    /// Whether the file publishes it to the host.
    pub(crate) published: bool,
    pub(crate) because: Because,
    pub(crate) certainty: Certainty,
}

/// Objects that several services may share, collected while they are planned.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) config_maps: BTreeMap<String, ConfigFiles>,
    pub(crate) secrets: BTreeMap<String, Secret>,
    pub(crate) claims: BTreeMap<String, Claim>,
}

impl<'a> World<'a> {
    /// A service by its Compose name; the loader has checked that references resolve.
    pub(crate) fn subject(&self, name: &str) -> Option<&Subject<'a>> {
        self.subjects.get(name)
    }

    /// Reasons: every attribute at project level whose path is `path` or lies below it.
    pub(crate) fn project_lines(&self, path: &str) -> Vec<Because> {
        let below = format!("{path}.");
        let fields = self.project.fields.iter();
        fields
            .filter(|f| f.path == path || f.path.starts_with(&below))
            .map(|f| Because::Line { field: f.path.clone(), span: f.span })
            .collect()
    }

    /// `base-suffix`, or something near it that no service is called.
    pub(crate) fn derived(&self, base: &str, suffix: &str, max: usize) -> String {
        let plain = crate::names::label(&format!("{base}-{suffix}"), max);
        if !self.names.contains(&plain) {
            return plain;
        }
        let hash = crate::names::digest(plain.as_bytes(), 5);
        crate::names::label(&format!("{base}-{suffix}-{hash}"), max)
    }
}

impl Subject<'_> {
    /// The Compose name.
    pub(crate) fn key(&self) -> &str {
        &self.service.name
    }

    /// A reason: an attribute of this service, by its path below the service.
    pub(crate) fn line(&self, path: impl AsRef<str>, span: Span) -> Because {
        Because::Line { field: format!("services.{}.{}", self.service.name, path.as_ref()), span }
    }

    /// A reason: every attribute of this service whose path is `path` or lies below it. Falls back
    /// to the service's own line, so that a decision always names a place.
    pub(crate) fn lines(&self, path: &str) -> Vec<Because> {
        crate::attributes::cite_or_own(self, &[path])
    }

    /// A reason: the service itself.
    pub(crate) fn own_line(&self) -> Because {
        Because::Line { field: format!("services.{}", self.service.name), span: self.service.span }
    }

    /// A reason: what the image table knows.
    pub(crate) fn image_fact(&self) -> Option<Because> {
        self.known.as_ref().map(|known| Because::Image { family: known.family.id.clone() })
    }

    /// The table's entry, if there is one.
    pub(crate) fn family(&self) -> Option<&'static Family> {
        self.known.as_ref().map(|known| known.family)
    }

    /// The object that runs it, as `Kind/name`: what decisions about it are filed under.
    pub(crate) fn object(&self) -> String {
        let kind = match self.shape {
            Shape::Deployment => "Deployment",
            Shape::StatefulSet => "StatefulSet",
            Shape::DaemonSet => "DaemonSet",
            Shape::Job => "Job",
            Shape::CronJob => "CronJob",
            Shape::Operated => "Database",
        };
        format!("{kind}/{}", self.name)
    }

    /// Where the pod's spec stands in that object.
    pub(crate) const fn pod_spec(&self) -> &'static str {
        match self.shape {
            Shape::CronJob => "spec.jobTemplate.spec.template.spec",
            _ => "spec.template.spec",
        }
    }

    /// A field of the pod's spec, as decisions name it.
    pub(crate) fn pod_field(&self, field: &str) -> String {
        format!("{}.{field}", self.pod_spec())
    }

    /// A field of the service's container, as decisions name it.
    pub(crate) fn container_field(&self, field: &str) -> String {
        format!("{}.containers[{}].{field}", self.pod_spec(), self.name)
    }

    /// Whether clients lose data or sessions if a second replica runs: databases, brokers, caches.
    pub(crate) fn is_data_store(&self) -> bool {
        use catalog::Role;
        self.family().is_some_and(|family| {
            matches!(
                family.role,
                Role::Database
                    | Role::Broker
                    | Role::Cache
                    | Role::SearchEngine
                    | Role::ObjectStore
            )
        })
    }
}

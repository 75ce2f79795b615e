//! Why a service does not serve.

/// Why a service does not serve.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The image cannot be pulled.
    ImageMissing {
        /// The image.
        image: String,
    },
    /// The container ends again and again.
    CrashLoop {
        /// How it ended last.
        exit_code: i64,
        /// Which container.
        container: String,
        /// How often it was started anew.
        restarts: u64,
    },
    /// A claim has no volume.
    ClaimUnbound {
        /// The claim, if it is known which.
        claim: Option<String>,
    },
    /// No node takes the pod.
    Unschedulable {
        /// What nodes lack, in the scheduler's words.
        lacks: String,
    },
    /// The container runs, and its probe fails.
    ProbeFailing {
        /// `Startup`, `Readiness` or `Liveness`.
        probe: String,
    },
    /// The namespace may not have more.
    QuotaExceeded,
    /// Admission refuses the pod: Pod Security or a policy of the cluster.
    AdmissionDenied,
    /// A Secret is not there.
    SecretMissing {
        /// Its name.
        name: String,
    },
    /// A `ConfigMap` is not there.
    ConfigMissing {
        /// Its name.
        name: String,
    },
    /// A container cannot be made or started.
    CannotStart,
    /// The node's runtime or network refuses the pod; after a node's start it may yet take it.
    NodeRefuses,
    /// A Job has failed.
    JobFailed,
    /// It waits for another service.
    DependencyNotReady {
        /// The service.
        service: String,
    },
    /// It has not been applied: it comes after others.
    NotApplied,
    /// Nothing is wrong yet.
    Starting,
}

/// A reason with what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Why.
    pub reason: Reason,
    /// The object that shows it, as `Kind/name`.
    pub object: String,
    /// The message of the condition, status or event.
    pub evidence: String,
}

/// A container that crashed less often may have come before what it needs.
const CRASHES: u64 = 3;

impl Reason {
    /// Whether it stays until somebody does something.
    pub fn is_final(&self) -> bool {
        match self {
            Self::ImageMissing { .. }
            | Self::QuotaExceeded
            | Self::AdmissionDenied
            | Self::SecretMissing { .. }
            | Self::ConfigMissing { .. }
            | Self::CannotStart
            | Self::JobFailed => true,
            Self::CrashLoop { restarts, .. } => *restarts >= CRASHES,
            Self::ClaimUnbound { .. }
            | Self::Unschedulable { .. }
            | Self::ProbeFailing { .. }
            | Self::NodeRefuses
            | Self::DependencyNotReady { .. }
            | Self::NotApplied
            | Self::Starting => false,
        }
    }

    /// A stable word for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::ImageMissing { .. } => "image-missing",
            Self::CrashLoop { .. } => "crash-loop",
            Self::ClaimUnbound { .. } => "claim-unbound",
            Self::Unschedulable { .. } => "unschedulable",
            Self::ProbeFailing { .. } => "probe-failing",
            Self::QuotaExceeded => "quota-exceeded",
            Self::AdmissionDenied => "admission-denied",
            Self::SecretMissing { .. } => "secret-missing",
            Self::ConfigMissing { .. } => "config-missing",
            Self::CannotStart => "cannot-start",
            Self::NodeRefuses => "node-refuses",
            Self::JobFailed => "job-failed",
            Self::DependencyNotReady { .. } => "dependency-not-ready",
            Self::NotApplied => "not-applied",
            Self::Starting => "starting",
        }
    }

    /// In few words, for people.
    pub fn say(&self) -> String {
        match self {
            Self::ImageMissing { image } => format!("image missing: {image}"),
            Self::CrashLoop { exit_code, container, restarts } => {
                format!("crash loop: {container} ended with {exit_code}, {restarts} restarts")
            }
            Self::ClaimUnbound { claim: Some(claim) } => format!("claim unbound: {claim}"),
            Self::ClaimUnbound { claim: None } => "claim unbound".to_owned(),
            Self::Unschedulable { lacks } => format!("no node takes it: {lacks}"),
            Self::ProbeFailing { probe } => format!("{} probe fails", probe.to_lowercase()),
            Self::QuotaExceeded => "quota exceeded".to_owned(),
            Self::AdmissionDenied => "refused by admission".to_owned(),
            Self::SecretMissing { name } => format!("secret missing: {name}"),
            Self::ConfigMissing { name } => format!("config missing: {name}"),
            Self::CannotStart => "container cannot start".to_owned(),
            Self::NodeRefuses => "its node cannot start it".to_owned(),
            Self::JobFailed => "job failed".to_owned(),
            Self::DependencyNotReady { service } => format!("waits for {service}"),
            Self::NotApplied => "comes after others".to_owned(),
            Self::Starting => "starting".to_owned(),
        }
    }

    /// What to do about it; `None` if waiting is all.
    pub fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::ImageMissing { .. } => {
                "build and push it, or name another one: --image SERVICE=IMAGE, --registry REGISTRY"
            }
            Self::CrashLoop { .. } => "read its last lines; it ends by itself, not by Kubernetes",
            Self::ClaimUnbound { .. } => {
                "see `muster doctor`: a default storage class, or --storage-class CLASS"
            }
            Self::Unschedulable { .. } => {
                "make room, add a node, or ask for less under deploy.resources.reservations"
            }
            Self::ProbeFailing { .. } => {
                "run the health check in the container, or give it a longer start_period"
            }
            Self::QuotaExceeded => "raise the quota of the namespace, or ask for less",
            Self::AdmissionDenied => "change what the message names, or the policy that refuses it",
            Self::SecretMissing { .. } => "create the Secret in this namespace",
            Self::ConfigMissing { .. } => "create the ConfigMap in this namespace",
            Self::CannotStart => "the message of the kubelet says what to change",
            Self::NodeRefuses => "the message says what the node's runtime or network misses",
            Self::JobFailed => "read its log; after a fix, run `muster up` again",
            Self::DependencyNotReady { .. } | Self::NotApplied | Self::Starting => return None,
        })
    }
}

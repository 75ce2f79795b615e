//! Why the cluster could not be asked, or said no.

use kube::config::KubeconfigError;
use std::time::Duration;

/// Why the cluster could not be asked, or said no.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no kubeconfig, and this is no pod.
    #[error("no cluster is configured: there is no kubeconfig")]
    NoConfig,
    /// A kubeconfig is there and cannot be used.
    #[error("the kubeconfig cannot be used")]
    BadConfig(#[source] Box<KubeconfigError>),
    /// The kubeconfig has no such context.
    #[error("the kubeconfig has no context `{name}`")]
    NoContext {
        /// What was asked for.
        name: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// Nobody answers.
    #[error("the cluster at {server} cannot be reached")]
    Unreachable {
        /// Its address.
        server: String,
        /// Why.
        source: Box<kube::Error>,
    },
    /// It does not know who asks.
    #[error("the cluster at {server} does not accept these credentials")]
    Unauthorized {
        /// Its address.
        server: String,
    },
    /// Who asks may not do that.
    #[error("not allowed to {verb} {resource}{}", within(namespace.as_deref()))]
    Forbidden {
        /// Such as `create`.
        verb: &'static str,
        /// Such as `deployments.apps`.
        resource: String,
        /// Where.
        namespace: Option<String>,
        /// What the API server says.
        said: String,
    },
    /// It is older than what we plan for.
    #[error("the cluster runs Kubernetes 1.{minor}, which is too old: 1.34 is needed")]
    TooOld {
        /// Its minor version.
        minor: u32,
    },
    /// It took too long.
    #[error("the cluster did not answer within {} s: {doing}", limit.as_secs())]
    Timeout {
        /// What was asked.
        doing: String,
        /// How long it had.
        limit: Duration,
    },
    /// It does not serve a kind.
    #[error("the cluster does not serve {kind} of {api_version}")]
    NotServed {
        /// `apiVersion`.
        api_version: String,
        /// `kind`.
        kind: String,
    },
    /// Somebody else owns a field, or changed the object meanwhile.
    #[error("{object} was changed by somebody else meanwhile: {said}")]
    Conflict {
        /// Which object.
        object: String,
        /// What the API server says.
        said: String,
    },
    /// Validation or admission refuses an object.
    #[error("the cluster refuses {object}: {said}")]
    Refused {
        /// Which object.
        object: String,
        /// What the API server says.
        said: String,
    },
    /// Somebody else runs this product right now.
    #[error("{holder} is changing this product right now{}", since.as_deref().unwrap_or_default())]
    Locked {
        /// Who.
        holder: String,
        /// Since when, in words.
        since: Option<String>,
    },
    /// Somebody else took the lease: we were silent for too long.
    #[error("another run has taken over: this one was not heard of for {} s", silent.as_secs())]
    Overtaken {
        /// How long a silent run is believed to live.
        silent: Duration,
    },
    /// The inventory is not one.
    #[error(
        "the ConfigMap {} of namespace {namespace} is no inventory of ours",
        apply::Inventory::NAME
    )]
    Inventory {
        /// Where.
        namespace: String,
        /// Why.
        source: apply::NotAnInventory,
    },
    /// Anything else that the API says.
    #[error("the cluster answered {code} when asked to {doing}: {said}")]
    Api {
        /// What was asked.
        doing: String,
        /// HTTP status.
        code: u16,
        /// What it says.
        said: String,
    },
    /// The connection or the answer was broken.
    #[error("cannot {doing}")]
    Broken {
        /// What was asked.
        doing: String,
        /// Why.
        source: Box<kube::Error>,
    },
}

fn within(namespace: Option<&str>) -> String {
    namespace.map_or_else(String::new, |name| format!(" in namespace {name}"))
}

/// What was asked of the cluster, for errors.
#[derive(Clone, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) verb: &'static str,
    /// Such as `deployments.apps`.
    pub(crate) resource: String,
    pub(crate) namespace: Option<&'a str>,
    /// As `Kind/name`; empty for lists.
    pub(crate) object: String,
}

impl Ask<'_> {
    pub(crate) fn doing(&self) -> String {
        let what = if self.object.is_empty() { &self.resource } else { &self.object };
        format!("{} {what}", self.verb)
    }

    pub(crate) fn error(&self, server: &str, error: kube::Error) -> Error {
        let status = match error {
            kube::Error::Api(status) => status,
            kube::Error::HyperError(_) | kube::Error::Service(_) => {
                return Error::Unreachable { server: server.to_owned(), source: Box::new(error) };
            }
            other => return Error::Broken { doing: self.doing(), source: Box::new(other) },
        };
        let (object, said) = (self.object.clone(), status.message.clone());
        match status.code {
            401 => Error::Unauthorized { server: server.to_owned() },
            // Admission says "forbidden" too, and names the object that it forbids.
            403 if is_rbac(&said) => Error::Forbidden {
                verb: self.verb,
                resource: self.resource.clone(),
                namespace: self.namespace.map(str::to_owned),
                said,
            },
            409 => Error::Conflict { object, said },
            400 | 403 | 413 | 422 => Error::Refused { object, said: first_line(&said) },
            code => Error::Api { doing: self.doing(), code, said },
        }
    }
}

/// Some refusals go on with a dump of the object.
fn first_line(said: &str) -> String {
    said.lines().next().unwrap_or_default().to_owned()
}

fn is_rbac(said: &str) -> bool {
    said.contains(" cannot ")
}

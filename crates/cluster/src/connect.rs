//! From a kubeconfig to a cluster that answers.

use crate::discovery::{Resource, Resources};
use crate::error::{Ask, Error};
use crate::requests::Requests;
use apply::Id;
use http::{Request, Response};
use kube::api::DynamicObject;
use kube::client::{Body, ClientBuilder};
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Api, Client, Config};
use std::time::Duration;
use tower::util::MapRequestLayer;
use tower::{Layer, Service};

/// A cluster that answered.
#[derive(Clone, Debug)]
pub struct Cluster {
    client: Debugless,
    server: String,
    pub(crate) minor: u32,
    pub(crate) version: String,
    pub(crate) resources: Resources,
    requests: Requests,
}

/// A client says nothing of itself.
#[derive(Clone)]
struct Debugless(Client);

impl std::fmt::Debug for Debugless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

/// The oldest version that plans are made for.
const OLDEST: u32 = 34;
const CONNECTING: Duration = Duration::from_secs(5);

/// Connects to the cluster of a context, or of the current one.
pub async fn connect(context: Option<&str>) -> Result<Cluster, Error> {
    let mut config = config(context).await?;
    config.connect_timeout = Some(CONNECTING);
    // What is asked again is asked in one place, with its own patience: `attempt`.
    config.default_retry = false;
    let server = config.cluster_url.to_string();
    let builder = ClientBuilder::try_from(config)
        .map_err(|error| Error::Broken { doing: "connect".into(), source: Box::new(error) })?;
    let (counting, requests) = counting();
    let client = builder.with_layer(&counting).build();
    Cluster::new(client, server.trim_end_matches('/'), requests).await
}

/// A cluster whose API is a service in this process; `server` is what people read.
pub async fn within<S, B>(service: S, server: &str) -> Result<Cluster, Error>
where
    S: Service<Request<Body>, Response = Response<B>> + Send + Clone + 'static,
    S::Future: Send + 'static,
    S::Error: Into<tower::BoxError>,
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<tower::BoxError>,
{
    let (counting, requests) = counting();
    Cluster::new(Client::new(counting.layer(service), "default"), server, requests).await
}

/// A layer that counts what goes through it.
fn counting() -> (MapRequestLayer<impl Fn(Request<Body>) -> Request<Body> + Clone>, Requests) {
    let requests = Requests::default();
    let counted = requests.clone();
    let layer = MapRequestLayer::new(move |request| {
        counted.count(&request);
        request
    });
    (layer, requests)
}

async fn config(context: Option<&str>) -> Result<Config, Error> {
    let bad = |error| Error::BadConfig(Box::new(error));
    let kubeconfig = match Kubeconfig::read() {
        Ok(kubeconfig) => kubeconfig,
        // Where there is no file, a pod has its service account.
        Err(KubeconfigError::ReadConfig(..) | KubeconfigError::FindPath) => {
            return Config::incluster().map_err(|_| Error::NoConfig);
        }
        Err(error) => return Err(bad(error)),
    };
    if let Some(name) = context
        && !kubeconfig.contexts.iter().any(|it| it.name == name)
    {
        let known = kubeconfig.contexts.iter().map(|it| it.name.clone()).collect();
        return Err(Error::NoContext { name: name.to_owned(), known });
    }
    let context = context.map(str::to_owned);
    let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
    match Config::from_custom_kubeconfig(kubeconfig, &options).await {
        Err(KubeconfigError::CurrentContextNotSet) => Err(Error::NoConfig),
        other => other.map_err(bad),
    }
}

impl Cluster {
    async fn new(client: Client, server: &str, requests: Requests) -> Result<Self, Error> {
        let mut cluster = Self {
            client: Debugless(client),
            server: server.to_owned(),
            minor: 0,
            version: String::new(),
            resources: Resources::default(),
            requests,
        };
        cluster.learn().await?;
        Ok(cluster)
    }

    /// Learns anew what it serves.
    pub async fn refresh(&mut self) -> Result<(), Error> {
        self.learn().await
    }

    /// Its address.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Requests that were sent to it.
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Whether it serves a kind.
    pub fn serves(&self, api_version: &str, kind: &str) -> bool {
        self.resources.get(api_version, kind).is_ok()
    }

    /// Whether it has said who it is.
    pub(crate) fn has_answered(&self) -> bool {
        self.minor > 0
    }

    /// How RBAC names a kind, if the cluster serves it.
    pub fn resource(&self, api_version: &str, kind: &str) -> Option<apply::Resource> {
        let api = &self.resources.get(api_version, kind).ok()?.api;
        Some(apply::Resource { group: api.group.clone(), plural: api.plural.clone() })
    }

    pub(crate) fn client(&self) -> Client {
        self.client.0.clone()
    }

    /// Objects of a kind in a namespace, or of the whole cluster.
    pub(crate) fn api(&self, resource: &Resource, namespace: Option<&str>) -> Api<DynamicObject> {
        match namespace {
            Some(name) if resource.namespaced => {
                Api::namespaced_with(self.client(), name, &resource.api)
            }
            _ => Api::all_with(self.client(), &resource.api),
        }
    }

    /// Where an object is asked for, and the words for an error.
    pub(crate) fn place<'a>(
        &self,
        verb: &'static str,
        id: &'a Id,
    ) -> Result<(Api<DynamicObject>, Ask<'a>), Error> {
        let resource = self.resources.get(&id.api_version, &id.kind)?;
        let namespace = id.namespace.as_deref();
        let ask = Ask { verb, resource: resource.name(), namespace, object: id.to_string() };
        Ok((self.api(resource, namespace), ask))
    }

    async fn learn(&mut self) -> Result<(), Error> {
        let ask = |what: &str| Ask {
            verb: "get",
            resource: what.to_owned(),
            namespace: None,
            object: String::new(),
        };
        let (version, groups) = (ask("/version"), ask("/apis"));
        let version = self.ask(&version, || self.client.0.apiserver_version());
        let (version, resources) = futures::try_join!(version, self.discover(&groups))?;
        let digits: String = version.minor.chars().take_while(char::is_ascii_digit).collect();
        self.minor = digits.parse().unwrap_or_default();
        self.version = version.git_version;
        self.resources = resources;
        if self.minor < OLDEST { Err(Error::TooOld { minor: self.minor }) } else { Ok(()) }
    }
}

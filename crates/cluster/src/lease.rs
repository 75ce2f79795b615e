//! One run at a time: a Lease in the namespace.

use crate::connect::Cluster;
use crate::error::{Ask, Error};
use apply::{Id, MANAGER};
use k8s_openapi::api::coordination::v1::{Lease as Object, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::PostParams;
use std::time::Duration;

/// A holder that has not renewed for so long has died.
const LASTS: Duration = Duration::from_secs(15);
const RENEWED: Duration = Duration::from_secs(5);

/// The lease as it was before a decision was made.
#[derive(Clone, Debug)]
pub struct Seen(Option<Object>);

/// A lease that we hold.
#[derive(Clone, Debug)]
pub struct Lease {
    namespace: String,
    object: Object,
}

/// What became of taking the lease.
#[derive(Clone, Debug)]
pub enum Taken {
    /// It is ours.
    Ours(Box<Lease>),
    /// Somebody ran between our look and now: what was decided may be wrong.
    Changed,
}

pub(crate) fn id(namespace: &str) -> Id {
    Id {
        api_version: "coordination.k8s.io/v1".to_owned(),
        kind: "Lease".to_owned(),
        namespace: Some(namespace.to_owned()),
        name: MANAGER.to_owned(),
    }
}

impl Seen {
    /// Who holds it, if somebody does.
    pub fn holder(&self) -> Option<&str> {
        let spec = self.0.as_ref()?.spec.as_ref()?;
        spec.holder_identity.as_deref().filter(|holder| !holder.is_empty())
    }

    /// The same, for somebody who knows that the holder is dead.
    #[must_use]
    pub fn abandoned(mut self) -> Self {
        if let Some(spec) = self.0.as_mut().and_then(|object| object.spec.as_mut()) {
            spec.holder_identity = None;
        }
        self
    }

    fn version(&self) -> Option<&str> {
        self.0.as_ref()?.metadata.resource_version.as_deref()
    }
}

impl Cluster {
    fn leases(&self, namespace: &str) -> Api<Object> {
        Api::namespaced(self.client(), namespace)
    }

    /// Looks at the lease of a namespace.
    pub async fn lease(&self, namespace: &str) -> Result<Seen, Error> {
        let api = self.leases(namespace);
        Ok(Seen(self.ask(&ask("get", namespace), || api.get_opt(MANAGER)).await?))
    }

    /// Takes the lease, as it was seen. One that is held is watched for as long as a living holder
    /// takes to renew it.
    pub async fn take(&self, namespace: &str, seen: Seen, me: &str) -> Result<Taken, Error> {
        if let Some(holder) = seen.holder().filter(|holder| *holder != me) {
            tokio::time::sleep(LASTS).await;
            if self.lease(namespace).await?.version() != seen.version() {
                return Err(Error::Locked { holder: holder.to_owned() });
            }
        }
        match self.hold(namespace, seen.0, me).await {
            Ok(object) => {
                let lease = Lease { namespace: namespace.to_owned(), object };
                Ok(Taken::Ours(Box::new(lease)))
            }
            Err(Error::Conflict { .. }) => Ok(Taken::Changed),
            Err(error) => Err(error),
        }
    }

    async fn hold(&self, namespace: &str, old: Option<Object>, me: &str) -> Result<Object, Error> {
        let api = self.leases(namespace);
        let is_new = old.is_none();
        let mut object = old.unwrap_or_else(|| Object { metadata: new(), spec: None });
        let now = MicroTime(Timestamp::now());
        object.spec = Some(LeaseSpec {
            holder_identity: Some(me.to_owned()),
            lease_duration_seconds: i32::try_from(LASTS.as_secs()).ok(),
            renew_time: Some(now),
            ..LeaseSpec::default()
        });
        let params =
            PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        if is_new {
            self.ask(&ask("create", namespace), || api.create(&params, &object)).await
        } else {
            self.ask(&ask("update", namespace), || api.replace(MANAGER, &params, &object)).await
        }
    }

    /// Does something while the lease is ours; afterwards it is free.
    pub async fn while_holding<T>(&self, lease: Box<Lease>, work: impl Future<Output = T>) -> T {
        let mut lease = lease;
        let mut work = std::pin::pin!(work);
        let done = loop {
            tokio::select! {
                biased;
                done = &mut work => break done,
                () = tokio::time::sleep(RENEWED) => {
                    // One renewal may fail; the next one comes before the lease ends.
                    let holder = lease.holder();
                    if let Ok(object) = self.hold(&lease.namespace, Some(lease.object.clone()), &holder).await {
                        lease.object = object;
                    }
                }
            }
        };
        self.release(lease).await;
        done
    }

    /// Gives a lease back. Where that fails it ends by itself.
    async fn release(&self, lease: Box<Lease>) {
        let _ = self.hold(&lease.namespace, Some(lease.object), "").await;
    }
}

impl Lease {
    fn holder(&self) -> String {
        let spec = self.object.spec.as_ref();
        spec.and_then(|spec| spec.holder_identity.clone()).unwrap_or_default()
    }
}

fn new() -> ObjectMeta {
    let labels = [("app.kubernetes.io/managed-by".to_owned(), MANAGER.to_owned())];
    let labels = Some(labels.into());
    ObjectMeta { name: Some(MANAGER.to_owned()), labels, ..ObjectMeta::default() }
}

fn ask<'a>(verb: &'static str, namespace: &'a str) -> Ask<'a> {
    let resource = "leases.coordination.k8s.io".to_owned();
    Ask { verb, resource, namespace: Some(namespace), object: format!("Lease/{MANAGER}") }
}

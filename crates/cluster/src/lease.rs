//! One run at a time: a Lease in the namespace.

use crate::connect::Cluster;
use crate::error::{Ask, Error};
use apply::{Id, MANAGER};
use futures::StreamExt;
use k8s_openapi::api::coordination::v1::{Lease as Object, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::PostParams;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::watch_object;
use std::time::Duration;

/// A holder that has not renewed for so long has died.
const LASTS: Duration = Duration::from_secs(30);
/// A third: two renewals may fail.
const RENEWED: Duration = Duration::from_secs(10);

/// What became of a lease that somebody else held.
enum Fate {
    /// They are alive.
    Renewed,
    /// They have ended.
    Released,
    /// They have died.
    Silent,
}

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

    /// Since when it is held, in words.
    pub fn since(&self) -> Option<String> {
        let taken = self.0.as_ref()?.spec.as_ref()?.acquire_time.as_ref()?.0;
        let ago = Timestamp::now().as_second().saturating_sub(taken.as_second()).max(0);
        let time = taken.to_string();
        let time = time.get(..19).unwrap_or(&time).replace('T', " ");
        Some(format!(", since {time} UTC, {ago} s ago"))
    }

    fn version(&self) -> Option<&str> {
        self.0.as_ref()?.metadata.resource_version.as_deref()
    }

    fn is_held_by(&self, me: &str) -> bool {
        self.holder() == Some(me)
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
            match self.fate(namespace, &seen).await? {
                Fate::Renewed => {
                    return Err(Error::Locked { holder: holder.to_owned(), since: seen.since() });
                }
                Fate::Released => return Ok(Taken::Changed),
                Fate::Silent => {}
            }
        }
        let ours = |object| {
            let lease = Lease { namespace: namespace.to_owned(), object };
            Ok(Taken::Ours(Box::new(lease)))
        };
        match self.hold(namespace, seen.0, me, Hold::Taken).await {
            Ok(object) => ours(object),
            // A write whose answer was lost is asked for again, and meets itself.
            Err(Error::Conflict { .. }) => match self.lease(namespace).await? {
                Seen(Some(object)) if Seen(Some(object.clone())).is_held_by(me) => ours(object),
                _ => Ok(Taken::Changed),
            },
            Err(error) => Err(error),
        }
    }

    /// Watches a lease that somebody else holds.
    async fn fate(&self, namespace: &str, seen: &Seen) -> Result<Fate, Error> {
        let leases = watch_object(self.leases(namespace), MANAGER).default_backoff();
        let mut leases = std::pin::pin!(leases);
        let changed = async {
            while let Some(lease) = leases.next().await {
                // A watch that breaks starts anew by itself.
                let Ok(lease) = lease.map(Seen) else { continue };
                if lease.holder().is_none() {
                    return Fate::Released;
                }
                if lease.version() != seen.version() {
                    return Fate::Renewed;
                }
            }
            std::future::pending().await
        };
        match tokio::time::timeout(LASTS, changed).await {
            Ok(fate) => Ok(fate),
            // Whoever may not watch it may still look at it.
            Err(_) if self.lease(namespace).await?.version() == seen.version() => Ok(Fate::Silent),
            Err(_) => Ok(Fate::Renewed),
        }
    }

    async fn hold(
        &self,
        namespace: &str,
        old: Option<Object>,
        me: &str,
        hold: Hold,
    ) -> Result<Object, Error> {
        let api = self.leases(namespace);
        let is_new = old.is_none();
        let mut object = old.unwrap_or_else(|| Object { metadata: new(), spec: None });
        let now = MicroTime(Timestamp::now());
        let acquired = object.spec.take().and_then(|spec| spec.acquire_time);
        object.spec = Some(LeaseSpec {
            holder_identity: Some(me.to_owned()),
            lease_duration_seconds: i32::try_from(LASTS.as_secs()).ok(),
            acquire_time: if hold == Hold::Taken { Some(now.clone()) } else { acquired },
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
    pub async fn while_holding<T, E: From<Error>>(
        &self,
        lease: Box<Lease>,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let mut lease = lease;
        let mut work = std::pin::pin!(work);
        let done = loop {
            tokio::select! {
                biased;
                done = &mut work => break done,
                () = tokio::time::sleep(RENEWED) => {}
            }
            let old = Some(lease.object.clone());
            match self.hold(&lease.namespace, old, &lease.holder(), Hold::Renewed).await {
                Ok(object) => lease.object = object,
                Err(Error::Conflict { .. }) => match self.still_ours(&lease).await {
                    Some(object) => lease.object = object,
                    None => return Err(Error::Overtaken { silent: LASTS }.into()),
                },
                // A renewal may fail; the next one comes before the lease ends.
                Err(_) => {}
            }
        };
        self.release(lease).await;
        done
    }

    /// The lease as it is, if it is ours although its version is another one: a renewal whose answer
    /// was lost.
    async fn still_ours(&self, lease: &Lease) -> Option<Object> {
        let seen = self.lease(&lease.namespace).await.ok()?;
        if seen.is_held_by(&lease.holder()) { seen.0 } else { None }
    }

    /// Gives a lease back. Where that fails it ends by itself.
    async fn release(&self, lease: Box<Lease>) {
        let _ = self.hold(&lease.namespace, Some(lease.object), "", Hold::Renewed).await;
    }
}

/// Whether holding a lease begins or goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hold {
    Taken,
    Renewed,
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
